/** Keeps tokens, tenants and added routes, in the registrar. Every change is written to the audit, and then to KV. */
import type { Actor } from '#domain/access/audit.ts'
import type { TenantRecord, TokenRecord } from '#domain/access/token.ts'
import type { TenantChange, TokenChange } from '#domain/ports/desk.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { AddedRoute } from '#domain/routing/added-route.ts'
import type { DeskTables } from '#durable/desk-tables/desk-tables.ts'
import type { AuditLog } from './audit-log.ts'
import type { KvCopies } from './kv-copies.ts'

/** Whether it changes something for what a token has in line. Each member is a decision, so that a new limit is not forgotten. */
const MATTERS: Record<keyof TokenChange, boolean> = {
  name: false,
  scope: false,
  subscription: true,
  expiresAt: true,
  sees: false,
  grants: false,
  replyUrl: false,
  routes: true,
  weight: true,
  maxPriority: true,
  maxQueued: true,
  maxConcurrent: true,
  jobsPerDay: true,
  requestsPerMinute: false,
  whenFull: false,
}
/** A change is answered after the desks have heard of it, or after so long. */
const WAIT_MS = 2000

export interface RegistrarDeps {
  kv: KvCopies
  ports(): Pick<Ports, 'after' | 'defer' | 'desk'>
  /** Their names. */
  providers: readonly string[]
}

export class RegistrarPart {
  readonly #tables: DeskTables
  readonly #audit: AuditLog
  readonly #kv: KvCopies
  readonly #deps: RegistrarDeps

  constructor(tables: DeskTables, audit: AuditLog, deps: RegistrarDeps) {
    this.#tables = tables
    this.#audit = audit
    this.#kv = deps.kv
    this.#deps = deps
  }

  async saveToken(
    token: TokenRecord,
    tenant: TenantRecord,
    hasPast: boolean,
    by: Actor | undefined
  ): Promise<TokenRecord> {
    const isNewTenant = this.#tables.tenants.named(tenant.id) === undefined
    const saved = this.#tables.tokens.save(token, tenant, hasPast)
    this.#audit.tokenCreated(by, saved, isNewTenant)
    await this.#kv.write()
    return saved
  }

  async changeToken(
    id: string,
    change: TokenChange,
    by: Actor | undefined
  ): Promise<TokenRecord | undefined> {
    const token = this.#tables.tokens.change(id, change)
    if (token) this.#audit.tokenChanged(by, token, change)
    await this.#kv.write()
    const changed = Object.keys(change) as (keyof TokenChange)[]
    if (token && changed.some((member) => MATTERS[member])) await this.#tellDesks(token)
    return token
  }

  async removeToken(id: string, by: Actor | undefined): Promise<TokenRecord | undefined> {
    const token = this.#tables.tokens.remove(id)
    if (token) this.#audit.tokenRemoved(by, token)
    await this.#kv.write()
    if (token) await this.#tellDesks(token, token.id)
    return token
  }

  /**
   * What the token has in line may end, or go on. Whoever changed it finds that so: after the answer nothing of a removed token
   * starts. A lost call is mended when the desk looks at the token itself.
   */
  async #tellDesks({ tenant, hash }: TokenRecord, ...removed: [id?: string]): Promise<void> {
    const { ports, providers } = this.#deps
    const { after, defer, desk } = ports()
    const told = providers.map((provider) =>
      desk(tenant, provider)
        .tokenChanged(hash, ...removed)
        .catch(() => {})
    )
    const all = Promise.all(told).then(() => {})
    defer(all)
    const isOver = new AbortController()
    await Promise.race([all, after(WAIT_MS, isOver.signal)])
    isOver.abort()
  }

  findTenant(id: string, isName: boolean): TenantRecord | undefined {
    return isName ? this.#tables.tenants.named(id) : this.#tables.tenants.find(id)
  }

  async changeTenant(id: string, change: TenantChange, by: Actor | undefined): Promise<void> {
    this.#tables.tokens.changeTenant(id, change)
    this.#audit.tenantChanged(by, id, change)
    await this.#kv.write()
  }

  async removeTenant(id: string, by: Actor | undefined): Promise<TokenRecord[] | undefined> {
    const removed = this.#tables.tokens.removeTenant(id)
    if (removed) this.#audit.tenantRemoved(by, id, removed)
    await this.#kv.write()
    return removed
  }

  async addRoute(route: AddedRoute, by: Actor | undefined): Promise<'added' | 'taken' | 'full'> {
    const added = this.#tables.routes.add(route)
    if (added === 'added') this.#audit.route(by, 'route.added', route)
    await this.#kv.write()
    return added
  }

  async removeRoute(id: string, by: Actor | undefined): Promise<boolean> {
    const removed = this.#tables.routes.remove(id)
    if (removed) this.#audit.route(by, 'route.removed', removed)
    await this.#kv.write()
    return removed !== undefined
  }
}
