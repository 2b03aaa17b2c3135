/** Counts how much each token has uploaded in the last 24 hours, by the hour. An upload writes one row. */
import { firstHour, hourOf, uploadAllowedAt, type SpentHour } from '#domain/uploads/upload.ts'

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS uploaded (token TEXT NOT NULL, hour INTEGER NOT NULL, count INTEGER NOT NULL, bytes INTEGER NOT NULL,
    PRIMARY KEY (token, hour)) WITHOUT ROWID`

export class UploadCounts {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec(SCHEMA)
  }

  /** Counts an upload if it is allowed. Undefined: it was counted. Else the time from which it will be allowed, epoch ms. */
  take(token: string, bytes: number, now: number): number | undefined {
    const read = 'SELECT hour, count, bytes FROM uploaded WHERE token = ? ORDER BY hour'
    const spent = this.#sql.exec<SpentHour & Record<string, SqlStorageValue>>(read, token).toArray()
    const allowedAt = uploadAllowedAt(spent, bytes, now)
    if (allowedAt !== undefined) return allowedAt
    this.#sql.exec('DELETE FROM uploaded WHERE token = ? AND hour < ?', token, firstHour(now))
    this.#sql.exec(
      `INSERT INTO uploaded (token, hour, count, bytes) VALUES (?, ?, 1, ?)
       ON CONFLICT DO UPDATE SET count = count + 1, bytes = bytes + excluded.bytes`,
      token,
      hourOf(now),
      bytes
    )
    return undefined
  }

  forgetAll(): void {
    this.#sql.exec('DELETE FROM uploaded')
  }
}
