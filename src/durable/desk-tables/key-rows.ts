/**
 * Keeps idempotency keys, by the day on which the key was first used, so that old ones are deleted by primary key. Within a day
 * they are ordered by the client's key, so that all requests under one key are found, whatever their path. For `name` see
 * domain/creations/idempotency.ts.
 *
 * A queued creation may wait longer than a key is kept. Its row is moved to the present day instead of being deleted.
 */
import {
  mayBeQueued,
  outlives,
  type KeyRecord,
  type LineEnd,
} from '#domain/creations/idempotency.ts'

export const KEYS_SCHEMA = `
  CREATE TABLE IF NOT EXISTS keyed (
    day INTEGER NOT NULL, key TEXT NOT NULL, name TEXT NOT NULL, request_id TEXT NOT NULL, record TEXT NOT NULL,
    PRIMARY KEY (day, key, name)) WITHOUT ROWID;
`

const DAY_MS = 86_400_000
/** How many days back keys are searched. A key is kept for 72 hours, and 24 more if its answer comes at their end. */
const DAYS = 5
/** After this time a key's row can be deleted. */
export const KEEP_KEYS_MS = (DAYS + 1) * DAY_MS
const AT_ONCE = 100
const OLD_AT_ONCE = 2000
/** How long a key counts after its queued creation has left the line. At least as long as other keys (keepKeyMs). */
const KEEP_LEFT_MS = DAY_MS

const FORGET_OLD = `DELETE FROM idempotency WHERE name IN (
  SELECT name FROM idempotency WHERE name >= '' AND json_extract(record, '$.startedAt') < ?1 LIMIT ?2)`

/** The primary key of a row. `isOld`: the row is in the older table. */
export interface KeyPlace {
  day: number
  key: string
  name: string
  isOld: boolean
}

interface Row extends Record<string, SqlStorageValue> {
  day: number
  key: string
  name: string
  record: string
}

/** A row, with its record as JSON text. */
export interface KeptRow {
  at: KeyPlace
  text: string
}

export class KeyRows {
  readonly #sql: SqlStorage
  /** What the line has of a request. The line sets it. */
  lineEnd: (requestId: string) => LineEnd = () => undefined

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  find(name: string, now: number): KeyRecord | undefined {
    // An older Worker writes to the older table, for example after a rollback. The later record counts.
    const [old] = this.#records('SELECT record FROM idempotency WHERE name = ?', name)
    for (const day of daysAt(now)) {
      const sql = 'SELECT record FROM keyed WHERE day = ? AND key = ? AND name = ?'
      const [row] = this.#records(sql, day, keyOf(name), name)
      if (row) return old && old.startedAt > row.startedAt ? old : row
    }
    return old
  }

