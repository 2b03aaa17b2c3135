/** Takes new items into the line, finds items by their names, and lists what waits. */
import type { EnqueueAnswer, LinePage, LineQuery } from '#domain/ports/line.ts'
import { afterOf, type NamedItem } from '#domain/line/held.ts'
import { capOf } from '#domain/queue/caps.ts'
import { itemIdOf, markOf } from '#domain/queue/item-name.ts'
import { waitsFor } from '#domain/line/waits-for.ts'
import { compareAge, laneName, type WaitingItem } from '#domain/queue/item-lists.ts'
import type { ItemRecord, ItemShown, ItemSort, NewItem, Try } from '#domain/queue/item.ts'
import type { Owner } from '#domain/routing/owner.ts'
import { isOfTimedRequest, timeOf } from '#domain/text/time-ordered-id.ts'
import type { LineContext } from './context.ts'
import type { ItemRow } from './item-rows.ts'

/** If a name is taken, a Worker takes the next ms. It does so as often as this. */
const MS_OF_A_REQUEST = 5
const REQUEST = 'request:'
/** An item may come back often. Its story tells the last times. */
const TRIES_SHOWN = 20
const TASK = 'task:'

interface Terms {
  /** Of a token, where the operator has set it. */
  maxQueuedOf(token: string): number | undefined
  /** After how many seconds so much will have become less: of all that waits, or of what one token has there. */
  roomIn(waiting: number, token?: string): number
  /** How long it should wait, with so many of its token in line. */
  expectedMs(sort: ItemSort, waiting: number): number | undefined
}

/** In one transaction. */
export function enqueueAll(
  context: LineContext,
  items: NewItem[],
  { maxQueuedOf, roomIn, expectedMs }: Terms
): EnqueueAnswer[] {
  const { memory } = context
  return memory.change(({ order, held }) =>
    items.map((added): EnqueueAnswer => {
      const known = memory.items.find(added.item)
      if (known?.record.requestId === added.record.requestId)
        return { kind: 'known', shown: toShown(context, known) }
      const kept = added.key === undefined ? undefined : keptUnder(context, added.key)
      if (kept) return kept
      const isTaken = added.record.names.some((name) => findNamed(context, name) !== undefined)
      if (known || isTaken) return { kind: 'taken' }
      if (isNamed(context, added.record.taskName)) return { kind: 'named' }
      const { token, bytes } = added.sort
      const load = memory.load(token)
      const maxQueued = maxQueuedOf(token)
      const cap = capOf(load, bytes, maxQueued)
      if (cap === 'token') {
        const named = maxQueued === undefined ? {} : { maxQueued }
        return { kind: 'full', cap, retryAfterSeconds: roomIn(load.ofToken, token), ...named }
      }
      if (cap) return { kind: 'full', cap, retryAfterSeconds: roomIn(load.items) }
      const isHolding = isHeld(context, added.record)
      const sort: ItemSort = { ...added.sort, state: isHolding ? 'held' : 'waiting' }
      const isAdded = !isHolding && order.add({ item: added.item, sort })
      const expected = isAdded ? expectedMs(sort, order.lists.countOf(token)) : undefined
      if (expected !== undefined) sort.expectedMs = expected
      memory.items.insert(added, sort)
      context.learnOwn(ownNamesOf(added))
      if (added.key !== undefined) context.keys.hold(added.key, added.record.requestId)
      if (isHolding) held.set(added.item, sort)
      return { kind: 'queued' }
    })
  )
}

/** For the gate of an own token. No list shows them: its lists have the jobs. */
function ownNamesOf({ sort, record: { own, names, taskName } }: NewItem): Owner[] {
  if (!own) return []
  const ids = [...names, ...(taskName === undefined ? [] : [taskName])]
  const rest = { email: null, source: 'created', mayBeShared: false } as const
  return ids.map((id) => ({ id, ...rest, own: { token: sort.token, list: '' } }))
}

/** An item that ended without a start leaves its name to others. */
function isNamed({ memory }: LineContext, name: string | undefined): boolean {
  const row = name === undefined ? undefined : memory.items.ofTaskName(name)
  const state = row && memory.stateOf(row)
  return state !== undefined && state !== 'untold' && state !== 'ended'
}

