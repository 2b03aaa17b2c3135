/**
 * Rows that are needed only while somebody looks or waits: the balance, the hubs that observe the account, until when clients wait
 * for a slot, and an index of dead deliveries. A delivery that is accepted has no entry in the index, so a job costs no row more.
 */
import { DEAD_COUNTED, type Balance } from '#domain/live/pool-account.ts'

export const LIVE_SCHEMA = `
  CREATE TABLE IF NOT EXISTS balance (id INTEGER PRIMARY KEY CHECK (id = 1), record TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS observer (hub TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS dead_outgoing ON outgoing (tenant, id) WHERE state = 'dead';
`

export const WAITED_SCHEMA =
  'CREATE TABLE IF NOT EXISTS waited (id INTEGER PRIMARY KEY CHECK (id = 1), until INTEGER NOT NULL)'

/** `work_until`: the same for queued creations. An older Worker leaves it as it is. */
export const WORK_SCHEMA = 'ALTER TABLE waited ADD COLUMN work_until INTEGER'

export class LiveRows {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  balance(): Balance | undefined {
    const rows = this.#sql.exec<{ record: string }>('SELECT record FROM balance').toArray()
    return rows[0] && (JSON.parse(rows[0].record) as Balance)
  }

  saveBalance(balance: Balance): void {
    this.#sql.exec(
      'INSERT INTO balance (id, record) VALUES (1, ?) ON CONFLICT DO UPDATE SET record = excluded.record',
      JSON.stringify(balance)
    )
  }

  observers(): { hub: string; until: number }[] {
    return this.#sql
      .exec<{ hub: string; until: number }>('SELECT hub, until FROM observer')
      .toArray()
  }

  /** Also deletes those whose time is over. */
  saveObserver(hub: string, until: number, now: number): void {
    this.removeObserversBefore(now)
    this.#sql.exec(
      'INSERT INTO observer (hub, until) VALUES (?, ?) ON CONFLICT DO UPDATE SET until = excluded.until',
      hub,
      until
    )
  }

  removeObserversBefore(now: number): void {
    this.#sql.exec('DELETE FROM observer WHERE until <= ?', now)
  }

  dropObserver(hub: string): void {
    this.#sql.exec('DELETE FROM observer WHERE hub = ?', hub)
  }

  /** Until when clients wait for a slot. 0: nobody has waited. */
  waitedUntil(): number {
    const rows = this.#sql
      .exec<{ until: number }>('SELECT until FROM waited WHERE id = 1')
      .toArray()
    return rows[0]?.until ?? 0
  }

  /** Until when queued creations wait that this account may start. 0: none has waited. */
  workUntil(): number {
    const rows = this.#sql
      .exec<{ until: number | null }>('SELECT work_until AS until FROM waited WHERE id = 1')
      .toArray()
    return rows[0]?.until ?? 0
  }

  saveWorkUntil(until: number): void {
    this.#sql.exec(
      'INSERT INTO waited (id, until, work_until) VALUES (1, 0, ?) ON CONFLICT DO UPDATE SET work_until = excluded.work_until',
      until
    )
  }

  saveWaited(until: number): void {
    this.#sql.exec(
      'INSERT INTO waited (id, until) VALUES (1, ?) ON CONFLICT DO UPDATE SET until = excluded.until',
      until
    )
  }

  forgetAll(): void {
    this.#sql.exec('DELETE FROM balance')
    this.#sql.exec('DELETE FROM observer')
    this.#sql.exec('DELETE FROM waited')
  }

  /** How many deliveries of this tenant were given up. Counts no further than DEAD_COUNTED. */
  deadDeliveries(tenant: string): number {
    return this.#sql.exec<{ dead: number }>(DEAD, tenant, DEAD_COUNTED).one().dead
  }
}

const DEAD = `SELECT COUNT(*) AS dead FROM (
  SELECT 1 FROM outgoing WHERE state = 'dead' AND tenant = ?1 LIMIT ?2)`
