/**
 * Keeps which ids were made with which own token (docs/rfc/0010-sees-own.md). The gate asks only for ids of one token, so it cannot
 * tell a foreign id from an unknown one. Tokens that see all of their tenant have no rows. The index costs a row for each id.
 */
import type { OwnId, OwnIdQuery } from '#domain/ports/desk.ts'
import type { Owner } from '#domain/routing/owner.ts'

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS own_id (
    token TEXT NOT NULL, id TEXT NOT NULL, list TEXT NOT NULL, made_at INTEGER NOT NULL, PRIMARY KEY (token, id)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS own_id_in_list ON own_id (token, list, made_at);
`

/** An avatar or a template of last year may still be in use. */
const KEEP_MS = 400 * 86_400_000
const LOOKED_AT_ONCE = 2000
const START = { token: '', id: '' }

export class OwnIdRows {
  readonly #sql: SqlStorage
  /** Where `forget` goes on. After a restart it begins anew. */
  #place = START

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec(SCHEMA)
  }

  learn(owners: readonly Owner[], now: number): void {
    for (const { id, own } of owners) {
      if (!own) continue
      this.#sql.exec(
        'INSERT OR IGNORE INTO own_id (token, id, list, made_at) VALUES (?, ?, ?, ?)',
        own.token,
        id,
        own.list,
        now
      )
    }
  }

  /** Those of the ids that were made with the token. */
  of(token: string, ids: readonly string[]): string[] {
    return this.#sql
      .exec<{ id: string }>(OF_TOKEN, JSON.stringify(ids), token)
      .toArray()
      .map(({ id }) => id)
  }

  /** Newest first. */
  list({ token, list, before, skip = 0, limit }: OwnIdQuery): OwnId[] {
    const { at = Number.MAX_SAFE_INTEGER, id = '' } = before ?? {}
    return this.#sql
      .exec<{ id: string; made_at: number }>(IN_LIST, token, list, at, id, limit, skip)
      .toArray()
      .map((row) => ({ id: row.id, at: row.made_at }))
  }

  /** Looks at a bounded number of rows, along the primary key, and deletes those that were kept long enough. */
  forget(now: number): void {
    const { token, id } = this.#place
    const rows = this.#sql
      .exec<{ token: string; id: string; made_at: number }>(AFTER, token, id, LOOKED_AT_ONCE)
      .toArray()
    for (const row of rows) {
      if (row.made_at < now - KEEP_MS)
        this.#sql.exec('DELETE FROM own_id WHERE token = ? AND id = ?', row.token, row.id)
    }
    this.#place = (rows.length < LOOKED_AT_ONCE ? undefined : rows.at(-1)) ?? START
  }

  forgetAll(): void {
    this.#sql.exec('DELETE FROM own_id')
  }
}

const OF_TOKEN = `SELECT own_id.id FROM json_each(?1) AS wanted
  CROSS JOIN own_id ON own_id.token = ?2 AND own_id.id = wanted.value`

const IN_LIST = `SELECT id, made_at FROM own_id WHERE token = ?1 AND list = ?2
  AND (made_at < ?3 OR (made_at = ?3 AND id < ?4)) ORDER BY made_at DESC, id DESC LIMIT ?5 OFFSET ?6`

const AFTER = `SELECT token, id, made_at FROM own_id WHERE (token, id) > (?1, ?2) ORDER BY token, id LIMIT ?3`
