/**
 * Keeps which account an id belongs to. A row that is no longer true is ignored rather than deleted: each row has the creation
 * time of its account, and a guess has the set of accounts that it was made for. Old rows are deleted in small steps along
 * the primary key.
 */
import type { Account } from '#domain/accounts/account.ts'
import type { Owner } from '#domain/routing/owner.ts'

export const OWNERS_SCHEMA = `
  CREATE TABLE IF NOT EXISTS owned_id (
    id TEXT PRIMARY KEY,
    email TEXT,
    source TEXT NOT NULL,
    may_be_shared INTEGER NOT NULL,
    lease TEXT,
    learned_at INTEGER NOT NULL,
    account_since INTEGER,
    epoch INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS pruning (
    id INTEGER PRIMARY KEY CHECK (id = 1), started_at INTEGER NOT NULL, place TEXT NOT NULL, oldest INTEGER);
`

/** In an hour. A pass through all rows must be faster than new ones come, or they would grow for ever. */
const LOOKED_AT_ONCE = 20_000

interface Row {
  [column: string]: SqlStorageValue
  id: string
  email: string | null
  source: string
  may_be_shared: number
  lease: string | null
  learned_at: number
  account_since: number | null
  epoch: number
}

export class OwnerRows {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  /** `accounts`: the tenant's accounts now. */
  learn(owners: readonly Owner[], accounts: readonly Account[], now: number): void {
    const epoch = epochOf(accounts)
    for (const owner of owners) {
      const since = owner.email === null ? null : sinceOf(accounts, owner.email)
      // Undefined: the account was removed meanwhile.
      if (since === undefined) continue
      this.#sql.exec(
        `INSERT INTO owned_id (id, email, source, may_be_shared, lease, learned_at, account_since, epoch)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET source = CASE WHEN owned_id.source IN ('uploaded', 'copied') AND owned_id.email IS excluded.email
         THEN owned_id.source ELSE excluded.source END, email = excluded.email,
         may_be_shared = excluded.may_be_shared, lease = excluded.lease, learned_at = excluded.learned_at,
         account_since = excluded.account_since, epoch = excluded.epoch`,
        owner.id,
        owner.email,
        owner.source,
        owner.mayBeShared ? 1 : 0,
        owner.lease ?? null,
        now,
        since,
        epoch
      )
    }
  }

  find(ids: readonly string[], accounts: readonly Account[]): Owner[] {
    const rows = this.#sql.exec<Row>(FIND, JSON.stringify(ids)).toArray()
    const epoch = epochOf(accounts)
    const known = rows.flatMap((row) => toOwner(row, accounts, epoch) ?? [])
    const met = new Set(rows.map((row) => row.id))
    return [
      ...known,
      ...this.#findOld(
        ids.filter((id) => !met.has(id)),
        accounts
      ),
    ]
  }

  /**
   * Finds rows of the older table, from before schemas had versions or from an older Worker. They count for the accounts of that
   * time.
   */
  #findOld(ids: readonly string[], accounts: readonly Account[]): Owner[] {
    if (ids.length === 0) return []
    const rows = this.#sql.exec<{ record: string }>(FIND_OLD, JSON.stringify(ids)).toArray()
    if (rows.length === 0) return []
    const startedAt = this.#pruning()?.started_at ?? 0
    const isOfNow = (owner: Owner) => {
      const since = owner.email === null ? 0 : sinceOf(accounts, owner.email)
      if (since === undefined || since > startedAt) return false
      return !isGuess(owner) || epochOf(accounts) <= startedAt
    }
    return rows.map(({ record }) => JSON.parse(record) as Owner).filter(isOfNow)
  }

  #pruning() {
    const sql = 'SELECT started_at, place, oldest FROM pruning WHERE id = 1'
    return this.#sql
      .exec<{ started_at: number; place: string; oldest: number | null }>(sql)
      .toArray()[0]
  }

  /** Deletes a bounded number of rows that were learned before `before`. Returns when to call it again. Undefined: never. */
  forget(before: number, keepMs: number, everyMs: number, now: number): number | undefined {
    const { place = '', oldest: soFar, started_at: startedAt = now } = this.#pruning() ?? {}
    const isOldGone = startedAt < before && this.#forgetOld()
    const rows = this.#sql
      .exec<{ id: string; learned_at: number }>(PLACE, place, LOOKED_AT_ONCE)
      .toArray()
    const last = rows.at(-1)?.id ?? ''
    const kept = rows.filter((row) => row.learned_at >= before).map((row) => row.learned_at)
    if (kept.length < rows.length) this.#sql.exec(FORGET, place, last, before)
    const oldest = kept.reduce((least, at) => Math.min(least, at), soFar ?? Infinity)
    const isThrough = rows.length < LOOKED_AT_ONCE
    const from = isThrough ? '' : last
    this.#sql.exec(
      'UPDATE pruning SET place = ?1, oldest = ?2 WHERE id = 1 AND (place IS NOT ?1 OR oldest IS NOT ?2)',
      from,
      isThrough || oldest === Infinity ? null : oldest
    )
    if (!isThrough || isOldGone) return now + everyMs
    const old = this.#hasOld() ? startedAt : Infinity
    const due = Math.min(oldest, old) + keepMs
    return due === Infinity ? undefined : Math.max(now + everyMs, due)
  }

  get isEmpty(): boolean {
    const { id } = this.#sql.exec<{ id: string | null }>('SELECT MIN(id) AS id FROM owned_id').one()
    return id === null && !this.#hasOld()
  }

  #hasOld(): boolean {
    return (
      this.#sql.exec<{ id: string | null }>('SELECT MIN(id) AS id FROM owner').one().id !== null
    )
  }

  /** True when some rows were deleted. */
  #forgetOld(): boolean {
    return this.#sql.exec(FORGET_OLD, LOOKED_AT_ONCE).rowsWritten > 0
  }

  forgetAll(): void {
    this.#sql.exec('DELETE FROM owned_id')
    this.#sql.exec('DELETE FROM owner')
  }
}

