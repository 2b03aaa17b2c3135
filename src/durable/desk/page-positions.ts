/**
 * Places in merged lists whose tokens would be too long for a URL. In the order in which they were kept, so that what is
 * too old or too much stands at the beginning and is found by its number.
 */
const SCHEMA =
  'CREATE TABLE IF NOT EXISTS list_place (id INTEGER PRIMARY KEY, secret TEXT NOT NULL, expires_at INTEGER NOT NULL, place TEXT NOT NULL)'

/** A thousand accounts with long tokens of the provider make a quarter of a megabyte of one. */
const PLACES_MAX = 500
/** Each that is kept takes out a few that are over. */
const FORGOTTEN_AT_ONCE = 3

interface Row extends Record<string, SqlStorageValue> {
  id: number
  secret: string
  expires_at: number
  place: string
}

export class ListPlaces {
  readonly #sql: SqlStorage

  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql
    this.#sql.exec(SCHEMA)
  }

  /** Returns its name, which cannot be guessed. */
  keep(place: string, now: number, keepMs: number): string {
    this.forget(now, FORGOTTEN_AT_ONCE)
    const secret = crypto.randomUUID()
    const insert =
      'INSERT INTO list_place (secret, expires_at, place) VALUES (?, ?, ?) RETURNING id'
    const { id } = this.#sql.exec<{ id: number }>(insert, secret, now + keepMs, place).one()
    this.#sql.exec('DELETE FROM list_place WHERE id <= ?', id - PLACES_MAX)
    return `${id}.${secret}`
  }

  /** Undefined: there is none of this name, or no longer. */
  find(name: string, now: number): string | undefined {
    const [id, secret] = name.split('.')
    const sql = 'SELECT id, secret, expires_at, place FROM list_place WHERE id = ?'
    const row = this.#sql.exec<Row>(sql, Number(id)).toArray()[0]
    return row && row.secret === secret && row.expires_at > now ? row.place : undefined
  }

  /** True when some are left. */
  forget(now: number, most = PLACES_MAX): boolean {
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
