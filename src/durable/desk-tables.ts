/** The tables of TenantDesk (docs/storage.md), and which of their KV copies are behind. */
import type { Account, AccountSnapshot } from '#domain/account.ts'
import type { CallbackSecret, Endpoint } from '#domain/endpoint.ts'
import type { KeyRecord } from '#domain/idempotency.ts'
import type { Owner, TokenChange } from '#domain/ports.ts'
import type { TenantRecord, TokenRecord } from '#domain/token.ts'
import { keys } from '#storage/keys.ts'

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS account (email TEXT PRIMARY KEY, position INTEGER NOT NULL, record TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS owner (id TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS idempotency (name TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS former (key TEXT PRIMARY KEY, left_at INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS endpoint (id TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS callback_secret (id INTEGER PRIMARY KEY CHECK (id = 1), record TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS token (id TEXT PRIMARY KEY, hash TEXT UNIQUE NOT NULL, record TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS tenant (id TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS copy (key TEXT PRIMARY KEY, version INTEGER NOT NULL, copied INTEGER NOT NULL) WITHOUT ROWID;
`

/** A KV value and how far its copy has come. */
export interface Copy {
  key: string
  version: number
}

export class DeskTables {
  readonly #storage: DurableObjectStorage
  readonly #accountsKey: string

  readonly #unknownUntil: () => number | undefined

  /** `name` is the object's own: `<provider>:<tenant>`. */
  constructor(
    storage: DurableObjectStorage,
    name: string,
    unknownUntil: () => number | undefined = () => undefined
  ) {
    this.#storage = storage
    this.#unknownUntil = unknownUntil
    const [provider, tenant] = name.split(':')
    this.#accountsKey = keys.accounts(tenant ?? '', provider ?? '')
    storage.sql.exec(SCHEMA)
  }

  snapshot(): AccountSnapshot {
    const version = this.#version(this.#accountsKey)
    const unknownUntil = this.#unknownUntil()
    return {
      version,
      accounts: this.#records<Account>('SELECT record FROM account ORDER BY position'),
      ...(unknownUntil === undefined ? {} : { unknownUntil }),
    }
  }

  /** Its copy says more than the accounts. */
  touchAccounts(): void {
    this.#storage.transactionSync(() => this.#touch(this.#accountsKey))
  }

  findAccount(email: string): Account | undefined {
    return this.#records<Account>(
      'SELECT record FROM account WHERE email = ?',
      email.toLowerCase()
    )[0]
  }

  /** True when it was not known. */
  saveAccount(account: Account): boolean {
    const isNew = this.findAccount(account.email) === undefined
    this.#storage.transactionSync(() => {
      this.#storage.sql.exec(
        `INSERT INTO account VALUES (?, (SELECT COALESCE(MAX(position), 0) + 1 FROM account), ?)
         ON CONFLICT DO UPDATE SET record = excluded.record`,
        account.email.toLowerCase(),
        JSON.stringify(account)
      )
      if (isNew) this.#forgetGuessedOwners()
      this.#touch(this.#accountsKey)
    })
    return isNew
  }

  /** With more accounts, what seemed to be one's own may show to be public. */
  #forgetGuessedOwners(): void {
    this.#storage.sql.exec(
      `DELETE FROM owner WHERE json_extract(record, '$.mayBeShared') AND json_extract(record, '$.source') <> 'created'
       AND json_extract(record, '$.email') IS NOT NULL`
    )
  }

  /** With it go the ids it owned. */
  removeAccount(email: string): void {
    this.#storage.transactionSync(() => {
      this.#storage.sql.exec('DELETE FROM account WHERE email = ?', email.toLowerCase())
      this.forgetOwnersOf(email)
      this.#touch(this.#accountsKey)
    })
  }

  /** Its object still has what became of its jobs. */
  noteFormer(key: string, now: number): void {
    this.#storage.sql.exec('INSERT OR REPLACE INTO former VALUES (?, ?)', key, now)
  }

  /** Latest first, without those that came back. */
  formerKeys(since: number): string[] {
    this.#storage.sql.exec('DELETE FROM former WHERE left_at < ?', since)
    const current = new Set(this.snapshot().accounts.map((account) => account.key))
    return this.#storage.sql
      .exec<{ key: string }>('SELECT key FROM former ORDER BY left_at DESC')
      .toArray()
      .flatMap(({ key }) => (current.has(key) ? [] : [key]))
  }

  forgetOwnersOf(email: string): void {
    this.#storage.sql.exec("DELETE FROM owner WHERE json_extract(record, '$.email') = ?", email)
  }

  /** The tenant is gone: what is known of its ids and keys goes with it. */
  forgetAll(): void {
    this.#storage.sql.exec('DELETE FROM owner')
    this.#storage.sql.exec('DELETE FROM idempotency')
    this.#storage.sql.exec('DELETE FROM endpoint')
    this.#storage.sql.exec('DELETE FROM callback_secret')
  }

  learn(owners: Owner[]): void {
    this.#storage.transactionSync(() => {
      for (const owner of owners) {
        this.#storage.sql.exec(
          'INSERT INTO owner VALUES (?, ?) ON CONFLICT DO UPDATE SET record = excluded.record',
          owner.id,
          JSON.stringify(owner)
        )
      }
    })
  }

  ownersOf(ids: string[]): Owner[] {
    return ids.flatMap((id) => this.#records<Owner>('SELECT record FROM owner WHERE id = ?', id))
  }

  /** A scan, for a creation that an account has no trace of. */
  isMadeElsewhere(requestId: string, email: string): boolean {
    const sql =
      "SELECT record FROM owner WHERE json_extract(record, '$.lease') = ? AND json_extract(record, '$.email') <> ? LIMIT 1"
    return this.#records(sql, requestId, email).length > 0
  }

  findKey(name: string): KeyRecord | undefined {
    return this.#records<KeyRecord>('SELECT record FROM idempotency WHERE name = ?', name)[0]
  }

  saveKey(name: string, record: KeyRecord): void {
    this.#storage.sql.exec(
      'INSERT INTO idempotency VALUES (?, ?) ON CONFLICT DO UPDATE SET record = excluded.record',
      name,
      JSON.stringify(record)
    )
  }

  dropKey(name: string): void {
    this.#storage.sql.exec('DELETE FROM idempotency WHERE name = ?', name)
  }

  /** True when some are left. */
  forgetKeys(before: number): boolean {
    const sql = "DELETE FROM idempotency WHERE json_extract(record, '$.startedAt') <= ?"
    this.#storage.sql.exec(sql, before)
    return this.#storage.sql.exec('SELECT 1 FROM idempotency LIMIT 1').toArray().length > 0
  }

  /** A scan of a day's keys, asked for seldom. */
  requestsOfKey(key: string): string[] {
    const sql = "SELECT record FROM idempotency WHERE substr(name, -length(?1) - 1) = ' ' || ?1"
    return this.#records<KeyRecord>(sql, key).map((record) => record.requestId)
  }

  /** Oldest first. */
  endpoints(): Endpoint[] {
    return this.#records<Endpoint>(
      "SELECT record FROM endpoint ORDER BY json_extract(record, '$.createdAt'), id"
    )
  }

  saveEndpoint(endpoint: Endpoint): void {
    this.#storage.sql.exec(
      'INSERT INTO endpoint VALUES (?, ?) ON CONFLICT DO UPDATE SET record = excluded.record',
      endpoint.id,
      JSON.stringify(endpoint)
    )
  }

  /** True when it was there. */
  dropEndpoint(id: string): boolean {
    return this.#storage.sql.exec('DELETE FROM endpoint WHERE id = ?', id).rowsWritten > 0
  }

  callbackSecret(): CallbackSecret | undefined {
    return this.#records<CallbackSecret>('SELECT record FROM callback_secret')[0]
  }

  saveCallbackSecret(secret: CallbackSecret): void {
    this.#storage.sql.exec(
      'INSERT INTO callback_secret VALUES (1, ?) ON CONFLICT DO UPDATE SET record = excluded.record',
      JSON.stringify(secret)
    )
  }

  saveToken(token: TokenRecord, tenant: TenantRecord): void {
    this.#storage.transactionSync(() => {
      this.#putToken(token)
      this.#storage.sql.exec(
        'INSERT INTO tenant VALUES (?, ?) ON CONFLICT DO NOTHING',
        tenant.id,
        JSON.stringify(tenant)
      )
    })
  }

  findToken(hash: string): TokenRecord | undefined {
    const token = this.#records<TokenRecord>('SELECT record FROM token WHERE hash = ?', hash)[0]
    return token && this.#withTenant(token)
  }

  tokens(): TokenRecord[] {
    return this.#records<TokenRecord>('SELECT record FROM token')
  }

  changeToken(id: string, change: TokenChange): TokenRecord | undefined {
    const before = this.#records<TokenRecord>('SELECT record FROM token WHERE id = ?', id)[0]
    if (!before) return undefined
    const after = { ...before, ...change }
    this.#storage.transactionSync(() => this.#putToken(after))
    return after
  }

  removeToken(id: string): TokenRecord | undefined {
    const token = this.#records<TokenRecord>('SELECT record FROM token WHERE id = ?', id)[0]
    if (token) this.#storage.transactionSync(() => this.#dropToken(token))
    return token
  }

  tenants(): TenantRecord[] {
    return this.#records<TenantRecord>('SELECT record FROM tenant')
  }

  findTenant(id: string): TenantRecord | undefined {
    return this.#records<TenantRecord>('SELECT record FROM tenant WHERE id = ?', id)[0]
  }

  changeTenant(id: string, change: Partial<TenantRecord>): void {
    const before = this.findTenant(id)
    if (!before) return
    const after = JSON.stringify({ ...before, ...change })
    const tokens = change.replyUrl === undefined ? [] : this.tokens()
    this.#storage.transactionSync(() => {
      this.#storage.sql.exec('UPDATE tenant SET record = ? WHERE id = ?', after, id)
      for (const token of tokens) if (token.tenant === id) this.#touch(keys.token(token.hash))
    })
  }

  /** With what is the tenant's, for those who read only tokens. */
  #withTenant(token: TokenRecord): TokenRecord {
    return { ...token, replyUrl: this.findTenant(token.tenant)?.replyUrl ?? null }
  }

  /** The tokens that went with it; undefined: no such tenant. */
  removeTenant(id: string): TokenRecord[] | undefined {
    if (!this.findTenant(id)) return undefined
    const tokens = this.tokens().filter((token) => token.tenant === id)
    this.#storage.transactionSync(() => {
      for (const token of tokens) this.#dropToken(token)
      this.#storage.sql.exec('DELETE FROM tenant WHERE id = ?', id)
    })
    return tokens
  }

  copiesBehind(): Copy[] {
    return this.#storage.sql
      .exec<{ key: string; version: number }>(
        'SELECT key, version FROM copy WHERE copied < version'
      )
      .toArray()
  }

  /** What the copy should hold now; undefined: nothing. */
  copyOf(key: string): string | undefined {
    if (key === this.#accountsKey) return JSON.stringify(this.snapshot())
    const token = this.tokens().find((one) => keys.token(one.hash) === key)
    return token && JSON.stringify(this.#withTenant(token))
  }

  noteCopied(copy: Copy): void {
    this.#storage.sql.exec('UPDATE copy SET copied = ? WHERE key = ?', copy.version, copy.key)
  }

  #putToken(token: TokenRecord): void {
    this.#storage.sql.exec(
      'INSERT INTO token VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET record = excluded.record',
      token.id,
      token.hash,
      JSON.stringify(token)
    )
    this.#touch(keys.token(token.hash))
  }

  #dropToken(token: TokenRecord): void {
    this.#storage.sql.exec('DELETE FROM token WHERE id = ?', token.id)
    this.#touch(keys.token(token.hash))
  }

  #touch(key: string): void {
    this.#storage.sql.exec(
      'INSERT INTO copy VALUES (?, 1, 0) ON CONFLICT DO UPDATE SET version = version + 1',
      key
    )
  }

  #version(key: string): number {
    const rows = this.#storage.sql.exec<{ version: number }>(
      'SELECT version FROM copy WHERE key = ?',
      key
    )
    return rows.toArray()[0]?.version ?? 0
  }

  #records<T>(sql: string, ...values: string[]): T[] {
    const rows = this.#storage.sql.exec<{ record: string }>(sql, ...values).toArray()
    return rows.map((row) => JSON.parse(row.record) as T)
  }
}
