/**
 * Remembers which accounts of a pool the provider refuses now. If it refuses most of them within a minute, the provider is at
 * fault, and no account stays parked for long (decision 0028).
 */
import { shortenInOutage, type RefusedAccount } from '#domain/accounts/provider-outage.ts'
import type { Ports } from '#domain/ports/ports.ts'

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS refused (account TEXT PRIMARY KEY, at INTEGER NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID
`

type Row = RefusedAccount & Record<string, SqlStorageValue>

export class RefusedAccounts {
  readonly #sql: SqlStorage

  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql
    this.#sql.exec(SCHEMA)
  }

  /**
   * Notes that an account was refused and is parked until `until`. True during an outage: then it must not stay parked for long.
   */
  add(ports: Ports, pool: readonly string[], account: string, until: number): boolean {
    const now = ports.now()
    this.#save({ account, at: now, until })
    const rows = this.#rows()
    for (const row of rows.filter((one) => !pool.includes(one.account)))
      this.#sql.exec('DELETE FROM refused WHERE account = ?', row.account)
    const own = rows.filter((row) => pool.includes(row.account))
    const shortened = shortenInOutage(own, pool.length, now, ports.durations)
    for (const one of shortened ?? []) {
      this.#save(one)
      // The account that calls gets the same from the answer.
      if (one.account !== account) this.#shorten(ports, one)
    }
    return shortened !== undefined
  }

  /** Deletes those that are not refused any more. */
  forget(now: number): void {
    this.#sql.exec("DELETE FROM refused WHERE account > '' AND until <= ?", now)
  }

  forgetAll(): void {
    this.#sql.exec('DELETE FROM refused')
  }

  #shorten(ports: Ports, { account, until }: RefusedAccount): void {
    const held = ports.slots(account).hold(until)
    ports.defer(held.catch(() => {}))
  }

  #save({ account, at, until }: RefusedAccount): void {
    this.#sql.exec(
      'INSERT INTO refused (account, at, until) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET at = excluded.at, until = excluded.until',
      account,
      at,
      until
    )
  }

  #rows(): Row[] {
    return this.#sql.exec<Row>('SELECT account, at, until FROM refused').toArray()
  }
}
