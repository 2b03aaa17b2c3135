/**
 * Keeps a row for each account object that this desk is claiming or releasing. The row is written before the object is called,
 * and deleted when the desk's own accounts say the same. If the desk crashes in between, its alarm releases the object, unless
 * an account uses it by then (decision 0021).
 */
import type { Holder } from '#domain/accounts/account.ts'

const SCHEMA =
  'CREATE TABLE IF NOT EXISTS claim (key TEXT PRIMARY KEY, tenant TEXT NOT NULL, email TEXT NOT NULL, is_now INTEGER NOT NULL) WITHOUT ROWID'

export interface Claim extends Holder {
  key: string
  /** Whether to give up the account's running jobs at once. */
  isNow: boolean
}

interface Row extends Record<string, SqlStorageValue> {
  key: string
  tenant: string
  email: string
  is_now: number
}

export class AccountClaims {
  readonly #sql: SqlStorage
  /** By key: the email of a claim that is under way. If a row of the table is not in this map, a crash left it. */
  readonly #claiming = new Map<string, string>()
  readonly #turns = new Map<string, Promise<unknown>>()

  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql
    this.#sql.exec(SCHEMA)
  }

  /** Work on one object runs one after the other. */
  async inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(key) ?? Promise.resolve()
    const mine = before.then(work, work)
    this.#turns.set(key, mine)
    try {
      return await mine
    } finally {
      if (this.#turns.get(key) === mine) this.#turns.delete(key)
    }
  }

  /** Calls `save` right after the claim was granted, with nothing awaited between. False: it was refused. */
  async claim(claim: Claim, ask: () => Promise<boolean>, save: () => void): Promise<boolean> {
    this.begin(claim)
    this.#claiming.set(claim.key, claim.email)
    try {
      const isGranted = await ask()
      if (isGranted) save()
      this.end(claim.key)
      return isGranted
    } finally {
      this.#claiming.delete(claim.key)
    }
  }

  isClaiming(email: string, key: string): boolean {
    return this.#claiming.get(key)?.toLowerCase() === email.toLowerCase()
  }

  begin({ key, tenant, email, isNow }: Claim): void {
    const sql = 'INSERT OR REPLACE INTO claim (key, tenant, email, is_now) VALUES (?, ?, ?, ?)'
    this.#sql.exec(sql, key, tenant, email, isNow ? 1 : 0)
  }

  end(key: string): void {
    this.#sql.exec('DELETE FROM claim WHERE key = ?', key)
  }

  /** The rows without a claim under way: objects to release, and claims that a crash interrupted. */
  leftOver(): Claim[] {
    const sql = "SELECT key, tenant, email, is_now FROM claim WHERE key > ''"
    return this.#sql
      .exec<Row>(sql)
      .toArray()
      .filter(({ key }) => !this.#turns.has(key))
      .map(({ key, tenant, email, is_now }) => ({ key, tenant, email, isNow: is_now === 1 }))
  }

  /** Whether there are no rows, neither under way nor left over. */
  get isEmpty(): boolean {
    return this.#sql.exec("SELECT key FROM claim WHERE key > '' LIMIT 1").toArray().length === 0
  }
}
