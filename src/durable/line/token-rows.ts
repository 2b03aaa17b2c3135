/**
 * A row for each token that has had a turn in the line (table `token_line`): its pass, and which of its items are chosen. Each choice
 * writes it, and so does an item that goes back. An entry whose item has left the line is old, and is not written again. Pauses are
 * rows beside them, under names that no token has.
 */
import type { Pause } from '#domain/line/pauses.ts'
import type { TokenTerms } from '#domain/queue/item-order.ts'
import type { ItemRecord } from '#domain/queue/item.ts'

const SCHEMA =
  'CREATE TABLE IF NOT EXISTS token_line (token TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID'
/** No token's id begins with it. */
const PAUSE = '@pause '

/** An account's key, the lease ids under which it was handed the item, and when it was chosen. */
export type Choice = ItemRecord['tries'][number]

export interface TokenLine {
  pass: number
  /** When the row was written. */
  at: number
  /** As they were at its last turn. After a restart they bound what the token has to its credit. */
  terms?: TokenTerms
  /** By item. */
  chosen: Record<string, Choice>
}

export class TokenRows {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
    this.#sql.exec(SCHEMA)
  }

  all(): Map<string, TokenLine> {
    const sql = "SELECT token, record FROM token_line WHERE token < '@' OR token >= 'A'"
    const rows = this.#sql.exec<{ token: string; record: string }>(sql).toArray()
    return new Map(rows.map(({ token, record }) => [token, JSON.parse(record) as TokenLine]))
  }

  save(token: string, line: TokenLine): void {
    this.#save(token, line)
  }

  #save(name: string, record: object): void {
    this.#sql.exec(
      'INSERT INTO token_line (token, record) VALUES (?, ?) ON CONFLICT DO UPDATE SET record = excluded.record',
      name,
      JSON.stringify(record)
    )
  }

  pauses(): Pause[] {
    const sql = 'SELECT record FROM token_line WHERE token >= ? AND token < ?'
    const rows = this.#sql.exec<{ record: string }>(sql, PAUSE, `${PAUSE}~`).toArray()
    return rows.map(({ record }) => JSON.parse(record) as Pause)
  }

  savePause(pause: Pause): void {
    this.#save(nameOf(pause), pause)
  }

  dropPause(pause: Pause): void {
    this.drop(nameOf(pause))
  }

  drop(token: string): void {
    this.#sql.exec('DELETE FROM token_line WHERE token = ?', token)
  }

  forgetAll(): void {
    this.#sql.exec('DELETE FROM token_line')
  }
}

function nameOf({ token, lane }: Pause): string {
  return PAUSE + JSON.stringify([token ?? null, lane ?? null])
}
