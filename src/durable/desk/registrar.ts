/** Keeps tokens, tenants and added routes, in the registrar. Every change is written to the audit, and then to KV. */
import type { Actor } from '#domain/access/audit.ts'
import type { TenantRecord, TokenRecord } from '#domain/access/token.ts'
import type { TenantChange, TokenChange } from '#domain/ports/desk.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { AddedRoute } from '#domain/routing/added-route.ts'
import type { DeskTables } from '#durable/desk-tables/desk-tables.ts'
import type { AuditLog } from './audit-log.ts'
import type { KvCopies } from './kv-copies.ts'

/** What changes something for what a token has in line. Its name and scope do not. */
const MATTERS = [
  'subscription',
  'expiresAt',
  'weight',
  'maxPriority',
  'maxQueued',
  'maxConcurrent',
  'jobsPerDay',
  'whenFull',
] as const satisfies (keyof TokenChange)[]

export interface RegistrarDeps {
  kv: KvCopies
  ports(): Pick<Ports, 'defer' | 'desk'>
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
    if (token && MATTERS.some((member) => member in change)) this.#tellDesks(token)
    return token
  }

  async removeToken(id: string, by: Actor | undefined): Promise<TokenRecord | undefined> {
    const token = this.#tables.tokens.remove(id)
    if (token) this.#audit.tokenRemoved(by, token)
    await this.#kv.write()
    if (token) this.#tellDesks(token, token.id)
    return token
  }

  /** What the token has in line may end, or go on. A lost call is mended when the desk looks at the token itself. */
  #tellDesks({ tenant, hash }: TokenRecord, ...removed: [id?: string]): void {
    const { ports, providers } = this.#deps
    const { desk, defer } = ports()
    for (const provider of providers)
      defer(
        desk(tenant, provider)
          .tokenChanged(hash, ...removed)
          .catch(() => {})
      )
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
