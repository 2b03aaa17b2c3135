/** What all parts of an account's object share. */
import type { Durations } from '#domain/runtime/durations.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { SlotDesk } from '#domain/ports/slots.ts'
import type { Provider } from '#providers/contract/provider.ts'
import type { SlotsTables } from '#durable/account-tables/slots-tables.ts'

export interface AccountContext {
  tables: SlotsTables
  /** These two also work while the settings are malformed. */
  now(): number
  random(): number
  /** These throw while the settings are malformed. */
  ports(): Ports
  durations(): Durations
  provider(): Provider
  /** The account's key. The object has it in its name, so it is known after a wipe. */
  key(): string
  /** The object itself, as others call it. */
  self(): SlotDesk
  /** Keeps work running after the call has ended, also while the settings are malformed. */
  defer(work: Promise<unknown>): void
  /** The shortest time between two pushes of the account's summary. */
  pause(): Promise<void>
}
