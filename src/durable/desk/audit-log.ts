/**
 * Writes the audit lines of a desk and of the registrar. A line is written in the same turn as its change, so that both are saved
 * or neither.
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
import { emailOf, type Pause } from '#domain/line/pauses.ts'
import { choiceOf, type DeskSettings } from '#domain/accounts/balancing.ts'
import type { Endpoint } from '#domain/events/endpoint.ts'
import type { TenantChange, TokenChange } from '#domain/ports/desk.ts'
import { limitsOf, type TokenRecord } from '#domain/access/token.ts'
import type { AuditRows } from '#durable/desk-tables/audit-rows.ts'

export class AuditLog {
  readonly #rows: AuditRows
  /** Provider and tenant from the object's name, `<provider>:<tenant>`. The registrar does not use them. */
  readonly #desk: { provider: string; tenant: string }
  /** Sets the alarm that will delete the line. */
  readonly #arm: () => void

  constructor(rows: AuditRows, name: string, arm: () => void) {
    const [provider = '', tenant = ''] = name.split(':')
    this.#rows = rows
    this.#desk = { provider, tenant }
    this.#arm = arm
  }

  write(by: Actor | undefined, entry: AuditEntry): void {
    this.#rows.write(by, entry)
    if (by) this.#arm()
  }

  account(by: Actor | undefined, account: Account, before: Account | undefined): void {
    const { email, maxJobs, credentialKind } = account
    const isLimit =
      before?.credential === account.credential && before.session?.grant === account.session?.grant
    const known = isLimit ? 'account.limit_changed' : 'account.updated'
    const was = before === undefined ? {} : { maxJobsBefore: before.maxJobs }
    const detail = isLimit
      ? { maxJobs, ...was }
      : { maxJobs, credential: credentialKind, ...was, ...(choiceOf(account) as object) }
    const action = before ? known : 'account.added'
    this.write(by, { action, ...this.#desk, subject: email, detail })
  }

  /** Null: not set. */
  choice(by: Actor | undefined, { email, ...account }: Account, before: Account): void {
    const { weight = null, priority = null } = account
    const { weight: weightBefore = null, priority: priorityBefore = null } = before
    const detail = { weight, priority, weightBefore, priorityBefore }
    this.write(by, { action: 'account.choice_changed', ...this.#desk, subject: email, detail })
  }

  settings(by: Actor | undefined, change: DeskSettings, before: DeskSettings): void {
    const detail = { balance: change.balance ?? null, balanceBefore: before.balance ?? null }
    this.write(by, { action: 'settings.changed', ...this.#desk, detail })
  }

  accountRemoved(by: Actor | undefined, { email }: Account, isNow: boolean): void {
    this.write(by, {
      action: 'account.removed',
      ...this.#desk,
      subject: email,
      detail: { now: isNow },
    })
  }

  /** Of everything, of a token, of an account, or of a token at one account. */
  pause(by: Actor | undefined, { token, lane }: Pause, isPaused: boolean): void {
    const detail = {
      ...(token === undefined ? {} : { token }),
      ...(lane === undefined ? {} : { account: emailOf(lane) }),
    }
    this.write(by, { action: isPaused ? 'queue.paused' : 'queue.resumed', ...this.#desk, detail })
  }

  itemCancelled(by: Actor, name: string): void {
    this.write(by, { action: 'item.cancelled', ...this.#desk, subject: shortText(name) })
  }

  endpoint(by: Actor | undefined, action: AuditAction, endpoint: Endpoint): void {
    const { id, url, status, events } = endpoint
    const detail = {
      host: hostOf(url),
      status,
      events: events?.map(shortText).slice(0, 20) ?? null,
    }
    this.write(by, { action, ...this.#desk, subject: id, detail })
  }

  /** The tenant's desks of all providers have the same secret. So the line names no provider, and the audit shows it once. */
  callbackSecret(by: Actor | undefined): void {
    this.write(by, { action: 'callback_secret.made', tenant: this.#desk.tenant })
  }

  tokenCreated(by: Actor | undefined, token: TokenRecord, isOfNewTenant: boolean): void {
    const { id, tenant, name, scope, subscription, expiresAt } = token
    if (isOfNewTenant) this.write(by, { action: 'tenant.created', tenant, subject: tenant })
    const limits = limitsOf(token) as Record<string, string | number | string[]>
    const detail = { name: shortText(name), scope, subscription, expiresAt, ...limits }
    this.write(by, { action: 'token.created', tenant, subject: id, detail })
  }

  tokenChanged(by: Actor | undefined, { id, tenant }: TokenRecord, change: TokenChange): void {
    const { name, replyUrl, grants, sees, ...rest } = change
    // A limit that was taken away shows as null.
    const said = Object.entries(rest).map(([field, value]) => [field, value ?? null] as const)
    const detail = {
      ...Object.fromEntries(said),
      ...(name === undefined ? {} : { name: shortText(name) }),
      ...(sees === undefined ? {} : { sees }),
      ...(grants === undefined ? {} : { grants: grants.length }),
      ...(replyUrl === undefined ? {} : { replyTo: replyUrl === null ? null : hostOf(replyUrl) }),
    }
    this.write(by, { action: 'token.changed', tenant, subject: id, detail })
  }

  tokenRemoved(by: Actor | undefined, { id, tenant, name }: TokenRecord): void {
    const detail = { name: shortText(name) }
    this.write(by, { action: 'token.removed', tenant, subject: id, detail })
  }

  tenantChanged(by: Actor | undefined, tenant: string, { name, replyUrl }: TenantChange): void {
    const detail = {
      ...(name === undefined ? {} : { name: shortText(name) }),
      ...(replyUrl === undefined ? {} : { replyTo: replyUrl === null ? null : hostOf(replyUrl) }),
    }
    this.write(by, { action: 'tenant.changed', tenant, subject: tenant, detail })
  }

  tenantRemoved(by: Actor | undefined, tenant: string, tokens: readonly TokenRecord[]): void {
    const detail = { tokens: tokens.slice(0, 50).map(({ id }) => id) }
    this.write(by, { action: 'tenant.removed', tenant, subject: tenant, detail })
  }

  route(by: Actor | undefined, action: AuditAction, { id, provider, route }: AddedRoute): void {
    this.write(by, {
      action,
      provider,
      subject: id,
      detail: { row: `${route.method} ${route.path}` },
    })
  }
}
