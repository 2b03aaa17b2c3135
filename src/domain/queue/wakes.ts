/**
 * What a desk remembers of its accounts, to know whom to tell that something came. It is memory only: after a restart nobody is
 * known, which costs some questions and no start.
 */
import type { Parking } from '#domain/accounts/parking.ts'
import { laneName, type WaitingItem } from './item-lists.ts'
import { mayStartBy, servesLane, type Pull } from './may-start.ts'

/** How many silent accounts a look calls. */
const CALLED_MAX = 10

/** What decides which accounts may take an item: where nobody has a slot for it, nobody has one for its like. */
export function likenessOf({ sort }: WaitingItem): string {
  const { lane, laneSince, route, meter, part, slots, limit, leftOut, token } = sort
  return JSON.stringify([lane, laneSince, route, meter, part, slots, limit, leftOut, token])
}

/** An account, and the name of its own lane. */
type Who = Pick<Pull, 'account' | 'lane'>

/** What the desk knows of an account from what that said last. */
export interface Said {
  /** Absent: it was told that something waits, and did not ask: it was full, or parked. */
  pull?: Pull
  parkings: readonly Parking[]
  /** It asks by itself at each freed slot, so what it said last still holds. */
  isAwake: boolean
}

interface Known {
  /** What the account said when it asked last, with the slots that it then had left. */
  pull?: Pull
  /** What it said when it was told of something and did not ask. */
  parkings?: readonly Parking[]
  askedAt: number
  /** Until then it asks by itself at each freed slot, because it knows that more waits. */
  awakeUntil: number
}

export class Wakes {
  readonly #known = new Map<string, Known>()
  /** When each was called last, whether or not it answered. */
  readonly #calledAt = new Map<string, number>()

  /** By account: which share of its slots was in use when it asked last. One that is not known counts as unused, so it is asked. */
  usedShares(): Map<string, number> {
    const known = this.pulls().filter(({ free, held }) => free + held > 0)
    return new Map(known.map(({ account, free, held }) => [account, held / (free + held)]))
  }

  /** None is relied on to ask by itself: while all was paused, slots may have come free that nobody asked with. */
  forgetAwake(): void {
    for (const known of this.#known.values()) known.awakeUntil = 0
  }

  /** The account asked for work. `pull.free`: the slots that it has left after what it got. `until`: where it was told that more waits. */
  noteAsked(pull: Pull, now: number, until = 0): void {
    this.#known.set(pull.account, { pull, askedAt: now, awakeUntil: until })
  }

  noteCalled(account: string, now: number): void {
    this.#calledAt.set(account, now)
  }

  /** What the accounts said when they asked last. */
  pulls(): Pull[] {
    return Array.from(this.#known.values()).flatMap(({ pull }) => pull ?? [])
  }

  /** What the account said last. Undefined: nothing is known of it. */
  saidOf(account: string, now: number): Said | undefined {
    const known = this.#known.get(account)
    if (!known) return undefined
    const { pull, parkings = [], awakeUntil } = known
    const isAwake = awakeUntil > now
    return pull ? { pull, parkings: pull.parkings, isAwake } : { parkings, isAwake }
  }

  /**
   * The account was told at `toldAt` that something waits, and has answered. If it has not asked for work since, it is full, or parked
   * for all jobs.
   */
  noteTold(
    account: string,
    toldAt: number,
    until: number,
    parkings: readonly Parking[] = []
  ): void {
    const askedAt = this.#known.get(account)?.askedAt ?? -Infinity
    if (askedAt < toldAt) this.#known.set(account, { askedAt, awakeUntil: until, parkings })
  }

  /**
   * Who is told of an item, in turn until one of them takes it: first those that had a slot for it when they asked last, then those
   * of which nothing is known. Not those that ask by themselves and had no use for it. `accounts`: the best first, by any order.
   */
  toTell(waiting: WaitingItem, accounts: readonly Who[], now: number): string[] {
    const lane = laneName(waiting.sort)
    const isLeftOut = (account: string) => waiting.sort.leftOut?.includes(account) === true
    const able = accounts.filter((who) => servesLane(who, lane) && !isLeftOut(who.account))
    const isReady = ({ account }: Who): boolean => {
      const pull = this.#known.get(account)?.pull
      return pull !== undefined && mayStartBy(pull, now)(waiting)
    }
    const isAwake = ({ account }: Who) => (this.#known.get(account)?.awakeUntil ?? 0) > now
    const ready = able.filter((who) => isReady(who))
    const asleep = able.filter((who) => !isReady(who) && !isAwake(who))
    return [...ready, ...asleep].map(({ account }) => account)
  }

  /**
   * Which of these accounts have not asked for so long, at most ten: those that were silent and not called for the longest come first.
   * So ten that never answer keep no other from its turn.
   */
  silent(accounts: readonly string[], now: number, silentMs: number): string[] {
    const askedAt = (account: string) => this.#known.get(account)?.askedAt ?? -Infinity
    const lastAt = (account: string) =>
      Math.max(askedAt(account), this.#calledAt.get(account) ?? -Infinity)
    return accounts
      .filter((account) => askedAt(account) <= now - silentMs)
      .toSorted(
        (one, other) => Number(lastAt(one) > lastAt(other)) - Number(lastAt(one) < lastAt(other))
      )
      .slice(0, CALLED_MAX)
  }
}
