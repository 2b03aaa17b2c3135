/**
 * The registrar's tenants, and which tenant a name means now: of names that were removed it is kept for ever how many
 * tenants there have been (domain/tenant.ts).
 */
import { incarnationOf, tenantIdOf, tenantNameOf } from '#domain/access/tenant.ts'
import type { TenantRecord } from '#domain/access/token.ts'

export const TENANT_PAST_SCHEMA = `
  CREATE TABLE IF NOT EXISTS tenant_past (name TEXT PRIMARY KEY, ended INTEGER NOT NULL) WITHOUT ROWID;
`

export class TenantRows {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  all(): TenantRecord[] {
    return toRecords(this.#sql.exec<{ record: string }>('SELECT record FROM tenant'))
  }

  find(id: string): TenantRecord | undefined {
    const sql = 'SELECT record FROM tenant WHERE id = ?'
    return toRecords(this.#sql.exec<{ record: string }>(sql, id))[0]
  }

  /** The one that a name means now. */
  named(name: string): TenantRecord | undefined {
    return name === tenantNameOf(name) ? this.find(this.#idOf(name)) : undefined
  }

  /**
   * The id of the tenant that the name (its `id`) means, which is made when there is none. `hasPast`: there was one, and it
   * was removed before that was remembered.
   */
  enter(tenant: TenantRecord, hasPast: boolean): string {
    const { id: name } = tenant
    const known = this.named(name)
    if (known) return known.id
    if (hasPast && this.#idOf(name) === name) this.#end(name)
    const id = this.#idOf(name)
    const record = JSON.stringify({ ...tenant, id })
    this.#sql.exec('INSERT INTO tenant (id, record) VALUES (?, ?)', id, record)
    return id
  }

  /** Of the tenants that have had a name, latest first; the last of them may not have begun. */
  idsOf(name: string): string[] {
    const latest = incarnationOf(this.#idOf(name))
    return Array.from({ length: latest }, (_, ago) => tenantIdOf(name, latest - ago))
  }

  change(record: TenantRecord): void {
    const sql = 'UPDATE tenant SET record = ? WHERE id = ?'
    this.#sql.exec(sql, JSON.stringify(record), record.id)
  }

  remove(id: string): void {
    this.#sql.exec('DELETE FROM tenant WHERE id = ?', id)
    this.#end(id)
  }

  #idOf(name: string): string {
    const sql = 'SELECT ended FROM tenant_past WHERE name = ?'
    const [row] = this.#sql.exec<{ ended: number }>(sql, name).toArray()
    return tenantIdOf(name, (row?.ended ?? 0) + 1)
  }

  #end(id: string): void {
    const sql = `INSERT INTO tenant_past (name, ended) VALUES (?, ?)
      ON CONFLICT DO UPDATE SET ended = MAX(ended, excluded.ended)`
    this.#sql.exec(sql, tenantNameOf(id), incarnationOf(id))
  }
}

function toRecords(rows: SqlStorageCursor<{ record: string }>): TenantRecord[] {
  return rows.toArray().map(({ record }) => JSON.parse(record) as TenantRecord)
}
