/**
 * What a desk expects of its line: how fast it moves, and when an item starts. It is told to clients, and says where slots are saved up
 * at the lowest price; it never decides whose turn it is. Accounts say with each question for work how many slots they have free, how
 * long their last jobs took, and when the running ones began.
 */
import { findParking, type Parking } from '#domain/accounts/parking.ts'
import type { TokenInLine } from '#domain/queue/choose-next.ts'
import { laneName, type WaitingItem } from '#domain/queue/item-lists.ts'
import { retryAfterOf } from '#domain/queue/caps.ts'
import type { ItemSort } from '#domain/queue/item.ts'
import { servesLane } from '#domain/queue/may-start.ts'
import { slotEnds, startsAt } from './estimate.ts'
import { isPaused, type Pause } from './pauses.ts'
import { Pace, type EndOfJob, type PaceRecord } from './pace.ts'
import { Places } from './places.ts'

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

export interface ServingAccount {
  key: string
  /** The name of its lane. */
  lane: string
  maxJobs: number
}

/** `place`: how many start before it, plus one. No `startsAt`: nothing that may serve it goes on, since it is paused. */
export interface Expected {
  place?: number
  startsAt?: number
}

interface LineNow {
  tokens: readonly TokenInLine[]
  accounts: readonly ServingAccount[]
  pauses: readonly Pause[]
  now: number
}

interface Limits {
  /** How long the last of so many jobs of the token waits for its own limits. 0: it has none. */
  waitFor(token: string, jobs: number, meanMs: number): number
}

export class Outlook {
  #pace = new Pace(TYPICAL_MS)
  readonly #places: Places
  readonly #seats = new Map<string, Seat>()

  constructor(stepMs: number) {
    this.#places = new Places(stepMs)
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

  /** `isPrompt`: what takes long to find is left out. */
  expect(waiting: WaitingItem, line: LineNow, isPrompt = false): Expected {
    const { tokens, now } = line
    const place = this.#places.of(waiting, tokens, { now, isPrompt })
    if (place === undefined) return {}
    const at = this.#startOf(waiting, place, line, isPrompt)
    return { place, ...(at === undefined ? {} : { startsAt: at }) }
  }

  #startOf(
    waiting: WaitingItem,
    place: number,
    { tokens, accounts, pauses, now }: LineNow,
    isPrompt: boolean
  ): number | undefined {
    const { sort } = waiting
    const lane = laneName(sort)
    const serving = accounts.filter(
      ({ lane: own }) => servesLane({ lane: own }, lane) && !isPaused(pauses, sort.token, own)
    )
    const meanMs = this.#pace.meanOf(sort.route)
    const ends = serving.flatMap((account) => this.#endsAt(account, waiting, { meanMs, now }))
    if (lane === '') return startsAt(place, ends, meanMs, now)
    // What waits for any account is shared by all of them.
    const serves = (of: string) => of === lane
    const own = this.#places.of(waiting, tokens, { now, isPrompt, serves }) ?? place
    const open = this.#places.of(waiting, tokens, { now, isPrompt, serves: (of) => of === '' }) ?? 1
    const shared = Math.floor((open - 1) / Math.max(1, accounts.length))
    return startsAt(own + shared, ends, meanMs, now)
  }

  /** When each slot of the account comes free that may have this item. */
  #endsAt(
    { key, maxJobs }: ServingAccount,
    { sort: { route, meter, part } }: WaitingItem,
    { meanMs, now }: { meanMs: number; now: number }
  ): number[] {
    const seat = this.#seats.get(key)
    if (!seat) return slotEnds({ slots: maxJobs, free: 0, begunAt: [] }, meanMs, now)
    // Each job as if it had begun so that it ends when its own kind does.
    const begunAt = seat.running.map((job) => job.at + this.#pace.meanOf(job.route) - meanMs)
    const ends = slotEnds({ slots: seat.free + seat.held, free: seat.free, begunAt }, meanMs, now)
    const wish = { isJob: true, row: route, meter, part }
    const until = findParking(seat.parkings, wish, now)?.until ?? 0
    return ends.map((end) => Math.max(end, until))
  }
}
