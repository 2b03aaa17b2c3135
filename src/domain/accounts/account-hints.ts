/**
 * What this isolate remembers of the accounts it used. Hints only reorder and save questions; the object decides.
 * The one refusal that is answered from memory rests on answers at most a second old.
 */
import type { Parking } from './parking.ts'

const REFUSAL_MS = 1000
const PARKED_MS = 60_000
/** Of one account; the object knows them all. */
const PARKINGS_MAX = 40
/** An account that could not pay is tried after the others for so long; it is never left out for it. */
const UNPAID_MS = 5 * 60_000
/** Longer than a question takes, since a full account is only tried last, not left out. */
const FULL_MS = 30_000

/** An account that did not answer in time is given its whole time again after this, by one read. */
const HUNG_MS = 60_000

export interface Refusal {
  until: number
  retryAt: number
}

export class Hints {
  readonly #full = new Map<string, { until: number; retryAt?: number }>()
  readonly #parked = new Map<string, { parking: Parking; notedAt: number }[]>()
  readonly #refusals = new Map<string, Refusal>()
  readonly #unknown = new Map<string, number>()
  readonly #proved = new Map<string, { credential: string; until: number }>()
  readonly #unpaid = new Map<string, number>()
  /** By account: when it may be waited for again. */
  readonly #hung = new Map<string, number>()

  isFull(account: string, now: number): boolean {
    return (this.#full.get(account)?.until ?? 0) > now
  }

  /** `retryAt`: when it expects to have room. */
  noteFull(account: string, now: number, retryAt?: number): void {
    this.#full.set(account, { until: now + FULL_MS, ...(retryAt === undefined ? {} : { retryAt }) })
  }

  /** When a full account was last expected to have room. */
  fullUntil(account: string): number | undefined {
    return this.#full.get(account)?.retryAt
  }

  /** Something ended on this account: it may have room again. */
  noteFreed(account: string): void {
    this.#full.delete(account)
    this.#refusals.clear()
  }

  /** Believed for a minute at most: elsewhere the account may have been given a new credential. */
  parkings(account: string, now: number): Parking[] {
    const noted = this.#parked.get(account) ?? []
    return noted
      .filter(({ parking, notedAt }) => parking.until > now && now < notedAt + PARKED_MS)
      .map(({ parking }) => parking)
  }

  noteParked(account: string, parking: Parking, now: number): void {
    const noted = this.#parked.get(account) ?? []
    const others = noted.filter(
      (one) => one.parking.scope !== parking.scope && now < one.notedAt + PARKED_MS
    )
    this.#parked.set(account, [...others.slice(-PARKINGS_MAX), { parking, notedAt: now }])
  }

  /** Its credential was asked about and is good: a refused call is not asked about again until then. */
  noteProved(account: string, credential: string, until: number): void {
    this.#proved.set(account, { credential, until })
  }

  isProved(account: string, credential: string, now: number): boolean {
    const proved = this.#proved.get(account)
    return proved?.credential === credential && now < proved.until
  }

  /** It could not pay for a call lately: others are tried before it. */
  noteUnpaid(account: string, now: number): void {
    this.#unpaid.set(account, now + UNPAID_MS)
  }

  isUnpaid(account: string, now: number): boolean {
    return (this.#unpaid.get(account) ?? 0) > now
  }

  /** A new credential or limit: what was believed of the account no longer holds. */
  forget(account: string): void {
    this.#parked.delete(account)
    this.#proved.delete(account)
    this.#unpaid.delete(account)
    this.#hung.delete(account)
    this.noteFreed(account)
  }

  /** It did not answer a read in time. */
  noteHung(account: string, now: number): void {
    this.#hung.set(account, now + HUNG_MS)
  }

  noteAnswered(account: string): void {
    this.#hung.delete(account)
  }

  /** It let its time pass within the last minute: whoever needs one answer asks others first. */
  hasHungLately(account: string, now: number): boolean {
    return (this.#hung.get(account) ?? 0) > now
  }

  isHung(account: string): boolean {
    return this.#hung.has(account)
  }

  /** True for one read a minute: it waits for the account as if nothing were known, the others do not. */
  mayProbe(account: string, now: number): boolean {
    if ((this.#hung.get(account) ?? Infinity) > now) return false
    this.noteHung(account, now)
    return true
  }

  refusal(pool: string, now: number): Refusal | undefined {
    const refusal = this.#refusals.get(pool)
    return refusal && refusal.until > now ? refusal : undefined
  }

  noteRefusal(pool: string, retryAt: number, askedAt: number): void {
    this.#refusals.set(pool, { until: askedAt + REFUSAL_MS, retryAt })
  }

  /** A creation of this tenant at this provider has no known outcome: repeats are looked up until then. */
  noteUnknown(tenant: string, provider: string, until: number): void {
    const name = `${provider}:${tenant}`
    this.#unknown.set(name, Math.max(until, this.#unknown.get(name) ?? 0))
  }

  unknownUntil(tenant: string, provider: string): number {
    return this.#unknown.get(`${provider}:${tenant}`) ?? 0
  }
}
