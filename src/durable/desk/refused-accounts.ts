/**
 * Which accounts of a pool the provider refuses just now. Where it refuses most of them within a minute it is rather ill
 * than they are (decision 0028).
 */
import { isOutage } from '#domain/accounts/park-after-refusal.ts'
import type { Ports } from '#domain/ports/ports.ts'

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS refused (account TEXT PRIMARY KEY, at INTEGER NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID
`

interface Refused extends Record<string, string | number> {
  account: string
  at: number
  until: number
}

export class RefusedBook {
  readonly #sql: SqlStorage

  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql
    this.#sql.exec(SCHEMA)
  }

  /**
   * An account of the pool is refused, and parked until then. True when most of them are just now: then the others are held
   * for a minute at most, too.
   */
  note(
    ports: Ports,
    pool: readonly string[],
    { account, until }: Pick<Refused, 'account' | 'until'>
  ): boolean {
    const now = ports.now()
    this.#save({ account, at: now, until })
    const rows = this.#rows()
    for (const row of rows.filter((one) => !pool.includes(one.account)))
      this.#sql.exec('DELETE FROM refused WHERE account = ?', row.account)
    const own = rows.filter((row) => pool.includes(row.account))
    const lately = own.filter(({ at }) => at >= now - ports.durations.outageWithinMs)
    if (!isOutage(lately.length, pool.length)) return false
    const soon = now + ports.durations.outageParkMs
    for (const row of own.filter((one) => one.until > soon)) {
      this.#save({ ...row, until: soon })
      if (row.account === account) continue
      ports.defer(
        ports
          .slots(row.account)
          .hold(soon)
          .catch(() => {})
      )
    }
    return true
  }

  #save({ account, at, until }: Refused): void {
    this.#sql.exec(
      'INSERT INTO refused (account, at, until) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET at = excluded.at, until = excluded.until',
      account,
      at,
      until
    )
  }

  #rows(): Refused[] {
    return this.#sql.exec<Refused>('SELECT account, at, until FROM refused').toArray()
  }
}
