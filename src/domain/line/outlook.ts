/**
 * What a desk expects of its line: how fast it moves, and when an item starts. It is told to clients, and says where slots are saved up
 * at the lowest price; it never decides whose turn it is. Accounts say with each question for work how many slots they have free, how
 * long their last jobs took, and when the running ones began.
 */
import { findParking, type Parking } from '#domain/accounts/parking.ts'
import type { Owed, TokenInLine } from '#domain/queue/choose-next.ts'
import { laneName, type WaitingItem } from '#domain/queue/item-lists.ts'
import { placesOf, type Expected, type ServingSlots } from '#domain/queue/place.ts'
import { retryAfterOf } from '#domain/queue/caps.ts'
import type { ItemSort } from '#domain/queue/item.ts'
import { servesLane } from '#domain/queue/may-start.ts'
import { slotEnds, startsAt } from './estimate.ts'
import { isPaused, type Pause } from './pauses.ts'
import { Pace, type EndOfJob, type PaceRecord } from './pace.ts'
import { countedPlace, Places } from './places.ts'

/** Before the first end a job is thought to take so long. */
const TYPICAL_MS = 5 * 60_000

/** A job that runs. One of several slots stands there as often. */
export interface Running {
  route: string
  /** When its slot was acquired. Epoch ms. */
  at: number
}

interface Seat {
  free: number
  held: number
  running: readonly Running[]
  parkings: readonly Parking[]
}

interface ServingAccount {
  key: string
  /** The name of its lane. */
  lane: string
  maxJobs: number
}

interface LineNow {
  tokens: readonly TokenInLine[]
  accounts: readonly ServingAccount[]
  pauses: readonly Pause[]
  /** What an account owes each token. */
  owedBy: (account: string) => Owed | undefined
  now: number
  /** How long the limits of a token hold up the last of so many of its jobs. */
  limits?: { heldFor(token: string, jobs: number, meanMs: number): number }
}

interface Limits {
  /** How long the last of so many jobs of the token waits for its own limits. 0: it has none. */
  waitFor(token: string, jobs: number, meanMs: number): number
}

export class Outlook {
  #pace = new Pace(TYPICAL_MS)
  readonly #places = new Places()
  readonly #stepMs: number
  readonly #seats = new Map<string, Seat>()

  constructor(stepMs: number) {
    this.#stepMs = stepMs
  }

  /** After a restart: how long jobs took before it. */
  load(record: PaceRecord): void {
    this.#pace = new Pace(TYPICAL_MS, record)
  }

  toRecord(): PaceRecord {
    return this.#pace.toRecord()
  }

  noteEnds(ends: readonly EndOfJob[], now: number): void {
    if (ends.length > 0) this.#pace.noteEnds(ends, now)
  }

  /** What an account said. `chosen`: what it was given then, which begins now. */
  noteAsked(
    account: string,
    {
      free,
      held,
      parkings,
      running = [],
    }: Omit<Seat, 'running'> & { running?: readonly Running[] },
    chosen: readonly Pick<WaitingItem, 'sort'>[],
    now: number
  ): void {
    const begun = chosen.flatMap(({ sort: { route, slots } }) =>
      Array.from({ length: slots }, (): Running => ({ route, at: now }))
    )
    const left = Math.max(0, free - begun.length)
    const all = [...running, ...begun]
    this.#seats.set(account, { free: left, held: held + free - left, running: all, parkings })
  }

  /** Starts in a second, of all that waits or of one token by its weight. */
  startsASecond({ accounts, tokens, now }: LineNow, token?: string): number {
    const all = this.#pace.startsASecond(this.slotsOf(accounts), now)
    const own = tokens.find((one) => one.token === token)
    if (!own) return all
    return (all * own.weight) / tokens.reduce((sum, { weight }) => sum + weight, 0)
  }

