/**
 * Homes of uploads, a row for each token that uploads; and which accounts have avatars or voices of the tenant's own, a row
 * for each account. What the accounts were given lately is only in memory: it orders, and decides nothing.
 */
import type { Account } from '#domain/accounts/account.ts'
import type { Owner } from '#domain/routing/owner.ts'
import type { HomeWish } from '#domain/ports/desk.ts'
import type { Durations } from '#domain/runtime/durations.ts'
import { homeOf, type Home } from '#domain/uploads/upload-account.ts'

export const HOMES_SCHEMA = `
  CREATE TABLE IF NOT EXISTS home (
    token TEXT PRIMARY KEY, email TEXT NOT NULL, since INTEGER NOT NULL, used INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS likeness (email TEXT PRIMARY KEY, account_since INTEGER NOT NULL) WITHOUT ROWID;
`

interface HomeRow extends Home {
  [column: string]: SqlStorageValue
}

const GIVEN_MAX = 1000

/** By email: when each was given something, of late. */
class Given {
  readonly #times = new Map<string, number[]>()

  note(email: string, now: number): void {
    const times = this.#times.get(email) ?? []
    times.push(now)
    // Nobody may ever ask, and no account has as many slots.
    if (times.length > 2 * GIVEN_MAX) times.splice(0, GIVEN_MAX)
    this.#times.set(email, times)
  }

  since(email: string, since: number): number {
    const kept = (this.#times.get(email) ?? []).filter((at) => at >= since)
    this.#times.set(email, kept)
    return kept.length
  }
}

export class HomeRows {
  readonly #sql: SqlStorage
  readonly #jobs = new Given()
  readonly #uploads = new Given()
  /** Until when an account was said to be parked. */
  readonly #parked = new Map<string, number>()

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  /** Chooses and counts. Undefined: none of the accounts is the tenant's (any more). */
  take(
    token: string,
    wish: HomeWish,
    accounts: readonly Account[],
    now: number,
    { homeMs, typicalJobMs }: Pick<Durations, 'homeMs' | 'typicalJobMs'>
  ): string | undefined {
    for (const { email, until } of wish.parked) this.#parked.set(email, until)
    const named = accounts.filter(({ email }) => wish.able.includes(email))
    const well = named.filter(({ email }) => (this.#parked.get(email) ?? 0) <= now)
    const among = (well.length > 0 ? well : named).map(({ email, maxJobs }) => {
      const jobs = this.#jobs.since(email, now - typicalJobMs)
      return { email, maxJobs, load: jobs + this.#uploads.since(email, now - homeMs) }
    })
    const before = this.#find(token)
    const likeness = this.#likeness(accounts)
    const home = homeOf({ accounts: among, before, likeness, now, homeMs, random: Math.random })
    if (!home) return undefined
    const used = home.used + (wish.isUpload ? 1 : 0)
    if (wish.isUpload) this.#uploads.note(home.email, now)
    if (home !== before || used !== before.used) this.#save(token, { ...home, used })
    return home.email
  }

  /** What a creation made tells how full its account is, and what was shown or made, whose avatars and voices there are. */
  note(owners: readonly Owner[], accounts: readonly Account[], now: number): void {
    for (const { email, lease, isLikeness } of owners) {
      if (email !== null && lease !== undefined) this.#jobs.note(email, now)
      if (email !== null && isLikeness) this.#noteLikeness(email, accounts)
    }
  }

  /** What was said of an account no longer holds: it has a new credential or limit. */
  forgetParking(email: string): void {
    this.#parked.delete(email)
  }

  #find(token: string): Home | undefined {
    const sql = 'SELECT email, since, used FROM home WHERE token = ?'
    return this.#sql.exec<HomeRow>(sql, token).toArray()[0]
  }

  #save(token: string, { email, since, used }: Home): void {
    this.#sql.exec(
      `INSERT INTO home (token, email, since, used) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET email = excluded.email, since = excluded.since, used = excluded.used`,
      token,
      email,
      since,
      used
    )
  }

  /** Undefined: none has any, or several have. */
  #likeness(accounts: readonly Account[]): string | undefined {
    const rows = this.#sql
      .exec<{ email: string; account_since: number }>('SELECT email, account_since FROM likeness')
      .toArray()
    const holders = accounts.filter(({ email, createdAt }) =>
      rows.some((row) => row.email === email && row.account_since === createdAt)
    )
    return holders.length === 1 ? holders[0]?.email : undefined
  }

  #noteLikeness(email: string, accounts: readonly Account[]): void {
    const since = accounts.find((account) => account.email === email)?.createdAt
    if (since === undefined) return
    const sql = 'SELECT account_since FROM likeness WHERE email = ?'
    const known = this.#sql.exec<{ account_since: number }>(sql, email).toArray()[0]
    if (known?.account_since === since) return
    this.#sql.exec(
      `INSERT INTO likeness (email, account_since) VALUES (?, ?)
       ON CONFLICT DO UPDATE SET account_since = excluded.account_since`,
      email,
      since
    )
  }

  /** Those that are over, a row for each token. */
  forget(before: number): void {
    this.#sql.exec('DELETE FROM home WHERE since < ?', before)
  }

  forgetAll(): void {
    this.#sql.exec('DELETE FROM home')
    this.#sql.exec('DELETE FROM likeness')
  }
}
