/**
 * The RPC methods of the registrar, the one instance of TenantDesk that keeps tokens, tenants and added routes. The parts in `desk/`
 * do the work.
 */
import { DurableObject } from 'cloudflare:workers'
import type { Actor } from '#domain/access/audit.ts'
import { OPERATOR, type Alert } from '#domain/alerts/alert.ts'
import type { ResealState, ResealStep } from '#domain/access/reseal.ts'
import type { TenantRecord, TokenRecord } from '#domain/access/token.ts'
import type { TenantImported } from '#domain/backup/exported.ts'
import type { TenantChange, TokenChange } from '#domain/ports/desk.ts'
import type { AddedRoute } from '#domain/routing/added-route.ts'
import type { DeskParts } from './desk-parts.ts'

export abstract class RegistrarMethods extends DurableObject<Env> {
  protected abstract readonly parts: Pick<
    DeskParts,
    'alertBook' | 'registrar' | 'registrarBackup' | 'resealing' | 'tables' | 'kv'
  >

  async saveToken(
    token: TokenRecord,
    tenant: TenantRecord,
    hasPast = false,
    by?: Actor
  ): Promise<TokenRecord> {
    return this.parts.registrar.saveToken(token, tenant, hasPast, by)
  }

  async findToken(hash: string): Promise<TokenRecord | undefined> {
    return this.parts.tables.tokens.find(hash)
  }

  async listTokens(): Promise<TokenRecord[]> {
    return this.parts.tables.tokens.all()
  }

  async changeToken(id: string, change: TokenChange, by?: Actor): Promise<TokenRecord | undefined> {
    return this.parts.registrar.changeToken(id, change, by)
  }

  async removeToken(id: string, by?: Actor): Promise<TokenRecord | undefined> {
    return this.parts.registrar.removeToken(id, by)
  }

  async listTenants(): Promise<TenantRecord[]> {
    return this.parts.tables.tenants.all()
  }

  async findTenant(id: string, isName = false): Promise<TenantRecord | undefined> {
    return this.parts.registrar.findTenant(id, isName)
  }

  async tenantIdsOf(name: string): Promise<string[]> {
    return this.parts.tables.tenants.idsOf(name)
  }

  async changeTenant(id: string, change: TenantChange, by?: Actor): Promise<void> {
    return this.parts.registrar.changeTenant(id, change, by)
  }

  async removeTenant(id: string, by?: Actor): Promise<TokenRecord[] | undefined> {
    this.parts.alertBook.forget(id)
    return this.parts.registrar.removeTenant(id, by)
  }

  async importTenant(
    tenant: TenantRecord,
    tokens: TokenRecord[],
    hasPast: boolean,
    by?: Actor
  ): Promise<TenantImported> {
    const imported = this.parts.registrarBackup.take(tenant, tokens, hasPast, by)
    await this.parts.kv.write()
    return imported
  }

  async listRoutes(): Promise<AddedRoute[]> {
    return this.parts.tables.routes.all()
  }

  async addRoute(route: AddedRoute, by?: Actor): Promise<'added' | 'taken' | 'full'> {
    return this.parts.registrar.addRoute(route, by)
  }

  async removeRoute(id: string, by?: Actor): Promise<boolean> {
    return this.parts.registrar.removeRoute(id, by)
  }

  async addAlert(alert: Alert, by?: Actor): Promise<'added' | 'full' | 'closed'> {
    const { owner } = alert
    if (owner !== OPERATOR && !this.parts.tables.tenants.find(owner)) return 'closed'
    return this.parts.alertBook.add(alert, by) ? 'added' : 'full'
  }

  async listAlerts(owner: string): Promise<Alert[]> {
    return this.parts.alertBook.list(owner)
  }

  async removeAlert(owner: string, id: string, by?: Actor): Promise<boolean> {
    return this.parts.alertBook.remove(owner, id, by)
  }

  async alertsFor(tenant: string): Promise<Alert[]> {
    return this.parts.alertBook.listFor(tenant)
  }

  async resealTokens(key: string, after?: string): Promise<ResealStep> {
    return this.parts.resealing.tokens(key, after)
  }

  async resealState(): Promise<ResealState | undefined> {
    return this.parts.tables.reseal.read()
  }

  async saveReseal(state: ResealState): Promise<boolean> {
    return this.parts.tables.reseal.save(state)
  }
}
