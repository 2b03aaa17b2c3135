/** Keeps the registrar's tokens. Tokens and tenants change together, so this file also changes and removes tenants. */
import type { TenantRecord, TokenRecord } from '#domain/access/token.ts'
import type { TokenChange } from '#domain/ports/desk.ts'
import type { TenantRows } from './tenant-rows.ts'

/** Hashes of removed tokens, so that an older export does not bring them back. */
export const TOKEN_PAST_SCHEMA = `
  CREATE TABLE IF NOT EXISTS token_past (hash TEXT PRIMARY KEY) WITHOUT ROWID;
`

const BY_ID = 'SELECT record FROM token WHERE id = ?'

export class TokenRows {
  readonly #storage: DurableObjectStorage
  readonly #tenants: TenantRows
  readonly #touch: (hash: string) => void

  /** `touch` marks the KV copy of a token as out of date. Called in the transaction of the change. */
  constructor(storage: DurableObjectStorage, tenants: TenantRows, touch: (hash: string) => void) {
    this.#storage = storage
    this.#tenants = tenants
    this.#touch = touch
  }

  /** Returns the token with the id of its tenant. `hasPast`: see TenantRows.enter. */
  save(token: TokenRecord, tenant: TenantRecord, hasPast: boolean): TokenRecord {
    return this.#storage.transactionSync(() => {
      const saved = { ...token, tenant: this.#tenants.enter(tenant, hasPast) }
      this.#put(saved)
      return saved
    })
  }

  /** Adds a token of an import, unless it is here, or was removed by itself. Tokens that went with their tenant may come back. */
  add(token: TokenRecord): 'added' | 'here' | 'removed' {
    const sql = 'SELECT record FROM token WHERE id = ? OR hash = ?'
    if (this.#records(sql, token.id, token.hash).length > 0) return 'here'
    const past = 'SELECT hash FROM token_past WHERE hash = ?'
    if (this.#storage.sql.exec(past, token.hash).toArray().length > 0) return 'removed'
    this.#storage.transactionSync(() => this.#put(token))
    return 'added'
  }

  /** Finds a token, with the tenant's default replyUrl, so that a creation does not have to read the tenant. */
  find(hash: string): TokenRecord | undefined {
    const [token] = this.#records('SELECT record FROM token WHERE hash = ?', hash)
    if (!token) return undefined
    // An own token has a default of its own.
    const ofTenant = token.sees === 'own' ? undefined : this.#tenants.find(token.tenant)
    const own = token.sees === 'own' ? token.replyUrl : undefined
    return { ...token, replyUrl: own ?? ofTenant?.replyUrl ?? null }
  }

  all(): TokenRecord[] {
    return this.#records('SELECT record FROM token')
  }

  after(id: string, limit: number): TokenRecord[] {
    return this.#records('SELECT record FROM token WHERE id > ? ORDER BY id LIMIT ?', id, limit)
  }

  change(id: string, change: TokenChange): TokenRecord | undefined {
    const [before] = this.#records(BY_ID, id)
    if (!before) return undefined
    const after = { ...before, ...change, changes: (before.changes ?? 0) + 1 }
    this.#storage.transactionSync(() => this.#put(after))
    return after
  }

  /** Replaces a secret key. Does nothing if it is no longer `before`. */
  replaceSecretKey(id: string, before: string, secretKey: string): void {
    const [token] = this.#records(BY_ID, id)
    if (token?.secretKey !== before) return
    this.#storage.transactionSync(() => this.#put({ ...token, secretKey }))
  }

  remove(id: string): TokenRecord | undefined {
    const [token] = this.#records(BY_ID, id)
    if (!token) return undefined
    const sql = 'INSERT INTO token_past (hash) VALUES (?) ON CONFLICT DO NOTHING'
    this.#storage.transactionSync(() => {
      this.#drop(token)
      this.#storage.sql.exec(sql, token.hash)
    })
    return token
  }

  changeTenant(id: string, change: Partial<TenantRecord>): void {
    const before = this.#tenants.find(id)
    if (!before) return
    const tokens = change.replyUrl === undefined ? [] : this.all()
    this.#storage.transactionSync(() => {
      this.#tenants.change({ ...before, ...change })
      for (const token of tokens) if (token.tenant === id) this.#touch(token.hash)
    })
  }

  /** Removes a tenant and its tokens, which it returns. Undefined: there is no such tenant. */
  removeTenant(id: string): TokenRecord[] | undefined {
    if (!this.#tenants.find(id)) return undefined
    const tokens = this.all().filter((token) => token.tenant === id)
    this.#storage.transactionSync(() => {
      for (const token of tokens) this.#drop(token)
      this.#tenants.remove(id)
    })
    return tokens
  }

  #put(token: TokenRecord): void {
    this.#storage.sql.exec(
      'INSERT INTO token (id, hash, record) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET record = excluded.record',
      token.id,
      token.hash,
      JSON.stringify(token)
    )
    this.#touch(token.hash)
  }

  #drop(token: TokenRecord): void {
    this.#storage.sql.exec('DELETE FROM token WHERE id = ?', token.id)
    this.#touch(token.hash)
  }

  #records(sql: string, ...values: (string | number)[]): TokenRecord[] {
    const rows = this.#storage.sql.exec<{ record: string }>(sql, ...values).toArray()
    return rows.map((row) => JSON.parse(row.record) as TokenRecord)
  }
}
