/**
 * What a desk and the registrar write of who changed what, in the same turn as the change: nothing is awaited between, so
 * both are kept or neither.
 */
import type { Account } from '#domain/accounts/account.ts'
import type { AddedRoute } from '#domain/routing/added-route.ts'
import {
  hostOf,
  shortText,
  type Actor,
  type AuditAction,
  type AuditEntry,
} from '#domain/access/audit.ts'
import type { Endpoint } from '#domain/events/endpoint.ts'
import type { TenantChange, TokenChange } from '#domain/ports/desk.ts'
import type { TokenRecord } from '#domain/access/token.ts'
import type { AuditRows } from '#durable/desk-tables/audit-rows.ts'

export class Audit {
  readonly #rows: AuditRows
  /** Of the desk, from its object's name `<provider>:<tenant>`; the registrar's are not used. */
  readonly #whose: { provider: string; tenant: string }
  /** Has the object's alarm forget it in time. */
  readonly #arm: () => void

  constructor(rows: AuditRows, name: string, arm: () => void) {
    const [provider = '', tenant = ''] = name.split(':')
    this.#rows = rows
    this.#whose = { provider, tenant }
    this.#arm = arm
  }

  note(by: Actor | undefined, entry: AuditEntry): void {
    this.#rows.write(by, entry)
    if (by) this.#arm()
  }

  account(by: Actor | undefined, account: Account, before: Account | undefined): void {
    const { email, maxJobs, credentialKind } = account
    const isLimit = before !== undefined && before.credential === account.credential
    const known = isLimit ? 'account.limit_changed' : 'account.updated'
    const was = before === undefined ? {} : { maxJobsBefore: before.maxJobs }
    const detail = isLimit ? { maxJobs, ...was } : { maxJobs, credential: credentialKind, ...was }
    const action = before ? known : 'account.added'
    this.note(by, { action, ...this.#whose, subject: email, detail })
  }

  accountRemoved(by: Actor | undefined, { email }: Account, isNow: boolean): void {
    this.note(by, {
      action: 'account.removed',
      ...this.#whose,
      subject: email,
      detail: { now: isNow },
    })
  }

  endpoint(by: Actor | undefined, action: AuditAction, endpoint: Endpoint): void {
    const { id, url, status, events } = endpoint
    const detail = {
      host: hostOf(url),
      status,
      events: events?.map(shortText).slice(0, 20) ?? null,
    }
    this.note(by, { action, ...this.#whose, subject: id, detail })
  }

  /** One for all providers, kept at each one's desk: one line. */
  callbackSecret(by: Actor | undefined): void {
    this.note(by, { action: 'callback_secret.made', tenant: this.#whose.tenant })
  }

  tokenCreated(by: Actor | undefined, token: TokenRecord, isOfNewTenant: boolean): void {
    const { id, tenant, name, scope, subscription, expiresAt } = token
    if (isOfNewTenant) this.note(by, { action: 'tenant.created', tenant, subject: tenant })
    const detail = { name: shortText(name), scope, subscription, expiresAt }
    this.note(by, { action: 'token.created', tenant, subject: id, detail })
  }

  tokenChanged(by: Actor | undefined, { id, tenant }: TokenRecord, change: TokenChange): void {
    const { name, ...rest } = change
    const detail = { ...rest, ...(name === undefined ? {} : { name: shortText(name) }) }
    this.note(by, { action: 'token.changed', tenant, subject: id, detail })
  }

  tokenRemoved(by: Actor | undefined, { id, tenant, name }: TokenRecord): void {
    const detail = { name: shortText(name) }
    this.note(by, { action: 'token.removed', tenant, subject: id, detail })
  }

  tenantChanged(by: Actor | undefined, tenant: string, { name, replyUrl }: TenantChange): void {
    const detail = {
      ...(name === undefined ? {} : { name: shortText(name) }),
      ...(replyUrl === undefined ? {} : { replyTo: replyUrl === null ? null : hostOf(replyUrl) }),
    }
    this.note(by, { action: 'tenant.changed', tenant, subject: tenant, detail })
  }

  tenantRemoved(by: Actor | undefined, tenant: string, tokens: readonly TokenRecord[]): void {
    const detail = { tokens: tokens.slice(0, 50).map(({ id }) => id) }
    this.note(by, { action: 'tenant.removed', tenant, subject: tenant, detail })
  }

  route(by: Actor | undefined, action: AuditAction, { id, provider, route }: AddedRoute): void {
    this.note(by, {
      action,
      provider,
      subject: id,
      detail: { row: `${route.method} ${route.path}` },
    })
  }
}
