/** An event of the provider, as it came to an account's object: read, judged, heard. */
import type { EventOutcome } from '#domain/events/incoming-event.ts'
import type { Fault } from '#domain/accounts/park-after-refusal.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { ReceivedEvent } from '#domain/ports/slots.ts'
import { faultOfEnd } from '#flows/accounts/judge-refusal.ts'
import { readEvent } from '#flows/events/read-event.ts'
import type { Provider } from '#providers/contract/provider.ts'
import type { Settlement } from './settlement.ts'
import type { SlotsTables } from '#durable/account-tables/slots-tables.ts'

/** The object's side. */
export interface IncomingEventsDeps {
  ports(): Ports
  provider(): Provider
  readTargets(tenant: string): Promise<void>
  blame(fault: Fault): Promise<unknown>
}

export class IncomingEvents {
  readonly #tables: SlotsTables
  readonly #settlement: Settlement
  readonly #deps: IncomingEventsDeps
  /** When the last signed one came, as far as this object remembers. */
  lastEventAt = 0

  constructor(tables: SlotsTables, settling: Settlement, deps: IncomingEventsDeps) {
    this.#tables = tables
    this.#settlement = settling
    this.#deps = deps
  }

  async receive(received: ReceivedEvent): Promise<EventOutcome | 'refused'> {
    const ports = this.#deps.ports()
    const provider = this.#deps.provider()
    const known = { account: this.#tables.account(), hook: this.#tables.hook() }
    const event = await readEvent(ports, provider, known, received)
    if (event === 'refused') return 'refused'
    if (received.via.kind === 'hook') this.lastEventAt = Date.now()
    const incoming = event && { event, via: received.via, at: Date.now() }
    if (incoming && this.#settlement.isTelling(incoming))
      await this.#deps.readTargets(received.tenant)
    const became = incoming ? this.#settlement.hear(incoming) : 'known'
    const settled = became === 'settled' ? (event?.reports ?? []) : []
    const fault = faultOfEnd(provider, settled)
    if (fault) await this.#deps.blame(fault)
    ports.log('event_heard', {
      provider: provider.name,
      type: event?.type,
      became,
      jobs: event?.reports.map((report) => report.watch),
    })
    return became
  }
}
