/**
 * The endpoints and signing secrets of tenants. The holder's desk pushes them here, and they are kept in a row. Where nothing was
 * pushed, the desk is asked, and its answer is kept in memory: for former holders, whose last jobs run here, and for a desk of an
 * older Worker. They are read before a job ends, because nothing may be awaited while the end is saved.
 */
import type { Delivery } from '#domain/events/delivery.ts'
import type { DeliveryTargets, PushedTargets } from '#domain/events/endpoint.ts'
import type { Lease } from '#domain/slots/lease.ts'
import { inTime } from '#domain/runtime/in-time.ts'
import type { AccountContext } from './context.ts'

/** How long an answer of a desk is used without asking again: when a job ends, and when a delivery is sent. */
const SETTLING_MS = 10_000
const SENDING_MS = 30_000

interface TenantName {
  provider: string
  tenant: string
}

export class DeliveryTargetsCache {
  readonly #context: AccountContext
  readonly #onMissed: (deliveries: Delivery[]) => void
  readonly #known = new Map<string, { at: number; value: DeliveryTargets }>()

  /** `onMissed` gets the new deliveries of ends that came before targets. */
  constructor(context: AccountContext, onMissed: (deliveries: Delivery[]) => void) {
    this.#context = context
    this.#onMissed = onMissed
  }

  /** Called with what the holder's desk pushed. A removed account keeps nothing, because its desk pushes no changes to it. */
  take(tenant: string, targets: PushedTargets): void {
    if (!this.#isHeldBy(tenant)) return
    const { tables, now } = this.#context
    const missed = tables.targets.take(tenant, targets, now())
    if (missed.length > 0) this.#onMissed(missed)
  }

  /** The account was removed. The ends that are saved now use what was pushed; later ones ask the desk. */
  keepInMemory(): void {
    const { tables, now, provider } = this.#context
    const tenant = tables.account()?.tenant
    const value = tenant === undefined ? undefined : tables.targets.of(tenant)
    if (tenant !== undefined && value)
      this.#known.set(nameOf({ provider: provider().name, tenant }), { at: now(), value })
    tables.targets.drop()
  }

  /**
   * Reads the targets of these tenants, of the account's holder, and of every tenant with a running job here. A former holder may
   * have some. Never throws: a target that cannot be read now is read when its delivery is due.
   */
  async read(...tenants: string[]): Promise<void> {
    const { tables } = this.#context
    const account = tables.account()
    const running = tables.leases().map((lease) => lease.tenant)
    const all = new Set([...tenants, ...running, ...(account ? [account.tenant] : [])])
    await this.#askAll([...all].filter((tenant) => !this.#pushed(tenant)))
  }

  /** Asks the tenant's desk, whatever is known here. Never throws. */
  async readAnew(tenant: string): Promise<void> {
    await this.#askAll([tenant])
  }

  forSettling(tenant: TenantName): DeliveryTargets | undefined {
    return this.#peek(tenant, SETTLING_MS)
  }

  async forSending(tenant: TenantName): Promise<DeliveryTargets> {
    return this.#peek(tenant, SENDING_MS) ?? this.#ask(tenant)
  }

  /** Whether somebody may be told of the end. While the tenant's endpoints were not read, one may be. */
  mayWantEndOf({ isTracked, reply, tenant }: Lease): boolean {
    if (!isTracked || reply?.url !== undefined) return isTracked
    const name = nameOf({ provider: this.#context.provider().name, tenant })
    const endpoints = (this.#pushed(tenant) ?? this.#known.get(name)?.value)?.endpoints
    return endpoints === undefined || endpoints.some(({ status }) => status === 'enabled')
  }

  /** Whether somebody must be told of a low balance of this account, as far as it was read for a job's end. */
  get isBalanceWatched(): boolean {
    const account = this.#context.tables.account()
    return account !== undefined && this.forSettling(account)?.watchesBalance === true
  }

  #peek(name: TenantName, ageMs: number): DeliveryTargets | undefined {
    const pushed = this.#pushed(name.tenant)
    if (pushed) return pushed
    const known = this.#known.get(nameOf(name))
    return known && this.#context.now() - known.at < ageMs ? known.value : undefined
  }

  #pushed(tenant: string): PushedTargets | undefined {
    return this.#isHeldBy(tenant) ? this.#context.tables.targets.of(tenant) : undefined
  }

  #isHeldBy(tenant: string): boolean {
    const { tables } = this.#context
    return tables.account()?.tenant === tenant && !tables.isRetired()
  }

  async #askAll(tenants: readonly string[]): Promise<void> {
    const provider = this.#context.provider().name
    await Promise.allSettled(tenants.map((tenant) => this.#ask({ provider, tenant })))
  }

  /** A desk that says a version will push what changes after it. */
  async #ask(name: TenantName): Promise<DeliveryTargets> {
    const ports = this.#context.ports()
    const value = await inTime(ports, ports.desk(name.tenant, name.provider).outlets())
    const { version } = value
    if (version !== undefined) this.take(name.tenant, { ...value, version })
    this.#known.set(nameOf(name), { at: this.#context.now(), value })
    return value
  }
}

function nameOf({ provider, tenant }: TenantName): string {
  return `${provider}:${tenant}`
}
