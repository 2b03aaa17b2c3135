/**
 * Who changed what in this object, written beside the change without anything awaited between, so that both are there or
 * neither. By request, whose id tells the time: what is old stands first.
 */
import {
  AUDIT_LINES_A_DAY,
  lineOf,
  type Actor,
  type AuditEntry,
  type AuditLine,
  type AuditQuery,
} from '#domain/access/audit.ts'
import { firstTimedId } from '#domain/text/time-ordered-id.ts'

export const AUDIT_SCHEMA = `
  CREATE TABLE IF NOT EXISTS audit (
    id TEXT PRIMARY KEY, tenant TEXT NOT NULL, is_operator INTEGER NOT NULL, record TEXT NOT NULL) WITHOUT ROWID;
`

const DAY_MS = 86_400_000
/** No request takes longer before it changes something. */
const REQUEST_MS_MAX = 3_600_000
const FORGOTTEN_AT_ONCE = 2000

export class AuditRows {
  readonly #sql: SqlStorage
  /** Of today, as far as this object has counted: by tenant and kind. */
  #counts = new Map<string, number>()
  #day = 0

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  /** Without `by` (an older Worker asked) nobody can be named. */
  write(by: Actor | undefined, entry: AuditEntry): void {
    if (!by) return
    const now = Date.now()
    const isOperator = by.token === undefined ? 1 : 0
    const { tenant = '' } = entry
    const count = this.#count(tenant, isOperator, now)
    if (count >= AUDIT_LINES_A_DAY) return
    const isLast = count === AUDIT_LINES_A_DAY - 1
    const full = {
      action: 'audit.full',
      ...(entry.tenant === undefined ? {} : { tenant }),
    } as const
    const line = lineOf(isLast ? full : entry, by, now)
    const sql =
      'INSERT INTO audit (id, tenant, is_operator, record) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING'
    const { rowsWritten } = this.#sql.exec(sql, line.id, tenant, isOperator, JSON.stringify(line))
    if (rowsWritten > 0) this.#counts.set(`${tenant} ${isOperator}`, count + 1)
  }

  #count(tenant: string, isOperator: number, now: number): number {
    const day = Math.floor(now / DAY_MS)
    if (day !== this.#day) this.#counts = new Map()
    this.#day = day
    const known = this.#counts.get(`${tenant} ${isOperator}`)
    if (known !== undefined) return known
    const sql =
      'SELECT COUNT(*) AS count FROM audit WHERE id >= ? AND tenant = ? AND is_operator = ?'
    const from = firstTimedId(day * DAY_MS)
    const { count } = this.#sql.exec<{ count: number }>(sql, from, tenant, isOperator).one()
    this.#counts.set(`${tenant} ${isOperator}`, count)
    return count
  }

  /** Latest first. */
  list({ tenant, since = 0, before, limit }: AuditQuery): AuditLine[] {
    // An id tells when the request came, the line when the change was made: whoever asks since the last line misses none.
    const range = [firstTimedId(since - REQUEST_MS_MAX), before ?? '~', since]
    const rows =
      tenant === undefined
        ? this.#sql.exec<{ record: string }>(
            "SELECT record FROM audit WHERE id >= ? AND id < ? AND record ->> '$.at' >= ? ORDER BY id DESC LIMIT ?",
            ...range,
            limit
          )
        : this.#sql.exec<{ record: string }>(
            "SELECT record FROM audit WHERE id >= ? AND id < ? AND record ->> '$.at' >= ? AND tenant = ? ORDER BY id DESC LIMIT ?",
            ...range,
            tenant,
            limit
          )
    return rows.toArray().map(({ record }) => JSON.parse(record) as AuditLine)
  }

  /** A bounded number of those from before. */
  forget(before: number): void {
    const sql = 'SELECT id FROM audit WHERE id < ? ORDER BY id LIMIT 1 OFFSET ?'
    const until = firstTimedId(before)
    const [row] = this.#sql.exec<{ id: string }>(sql, until, FORGOTTEN_AT_ONCE).toArray()
    this.#sql.exec('DELETE FROM audit WHERE id < ?', row?.id ?? until)
  }

  /** When the oldest has been kept long enough; undefined: there is none. */
  dueAt(keepMs: number): number | undefined {
    const [row] = this.#sql
      .exec<{ record: string }>("SELECT record FROM audit WHERE id > '' ORDER BY id LIMIT 1")
      .toArray()
    return row && (JSON.parse(row.record) as AuditLine).at + keepMs
  }
}
