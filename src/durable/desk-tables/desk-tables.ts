/**
 * All tables of TenantDesk (docs/storage.md): the steps of their schema, when old rows are deleted, and which KV copies are out
 * of date.
 */
import type { Platform } from '#domain/ports/platform.ts'
import { keys } from '#storage/keys.ts'
import { OwnIdRows } from '#durable/visibility/own-id-rows.ts'
import { migrate, type Step } from '#durable/lifecycle/schema.ts'
import { AccountRows, CLOSING_SCHEMA, SETTINGS_SCHEMA } from './account-rows.ts'
import { AddedRouteRows } from './added-route-rows.ts'
import { ASSET_COPIES_SCHEMA, AssetCopyRows } from './asset-copy-rows.ts'
import { AUDIT_SCHEMA, AuditRows } from './audit-rows.ts'
import { EndpointRows } from './endpoint-rows.ts'
import { JOB_ACCOUNTS_SCHEMA, JOB_OWNERS_SCHEMA, JobRows, MADE_SCHEMA } from './job-rows.ts'
import { KeyRows, KEYS_SCHEMA } from './key-rows.ts'
import { OwnerRows, OWNERS_SCHEMA } from './owner-rows.ts'
import { RESEAL_SCHEMA, ResealRow } from './reseal-row.ts'
import { TenantRows, TENANT_PAST_SCHEMA } from './tenant-rows.ts'
import { TOKEN_PAST_SCHEMA, TokenRows } from './token-rows.ts'
import { UPLOAD_ACCOUNTS_SCHEMA, UploadAccountRows } from './upload-account-rows.ts'
import { UploadCounts } from './upload-counts.ts'

/** The tables from before schemas had versions. `owner` and `idempotency` of these are only read. */
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

/** Only append steps. */
function stepsAt(now: () => number): Step[] {
  return [
    (sql) => void sql.exec(FIRST_SCHEMA),
    (sql) => {
      sql.exec(OWNERS_SCHEMA + KEYS_SCHEMA + MADE_SCHEMA)
      sql.exec("INSERT INTO pruning (id, started_at, place) VALUES (1, ?, '')", now())
      new KeyRows(sql).copyOld()
    },
    (sql) => void sql.exec(TENANT_PAST_SCHEMA + CLOSING_SCHEMA),
    (sql) => void sql.exec(UPLOAD_ACCOUNTS_SCHEMA + ASSET_COPIES_SCHEMA),
    (sql) => void sql.exec(AUDIT_SCHEMA + RESEAL_SCHEMA),
    (sql) => void sql.exec(TOKEN_PAST_SCHEMA),
    (sql) => void sql.exec(JOB_OWNERS_SCHEMA),
    (sql) => void sql.exec(JOB_ACCOUNTS_SCHEMA),
    (sql) => void sql.exec('ALTER TABLE former ADD COLUMN email TEXT'),
    (sql) => void sql.exec(SETTINGS_SCHEMA),
  ]
}

/** A KV value that this object writes, with the version that KV should have. */
export interface KvCopy {
  key: string
  version: number
}

interface Retention {
  keepUsageMs: number
  keepOwnersMs: number
  keepAuditMs: number
  uploadAccountMs: number
  forgetEveryMs: number
}

export class DeskTables {
  readonly accounts: AccountRows
  readonly owners: OwnerRows
  readonly ownIds: OwnIdRows
  readonly keys: KeyRows
  readonly jobs: JobRows
  readonly audit: AuditRows
  readonly endpoints: EndpointRows
  readonly uploadCounts: UploadCounts
  readonly uploadAccounts: UploadAccountRows
  readonly assetCopies: AssetCopyRows
  // Only the registrar uses these four.
  readonly tokens: TokenRows
  readonly tenants: TenantRows
  readonly routes: AddedRouteRows
  readonly reseal: ResealRow

  readonly #storage: DurableObjectStorage
  readonly #accountsKey: string

