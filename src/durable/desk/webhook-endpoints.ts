/** Adds, changes and removes a tenant's webhook endpoints, and makes its callback secret. */
import type { Actor } from '#domain/access/audit.ts'
import type { Endpoint } from '#domain/events/endpoint.ts'
import { wishOf } from '#domain/events/missed-endpoints.ts'
import type { EndpointChange } from '#domain/ports/desk.ts'
import type { DeskTables } from '#durable/desk-tables/desk-tables.ts'
import type { AuditLog } from './audit-log.ts'

/** The most endpoints of a tenant, and of an own token. Every event may go to all of them. */
const ENDPOINTS_MAX = 50

export class WebhookEndpoints {
  readonly #tables: DeskTables
  readonly #audit: AuditLog
  readonly #now: () => number

  constructor(tables: DeskTables, audit: AuditLog, now: () => number) {
    this.#tables = tables
    this.#audit = audit
    this.#now = now
  }

  /** False: there are too many, or the tenant was removed. */
  add(endpoint: Endpoint, by: Actor | undefined): boolean {
    if (this.#tables.accounts.isClosed) return false
    const known = this.#tables.endpoints.endpoints()
    // The caller may repeat a call if it got no answer.
    if (known.some((one) => one.id === endpoint.id)) return true
    if (known.filter(({ token }) => token === endpoint.token).length >= ENDPOINTS_MAX) return false
    this.#tables.endpoints.saveEndpoint(endpoint)
    this.#audit.endpoint(by, 'endpoint.added', endpoint)
    return true
  }

  change(id: string, change: EndpointChange, by: Actor | undefined): Endpoint | undefined {
    const before = this.#tables.endpoints.find(id)
    if (!before) return undefined
    const changed = { ...before, ...change }
    const isOther = wishOf(changed) !== wishOf(before)
    const after = isOther ? { ...changed, wishedAt: this.#now() } : changed
    this.#tables.endpoints.saveEndpoint(after)
    const isRotated = change.secret !== undefined
    this.#audit.endpoint(by, isRotated ? 'endpoint.secret_rotated' : 'endpoint.changed', after)
    return after
  }

  remove(id: string, by: Actor | undefined): boolean {
    const endpoint = this.#tables.endpoints.find(id)
    if (endpoint) this.#audit.endpoint(by, 'endpoint.removed', endpoint)
    return this.#tables.endpoints.dropEndpoint(id)
  }

  saveCallbackSecret(sealed: string, now: number, by: Actor | undefined): void {
    if (this.#tables.accounts.isClosed) return
    const before = this.#tables.endpoints.callbackSecret()
    if (before?.current === sealed) return
    const previous = before === undefined ? {} : { previous: before.current }
    this.#tables.endpoints.saveCallbackSecret({ current: sealed, rotatedAt: now, ...previous })
    this.#audit.callbackSecret(by)
  }

  saveTokenSecret(token: string, sealed: string, now: number, by: Actor | undefined): void {
    if (this.#tables.accounts.isClosed) return
    const before = this.#tables.endpoints.tokenSecrets()[token]
    if (before?.current === sealed) return
    const previous = before === undefined ? {} : { previous: before.current }
    const secret = { current: sealed, rotatedAt: now, ...previous }
    this.#tables.endpoints.saveTokenSecret(token, secret)
    this.#audit.callbackSecret(by)
  }
}
