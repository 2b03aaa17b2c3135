/**
 * Idempotency keys, by the day on which a key began, so that old ones go by their primary key; in a day by the client's key,
 * so that who asks what ran under it finds it on whatever path. What `name` is: domain/idempotency.ts and its callers.
 */
import type { KeyRecord } from '#domain/creations/idempotency.ts'

export const KEYS_SCHEMA = `
  CREATE TABLE IF NOT EXISTS keyed (
    day INTEGER NOT NULL, key TEXT NOT NULL, name TEXT NOT NULL, request_id TEXT NOT NULL, record TEXT NOT NULL,
    PRIMARY KEY (day, key, name)) WITHOUT ROWID;
`

const DAY_MS = 86_400_000
/** A key is remembered for 72 hours, and for 24 more when its answer comes at their end: so many days before today. */
const DAYS = 5
const AT_ONCE = 100
const OLD_AT_ONCE = 2000

const FORGET_OLD = `DELETE FROM idempotency WHERE name IN (
  SELECT name FROM idempotency WHERE name >= '' AND json_extract(record, '$.startedAt') < ?1 LIMIT ?2)`

/** Where a row stands. */
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

/** A row, and its record as it is written. */
export interface KeptRow {
  at: KeyPlace
  text: string
}

export class KeyRows {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  find(name: string, now: number): KeyRecord | undefined {
    // By an older Worker, perhaps anew while a release was rolled back: the later one counts.
    const [old] = this.#records('SELECT record FROM idempotency WHERE name = ?', name)
    for (const day of daysAt(now)) {
      const sql = 'SELECT record FROM keyed WHERE day = ? AND key = ? AND name = ?'
      const [row] = this.#records(sql, day, keyOf(name), name)
      if (row) return old && old.startedAt > row.startedAt ? old : row
    }
    return old
  }

  save(name: string, record: KeyRecord): void {
    this.#sql.exec(
      `INSERT INTO keyed (day, key, name, request_id, record) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET request_id = excluded.request_id, record = excluded.record`,
      dayOf(record.startedAt),
      keyOf(name),
      name,
      record.requestId,
      JSON.stringify(record)
    )
  }

  drop(name: string, now: number): void {
    for (const day of daysAt(now)) {
      const sql = 'DELETE FROM keyed WHERE day = ? AND key = ? AND name = ?'
      this.#sql.exec(sql, day, keyOf(name), name)
    }
    this.#sql.exec('DELETE FROM idempotency WHERE name = ?', name)
  }

  /** The requests that ran under a client's key, on whatever path, latest first. */
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
    this.#sql.exec('DELETE FROM keyed WHERE day < ?', dayOf(now) - DAYS)
    this.#sql.exec(FORGET_OLD, now - DAYS * DAY_MS, OLD_AT_ONCE)
  }

  /** When the first of them has been kept long enough. */
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

  /** Kept answers after a place, in the order of the table; those of an older Worker last. */
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

  /** Without effect where it changed meanwhile. */
  replace({ at, text }: KeptRow, record: KeyRecord): void {
    const anew = JSON.stringify(record)
    if (at.isOld) {
      const sql = 'UPDATE idempotency SET record = ? WHERE name = ? AND record = ?'
      return void this.#sql.exec(sql, anew, at.name, text)
    }
    const sql = 'UPDATE keyed SET record = ? WHERE day = ? AND key = ? AND name = ? AND record = ?'
    this.#sql.exec(sql, anew, at.day, at.key, at.name, text)
  }

  /** In the step that makes the table. What an older Worker wrote stays, for a rollback. */
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

/** Latest first; from tomorrow on, since the clock may have gone back at midnight. */
function daysAt(now: number): number[] {
  return Array.from({ length: DAYS + 2 }, (_, ago) => dayOf(now) + 1 - ago)
}

/** A client's key stands behind the last space: it has none in it. */
function keyOf(name: string): string {
  return name.slice(name.lastIndexOf(' ') + 1)
}