/** What was queued or started under the key. */
function keptUnder(context: LineContext, key: string): EnqueueAnswer | undefined {
  const turn = context.keys.standsFor(key)
  if (!turn) return undefined
  if (turn.kind === 'running') return { kind: 'keyed', isRunning: true }
  const row = turn.kind === 'unknown' ? findNamed(context, REQUEST + turn.requestId) : undefined
  if (row) return { kind: 'known', shown: toShown(context, row) }
  const { jobIds } = turn.kind === 'replay' ? turn.answer : (turn.done ?? {})
  return { kind: 'keyed', ...(jobIds ? { jobIds } : {}) }
}

/** By a name, by the item's own id, or by `request:` and the id of its request. */
export function findNamed({ memory: { items } }: LineContext, name: string): ItemRow | undefined {
  if (name.startsWith(REQUEST)) return ofRequest(items, name.slice(REQUEST.length))
  if (name.startsWith(TASK)) return items.ofTaskName(name.slice(TASK.length))
  const mark = markOf(name)
  if (!mark) return undefined
  const isIt = ({ item, record }: ItemRow) => item === name || record.names.includes(name)
  if (mark.item === undefined) return items.ofMoment(mark.at).find((row) => isIt(row))
  const row = items.find(mark.item)
  return row && isIt(row) ? row : undefined
}

function ofRequest(items: { find(item: string): ItemRow | undefined }, requestId: string) {
  if (!isOfTimedRequest(requestId)) return undefined
  const from = timeOf(requestId)
  for (let at = from; at < from + MS_OF_A_REQUEST; at += 1) {
    const row = items.find(itemIdOf(requestId, at))
    if (row?.record.requestId === requestId) return row
  }
  return undefined
}

export function toShown(context: LineContext, row: ItemRow): ItemShown {
  const { memory, ownersOf } = context
  const { item, sort, record } = row
  const { names, taskName, leaseId, jobIds, refusal, leftAt } = record
  const state = memory.stateOf(row)
  // What its account told has no other time.
  const endedAt = record.endedAt ?? (state === 'ended' ? leftAt : undefined)
  const choice = memory.line.chosen.get(item)?.choice
  const tries = choice ? [...record.tries, choice] : record.tries
  const reason = record.reason ?? sort.reason
  const first = jobIds?.find((id) => id !== '')
  const [owner] = first === undefined ? [] : ownersOf([first])
  return {
    item,
    names,
    ...(taskName === undefined ? {} : { taskName }),
    state,
    route: sort.route,
    askedAt: sort.askedAt,
    requestId: record.requestId,
    token: sort.token,
    ...(record.own ? { isOwn: true as const } : {}),
    ...(reason === undefined ? {} : { reason }),
    ...(refusal === undefined ? {} : { refusal }),
    ...(jobIds === undefined ? {} : { jobIds }),
    ...(leaseId === undefined ? {} : { leaseId }),
    ...(owner === undefined ? {} : { owner }),
    ...(sort.lane === '' ? {} : { lane: sort.lane }),
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(tries.length === 0 ? {} : { tries: tries.slice(-TRIES_SHOWN).map(toTry) }),
    ...whyItWaits(context, row),
  }
}

function whyItWaits(context: LineContext, row: ItemRow): Pick<ItemShown, 'waitsFor'> {
  const { memory, itemShares, accounts, saidOf, now } = context
  const state = memory.stateOf(row)
  if (state === 'held') return { waitsFor: 'other_job' }
  if (state !== 'waiting') return {}
  const serving = accounts().map((account) => ({
    lane: laneName({ lane: account.email, laneSince: account.createdAt }),
    isDrained: account.isDrained === true,
    parkings: saidOf(account.key)?.parkings ?? [],
  }))
  const token = itemShares.whyStopped(row)
  const { pauses } = memory.line
  return { waitsFor: waitsFor(row, { token, accounts: serving, pauses, now: now() }) }
}

/** Without the lease ids, which are nobody's business. */
function toTry({ account, at, why, backAt }: Try): NonNullable<ItemShown['tries']>[number] {
  return {
    account,
    at,
    ...(why === undefined ? {} : { why }),
    ...(backAt === undefined ? {} : { backAt }),
  }
}

/** Whether a new item waits for another one, or ends with it. Of one that runs it is not known here whether it has ended. */
function isHeld({ memory }: LineContext, { named = [] }: ItemRecord): boolean {
  const items = named.flatMap(({ item }): NamedItem[] => {
    const row = memory.items.find(item)
    return row ? [{ item, state: memory.stateOf(row) }] : []
  })
  return afterOf(items) !== undefined
}

