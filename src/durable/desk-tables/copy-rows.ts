/**
 * Copies of assets at other accounts: which there are, and which are being made. What is being made is only in memory; a
 * second copy after a crash costs nothing and is named by nobody.
 */
import type { Account } from '#domain/accounts/account.ts'
import type { AssetCopy, CopyTurn } from '#domain/ports/desk.ts'

export const COPIES_SCHEMA = `
  CREATE TABLE IF NOT EXISTS asset_copy (
    original TEXT NOT NULL, email TEXT NOT NULL, copy TEXT NOT NULL, account_since INTEGER NOT NULL, made_at INTEGER NOT NULL,
    PRIMARY KEY (original, email)) WITHOUT ROWID;
`

const LOOKED_AT_ONCE = 2000

interface Row {
  [column: string]: SqlStorageValue
  copy: string
  account_since: number
}

/** The request that makes copies; when it takes longer, it was given up by somebody who died. */
interface Maker {
  by: string
  withinMs: number
}

interface Making {
  by: string
  done: Promise<void>
  end(): void
}

export class CopyRows {
  readonly #sql: SqlStorage
  readonly #making = new Map<string, Making>()

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  /** Takes in one step all that nobody else is making; waits for the others. */
  async begin(originals: readonly string[], account: Account, maker: Maker): Promise<CopyTurn[]> {
    const turns = originals.map((original) => this.#beginOne(original, account, maker))
    const others = turns.flatMap((turn) => ('done' in turn ? [turn.done] : []))
    await Promise.all(others)
    return turns.map((turn, index) => {
      if (!('done' in turn)) return turn
      const copy = this.#find(originals[index] ?? '', account)
      return copy === undefined ? { kind: 'failed' } : { kind: 'known', copy }
    })
  }

  #beginOne(original: string, account: Account, maker: Maker): CopyTurn | Pick<Making, 'done'> {
    const copy = this.#find(original, account)
    if (copy !== undefined) return { kind: 'known', copy }
    const name = nameOf(original, account.email)
    const making = this.#making.get(name)
    // Asked again because the answer was lost: it is still its own.
    if (making?.by === maker.by) return { kind: 'mine' }
    if (making) return { done: making.done }
    let end = () => {}
    const done = new Promise<void>((resolve) => {
      const timer = setTimeout(() => end(), maker.withinMs)
      end = () => {
        clearTimeout(timer)
        this.#making.delete(name)
        resolve()
      }
    })
    this.#making.set(name, { by: maker.by, done, end })
    return { kind: 'mine' }
  }

  end(copies: readonly AssetCopy[], account: Account, now: number): void {
    for (const { original, copy } of copies) {
      if (copy !== undefined) this.#save(original, copy, account, now)
      this.#making.get(nameOf(original, account.email))?.end()
    }
  }

  #save(original: string, copy: string, { email, createdAt }: Account, now: number): void {
    this.#sql.exec(
      `INSERT INTO asset_copy (original, email, copy, account_since, made_at) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET copy = excluded.copy, account_since = excluded.account_since, made_at = excluded.made_at`,
      original,
      email,
      copy,
      createdAt,
      now
    )
  }

  #find(original: string, { email, createdAt }: Account): string | undefined {
    const sql = 'SELECT copy, account_since FROM asset_copy WHERE original = ? AND email = ?'
    const row = this.#sql.exec<Row>(sql, original, email).toArray()[0]
    return row?.account_since === createdAt ? row.copy : undefined
  }

  forgetOne({ original, copy = '' }: AssetCopy, email: string): void {
    const sql = 'DELETE FROM asset_copy WHERE original = ? AND email = ? AND copy = ?'
    this.#sql.exec(sql, original, email, copy)
  }

  /** The original is gone, under its id and under paths that begin with `keyStart`. */
  take(original: string, keyStart: string): { email: string; copy: string }[] {
    const after = `${keyStart}\u{ffff}`
    const rows = [
      ...this.#sql.exec<{ email: string; copy: string }>(
        'SELECT email, copy FROM asset_copy WHERE original = ?',
        original
      ),
      ...this.#sql.exec<{ email: string; copy: string }>(
        'SELECT email, copy FROM asset_copy WHERE original > ? AND original < ?',
        keyStart,
        after
      ),
    ]
    if (rows.length === 0) return []
    this.#sql.exec('DELETE FROM asset_copy WHERE original = ?', original)
    this.#sql.exec('DELETE FROM asset_copy WHERE original > ? AND original < ?', keyStart, after)
    return rows
  }

  /** A bounded number from a place that is drawn anew each time: ids are random, so every row has its turn. */
  forget(before: number): void {
    const from = crypto.randomUUID().slice(0, 4)
    for (const place of [from, '']) {
      const sql = `SELECT original, email, made_at FROM asset_copy WHERE original >= ? ORDER BY original LIMIT ?`
      const rows = this.#sql
        .exec<{ original: string; email: string; made_at: number }>(sql, place, LOOKED_AT_ONCE)
        .toArray()
      for (const { original, email, made_at: at } of rows) {
        if (at >= before) continue
        this.#sql.exec('DELETE FROM asset_copy WHERE original = ? AND email = ?', original, email)
      }
    }
  }

  forgetAll(): void {
    this.#sql.exec('DELETE FROM asset_copy')
  }
}

function nameOf(original: string, email: string): string {
  return `${email} ${original}`
}
