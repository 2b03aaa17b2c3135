/**
 * Keeps a tenant's creations of unknown outcome, by the hash of the request. For ten minutes, a repeat of one starts no new job.
 * Rows are in buckets of that length, so that old ones are deleted by primary key, without a scan.
 */
import type { UnknownCreation } from '#domain/ports/desk.ts'

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS joining (
    bucket INTEGER NOT NULL, print TEXT NOT NULL, at INTEGER NOT NULL, request_id TEXT NOT NULL, record TEXT NOT NULL,
    PRIMARY KEY (bucket, print, at, request_id)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS joining_until (id INTEGER PRIMARY KEY CHECK (id = 1), until INTEGER NOT NULL);
`

/** More are not saved: a repeat of such a creation starts a new job. */
const CREATIONS_MAX = 1000

export class UnknownCreations {
  readonly #storage: DurableObjectStorage

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage
    storage.sql.exec(SCHEMA)
  }

  /** True when other isolates must read a later `until()` than before. */
  save(print: string, unknown: UnknownCreation, now: number, spanMs: number): boolean {
    const sql = this.#storage.sql
    return this.#storage.transactionSync(() => {
      const [older, current] = bucketsAt(now, spanMs)
      sql.exec('DELETE FROM joining WHERE bucket < ?', older)
      const counted = 'SELECT COUNT(*) AS count FROM joining WHERE bucket = ?'
      const count = [older, current].reduce(
        (sum, bucket) => sum + sql.exec<{ count: number }>(counted, bucket).one().count,
        0
      )
      if (count < CREATIONS_MAX) {
        sql.exec(
          'INSERT OR IGNORE INTO joining (bucket, print, at, request_id, record) VALUES (?, ?, ?, ?, ?)',
          current,
          print,
          now,
          unknown.requestId,
          JSON.stringify({ ...unknown, at: now })
        )
      }
      if ((this.until() ?? 0) >= now + spanMs) return false
      // Later than needed, so that the next creations cause no KV write.
      sql.exec(
        'INSERT INTO joining_until (id, until) VALUES (1, ?) ON CONFLICT DO UPDATE SET until = excluded.until',
        now + 2 * spanMs
      )
      return true
    })
  }

  /** The oldest such creation within the span. */
  find(print: string, now: number, spanMs: number): UnknownCreation | undefined {
    const sql =
      'SELECT record FROM joining WHERE bucket = ? AND print = ? AND at > ? ORDER BY at LIMIT 1'
    const rows = withNext(bucketsAt(now, spanMs)).flatMap((bucket) =>
      this.#storage.sql.exec<{ record: string }>(sql, bucket, print, now - spanMs).toArray()
    )
    const [first] = rows
    return first && (JSON.parse(first.record) as UnknownCreation)
  }

  forget(print: string, requestId: string, now: number, spanMs: number): void {
    const sql = 'DELETE FROM joining WHERE bucket = ? AND print = ? AND request_id = ?'
    for (const bucket of withNext(bucketsAt(now, spanMs)))
      this.#storage.sql.exec(sql, bucket, print, requestId)
  }

  /** Until when isolates must ask whether a creation is a repeat, epoch ms. */
  until(): number | undefined {
    const sql = 'SELECT until FROM joining_until WHERE id = 1'
    return this.#storage.sql.exec<{ until: number }>(sql).toArray()[0]?.until
  }

  forgetAll(): void {
    this.#storage.sql.exec('DELETE FROM joining')
    this.#storage.sql.exec('DELETE FROM joining_until')
  }
}

/** The two buckets that rows of the last span are in, the older first. */
function bucketsAt(now: number, spanMs: number): [number, number] {
  const current = Math.floor(now / spanMs)
  return [current - 1, current]
}

/** The clock may go back at the turn of a bucket. */
function withNext([older, current]: [number, number]): number[] {
  return [older, current, current + 1]
}
