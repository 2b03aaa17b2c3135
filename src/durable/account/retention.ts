/**
 * What an account's object has kept long enough: ended jobs, deliveries, news. Looked for at most once in an hour, a bounded
 * number at a time, so that no alarm is long; what there is more of waits for the next hour.
 */
import type { Durations } from '#domain/runtime/durations.ts'
import type { SlotsTables } from '#durable/account-tables/slots-tables.ts'

/** What falls due a little later goes together: 14 hours of ended jobs, three of deliveries. */
const TOGETHER = 1.02

export class Retention {
  readonly #tables: SlotsTables
  readonly #durations: () => Durations
  /** As far as this object remembers. */
  #nextAt = 0

  constructor(tables: SlotsTables, durations: () => Durations) {
    this.#tables = tables
    this.#durations = durations
  }

  forget(): void {
    if (Date.now() < this.#nextAt) return
    const { keepEndedMs, keepDeliveriesMs, forgetEveryMs } = this.#durations()
    this.#nextAt = Date.now() + forgetEveryMs
    this.#tables.forgetEnded(Date.now() - keepEndedMs)
    this.#tables.forgetDeliveries(Date.now() - keepDeliveriesMs)
    this.#tables.forgetNews(Date.now())
  }

  /** When an alarm that has nothing else to do has to look. Infinity: never. */
  dueAt({ withDeliveries }: { withDeliveries: boolean }): number {
    const { keepEndedMs, keepDeliveriesMs } = this.#durations()
    const jobs = this.#tables.oldestEndedAt(keepEndedMs * TOGETHER) ?? Infinity
    const deliveries = withDeliveries
      ? this.#tables.oldestDeliveryAt(keepDeliveriesMs * TOGETHER)
      : undefined
    return Math.max(this.#nextAt, Math.min(jobs, deliveries ?? Infinity))
  }
}
