/**
 * What an account's object has kept long enough: ended jobs, ends whose event may still come, deliveries. Each look is a
 * scan of all of it, so there is one in an hour, and deliveries of some hours go together.
 */
import type { Waits } from '#domain/waits.ts'
import type { SlotsTables } from './slots-tables.ts'

const TOGETHER = 1.02

export class Forgetting {
  readonly #tables: SlotsTables
  readonly #waits: () => Waits
  /** As far as this object remembers. */
  #nextAt = 0

  constructor(tables: SlotsTables, waits: () => Waits) {
    this.#tables = tables
    this.#waits = waits
  }

  forget(): void {
    if (Date.now() < this.#nextAt) return
    const { keepEndedMs, lateMs, keepDeliveriesMs, forgetEveryMs } = this.#waits()
    this.#nextAt = Date.now() + forgetEveryMs
    this.#tables.forgetEnded(Date.now() - keepEndedMs)
    this.#tables.forgetLate(Date.now() - lateMs)
    this.#tables.forgetDeliveries(Date.now() - keepDeliveriesMs)
  }

  /** When an alarm that has nothing else to do has to look. Infinity: never. */
  dueAt({ withDeliveries }: { withDeliveries: boolean }): number {
    const { keepEndedMs, keepDeliveriesMs } = this.#waits()
    const jobs = this.#tables.oldestEndedAt(keepEndedMs) ?? Infinity
    const deliveries = withDeliveries
      ? this.#tables.oldestDeliveryAt(keepDeliveriesMs * TOGETHER)
      : undefined
    return Math.max(this.#nextAt, Math.min(jobs, deliveries ?? Infinity))
  }
}