/** The provider's ids of the jobs that the item names, as far as they have begun. */
export function realIdsOf(
  { memory }: LineContext,
  { named = [] }: ItemRecord
): { name: string; id: string }[] {
  return named.flatMap(({ item, name }) => {
    const id = jobIdOf(memory.items.find(item), name)
    return id === undefined ? [] : [{ name, id }]
  })
}

export function jobIdOf(row: ItemRow | undefined, name: string): string | undefined {
  const { names = [], jobIds = [] } = row?.record ?? {}
  return jobIds[Math.max(0, names.indexOf(name))] || undefined
}

interface OfToken {
  token: string
  waiting: number
  /** Its lists in the order, and what waits for the end of another job. */
  lists: readonly (readonly WaitingItem[])[]
}

/** Those of which something waits, by their ids. */
function tokensAsked(
  { memory: { line } }: LineContext,
  { token: asked, isOwn }: LineQuery,
  isAsked: (sort: ItemSort) => boolean
): OfToken[] {
  const held = new Map<string, WaitingItem[]>()
  for (const [item, sort] of line.held)
    if (isAsked(sort)) held.set(sort.token, [...(held.get(sort.token) ?? []), { item, sort }])
  const { lists: inOrder } = line.order
  const tokens = new Set([...inOrder.tokens(), ...held.keys()])
  return Array.from(tokens)
    .filter((token) => asked === undefined || token === asked)
    .map((token) => {
      const mine = held.get(token) ?? []
      const lists = inOrder.listsOf(token).map(({ items }) => items)
      const count =
        isOwn === true
          ? lists.reduce((sum, list) => sum + list.filter(({ sort }) => isAsked(sort)).length, 0)
          : inOrder.countOf(token)
      return { token, waiting: count + mine.length, lists: [...lists, mine] }
    })
    .filter(({ waiting }) => waiting > 0)
    .toSorted((one, other) => (one.token < other.token ? -1 : 1))
}

/** `expect`: its place and when it should start. What waits for the end of another job has none yet. */
export function listLine(
  context: LineContext,
  query: LineQuery,
  expect: (waiting: WaitingItem) => Pick<ItemShown, 'place' | 'startsAt'>
): Omit<LinePage, 'startsAMinute'> {
  const { token, isOwn, after, limit } = query
  const { order, chosen, held } = context.memory.line
  const isAsked = (sort: ItemSort) =>
    (token === undefined || sort.token === token) && (isOwn !== true || sort.isOwn === true)
  const tokens = tokensAsked(context, query, isAsked)
  const page: WaitingItem[] = []
  for (const { lists } of tokens) {
    if (page.length > limit) break
    const left = lists
      .flat()
      .filter(({ sort }) => isAsked(sort))
      .toSorted(compareAge)
      .filter((one) => after === undefined || placeIn(one) > after)
    page.push(...left.slice(0, limit + 1 - page.length))
  }
  const shown = page.slice(0, limit)
  const last = page.length > limit ? shown.at(-1) : undefined
  return {
    waiting: tokens.reduce((sum, of) => sum + of.waiting, 0),
    starting: Array.from(chosen.values()).filter(({ sort }) => isAsked(sort)).length,
    tokens: tokens.map(({ token: id, lists, waiting }) => ({
      token: id,
      waiting,
      weight: order.weightOf(id),
      oldestAt: Math.min(
        ...lists.map((items) => items.find(({ sort }) => isAsked(sort))?.sort.askedAt ?? Infinity)
      ),
    })),
    items: shown.flatMap((waiting) => {
      const row = context.memory.items.find(waiting.item)
      if (!row) return []
      const { token: id, lane, priority, startBy } = waiting.sort
      const sort = { token: id, lane, priority, startBy }
      const expected = held.has(waiting.item) ? {} : expect(waiting)
      return [{ ...toShown(context, row), ...sort, ...expected }]
    }),
    ...(last ? { next: placeIn(last) } : {}),
  }
}

/** Sorts as the list does: by token, then by age. */
function placeIn({ item, sort: { token, askedAt } }: WaitingItem): string {
  return `${token} ${String(askedAt).padStart(15, '0')} ${item}`
}
