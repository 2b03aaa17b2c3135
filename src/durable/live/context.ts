/** What the parts of this folder need of an account's object. */
import type { Ports } from '#domain/ports/ports.ts'
import type { SlotsTables } from '#durable/account-tables/slots-tables.ts'
import type { Provider } from '#providers/contract/provider.ts'

export interface LiveContext {
  tables: SlotsTables
  now(): number
  /** Throws while the settings are malformed. */
  ports(): Ports
  provider(): Provider
  /** Keeps work running after the call has ended. Never throws. */
  defer(work: Promise<unknown>): void
  /** The shortest time between two pushes. */
  pause(): Promise<void>
}
