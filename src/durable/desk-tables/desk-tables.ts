/** The tables of TenantDesk (docs/storage.md), and which of their KV copies are behind. */
import type { Account, AccountSnapshot } from '#domain/accounts/account.ts'
import type { KeyRecord } from '#domain/creations/idempotency.ts'
import type { Owner } from '#domain/routing/owner.ts'
import type { Made, TokenChange } from '#domain/ports/desk.ts'
import type { TenantRecord, TokenRecord } from '#domain/access/token.ts'
import { keys } from '#storage/keys.ts'
import { AddedRoutes } from './added-route-rows.ts'
import { AUDIT_SCHEMA, AuditRows } from './audit-rows.ts'
import { COPIES_SCHEMA } from './copy-rows.ts'
import { HOMES_SCHEMA } from './home-rows.ts'
import { KeyRows, KEYS_SCHEMA } from './key-rows.ts'
import { MadeRows, MADE_SCHEMA } from './made-rows.ts'
import { OwnerRows, OWNERS_SCHEMA } from './owner-rows.ts'
import { OutletRows } from './endpoint-rows.ts'
import { RESEAL_SCHEMA, ResealRow } from './reseal-row.ts'
import { migrate, type Step } from '#durable/lifecycle/schema.ts'
import { TenantRows, TENANT_PAST_SCHEMA } from './tenant-rows.ts'
import { UploadBook } from './upload-counts.ts'

