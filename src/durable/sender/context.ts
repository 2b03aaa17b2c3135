/** What the parts of this folder need of an account's object. */
import type { Ports } from '#domain/ports/ports.ts'
import type { SlotDesk } from '#domain/ports/slots.ts'
import type { EndedJob, Ledger } from '#domain/slots/lease.ts'
import type { SlotsTables } from '#durable/account-tables/slots-tables.ts'
import type { Provider } from '#providers/contract/provider.ts'

export interface SenderContext {
  tables: SlotsTables
  now(): number
  /** Throws while the settings are malformed. */
  ports(): Ports
  provider(): Provider
  /** Keeps work running after the call has ended. Never throws. */
  defer(work: Promise<unknown>): void
  /** The account's key. The object has it in its name, so it is known after a wipe. */
  key(): string
  /** The object itself, as others call it. */
  self(): SlotDesk
}

export interface SenderDeps {
  ledger(): Ledger
  /** Call it before a step that needs the jobs of leases. */
  recall(): Promise<void>
  /** Reads who is told of the ends of this tenant's jobs. Call it before `end`. */
  readTargets(tenant: string): Promise<void>
  /** Writes the ends, and the deliveries that they owe. */
  end(ended: EndedJob[]): void
  /** Looks for the job of a creation whose answer was lost. */
  search(leaseId: string): Promise<unknown>
  /** A connection is free again. */
  onSent(): void
  setAlarm(): void
}
