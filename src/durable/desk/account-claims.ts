/**
 * Objects that this desk is taking or letting go of: a row from before the object is asked until the desk's own accounts
 * say the same. While it is being taken, another desk is told that it is held here. What a crash left half done is let
 * go by the alarm, unless an account has it by then; the object heeds only who holds it.
 */
import type { Holder } from '#domain/accounts/account.ts'

const SCHEMA =
  'CREATE TABLE IF NOT EXISTS claim (key TEXT PRIMARY KEY, tenant TEXT NOT NULL, email TEXT NOT NULL, is_now INTEGER NOT NULL) WITHOUT ROWID'

export interface Claim extends Holder {
  key: string
  /** Its jobs are given up at once. */
  isNow: boolean
}

interface Row extends Record<string, SqlStorageValue> {
  key: string
  tenant: string
  email: string
  is_now: number
}

export class Claims {
  readonly #sql: SqlStorage
  /** By key, the email for which it is being taken now. A row of the table that is not in here was left by a crash. */
  readonly #taking = new Map<string, string>()
  readonly #turns = new Map<string, Promise<unknown>>()

  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql
    this.#sql.exec(SCHEMA)
  }

  /** What is done to one object is done one after the other. */
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

  /** `save` follows on a claim that was granted, and nothing comes between. False: it was refused. */
  async take(claim: Claim, ask: () => Promise<boolean>, save: () => void): Promise<boolean> {
    this.begin(claim)
    this.#taking.set(claim.key, claim.email)
    try {
      const isTaken = await ask()
      if (isTaken) save()
      this.end(claim.key)
      return isTaken
    } finally {
      this.#taking.delete(claim.key)
    }
  }

  isTaking(email: string, key: string): boolean {
    return this.#taking.get(key)?.toLowerCase() === email.toLowerCase()
  }

  begin({ key, tenant, email, isNow }: Claim): void {
    const sql = 'INSERT OR REPLACE INTO claim (key, tenant, email, is_now) VALUES (?, ?, ?, ?)'
    this.#sql.exec(sql, key, tenant, email, isNow ? 1 : 0)
  }

  end(key: string): void {
    this.#sql.exec('DELETE FROM claim WHERE key = ?', key)
  }

  /** Those that nobody is at work on. */
  leftOver(): Claim[] {
    const sql = "SELECT key, tenant, email, is_now FROM claim WHERE key > ''"
    return this.#sql
      .exec<Row>(sql)
      .toArray()
      .filter(({ key }) => !this.#turns.has(key))
      .map(({ key, tenant, email, is_now }) => ({ key, tenant, email, isNow: is_now === 1 }))
  }

  /** Also those that are at work. */
  get isEmpty(): boolean {
    return this.#sql.exec("SELECT key FROM claim WHERE key > '' LIMIT 1").toArray().length === 0
  }
}
