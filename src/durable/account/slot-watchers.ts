/** An account that clients wait for: its desk wants to know when slots come free, and how many. */
import { heldSlots, type Ledger } from '#domain/slots/lease.ts'
import { findParking } from '#domain/accounts/parking.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Room } from '#domain/ports/slots.ts'
import type { SlotsTables } from '#durable/account-tables/slots-tables.ts'

export class SlotWatchers {
  readonly #ledger: () => Ledger
  readonly #tables: SlotsTables
  readonly #ports: () => Ports
  /** In memory only: the desk looks again while anybody waits. */
  #until = 0
  /** As the desk last heard, or as it was after the last granting. */
  #heldBefore = 0

  constructor(tables: SlotsTables, ledger: () => Ledger, ports: () => Ports) {
    this.#tables = tables
    this.#ledger = ledger
    this.#ports = ports
  }

  watch(until: number): Room {
    const ledger = this.#ledger()
    const now = Date.now()
    const parking = findParking(ledger.parkings, { isJob: true }, now)
    this.#until = Math.max(this.#until, until)
    this.#heldBefore = heldSlots(ledger, now)
    const free = parking || ledger.isRetired ? 0 : ledger.maxJobs - this.#heldBefore
    return { free: Math.max(0, free), ...(parking ? { freeAt: parking.until } : {}) }
  }

  noteGranted(): void {
    if (Date.now() < this.#until) this.#heldBefore = heldSlots(this.#ledger(), Date.now())
  }

  noteFreed(): void {
    if (Date.now() >= this.#until) return
    const ledger = this.#ledger()
    const held = heldSlots(ledger, Date.now())
    const freed = Math.min(this.#heldBefore, ledger.maxJobs) - held
    this.#heldBefore = held
    if (freed > 0) this.#tell(freed)
  }

  /** It is parked no longer: whoever waits is told of every slot that it has. */
  noteReturned(): void {
    if (Date.now() >= this.#until) return
    const { free } = this.watch(this.#until)
    if (free > 0) this.#tell(free)
  }

  #tell(freed: number): void {
    const account = this.#tables.account()
    if (!account) return
    const ports = this.#ports()
    const desk = ports.desk(account.tenant, account.provider)
    ports.defer(desk.noteFreed(account.key, freed).catch(() => {}))
  }
}
