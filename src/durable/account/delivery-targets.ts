/**
 * The endpoints and signing secrets of tenants, as this object last read them from their desks. In memory only. They are
 * read before a job ends, because nothing may be awaited while the end is saved.
 */
import type { DeliveryTargets } from '#domain/events/endpoint.ts'
import type { Lease } from '#domain/slots/lease.ts'
import type { AccountContext } from './context.ts'

/** How long the cached targets are used without reading them again: when a job ends, and when a delivery is sent. */
const SETTLING_MS = 10_000
const SENDING_MS = 30_000

interface TenantName {
  provider: string
  tenant: string
}

export class DeliveryTargetsCache {
  readonly #context: AccountContext
  readonly #known = new Map<string, { at: number; value: DeliveryTargets }>()

  constructor(context: AccountContext) {
    this.#context = context
  }

  /**
   * Reads the targets of these tenants, of the account's holder, and of every tenant with a running job here. A former holder may
   * have some.
   */
  async read(...tenants: string[]): Promise<void> {
    const { tables } = this.#context
    const account = tables.account()
    const running = tables.leases().map((lease) => lease.tenant)
    await this.readOf(new Set([...tenants, ...running, ...(account ? [account.tenant] : [])]))
  }

  /** Reads the targets of these tenants. Never throws: a target that cannot be read now is read when its delivery is due. */
  async readOf(tenants: Iterable<string>): Promise<void> {
    const provider = this.#context.provider().name
    await Promise.allSettled([...tenants].map((tenant) => this.#ask({ provider, tenant })))
  }

  forSettling(tenant: TenantName): DeliveryTargets | undefined {
    return this.#peek(tenant, SETTLING_MS)
  }

  async forSending(tenant: TenantName): Promise<DeliveryTargets> {
    return this.#peek(tenant, SENDING_MS) ?? this.#ask(tenant)
  }

  /** Whether an endpoint of this tenant may want a job's end. It may, while its endpoints were not read yet. */
  mayHaveEndpoints(tenant: string): boolean {
    const { provider } = this.#context
    const known = this.#known.get(nameOf({ provider: provider().name, tenant }))?.value
    return known === undefined || known.endpoints.some(({ status }) => status === 'enabled')
  }

  /** Whether somebody may be told of the end. While the tenant's endpoints were not read, one may be. */
  mayWantEndOf({ isTracked, reply, tenant }: Lease): boolean {
    if (!isTracked || reply?.url !== undefined) return isTracked
    const name = nameOf({ provider: this.#context.provider().name, tenant })
    const endpoints = this.#known.get(name)?.value.endpoints
    return endpoints === undefined || endpoints.some(({ status }) => status === 'enabled')
  }

  /** Whether somebody must be told of a low balance of this account, as far as it was read for a job's end. */
  get isBalanceWatched(): boolean {
    const account = this.#context.tables.account()
    return account !== undefined && this.forSettling(account)?.watchesBalance === true
  }

  #peek(tenant: TenantName, ageMs: number): DeliveryTargets | undefined {
    const known = this.#known.get(nameOf(tenant))
    return known && this.#context.now() - known.at < ageMs ? known.value : undefined
  }

  async #ask(tenant: TenantName): Promise<DeliveryTargets> {
    const value = await this.#context.ports().desk(tenant.tenant, tenant.provider).outlets()
    this.#known.set(nameOf(tenant), { at: this.#context.now(), value })
    return value
  }
}

function nameOf({ provider, tenant }: TenantName): string {
  return `${provider}:${tenant}`
}