/** What stood before there were versions. Of it `owner` and `idempotency` are only read. */
const FIRST_SCHEMA = `
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

/** When this desk's tenant was removed. */
const CLOSING_SCHEMA =
  'CREATE TABLE IF NOT EXISTS closing (id INTEGER PRIMARY KEY CHECK (id = 1), closed_at INTEGER NOT NULL);'

/** Append only. */
const STEPS: Step[] = [
  (sql) => void sql.exec(FIRST_SCHEMA),
  (sql) => {
    sql.exec(OWNERS_SCHEMA + KEYS_SCHEMA + MADE_SCHEMA)
    sql.exec("INSERT INTO pruning (id, started_at, place) VALUES (1, ?, '')", Date.now())
    new KeyRows(sql).copyOld()
  },
  (sql) => void sql.exec(TENANT_PAST_SCHEMA + CLOSING_SCHEMA),
  (sql) => void sql.exec(HOMES_SCHEMA + COPIES_SCHEMA),
  (sql) => void sql.exec(AUDIT_SCHEMA + RESEAL_SCHEMA),
]

/** A KV value and how far its copy has come. */
export interface Copy {
  key: string
  version: number
}

interface Spans {
  keepOwnersMs: number
  keepAuditMs: number
  everyMs: number
}

export class DeskTables {
  readonly #storage: DurableObjectStorage
  readonly #accountsKey: string
  readonly #owners: OwnerRows
  readonly keyRows: KeyRows
  readonly #made: MadeRows
  readonly audit: AuditRows
  readonly outlets: OutletRows
  readonly reseal: ResealRow
  readonly #tenants: TenantRows
  readonly uploads: UploadBook
  /** Rows that the operator added; the registrar's alone. */
  readonly routes: AddedRoutes

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
    migrate(storage, STEPS)
    this.routes = new AddedRoutes(storage, () => this.#touch(keys.routes))
    this.#owners = new OwnerRows(storage.sql)
    this.keyRows = new KeyRows(storage.sql)
    this.#made = new MadeRows(storage.sql)
    this.audit = new AuditRows(storage.sql)
    this.outlets = new OutletRows(storage.sql)
    this.reseal = new ResealRow(storage.sql)
    this.#tenants = new TenantRows(storage.sql)
    this.uploads = new UploadBook(storage.sql)
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
        `INSERT INTO account (email, position, record) VALUES (?, (SELECT COALESCE(MAX(position), 0) + 1 FROM account), ?)
         ON CONFLICT DO UPDATE SET record = excluded.record`,
        account.email.toLowerCase(),
        JSON.stringify(account)
      )
      this.#touch(this.#accountsKey)
    })
    return isNew
  }

  /** The ids it owned no longer count. */
  removeAccount(email: string): void {
    this.#storage.transactionSync(() => {
      this.#storage.sql.exec('DELETE FROM account WHERE email = ?', email.toLowerCase())
      this.#touch(this.#accountsKey)
    })
  }

  /** Its object still has what became of its jobs. */
  noteFormer(key: string, now: number): void {
    this.#storage.sql.exec('INSERT OR REPLACE INTO former (key, left_at) VALUES (?, ?)', key, now)
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

  /** From here on nothing can be added: no other tenant ever has this desk. */
  close(now: number): void {
    const sql = 'INSERT INTO closing (id, closed_at) VALUES (1, ?) ON CONFLICT DO NOTHING'
    this.#storage.sql.exec(sql, now)
  }

  get isClosed(): boolean {
    return this.#storage.sql.exec('SELECT id FROM closing WHERE id = 1').toArray().length > 0
  }

  /** The tenant is gone: what is known of its ids, keys and former accounts goes with it. */
  forgetAll(): void {
    this.#owners.forgetAll()
    this.keyRows.forgetAll()
    this.#made.forgetAll()
    this.outlets.forgetAll()
    this.#storage.sql.exec('DELETE FROM former')
    this.touchAccounts()
  }

  learn(owners: Owner[]): void {
    const { accounts } = this.snapshot()
    this.#storage.transactionSync(() => this.#owners.learn(owners, accounts, Date.now()))
  }

  ownersOf(ids: string[]): Owner[] {
    return this.#owners.find(ids, this.snapshot().accounts)
  }

  noteMade(requestId: string, made: Made): void {
    this.#made.save(requestId, made)
  }

  madeBy(requestId: string): Made | undefined {
    return this.#made.find(requestId)
  }

  findKey(name: string): KeyRecord | undefined {
    return this.keyRows.find(name, Date.now())
  }

  saveKey(name: string, record: KeyRecord): void {
    this.keyRows.save(name, record)
  }

  dropKey(name: string): void {
    this.#storage.transactionSync(() => this.keyRows.drop(name, Date.now()))
  }

  requestsOfKey(key: string): string[] {
    return this.keyRows.requestsOf(key, Date.now())
  }

  /** What was kept long enough, a bounded number of it. Returns when the next look is due; undefined: never. */
  forget({ keepOwnersMs, keepAuditMs, everyMs }: Spans): number | undefined {
    const now = Date.now()
    return this.#storage.transactionSync(() => {
      this.keyRows.forget(now)
      this.#made.forget(now)
      this.audit.forget(now - keepAuditMs)
      const owners = this.#owners.forget(now - keepOwnersMs, keepOwnersMs, everyMs, now)
      const audit = this.audit.dueAt(keepAuditMs)
      const dues = [this.keyRows.dueAt(now), this.#made.dueAt(), owners, audit].filter(
        (at) => at !== undefined
      )
      return dues.length === 0 ? undefined : Math.max(now + everyMs, Math.min(...dues))
    })
  }

  /** As it was saved: of the tenant that its name means now. `hasPast`: there was one before names were remembered. */
  saveToken(token: TokenRecord, tenant: TenantRecord, hasPast: boolean): TokenRecord {
    return this.#storage.transactionSync(() => {
      const saved = { ...token, tenant: this.#tenants.enter(tenant, hasPast) }
      this.#putToken(saved)
      return saved
    })
  }

  findToken(hash: string): TokenRecord | undefined {
    const token = this.#records<TokenRecord>('SELECT record FROM token WHERE hash = ?', hash)[0]
    return token && this.#withTenant(token)
  }

  tokens(): TokenRecord[] {
    return this.#records<TokenRecord>('SELECT record FROM token')
  }

  tokensAfter(id: string, limit: number): TokenRecord[] {
    const sql = 'SELECT record FROM token WHERE id > ? ORDER BY id LIMIT ?'
    return this.#records<TokenRecord>(sql, id, limit)
  }

  /** Where it is still `before`. */
  replaceSecretKey(id: string, before: string, secretKey: string): void {
    const [token] = this.#records<TokenRecord>('SELECT record FROM token WHERE id = ?', id)
    if (token?.secretKey !== before) return
    this.#storage.transactionSync(() => this.#putToken({ ...token, secretKey }))
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
    return this.#tenants.all()
  }

  findTenant(id: string): TenantRecord | undefined {
    return this.#tenants.find(id)
  }

  tenantNamed(name: string): TenantRecord | undefined {
    return this.#tenants.named(name)
  }

  tenantIdsOf(name: string): string[] {
    return this.#tenants.idsOf(name)
  }

  changeTenant(id: string, change: Partial<TenantRecord>): void {
    const before = this.findTenant(id)
    if (!before) return
    const tokens = change.replyUrl === undefined ? [] : this.tokens()
    this.#storage.transactionSync(() => {
      this.#tenants.change({ ...before, ...change })
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
      this.#tenants.remove(id)
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
    if (key === this.#accountsKey) {
      return this.isClosed ? undefined : JSON.stringify(this.snapshot())
    }
    if (key === keys.routes) return this.routes.copy()
    const token = this.findToken(key.slice(keys.token('').length))
    return token && JSON.stringify(token)
  }

  noteCopied(copy: Copy): void {
    this.#storage.sql.exec('UPDATE copy SET copied = ? WHERE key = ?', copy.version, copy.key)
  }

  #putToken(token: TokenRecord): void {
    this.#storage.sql.exec(
      'INSERT INTO token (id, hash, record) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET record = excluded.record',
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
      'INSERT INTO copy (key, version, copied) VALUES (?, 1, 0) ON CONFLICT DO UPDATE SET version = version + 1',
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

  #records<T>(sql: string, ...values: (string | number)[]): T[] {
    const rows = this.#storage.sql.exec<{ record: string }>(sql, ...values).toArray()
    return rows.map((row) => JSON.parse(row.record) as T)
  }
}