const FIND = `SELECT owned_id.* FROM json_each(?) AS wanted CROSS JOIN owned_id ON owned_id.id = wanted.value`
const FIND_OLD = `SELECT owner.record FROM json_each(?) AS wanted CROSS JOIN owner ON owner.id = wanted.value`

const PLACE = 'SELECT id, learned_at FROM owned_id WHERE id > ? ORDER BY id LIMIT ?'

const FORGET = 'DELETE FROM owned_id WHERE id > ? AND id <= ? AND learned_at < ?'

const FORGET_OLD =
  "DELETE FROM owner WHERE id IN (SELECT id FROM owner WHERE id >= '' ORDER BY id LIMIT ?)"

/** Undefined: the row no longer counts. */
function toOwner(row: Row, accounts: readonly Account[], epoch: number): Owner | undefined {
  const { id, email, lease, source } = row
  const owner: Owner = {
    id,
    email,
    source: source as Owner['source'],
    mayBeShared: row.may_be_shared === 1,
    ...(lease === null ? {} : { lease }),
  }
  const isOfNow = email === null || sinceOf(accounts, email) === row.account_since
  return isOfNow && (!isGuess(owner) || row.epoch === epoch) ? owner : undefined
}

/** Whether the owner may be wrong: an id in one account's list may turn out to be public when another account is added. */
function isGuess({ email, source, mayBeShared }: Owner): boolean {
  return mayBeShared && source !== 'created' && email !== null
}

function sinceOf(accounts: readonly Account[], email: string): number | undefined {
  return accounts.find((one) => one.email.toLowerCase() === email.toLowerCase())?.createdAt
}

/** Names a set of accounts. It grows with each account that is added. */
function epochOf(accounts: readonly Account[]): number {
  return Math.max(0, ...accounts.map((account) => account.createdAt))
}
