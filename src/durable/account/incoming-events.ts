/** An event of the provider, as it came to an account's object: read, judged, heard. */
import type { Became } from '#domain/events/incoming-event.ts'
import type { Fault } from '#domain/accounts/park-after-refusal.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { ReceivedEvent } from '#domain/ports/slots.ts'
import { faultOfEnd } from '#flows/accounts/judge-refusal.ts'
import { readEvent } from '#flows/events/read-event.ts'
import type { Provider } from '#providers/contract/provider.ts'
import type { Settling } from './settlement.ts'
import type { SlotsTables } from '#durable/account-tables/slots-tables.ts'

/** The object's side. */
export interface ReceivingHands {
  ports(): Ports
  provider(): Provider
  readOutlets(tenant: string): Promise<void>
  blame(fault: Fault): Promise<unknown>
}

export class Receiving {
  readonly #tables: SlotsTables
  readonly #settling: Settling
  readonly #hands: ReceivingHands
  /** When the last signed one came, as far as this object remembers. */
  lastEventAt = 0

  constructor(tables: SlotsTables, settling: Settling, hands: ReceivingHands) {
    this.#tables = tables
    this.#settling = settling
    this.#hands = hands
  }

  async receive(received: ReceivedEvent): Promise<Became | 'refused'> {
    const ports = this.#hands.ports()
    const provider = this.#hands.provider()
    const known = { account: this.#tables.account(), hook: this.#tables.hook() }
    const event = await readEvent(ports, provider, known, received)
    if (event === 'refused') return 'refused'
    if (received.via.kind === 'hook') this.lastEventAt = Date.now()
    const hearing = event && { event, via: received.via, at: Date.now() }
    if (hearing && this.#settling.isTelling(hearing)) await this.#hands.readOutlets(received.tenant)
    const became = hearing ? this.#settling.hear(hearing) : 'known'
    const settled = became === 'settled' ? (event?.reports ?? []) : []
    const fault = faultOfEnd(provider, settled)
    if (fault) await this.#hands.blame(fault)
    ports.log('event_heard', {
      provider: provider.name,
      type: event?.type,
      became,
      jobs: event?.reports.map((report) => report.watch),
    })
    return became
  }
}