  save(name: string, record: KeyRecord, at = record.startedAt): void {
    this.#sql.exec(
      `INSERT INTO keyed (day, key, name, request_id, record) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET request_id = excluded.request_id, record = excluded.record`,
      dayOf(at),
      keyOf(name),
      name,
      record.requestId,
      JSON.stringify(record)
    )
  }

  /** Of a request that has ended. A row that was moved keeps a day on which it is found. */
  saveEnded(name: string, record: KeyRecord, now: number): void {
    const isOld = dayOf(now) - dayOf(record.startedAt) > DAYS
    this.save(name, record, isOld ? now : record.startedAt)
  }

  drop(name: string, now: number): void {
    for (const day of daysAt(now)) {
      const sql = 'DELETE FROM keyed WHERE day = ? AND key = ? AND name = ?'
      this.#sql.exec(sql, day, keyOf(name), name)
    }
    this.#sql.exec('DELETE FROM idempotency WHERE name = ?', name)
  }

  /** The requests under a client's key, whatever their path, latest first. */
  requestsOf(key: string, now: number): string[] {
    const sql = 'SELECT request_id AS id FROM keyed WHERE day = ? AND key = ?'
    return daysAt(now).flatMap((day) =>
      this.#sql
        .exec<{ id: string }>(sql, day, key)
        .toArray()
        .map(({ id }) => id)
    )
  }

  forget(now: number): void {
    this.#moveQueued(now)
    this.#sql.exec('DELETE FROM keyed WHERE day < ?', dayOf(now) - DAYS)
    this.#sql.exec(FORGET_OLD, now - DAYS * DAY_MS, OLD_AT_ONCE)
  }

  /** Moves the keys that still count because of their queued creation. */
  #moveQueued(now: number): void {
    const sql = 'SELECT name, record FROM keyed WHERE day < ?'
    const old = this.#sql.exec<{ name: string; record: string }>(sql, dayOf(now) - DAYS)
    const moved: [name: string, record: KeyRecord][] = []
    // One after the other: a day's answers may be more than memory has room for. Nothing is written between them.
    for (const { name, record: text } of old) {
      const record = JSON.parse(text) as KeyRecord
      if (!mayBeQueued(record)) continue
      if (outlives(this.lineEnd(record.requestId), now, KEEP_LEFT_MS)) moved.push([name, record])
    }
    for (const [name, record] of moved) this.save(name, record, now)
  }

  /** When the oldest key can be deleted. */
  dueAt(now: number): number | undefined {
    const { day } = this.#sql
      .exec<{ day: number | null }>('SELECT MIN(day) AS day FROM keyed')
      .one()
    if (day !== null) return (day + DAYS + 1) * DAY_MS
    const { name } = this.#sql
      .exec<{ name: string | null }>('SELECT MIN(name) AS name FROM idempotency')
      .one()
    return name === null ? undefined : now + DAYS * DAY_MS
  }

  /** Rows after a place, in the order of the table. Rows of the older table come last. */
  answersAfter(after: KeyPlace | undefined, limit: number): KeptRow[] {
    if (after?.isOld) return this.#oldAfter(after.name, limit)
    const { day, key, name } = after ?? { day: 0, key: '', name: '' }
    const sql =
      'SELECT day, key, name, record FROM keyed WHERE (day, key, name) > (?, ?, ?) ORDER BY day, key, name LIMIT ?'
    const rows = this.#sql.exec<Row>(sql, day, key, name, limit).toArray()
    if (rows.length === 0) return this.#oldAfter('', limit)
    return rows.map(({ record, ...at }) => ({ at: { ...at, isOld: false }, text: record }))
  }

  #oldAfter(name: string, limit: number): KeptRow[] {
    const sql = 'SELECT name, record FROM idempotency WHERE name > ? ORDER BY name LIMIT ?'
    const rows = this.#sql.exec<{ name: string; record: string }>(sql, name, limit).toArray()
    return rows.map((row) => ({
      at: { day: 0, key: '', name: row.name, isOld: true },
      text: row.record,
    }))
  }

  /** Replaces a record. Does nothing if the row changed meanwhile. */
  replace({ at, text }: KeptRow, record: KeyRecord): void {
    const resealed = JSON.stringify(record)
    if (at.isOld) {
      const sql = 'UPDATE idempotency SET record = ? WHERE name = ? AND record = ?'
      return void this.#sql.exec(sql, resealed, at.name, text)
    }
    const sql = 'UPDATE keyed SET record = ? WHERE day = ? AND key = ? AND name = ? AND record = ?'
    this.#sql.exec(sql, resealed, at.day, at.key, at.name, text)
  }

  /** Copies the rows of the older table when this table is made. The older rows stay, for a rollback. */
  copyOld(): void {
    let from = ''
    for (;;) {
      const sql = 'SELECT name, record FROM idempotency WHERE name > ? ORDER BY name LIMIT ?'
      const rows = this.#sql.exec<{ name: string; record: string }>(sql, from, AT_ONCE).toArray()
      for (const { name, record } of rows) this.save(name, JSON.parse(record) as KeyRecord)
      if (rows.length < AT_ONCE) return
      from = rows.at(-1)?.name ?? ''
    }
  }

  forgetAll(): void {
    this.#sql.exec('DELETE FROM keyed')
    this.#sql.exec('DELETE FROM idempotency')
  }

  #records(sql: string, ...values: (string | number)[]): KeyRecord[] {
    const rows = this.#sql.exec<{ record: string }>(sql, ...values).toArray()
    return rows.map((row) => JSON.parse(row.record) as KeyRecord)
  }
}

function dayOf(at: number): number {
  return Math.floor(at / DAY_MS)
}

/**
 * The days to search, latest first. They begin with tomorrow, because the clock may go back at midnight. They end with a day whose
 * rows are about to be deleted or moved.
 */
function daysAt(now: number): number[] {
  return Array.from({ length: DAYS + 3 }, (_, ago) => dayOf(now) + 1 - ago)
}

/** The client's key is the text after the last space of a name. It contains no space itself. */
function keyOf(name: string): string {
  return name.slice(name.lastIndexOf(' ') + 1)
}