  /**
   * For the items of one call: how long each should wait, by how many of its token wait with it, how fast what may serve it goes, and
   * the token's own limits. To find the exact place of each would take too long. It is kept with the item, to tell later that it waits
   * for too long.
   */
  firstEstimates(
    lineNow: () => LineNow,
    limits: Limits
  ): (sort: ItemSort, waiting: number) => number | undefined {
    const paces = new Map<string, number>()
    return (sort, waiting) => {
      const lane = laneName(sort)
      const name = `${sort.token} ${lane}`
      const line = paces.has(name) ? undefined : lineNow()
      const accounts = line?.accounts.filter((one) => servesLane(one, lane)) ?? []
      const pace = line && this.startsASecond({ ...line, accounts }, sort.token)
      if (pace !== undefined) paces.set(name, pace)
      const known = paces.get(name) ?? 0
      if (known <= 0) return undefined
      const { token, route, jobs = 1 } = sort
      const ownMs = limits.waitFor(token, waiting * jobs, this.#pace.meanOf(route))
      return Math.round(Math.max((waiting / known) * 1000, ownMs))
    }
  }

  /** Of a line that is full, or in which one token has as much as it may: after how many seconds there is room. */
  roomIn(waiting: number, line: LineNow, token?: string): number {
    const own = token === undefined ? line.tokens : line.tokens.filter((one) => one.token === token)
    const heads = own.flatMap(({ lists }) => lists.flatMap(({ items }) => items[0] ?? []))
    const starts = heads.map((head) => this.expect(head, line, true).startsAt ?? line.now)
    const firstInMs = starts.length === 0 ? 0 : Math.min(...starts) - line.now
    return retryAfterOf(waiting, this.startsASecond(line, token), firstInMs)
  }

  /** How many slots these accounts have. */
  slotsOf(accounts: readonly Pick<ServingAccount, 'key' | 'maxJobs'>[]): number {
    return accounts.reduce((sum, { key, maxJobs }) => sum + this.#slotsOf(key, maxJobs), 0)
  }

  /** How long a job takes, of any row. */
  get usualMs(): number {
    return this.#pace.usualMs
  }

  /** How long these jobs will go on. One that is late is thought to stay for as long as it is late. */
  leftMs(account: string, now: number, running = this.#seats.get(account)?.running): number[] {
    return (running ?? []).map(({ route, at }) => Math.abs(at + this.#pace.meanOf(route) - now))
  }

  #slotsOf(account: string, maxJobs: number): number {
    const seat = this.#seats.get(account)
    return seat ? seat.free + seat.held : maxJobs
  }

  /**
   * `place`: how many start before it, plus one. No `startsAt`: nothing that may serve it goes on, since it is paused or drained.
   * `isPrompt`: what takes long to find is left out. The place does not know of limits of tokens.
   */
  expect(waiting: WaitingItem, line: LineNow, isPrompt = false): Partial<Expected> {
    const found = this.#expect(waiting, line, isPrompt)
    if (found.startsAt === undefined) return found
    return { ...found, startsAt: Math.max(found.startsAt, this.#limitEndsAt(waiting, line)) }
  }

  /** When the limits of its token let it start. Where some of the token's items wait for one account, they are not looked at. */
  #limitEndsAt(waiting: WaitingItem, { tokens, limits, now }: LineNow): number {
    const { token, route, jobs = 1 } = waiting.sort
    const own = tokens.filter((one) => one.token === token)
    const place = limits ? countedPlace(waiting, own, { now, stepMs: this.#stepMs }) : undefined
    if (!limits || place === undefined) return now
    return now + Math.round(limits.heldFor(token, place * jobs, this.#pace.meanOf(route)))
  }

  #expect(waiting: WaitingItem, line: LineNow, isPrompt: boolean): Partial<Expected> {
    const { tokens, now } = line
    const at = { now, stepMs: this.#stepMs }
    const place = countedPlace(waiting, tokens, at)
    if (place === undefined)
      return this.#places.of(waiting, tokens, { now, isPrompt, run: () => this.#run(line) }) ?? {}
    const meanMs = this.#pace.meanOf(waiting.sort.route)
    const ends = this.#serving(line).flatMap((account) => endsFor(account, waiting))
    const start = startsAt(place, ends, meanMs, now)
    return { place, ...(start === undefined ? {} : { startsAt: start }) }
  }

  /** Every place and start, by running the order over the slots of all accounts. */
  #run(line: LineNow): Map<string, Expected> {
    const meanOf = ({ sort }: WaitingItem) => this.#pace.meanOf(sort.route)
    const accounts = this.#serving(line)
    return placesOf(line.tokens, line.now, this.#stepMs, { accounts, meanOf })
  }

  #serving({ accounts, pauses, owedBy, now }: LineNow): ServingSlots[] {
    return accounts.map(({ key, lane, maxJobs }) => {
      const { parkings = [] } = this.#seats.get(key) ?? {}
      const owed = owedBy(key)
      const from = ({ sort }: WaitingItem) => {
        if (isPaused(pauses, sort.token, lane)) return undefined
        const { route, meter, part } = sort
        return findParking(parkings, { isJob: true, row: route, meter, part }, now)?.until ?? now
      }
      return {
        account: key,
        lane,
        ends: this.#endsOf(key, maxJobs, now),
        ...(owed && { owed }),
        from,
      }
    })
  }

  /** When each slot of the account comes free. */
  #endsOf(account: string, maxJobs: number, now: number): number[] {
    const meanMs = this.#pace.usualMs
    const seat = this.#seats.get(account)
    if (!seat) return slotEnds({ slots: maxJobs, free: 0, begunAt: [] }, meanMs, now)
    // Each job as if it had begun so that it ends when its own kind does.
    const begunAt = seat.running.map((job) => job.at + this.#pace.meanOf(job.route) - meanMs)
    return slotEnds({ slots: seat.free + seat.held, free: seat.free, begunAt }, meanMs, now)
  }
}

function endsFor({ ends, from }: ServingSlots, waiting: WaitingItem): number[] {
  const earliest = from ? from(waiting) : 0
  return earliest === undefined ? [] : ends.map((end) => Math.max(end, earliest))
}
