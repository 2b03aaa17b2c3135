/**
 * Keeps the registrar's tenants, and which tenant a name means now. For every removed name it keeps, for ever, how many tenants
 * have had the name (domain/access/tenant.ts).
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

  /** The tenant that has this name now. */
  named(name: string): TenantRecord | undefined {
    return name === tenantNameOf(name) ? this.find(this.#idOf(name)) : undefined
  }

  /**
   * Returns the id of the tenant named `tenant.id`, and makes that tenant if there is none. `hasPast`: a tenant of that name
   * was removed before this table kept count.
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

  /** The ids of all tenants that have had a name, latest first. The first may not exist yet. */
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
