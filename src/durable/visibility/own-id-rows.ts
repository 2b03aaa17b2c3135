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

export class OwnIdRows {
  readonly #sql: SqlStorage

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

  /** Deletes those that were kept long enough, list by list. */
  forget(now: number): void {
    const sql = 'DELETE FROM own_id WHERE token = ? AND list = ? AND made_at < ?'
    for (const { token } of this.#sql.exec<{ token: string }>(TOKENS).toArray()) {
      for (const { list } of this.#sql.exec<{ list: string }>(LISTS, token).toArray())
        this.#sql.exec(sql, token, list, now - KEEP_MS)
    }
  }

  forgetAll(): void {
    this.#sql.exec('DELETE FROM own_id')
  }
}

const OF_TOKEN = `SELECT own_id.id FROM json_each(?1) AS wanted
  CROSS JOIN own_id ON own_id.token = ?2 AND own_id.id = wanted.value`

const IN_LIST = `SELECT id, made_at FROM own_id WHERE token = ?1 AND list = ?2
  AND (made_at < ?3 OR (made_at = ?3 AND id < ?4)) ORDER BY made_at DESC, id DESC LIMIT ?5 OFFSET ?6`

/** Finds each from the one before, so it reads a row for each and not the whole table. */
const TOKENS = `WITH RECURSIVE every (token) AS (
    SELECT ''
    UNION ALL
    SELECT (SELECT token FROM own_id WHERE own_id.token > every.token ORDER BY own_id.token LIMIT 1)
    FROM every WHERE token IS NOT NULL)
  SELECT token FROM every WHERE token <> ''`

const LISTS = `WITH RECURSIVE every (list) AS (
    SELECT (SELECT list FROM own_id WHERE token = ?1 ORDER BY list LIMIT 1)
    UNION ALL
    SELECT (SELECT list FROM own_id WHERE token = ?1 AND own_id.list > every.list ORDER BY own_id.list LIMIT 1)
    FROM every WHERE list IS NOT NULL)
  SELECT list FROM every WHERE list IS NOT NULL`
