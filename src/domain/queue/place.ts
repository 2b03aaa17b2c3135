/**
 * The places of what waits, clients among it: which start an item would be if nothing else came and nothing aged. The order itself is
 * run over the slots as they come free, each of its own account, so the place is exact at its time, also of what one account must
 * serve. The first is 1. Not looked at: tokens at their limits, an item's own limit, and accounts that have refused an item.
 */
import { clientOrItem, takeTurn, type Head, type Owed, type TokenInLine } from './choose-next.ts'
import { classOf, effectivePriority } from './effective-priority.ts'
import { compareAge, laneName, type ItemList, type WaitingItem } from './item-lists.ts'
import { additionOf, raisedPass } from './pass.ts'
import type { WaitingClient } from './waiting-clients.ts'

/** An account that starts what waits. */
export interface ServingSlots {
  account: string
  /** The name of its own lane. */
  lane: string
  /** When each of its slots comes free. */
  ends: readonly number[]
  /** What it owes each token. It is not changed. */
  owed?: Owed
  /** When it may start such a call. At the latest of this and the end of a slot. Undefined: as things are, never. */
  from?: (waiting: WaitingItem) => number | undefined
}

interface Pool {
  accounts: readonly ServingSlots[]
  /** How long a job takes. */
  meanOf(waiting: WaitingItem): number
}

/** `startsAt`: epoch ms. Absent: as things are, no account starts it. */
export interface Expected {
  place: number
  startsAt?: number
}

interface At {
  now: number
  stepMs: number
}

/** What waits of one token, the most urgent last. */
interface Row {
  of: TokenInLine
  byLane: Map<string, Head[]>
  clients: Head[]
}

interface Slot {
  of: ServingSlots
  owed: Owed
  at: number
}

export function placesOf(
  tokens: readonly TokenInLine[],
  now: number,
  stepMs: number,
  { accounts, meanOf }: Pool = { accounts: [], meanOf: () => 0 }
): Map<string, Expected> {
  const at = { now, stepMs }
  let rows = tokens.map((of) => newRow(of, at))
  const places = new Map<string, Expected>()
  const slots = new Slots(accounts)
  for (let slot = slots.next(); slot; slot = slots.next()) {
    const { of, owed } = slot
    const later: number[] = []
    const mayStart = ({ next }: Head) => {
      const from = of.from ? of.from(next) : 0
      if (from !== undefined && from > slot.at) later.push(from)
      return from !== undefined && from <= slot.at
    }
    const lanes = ['', of.lane]
    const heads = rows.flatMap((row) => {
      const client = row.clients.findLast(({ next }) => accountsOf(next).has(of.account))
      return clientOrItem(client, firstOf(row, lanes, mayStart)) ?? []
    })
    const turn = takeTurn(heads, owed)
    if (turn) {
      const startsAt = slots.take(slot, turn.next.sort.slots, meanOf(turn.next))
      places.set(turn.next.item, { place: places.size + 1, startsAt: Math.round(startsAt) })
      rows = take(rows, turn)
    } else if (later.length > 0) slots.add({ ...slot, at: Math.min(...later) })
  }
  // As things are, no account starts the rest. It comes after everything else, in the order in which one account would start it.
  const owed: Owed = new Map()
  for (rows = rows.map(inOneLane); rows.length > 0;) {
    const heads = rows.flatMap((row) => clientOrItem(row.clients.at(-1), firstOf(row, [''])) ?? [])
    const turn = takeTurn(heads, owed)
    if (!turn) break
    places.set(turn.next.item, { place: places.size + 1 })
    rows = take(rows, turn)
  }
  return places
}

/** The slots of all accounts, the next to come free first. */
class Slots {
  readonly #sorted: Slot[] = []

  constructor(accounts: readonly ServingSlots[]) {
    for (const of of accounts) {
      const owed = new Map(of.owed)
      for (const at of of.ends) this.add({ of, owed, at })
    }
  }

  next(): Slot | undefined {
    return this.#sorted.shift()
  }

  add(slot: Slot): void {
    const index = this.#sorted.findLastIndex(({ at }) => at <= slot.at)
    this.#sorted.splice(index + 1, 0, slot)
  }

  /** Fills the slot, and more of its account for an item of several. Returns when it starts: when the last of them is free. */
  take(slot: Slot, count: number, meanMs: number): number {
    const taken = [slot]
    while (taken.length < count) {
      const index = this.#sorted.findIndex(({ of }) => of === slot.of)
      if (index < 0) break
      taken.push(...this.#sorted.splice(index, 1))
    }
    const startsAt = Math.max(...taken.map(({ at }) => at))
    for (const one of taken) this.add({ ...one, at: startsAt + meanMs })
    return startsAt
  }
}

function newRow(token: TokenInLine, at: At): Row {
  const of = { ...token }
  const byLane = new Map(
    Array.from(
      Map.groupBy(of.lists, ({ lane }) => lane),
      ([lane, lists]) => [lane, mostUrgentLast(of, lists, at)]
    )
  )
  return { of, byLane, clients: mostUrgentLast(of, of.clients ?? [], at) }
}

function mostUrgentLast(of: TokenInLine, lists: readonly ItemList[], { now, stepMs }: At): Head[] {
  const all = lists.flatMap(({ priority: asked, items }) =>
    items.map((next): Head => {
      const waitedMs = now - next.sort.askedAt
      const priority = effectivePriority(asked, waitedMs, stepMs)
      const isLate = waitedMs >= stepMs
      return { of, next, priority, class: classOf(priority, of.maxPriority), isLate }
    })
  )
  return all.toSorted((one, other) => byUrgency(other, one))
}

function byUrgency(one: Head, other: Head): number {
  return one.priority - other.priority || compareAge(one.next, other.next)
}

/** What the token would start next in these lanes. */
function firstOf(
  { byLane }: Row,
  lanes: readonly string[],
  mayStart: (head: Head) => boolean = () => true
): Head | undefined {
  let first: Head | undefined
  for (const lane of lanes) {
    const own = byLane.get(lane)?.at(-1)
    if (own && (!first || byUrgency(own, first) < 0) && mayStart(own)) first = own
  }
  return first
}

function accountsOf(client: WaitingItem): ReadonlySet<string> {
  return (client as WaitingClient).accounts
}

function inOneLane({ of, byLane, clients }: Row): Row {
  const all = [...byLane.values()].flat().toSorted((one, other) => byUrgency(other, one))
  return { of, byLane: new Map([['', all]]), clients }
}

/** What was chosen leaves the line, and its token's pass grows. Returns the tokens of which something is left. */
function take(rows: readonly Row[], { of: { token, pass }, next }: Head): Row[] {
  let isOver = false
  for (const { of, byLane, clients } of rows) {
    if (of.token !== token) {
      of.pass = raisedPass(of.pass, of.weight, pass)
      continue
    }
    of.pass += additionOf(next.sort.slots, of.weight)
    const client = clients.findIndex((head) => head.next === next)
    if (client >= 0) clients.splice(client, 1)
    for (const lane of [laneName(next.sort), '']) {
      const left = byLane.get(lane)
      if (left?.at(-1)?.next === next) left.pop()
      if (left?.length === 0) byLane.delete(lane)
    }
    isOver = byLane.size === 0 && clients.length === 0
  }
  return isOver ? rows.filter(({ of }) => of.token !== token) : (rows as Row[])
}
