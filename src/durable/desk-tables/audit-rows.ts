/**
 * Keeps the audit log of this object. A line is written in the same turn as its change, with nothing awaited between, so that
 * both are saved or neither. The key begins with the request id, which begins with the time. So the oldest line comes first.
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
/** The longest time between the start of a request and its change. */
const REQUEST_MS_MAX = 3_600_000
const FORGOTTEN_AT_ONCE = 2000

export class AuditRows {
  readonly #sql: SqlStorage
  readonly #now: () => number
  /** How many lines today has, by tenant and by whether the operator asked. In memory only. */
  #counts = new Map<string, number>()
  #day = 0

  constructor(sql: SqlStorage, now: () => number) {
    this.#sql = sql
    this.#now = now
  }

  /** Writes nothing without `by`, because an older Worker does not say who asks. */
  write(by: Actor | undefined, entry: AuditEntry): void {
    if (!by) return
    const now = this.#now()
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
    // The id contains the time of the request, and the line the time of the change. A reader that asks for lines since the last
    // one must miss none.
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

  /** Deletes a bounded number of lines from before that time. */
  forget(before: number): void {
    const sql = 'SELECT id FROM audit WHERE id < ? ORDER BY id LIMIT 1 OFFSET ?'
    const until = firstTimedId(before)
    const [row] = this.#sql.exec<{ id: string }>(sql, until, FORGOTTEN_AT_ONCE).toArray()
    this.#sql.exec('DELETE FROM audit WHERE id < ?', row?.id ?? until)
  }

  /** When the oldest line can be deleted; undefined: there is none. */
  dueAt(keepMs: number): number | undefined {
    const [row] = this.#sql
      .exec<{ record: string }>("SELECT record FROM audit WHERE id > '' ORDER BY id LIMIT 1")
      .toArray()
    return row && (JSON.parse(row.record) as AuditLine).at + keepMs
  }
}
