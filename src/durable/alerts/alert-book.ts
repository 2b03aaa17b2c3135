/** The alerts of all tenants and of the operator, in the registrar. Every change writes a line of the audit. */
import { hostOf, type Actor } from '#domain/access/audit.ts'
import { ALERTS_MAX, OPERATOR, type Alert } from '#domain/alerts/alert.ts'

const SCHEMA = `CREATE TABLE IF NOT EXISTS alert (owner TEXT NOT NULL, id TEXT NOT NULL, record TEXT NOT NULL,
  PRIMARY KEY (owner, id)) WITHOUT ROWID`

interface Audit {
  write(
    by: Actor | undefined,
    entry: {
      action: 'alert.added' | 'alert.removed'
      tenant?: string
      subject: string
      detail: Record<string, string | string[] | null>
    }
  ): void
}

export class AlertBook {
  readonly #sql: SqlStorage
  readonly #audit: Audit

  constructor(storage: DurableObjectStorage, audit: Audit) {
    this.#sql = storage.sql
    this.#audit = audit
    this.#sql.exec(SCHEMA)
  }

  /** Oldest first. */
  list(owner: string): Alert[] {
    const rows = this.#sql.exec<Row>('SELECT record FROM alert WHERE owner = ?', owner).toArray()
    return rows.map(toAlert).toSorted((a, b) => a.createdAt - b.createdAt)
  }

  /** The tenant's and the operator's: both hear of the tenant's accounts. */
  listFor(tenant: string): Alert[] {
    return [...this.list(tenant), ...this.list(OPERATOR)]
  }

  /** A bounded number behind this place, in order. For re-sealing, and for an export of all. */
  after({ owner, id }: { owner: string; id: string }, limit: number): Alert[] {
    const sql = 'SELECT record FROM alert WHERE (owner, id) > (?, ?) ORDER BY owner, id LIMIT ?'
    return this.#sql.exec<Row>(sql, owner, id, limit).toArray().map(toAlert)
  }

  /** False: there are too many. The caller may repeat a call if it got no answer. */
  add(alert: Alert, by: Actor | undefined): boolean {
    const known = this.list(alert.owner)
    if (known.some(({ id }) => id === alert.id)) return true
    if (known.length >= ALERTS_MAX) return false
    this.save(alert)
    this.#note(by, 'alert.added', alert)
    return true
  }

  remove(owner: string, id: string, by: Actor | undefined): boolean {
    const alert = this.list(owner).find((one) => one.id === id)
    if (!alert) return false
    this.#sql.exec('DELETE FROM alert WHERE owner = ? AND id = ?', owner, id)
    this.#note(by, 'alert.removed', alert)
    return true
  }

  save(alert: Alert): void {
    this.#sql.exec(
      'INSERT INTO alert (owner, id, record) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET record = excluded.record',
      alert.owner,
      alert.id,
      JSON.stringify(alert)
    )
  }

  /** The tenant was removed. */
  forget(owner: string): void {
    if (owner !== OPERATOR) this.#sql.exec('DELETE FROM alert WHERE owner = ?', owner)
  }

  #note(by: Actor | undefined, action: 'alert.added' | 'alert.removed', alert: Alert): void {
    const { id, owner, url, form, events } = alert
    const whose = owner === OPERATOR ? {} : { tenant: owner }
    this.#audit.write(by, {
      action,
      ...whose,
      subject: id,
      detail: { host: hostOf(url), form, events },
    })
  }
}

interface Row {
  [column: string]: SqlStorageValue
  record: string
}

function toAlert({ record }: Row): Alert {
  return JSON.parse(record) as Alert
}
