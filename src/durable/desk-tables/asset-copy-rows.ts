/**
 * Keeps which asset copies exist on other accounts, and which are being made. The second is in memory only. After a crash a copy
 * may be made twice. That costs nothing, and only one of the two is used.
 */
import type { Account } from '#domain/accounts/account.ts'
import type { AssetCopy, CopyTurn } from '#domain/ports/desk.ts'
import type { Platform } from '#domain/ports/platform.ts'

export const ASSET_COPIES_SCHEMA = `
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

/** The request that makes copies. After `withinMs` its Worker counts as gone. */
interface Maker {
  by: string
  withinMs: number
}

interface Making {
  by: string
  done: Promise<void>
  end(): void
}

export class AssetCopyRows {
  readonly #sql: SqlStorage
  readonly #platform: Pick<Platform, 'after' | 'newId'>
  readonly #making = new Map<string, Making>()

  constructor(sql: SqlStorage, platform: Pick<Platform, 'after' | 'newId'>) {
    this.#sql = sql
    this.#platform = platform
  }

  /** Reserves, in one step, all copies that no other request is making. Then waits for the rest. */
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
    // The caller may repeat a call if it got no answer.
    if (making?.by === maker.by) return { kind: 'mine' }
    if (making) return { done: making.done }
    this.#making.set(name, this.#newMaking(name, maker))
    return { kind: 'mine' }
  }

  #newMaking(name: string, { by, withinMs }: Maker): Making {
    const over = new AbortController()
    const end = () => {
      if (this.#making.get(name) === made) this.#making.delete(name)
      over.abort()
    }
    const made: Making = { by, end, done: this.#platform.after(withinMs, over.signal).then(end) }
    return made
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

  /**
   * Removes the copies of a deleted original and returns them: those under its id, and those under keys that begin with
   * `keyStart`.
   */
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

  /** Deletes old rows among a bounded number of rows from a random place. Ids are random, so in time every row gets its turn. */
  forget(before: number): void {
    const from = this.#platform.newId().slice(0, 4)
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
