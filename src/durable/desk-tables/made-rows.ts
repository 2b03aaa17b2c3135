/**
 * Keeps the jobs of a creation if the account's object could not be reached to bind them. The key is the request id, so rows are
 * in the order of time.
 */
import type { Made } from '#domain/ports/desk.ts'
import { firstTimedId, isTimedId, timeOf } from '#domain/text/time-ordered-id.ts'

export const MADE_SCHEMA = `
  CREATE TABLE IF NOT EXISTS made (request_id TEXT PRIMARY KEY, email TEXT NOT NULL, starts TEXT NOT NULL) WITHOUT ROWID;
`

/** Longer than a lease can last while the provider says nothing about its job. */
const KEEP_MS = 4 * 86_400_000

export class MadeRows {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  save(requestId: string, { email, starts }: Made): void {
    this.#sql.exec(
      `INSERT INTO made (request_id, email, starts) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET email = excluded.email, starts = excluded.starts`,
      requestId,
      email,
      JSON.stringify(starts)
    )
  }

  find(requestId: string): Made | undefined {
    const sql = 'SELECT email, starts FROM made WHERE request_id = ?'
    const row = this.#sql.exec<{ email: string; starts: string }>(sql, requestId).toArray()[0]
    return row && { email: row.email, starts: JSON.parse(row.starts) as Made['starts'] }
  }

  forget(now: number): void {
    this.#sql.exec('DELETE FROM made WHERE request_id < ?', firstTimedId(now - KEEP_MS))
  }

  dueAt(): number | undefined {
    const { id } = this.#sql
      .exec<{ id: string | null }>('SELECT MIN(request_id) AS id FROM made')
      .one()
    return id === null || !isTimedId(id) ? undefined : timeOf(id) + KEEP_MS
  }

  forgetAll(): void {
    this.#sql.exec('DELETE FROM made')
  }
}
