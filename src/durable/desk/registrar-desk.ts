/**
 * What the object named `@registrar` does: tokens and tenants, how far a re-sealing has come, and of every desk who changed
 * what. It is of the same class as the desks (tenant-desk.ts), so this is their base. Fields are no part of what can be asked
 * of an object; methods are, so helpers here are fields.
 */
import { DurableObject } from 'cloudflare:workers'
import { makePorts } from '#composition/make-ports.ts'
import { platform } from '#composition/platform.ts'
import type { AddedRoute } from '#domain/routing/added-route.ts'
import type { Actor, AuditEntry, AuditLine, AuditQuery } from '#domain/access/audit.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Registrar, TenantChange, TokenChange } from '#domain/ports/desk.ts'
import type { ResealState, ResealStep } from '#domain/access/reseal.ts'
import type { TenantRecord, TokenRecord } from '#domain/access/token.ts'
import { AlarmClock } from '#durable/lifecycle/alarm-clock.ts'
import { Audit } from './audit-log.ts'
import { Copies } from './kv-copies.ts'
import { DeskResealing } from './resealing.ts'
import { DeskTables } from '#durable/desk-tables/desk-tables.ts'
import { JoinBook } from './repeats.ts'

export class RegistrarDesk extends DurableObject<Env> implements Registrar {
  protected readonly joins: JoinBook
  protected readonly tables: DeskTables
  protected readonly clock: AlarmClock
  protected readonly audit: Audit
  protected readonly resealing: DeskResealing
  readonly #copies: Copies

  protected readonly ports = (): Ports => makePorts(this.env, (work) => this.ctx.waitUntil(work))

  protected readonly publish = (): Promise<void> => this.#copies.publish()

  protected readonly armSoon = (): void => this.clock.setFor(Date.now() + 1500)

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    const name = ctx.id.name ?? ''
    this.joins = new JoinBook(ctx.storage)
    this.tables = new DeskTables(ctx.storage, name, () => this.joins.until())
    this.clock = new AlarmClock(ctx.storage, platform.now)
    void ctx.blockConcurrencyWhile(() => this.clock.read())
    this.#copies = new Copies(this.tables, env.REGISTRY, this.armSoon)
    this.audit = new Audit(this.tables.audit, name, () =>
      this.clock.setFor(Date.now() + this.ports().durations.keepAuditMs)
    )
    const { ports, publish } = this
    this.resealing = new DeskResealing(this.tables, { ports, name, publish })
  }

  async resealTokens(key: string, after?: string): Promise<ResealStep> {
    return this.resealing.tokens(key, after)
  }

  async resealState(): Promise<ResealState | undefined> {
    return this.tables.reseal.read()
  }

  async saveReseal(state: ResealState): Promise<boolean> {
    return this.tables.reseal.save(state)
  }

  async noteAudit(entry: AuditEntry, by: Actor): Promise<void> {
    this.audit.note(by, entry)
  }

  async listAudit(query: AuditQuery): Promise<AuditLine[]> {
    return this.tables.audit.list(query)
  }

  async saveToken(
    token: TokenRecord,
    tenant: TenantRecord,
    hasPast = false,
    by?: Actor
  ): Promise<TokenRecord> {
    const isNew = this.tables.tenantNamed(tenant.id) === undefined
    const saved = this.tables.saveToken(token, tenant, hasPast)
    this.audit.tokenCreated(by, saved, isNew)
    await this.publish()
    return saved
  }

  async findToken(hash: string): Promise<TokenRecord | undefined> {
    return this.tables.findToken(hash)
  }

  async listTokens(): Promise<TokenRecord[]> {
    return this.tables.tokens()
  }

  async changeToken(id: string, change: TokenChange, by?: Actor): Promise<TokenRecord | undefined> {
    const token = this.tables.changeToken(id, change)
    if (token) this.audit.tokenChanged(by, token, change)
    await this.publish()
    return token
  }

  async removeToken(id: string, by?: Actor): Promise<TokenRecord | undefined> {
    const token = this.tables.removeToken(id)
    if (token) this.audit.tokenRemoved(by, token)
    await this.publish()
    return token
  }

  async listTenants(): Promise<TenantRecord[]> {
    return this.tables.tenants()
  }

  async findTenant(id: string, isName = false): Promise<TenantRecord | undefined> {
    return isName ? this.tables.tenantNamed(id) : this.tables.findTenant(id)
  }

  async tenantIdsOf(name: string): Promise<string[]> {
    return this.tables.tenantIdsOf(name)
  }

  async changeTenant(id: string, change: TenantChange, by?: Actor): Promise<void> {
    this.tables.changeTenant(id, change)
    this.audit.tenantChanged(by, id, change)
    await this.publish()
  }

  async removeTenant(id: string, by?: Actor): Promise<TokenRecord[] | undefined> {
    const removed = this.tables.removeTenant(id)
    if (removed) this.audit.tenantRemoved(by, id, removed)
    await this.publish()
    return removed
  }

  async listRoutes(): Promise<AddedRoute[]> {
    return this.tables.routes.all()
  }

  async addRoute(route: AddedRoute, by?: Actor): Promise<'added' | 'taken' | 'full'> {
    const added = this.tables.routes.add(route)
    if (added === 'added') this.audit.route(by, 'route.added', route)
    await this.publish()
    return added
  }

  async removeRoute(id: string, by?: Actor): Promise<boolean> {
    const removed = this.tables.routes.remove(id)
    if (removed) this.audit.route(by, 'route.removed', removed)
    await this.publish()
    return removed !== undefined
  }
}
