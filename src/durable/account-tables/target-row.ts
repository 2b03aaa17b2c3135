/**
 * Keeps the delivery targets that the holder's desk pushed: endpoints and secrets, sealed. Older versions never replace newer ones.
 */
import type { PushedTargets } from '#domain/events/endpoint.ts'

export const TARGETS_SCHEMA = `
  CREATE TABLE IF NOT EXISTS targets (
    id INTEGER PRIMARY KEY CHECK (id = 1), tenant TEXT NOT NULL, record TEXT NOT NULL);
`

interface Held {
  tenant: string
  targets: PushedTargets
}

export class TargetRow {
  readonly #sql: SqlStorage
  /** Only this object writes the row. null: there is none. */
  #known: Held | null | undefined

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  of(tenant: string): PushedTargets | undefined {
    const held = this.#held
    return held?.tenant === tenant ? held.targets : undefined
  }

  save(tenant: string, targets: PushedTargets): void {
    const version = this.of(tenant)?.version
    if (version !== undefined && version >= targets.version) return
    this.#sql.exec(
      `INSERT INTO targets (id, tenant, record) VALUES (1, ?, ?)
       ON CONFLICT DO UPDATE SET tenant = excluded.tenant, record = excluded.record`,
      tenant,
      JSON.stringify(targets)
    )
    this.#known = { tenant, targets }
  }

  drop(): void {
    if (this.#held) this.#sql.exec('DELETE FROM targets WHERE id = 1')
    this.#known = null
  }

  get #held(): Held | null {
    this.#known ??= this.#read()
    return this.#known
  }

  #read(): Held | null {
    const sql = 'SELECT tenant, record FROM targets WHERE id = 1'
    const [row] = this.#sql.exec<{ tenant: string; record: string }>(sql).toArray()
    return row ? { tenant: row.tenant, targets: JSON.parse(row.record) as PushedTargets } : null
  }
}
