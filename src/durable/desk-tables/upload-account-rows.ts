/**
 * Keeps the account that each token uploads to, and which accounts have the tenant's own avatars or voices. The recent load of
 * the accounts is kept in memory only, because it is a preference, not a limit.
 */
import type { Account } from '#domain/accounts/account.ts'
import type { Owner } from '#domain/routing/owner.ts'
import type { UploadWish } from '#domain/ports/desk.ts'
import type { Durations } from '#domain/runtime/durations.ts'
import { homeOf, type Home } from '#domain/uploads/upload-account.ts'

export const UPLOAD_ACCOUNTS_SCHEMA = `
  CREATE TABLE IF NOT EXISTS home (
    token TEXT PRIMARY KEY, email TEXT NOT NULL, since INTEGER NOT NULL, used INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS likeness (email TEXT PRIMARY KEY, account_since INTEGER NOT NULL) WITHOUT ROWID;
`

interface UploadAccountRow extends Home {
  [column: string]: SqlStorageValue
}

const TIMES_MAX = 1000

/** By email: the times of an account's recent jobs or uploads. */
class RecentTimes {
  readonly #times = new Map<string, number[]>()

  add(email: string, now: number): void {
    const times = this.#times.get(email) ?? []
    times.push(now)
    // The list must stay bounded even if nothing reads it. No account has that many slots.
    if (times.length > 2 * TIMES_MAX) times.splice(0, TIMES_MAX)
    this.#times.set(email, times)
  }

  countSince(email: string, since: number): number {
    const kept = (this.#times.get(email) ?? []).filter((at) => at >= since)
    this.#times.set(email, kept)
    return kept.length
  }
}

export class UploadAccountRows {
  readonly #sql: SqlStorage
  readonly #random: () => number
  readonly #jobs = new RecentTimes()
  readonly #uploads = new RecentTimes()
  /** By email: until when the account is parked, as callers said, epoch ms. */
  readonly #parked = new Map<string, number>()

  constructor(sql: SqlStorage, random: () => number) {
    this.#sql = sql
    this.#random = random
  }

  /** Chooses the account for a token, and counts the upload. Undefined: the desk has none of these accounts (any more). */
  choose(
    token: string,
    wish: UploadWish,
    accounts: readonly Account[],
    now: number,
    { uploadAccountMs: homeMs, typicalJobMs }: Pick<Durations, 'uploadAccountMs' | 'typicalJobMs'>
  ): string | undefined {
    for (const { email, until } of wish.parked) this.#parked.set(email, until)
    const named = accounts.filter(({ email }) => wish.able.includes(email))
    const well = named.filter(({ email }) => (this.#parked.get(email) ?? 0) <= now)
    const among = (well.length > 0 ? well : named).map(({ email, maxJobs }) => {
      const jobs = this.#jobs.countSince(email, now - typicalJobMs)
      return { email, maxJobs, load: jobs + this.#uploads.countSince(email, now - homeMs) }
    })
    const before = this.#find(token)
    const likeness = this.#likeness(accounts)
    const home = homeOf({ accounts: among, before, likeness, now, homeMs, random: this.#random })
    if (!home) return undefined
    const used = home.used + (wish.isUpload ? 1 : 0)
    if (wish.isUpload) this.#uploads.add(home.email, now)
    if (home !== before || used !== before.used) this.#save(token, { ...home, used })
    return home.email
  }

  /** Learns the load of accounts (created jobs) from ids, and which accounts have avatars and voices. */
  learn(owners: readonly Owner[], accounts: readonly Account[], now: number): void {
    for (const { email, lease, isLikeness } of owners) {
      if (email !== null && lease !== undefined) this.#jobs.add(email, now)
      if (email !== null && isLikeness) this.#saveLikeness(email, accounts)
    }
  }

  /** Forgets that the account is parked, because it has a new credential or limit. */
  forgetParking(email: string): void {
    this.#parked.delete(email)
  }

  #find(token: string): Home | undefined {
    const sql = 'SELECT email, since, used FROM home WHERE token = ?'
    return this.#sql.exec<UploadAccountRow>(sql, token).toArray()[0]
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

  /** The only account that has avatars or voices. Undefined: none or several have. */
  #likeness(accounts: readonly Account[]): string | undefined {
    const rows = this.#sql
      .exec<{ email: string; account_since: number }>('SELECT email, account_since FROM likeness')
      .toArray()
    const holders = accounts.filter(({ email, createdAt }) =>
      rows.some((row) => row.email === email && row.account_since === createdAt)
    )
    return holders.length === 1 ? holders[0]?.email : undefined
  }

  #saveLikeness(email: string, accounts: readonly Account[]): void {
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

  /** Deletes choices that were made before `before`. */
  forget(before: number): void {
    this.#sql.exec('DELETE FROM home WHERE since < ?', before)
  }

  forgetAll(): void {
    this.#sql.exec('DELETE FROM home')
    this.#sql.exec('DELETE FROM likeness')
  }
}
