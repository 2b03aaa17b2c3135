/** Keeps a tenant's accounts at one provider, the accounts that were removed, and whether the tenant was removed. */
import type { Account, AccountSnapshot } from '#domain/accounts/account.ts'
import type { UsagePlace } from '#domain/usage/usage.ts'
import type { DeskSettings } from '#domain/accounts/balancing.ts'
import { OneRow, Remembered } from '#durable/lifecycle/remembered.ts'

export const CLOSING_SCHEMA =
  'CREATE TABLE IF NOT EXISTS closing (id INTEGER PRIMARY KEY CHECK (id = 1), closed_at INTEGER NOT NULL);'

export const SETTINGS_SCHEMA =
  'CREATE TABLE IF NOT EXISTS settings (id INTEGER PRIMARY KEY CHECK (id = 1), record TEXT NOT NULL);'

/** The KV copy of the accounts. */
export interface AccountsCopy {
  /** Marks the copy as out of date. Called in the transaction of the change. */
  touch(): void
  version(): number
  /** Until when a creation may be the repeat of one of unknown outcome. Undefined: no such creation is known. */
  unknownUntil(): number | undefined
}

export class AccountRows {
  readonly #storage: DurableObjectStorage
  readonly #copy: AccountsCopy
  /** Since when the tenant queues. The desk's line sets it. */
  namesSince: () => number | undefined = () => undefined
  /** In the order in which they were added. Each creation needs them. */
  readonly #all = new Remembered(() =>
    this.#records('SELECT record FROM account ORDER BY position')
  )

  readonly #settings: OneRow<DeskSettings>

  constructor(storage: DurableObjectStorage, copy: AccountsCopy) {
    this.#storage = storage
    this.#copy = copy
    this.#settings = new OneRow(storage.sql, 'settings')
  }

  /** The accounts now. */
  get all(): Account[] {
    return this.#all.value
  }

  snapshot(): AccountSnapshot {
    const unknownUntil = this.#copy.unknownUntil()
    const { balance } = this.settings
    const namesSince = this.namesSince()
    return {
      version: this.#copy.version(),
      accounts: this.all,
      ...(balance === undefined ? {} : { balance }),
      ...(unknownUntil === undefined ? {} : { unknownUntil }),
      ...(namesSince === undefined ? {} : { namesSince }),
    }
  }

  get settings(): DeskSettings {
    return this.#settings.value ?? {}
  }

  /** Called in a transaction. */
  saveSettings(settings: DeskSettings): void {
    this.#settings.save(settings)
    this.#copy.touch()
  }

  forgetSettings(): void {
    this.#settings.drop()
  }

  find(email: string): Account | undefined {
    return this.#records('SELECT record FROM account WHERE email = ?', email.toLowerCase())[0]
  }

  /** True when the account is new. */
  save(account: Account): boolean {
    const isNew = this.find(account.email) === undefined
    this.#change(() => {
      this.#storage.sql.exec(
        `INSERT INTO account (email, position, record) VALUES (?, (SELECT COALESCE(MAX(position), 0) + 1 FROM account), ?)
         ON CONFLICT DO UPDATE SET record = excluded.record`,
        account.email.toLowerCase(),
        JSON.stringify(account)
      )
    })
    return isNew
  }

  /** Removes an account. Its ids no longer count as owned (owner-rows.ts). */
  remove(email: string): void {
    this.#change(() => {
      this.#storage.sql.exec('DELETE FROM account WHERE email = ?', email.toLowerCase())
    })
  }

  #change(work: () => void): void {
    try {
      this.#storage.transactionSync(() => {
        work()
        this.#copy.touch()
      })
    } finally {
      this.#all.forget()
    }
  }

  /** Notes that the account was removed from this desk. Its object still knows its jobs. */
  markFormer({ key, email }: Account, now: number): void {
    const sql = 'INSERT OR REPLACE INTO former (key, left_at, email) VALUES (?, ?, ?)'
    this.#storage.sql.exec(sql, key, now, email.toLowerCase())
  }

  /** What had this email before, and has it now. */
  keysOf(email: string): string[] {
    const sql = "SELECT key FROM former WHERE key > '' AND email = ?"
    const former = this.#storage.sql.exec<{ key: string }>(sql, email.toLowerCase()).toArray()
    const held = this.find(email)
    return [...former.map(({ key }) => key), ...(held ? [held.key] : [])]
  }

  /** Removed accounts, latest first, without those that were added again. */
  formerKeys(since: number): string[] {
    return this.formerSince(since).map(({ key }) => key)
  }

  formerSince(since: number): UsagePlace[] {
    const current = new Set(this.all.map((account) => account.key))
    const sql =
      "SELECT key, email FROM former WHERE key > '' AND left_at >= ? ORDER BY left_at DESC"
    return this.#storage.sql
      .exec<{ key: string; email: string | null }>(sql, since)
      .toArray()
      .filter(({ key }) => !current.has(key))
      .map(({ key, email }) => ({ key, ...(email === null ? {} : { email }) }))
  }

  forgetFormerBefore(time: number): void {
    this.#storage.sql.exec("DELETE FROM former WHERE key > '' AND left_at < ?", time)
  }

  /** When the first of the removed accounts has been kept long enough. Undefined: there is none. */
  formerDueAt(keepMs: number): number | undefined {
    const sql = "SELECT MIN(left_at) AS at FROM former WHERE key > ''"
    const { at } = this.#storage.sql.exec<{ at: number | null }>(sql).one()
    return at === null ? undefined : at + keepMs + 1
  }

  forgetFormer(): void {
    this.#storage.sql.exec('DELETE FROM former')
  }

  /** Closes the desk of a removed tenant. It never takes anything new again, and no other tenant ever gets it. */
  close(now: number): void {
    const sql = 'INSERT INTO closing (id, closed_at) VALUES (1, ?) ON CONFLICT DO NOTHING'
    this.#storage.sql.exec(sql, now)
  }

  get isClosed(): boolean {
    return this.closedAt !== undefined
  }

  /** When the desk's tenant was removed, epoch ms. Undefined: it was not. */
  get closedAt(): number | undefined {
    const sql = 'SELECT closed_at AS at FROM closing WHERE id = 1'
    return this.#storage.sql.exec<{ at: number }>(sql).toArray()[0]?.at
  }

  #records(sql: string, ...values: string[]): Account[] {
    const rows = this.#storage.sql.exec<{ record: string }>(sql, ...values).toArray()
    return rows.map((row) => JSON.parse(row.record) as Account)
  }
}
