/**
 * Remembers in this isolate which accounts seem full, parked or slow. Hints only change the order in which accounts are tried and
 * save requests; the account's object decides. A call is refused from memory only within a second after a refusal.
 */
import { LARGE_POOL, SEEN_MS, type SlotsSeen } from './seen-full.ts'
import type { Parking } from './parking.ts'

const REFUSAL_MS = 1000
const PARKED_MS = 60_000
/** The most parkings remembered for an account. Its object knows all of them. */
const PARKINGS_MAX = 40
/** How long an account without credit is tried after the others. It is still tried. */
const UNPAID_MS = 5 * 60_000
/** How long a full account is tried last. It is still tried. */
const FULL_MS = 30_000
/** So many answers at most are remembered for the desk. */
const SEEN_MAX = 2000

/** How long reads wait less for an account that did not answer in time. */
const HUNG_MS = 60_000

export interface Refusal {
  until: number
  retryAt: number
  /** Queued creations waited for slots too. */
  isQueued?: boolean
}

export class Hints {
  readonly #full = new Map<string, { at: number; retryAt?: number }>()
  /** By account: its last answer, which the desk was not told of yet. */
  readonly #seen = new Map<string, SlotsSeen>()
  readonly #parked = new Map<string, { parking: Parking; notedAt: number }[]>()
  readonly #refusals = new Map<string, Refusal>()
  readonly #unknown = new Map<string, number>()
  readonly #checked = new Map<string, { credential: string; until: number }>()
  readonly #unpaid = new Map<string, number>()
  /** Free slots after the last answer of the account. */
  readonly #free = new Map<string, { free: number; at: number }>()
  /** By account: when one read may wait the whole time again. */
  readonly #hung = new Map<string, number>()

  isFull(account: string, now: number): boolean {
    return this.#wasFull(account, now - FULL_MS)
  }

  /** True if the account was full lately. */
  mayBeFull(account: string, now: number): boolean {
    return this.#wasFull(account, now - SEEN_MS)
  }

  #wasFull(account: string, since: number): boolean {
    return (this.#full.get(account)?.at ?? -Infinity) > since
  }

  /** `retryAt`: when the object expects a free slot. */
  markFull(account: string, now: number, retryAt?: number): void {
    this.#full.set(account, { at: now, ...(retryAt === undefined ? {} : { retryAt }) })
    this.#see({ account, fullAt: now })
  }

  /** The account had free slots after it granted one. */
  markRoom(account: string): void {
    this.#full.delete(account)
    this.#see({ account })
  }

  /** How many slots the account had left when it granted one. */
  noteFree(account: string, free: number, now: number): void {
    this.#free.set(account, { free, at: now })
  }

  /** Which share of its slots is in use, as far as this isolate has seen lately. 0: not known, so that it is asked. */
  usedShare({ key, maxJobs }: { key: string; maxJobs: number }, now: number): number {
    if (this.isFull(key, now)) return 1
    const seen = this.#free.get(key)
    return seen && seen.at > now - SEEN_MS ? Math.max(0, 1 - seen.free / maxJobs) : 0
  }

  /** What the desk knows from other isolates. */
  learnFull(seen: readonly Required<SlotsSeen>[]): void {
    for (const { account, fullAt } of seen)
      if (!this.#wasFull(account, fullAt)) this.#full.set(account, { at: fullAt })
  }

  /** What accounts of a large pool have answered since the last call, for the desk. */
  takeSeen(pool: readonly { key: string }[]): SlotsSeen[] {
    const seen = pool.flatMap(({ key }) => this.#seen.get(key) ?? [])
    for (const { account } of seen) this.#seen.delete(account)
    return pool.length < LARGE_POOL ? [] : seen
  }

  #see(seen: SlotsSeen): void {
    if (this.#seen.size >= SEEN_MAX) this.#seen.clear()
    this.#seen.set(seen.account, seen)
  }

  /** When a full account expects a free slot, as last known. */
  fullUntil(account: string): number | undefined {
    return this.#full.get(account)?.retryAt
  }

  /** A job of this account ended: a slot may be free. */
  markFreed(account: string): void {
    if (this.#full.has(account)) this.markRoom(account)
    const seen = this.#free.get(account)
    if (seen) this.#free.set(account, { ...seen, free: seen.free + 1 })
    this.#refusals.clear()
  }

  /** The account's parkings. They are remembered for a minute at most, because the account may get a new credential elsewhere. */
  parkings(account: string, now: number): Parking[] {
    const known = this.#parked.get(account) ?? []
    return known
      .filter(({ parking, notedAt }) => parking.until > now && now < notedAt + PARKED_MS)
      .map(({ parking }) => parking)
  }

  markParked(account: string, parking: Parking, now: number): void {
    const known = this.#parked.get(account) ?? []
    const others = known.filter(
      (one) => one.parking.scope !== parking.scope && now < one.notedAt + PARKED_MS
    )
    this.#parked.set(account, [...others.slice(-PARKINGS_MAX), { parking, notedAt: now }])
  }

  /** The credential was checked and is valid. Until then a refused call causes no new check. */
  markChecked(account: string, credential: string, until: number): void {
    this.#checked.set(account, { credential, until })
  }

  isChecked(account: string, credential: string, now: number): boolean {
    const checked = this.#checked.get(account)
    return checked?.credential === credential && now < checked.until
  }

  /** The account had no credit for a call: others are tried before it. */
  markUnpaid(account: string, now: number): void {
    this.#unpaid.set(account, now + UNPAID_MS)
  }

  isUnpaid(account: string, now: number): boolean {
    return (this.#unpaid.get(account) ?? 0) > now
  }

  /** The account has a new credential or limit. */
  forget(account: string): void {
    this.#parked.delete(account)
    this.#checked.delete(account)
    this.#unpaid.delete(account)
    this.#hung.delete(account)
    this.#free.delete(account)
    this.markFreed(account)
  }

  /** The account did not answer a read in time. */
  markHung(account: string, now: number): void {
    this.#hung.set(account, now + HUNG_MS)
  }

  markAnswered(account: string): void {
    this.#hung.delete(account)
  }

  /** True if the account missed a deadline within the last minute. A call that needs one answer then asks others first. */
  hasHungLately(account: string, now: number): boolean {
    return (this.#hung.get(account) ?? 0) > now
  }

  isHung(account: string): boolean {
    return this.#hung.has(account)
  }

  /** True for one read a minute, which waits the whole time. The other reads wait less. */
  mayProbe(account: string, now: number): boolean {
    if ((this.#hung.get(account) ?? Infinity) > now) return false
    this.markHung(account, now)
    return true
  }

  refusal(pool: string, now: number): Refusal | undefined {
    const refusal = this.#refusals.get(pool)
    return refusal && refusal.until > now ? refusal : undefined
  }

  markRefusal(pool: string, retryAt: number, askedAt: number, isQueued = false): void {
    this.#refusals.set(pool, { until: askedAt + REFUSAL_MS, retryAt, isQueued })
  }

  /** A creation of this tenant has an unknown outcome. Until then, ask the desk whether a creation repeats it. */
  markUnknown(tenant: string, provider: string, until: number): void {
    const name = `${provider}:${tenant}`
    this.#unknown.set(name, Math.max(until, this.#unknown.get(name) ?? 0))
  }

  unknownUntil(tenant: string, provider: string): number {
    return this.#unknown.get(`${provider}:${tenant}`) ?? 0
  }
}