  /** `name` is the object's: `<provider>:<tenant>`. `unknownUntil`: see AccountsCopy. */
  constructor(
    storage: DurableObjectStorage,
    name: string,
    platform: Platform,
    unknownUntil: () => number | undefined
  ) {
    const { sql } = storage
    const [provider, tenant] = name.split(':')
    const accountsKey = keys.accounts(tenant ?? '', provider ?? '')
    this.#storage = storage
    this.#accountsKey = accountsKey
    migrate(storage, stepsAt(platform.now))
    this.accounts = new AccountRows(storage, {
      touch: () => this.#touch(accountsKey),
      version: () => this.#version(accountsKey),
      unknownUntil,
    })
    this.owners = new OwnerRows(sql)
    this.ownIds = new OwnIdRows(sql)
    this.keys = new KeyRows(sql)
    this.jobs = new JobRows(sql)
    this.audit = new AuditRows(sql, platform.now)
    this.endpoints = new EndpointRows(sql)
    this.uploadCounts = new UploadCounts(sql)
    this.uploadAccounts = new UploadAccountRows(sql, platform.random)
    this.assetCopies = new AssetCopyRows(sql, platform)
    this.tenants = new TenantRows(sql)
    this.tokens = new TokenRows(storage, this.tenants, (hash) => this.#touch(keys.token(hash)))
    this.routes = new AddedRouteRows(storage, () => this.#touch(keys.routes))
    this.reseal = new ResealRow(sql)
  }

  inTransaction<T>(work: () => T): T {
    return this.#storage.transactionSync(work)
  }

  /** Marks the KV copy of the accounts as out of date. The copy contains more than the accounts. */
  touchAccounts(): void {
    this.inTransaction(() => this.#touch(this.#accountsKey))
  }

  /** Deletes a bounded number of rows that were kept long enough. Returns when to call it again. Undefined: never. */
  forgetOld(keep: Retention, now: number): number | undefined {
    const { keepOwnersMs, keepAuditMs, forgetEveryMs } = keep
    this.uploadAccounts.forget(now - keep.uploadAccountMs)
    this.assetCopies.forget(now - keepOwnersMs)
    this.accounts.forgetFormerBefore(now - keep.keepUsageMs)
    return this.inTransaction(() => {
      this.keys.forget(now)
      this.ownIds.forget(now)
      this.jobs.forget(now, now - keepOwnersMs)
      this.audit.forget(now - keepAuditMs)
      const owners = this.owners.forget(now - keepOwnersMs, keepOwnersMs, forgetEveryMs, now)
      const dues = [
        this.keys.dueAt(now),
        this.jobs.dueAt(keepOwnersMs),
        owners,
        this.audit.dueAt(keepAuditMs),
        this.accounts.formerDueAt(keep.keepUsageMs),
      ]
      const known = dues.filter((at) => at !== undefined)
      return known.length === 0 ? undefined : Math.max(now + forgetEveryMs, Math.min(...known))
    })
  }

  /** Whether there is anything that the alarm deletes in time, or a KV copy that is out of date. */
  hasWork({ keepOwnersMs, keepAuditMs }: Retention, now: number): boolean {
    const dues = [
      this.keys.dueAt(now),
      this.jobs.dueAt(keepOwnersMs),
      this.audit.dueAt(keepAuditMs),
    ]
    const isKept = dues.some((due) => due !== undefined) || !this.owners.isEmpty
    return isKept || this.staleCopies().length > 0
  }

  /** Deletes everything of a removed tenant but its audit. */
  forgetAll(): void {
    this.owners.forgetAll()
    this.ownIds.forgetAll()
    this.keys.forgetAll()
    this.jobs.forgetAll()
    this.endpoints.forgetAll()
    this.accounts.forgetFormer()
    this.accounts.forgetSettings()
    this.uploadAccounts.forgetAll()
    this.assetCopies.forgetAll()
    this.uploadCounts.forgetAll()
    this.touchAccounts()
  }

  /** The KV copies that are out of date. */
  staleCopies(): KvCopy[] {
    const sql = 'SELECT key, version FROM copy WHERE copied < version'
    return this.#storage.sql.exec<{ key: string; version: number }>(sql).toArray()
  }

  /** The value that KV should have under the key. Undefined: none. */
  valueOfCopy(key: string): string | undefined {
    if (key === this.#accountsKey)
      return this.accounts.isClosed ? undefined : JSON.stringify(this.accounts.snapshot())
    if (key === keys.routes) return JSON.stringify(this.routes.all())
    const token = this.tokens.find(key.slice(keys.token('').length))
    return token && JSON.stringify(token)
  }

  markCopied({ key, version }: KvCopy): void {
    this.#storage.sql.exec('UPDATE copy SET copied = ? WHERE key = ?', version, key)
  }

  #touch(key: string): void {
    this.#storage.sql.exec(
      'INSERT INTO copy (key, version, copied) VALUES (?, 1, 0) ON CONFLICT DO UPDATE SET version = version + 1',
      key
    )
  }

  #version(key: string): number {
    const sql = 'SELECT version FROM copy WHERE key = ?'
    return this.#storage.sql.exec<{ version: number }>(sql, key).toArray()[0]?.version ?? 0
  }
}
