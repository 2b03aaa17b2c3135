/** What an object read of its tenants' endpoints and secrets. In memory only; the desk has them. */
import type { DeliveryTargets } from '#domain/events/endpoint.ts'
import type { Ports } from '#domain/ports/ports.ts'

/** What was read stands for a settlement this long, for signing somewhat longer. */
const SETTLING_MS = 10_000
const SENDING_MS = 30_000

interface Whose {
  provider: string
  tenant: string
}

export class DeliveryTargetsCache {
  readonly #ports: () => Ports
  readonly #known = new Map<string, { at: number; value: DeliveryTargets }>()

  constructor(ports: () => Ports) {
    this.#ports = ports
  }

  /** Before something ends. What cannot be read now is read when its delivery is due. */
  async read(provider: string, tenants: Iterable<string>): Promise<void> {
    await Promise.allSettled([...tenants].map((tenant) => this.#ask({ provider, tenant })))
  }

  forSettling(whose: Whose): DeliveryTargets | undefined {
    return this.#peek(whose, SETTLING_MS)
  }

  async forSending(whose: Whose): Promise<DeliveryTargets> {
    return this.#peek(whose, SENDING_MS) ?? this.#ask(whose)
  }

  #peek(whose: Whose, ageMs: number): DeliveryTargets | undefined {
    const known = this.#known.get(nameOf(whose))
    return known && Date.now() - known.at < ageMs ? known.value : undefined
  }

  async #ask(whose: Whose): Promise<DeliveryTargets> {
    const value = await this.#ports().desk(whose.tenant, whose.provider).outlets()
    this.#known.set(nameOf(whose), { at: Date.now(), value })
    return value
  }
}

function nameOf({ provider, tenant }: Whose): string {
  return `${provider}:${tenant}`
}
