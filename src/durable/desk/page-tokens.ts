/**
 * Keeps page tokens of merged lists that are too long for a URL. The client gets a short name for such a token. Rows are numbered
 * in the order in which they are made, so the oldest have the smallest numbers.
 */
import type { Platform } from '#domain/ports/platform.ts'

const SCHEMA =
  'CREATE TABLE IF NOT EXISTS list_place (id INTEGER PRIMARY KEY, secret TEXT NOT NULL, expires_at INTEGER NOT NULL, place TEXT NOT NULL)'

/** A desk keeps the newest ones, this many. With a thousand accounts, one page token may have 250 KB. */
const TOKENS_MAX = 500
/** When a page token is saved, at most so many expired ones are deleted. */
const FORGOTTEN_AT_ONCE = 3

interface Row extends Record<string, SqlStorageValue> {
  id: number
  secret: string
  expires_at: number
  place: string
}

export class PageTokens {
  readonly #sql: SqlStorage
  readonly #platform: Platform

  constructor(storage: DurableObjectStorage, platform: Platform) {
    this.#sql = storage.sql
    this.#platform = platform
    this.#sql.exec(SCHEMA)
  }

  /** Saves a page token. Returns a name that nobody can guess. */
  keep(place: string, keepMs: number): string {
    const now = this.#platform.now()
    this.forget(FORGOTTEN_AT_ONCE)
    const secret = this.#platform.newId()
    const insert =
      'INSERT INTO list_place (secret, expires_at, place) VALUES (?, ?, ?) RETURNING id'
    const { id } = this.#sql.exec<{ id: number }>(insert, secret, now + keepMs, place).one()
    this.#sql.exec('DELETE FROM list_place WHERE id <= ?', id - TOKENS_MAX)
    return `${id}.${secret}`
  }

  /** Undefined: there is no page token of this name, or it has expired. */
  find(name: string): string | undefined {
    const [id, secret] = name.split('.')
    const sql = 'SELECT id, secret, expires_at, place FROM list_place WHERE id = ?'
    const row = this.#sql.exec<Row>(sql, Number(id)).toArray()[0]
    return row && row.secret === secret && row.expires_at > this.#platform.now()
      ? row.place
      : undefined
  }

  /** Deletes expired page tokens, at most `most`. True when any page token is left. */
  forget(most = TOKENS_MAX): boolean {
    const now = this.#platform.now()
    const sql = 'SELECT id, expires_at FROM list_place WHERE id > ? ORDER BY id LIMIT 1'
    let last = 0
    for (let count = 0; count < most; count += 1) {
      const row = this.#sql.exec<Pick<Row, 'id' | 'expires_at'>>(sql, last).toArray()[0]
      if (!row || row.expires_at > now) break
      last = row.id
    }
    if (last > 0) this.#sql.exec('DELETE FROM list_place WHERE id <= ?', last)
    return this.#sql.exec(sql, last).toArray().length > 0
  }

  clear(): void {
    this.#sql.exec('DELETE FROM list_place')
  }
}
