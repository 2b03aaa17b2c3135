/**
 * Tells the desk what became of items. A report that is not confirmed is tried again for some seconds. Later the desk brings the item
 * again, and the tables answer, so nothing needs to be kept here.
 */
import type { WorkReport } from '#domain/ports/line.ts'
import { inTime } from '#domain/runtime/in-time.ts'
import type { SenderContext } from './context.ts'

export class Unreported {
  readonly #context: SenderContext
  /** By item. */
  readonly #reports = new Map<string, WorkReport>()

  constructor(context: SenderContext) {
    this.#context = context
  }

  items(): string[] {
    return [...this.#reports.keys()]
  }

  has(item: string): boolean {
    return this.#reports.has(item)
  }

  /**
   * True: the desk has confirmed it. Otherwise it is being tried again. Never throws. `endedUnder`: the lease whose end keeps what a
   * refusal said, until the desk has it.
   */
  async send(tenant: string, report: WorkReport, endedUnder?: string): Promise<boolean> {
    this.#reports.set(report.item, report)
    if (await this.#isTaken(tenant, report, endedUnder)) return true
    this.#context.defer(this.#sendLater(tenant, report, endedUnder))
    return false
  }

  async #sendLater(tenant: string, report: WorkReport, endedUnder?: string): Promise<void> {
    try {
      const { after, durations } = this.#context.ports()
      for (const pauseMs of durations.bindPausesMs) {
        await after(pauseMs)
        if (this.#reports.get(report.item) !== report) return
        if (await this.#isTaken(tenant, report, endedUnder)) return
      }
    } catch {
      // The settings are malformed.
    }
    if (this.#reports.get(report.item) === report) this.#reports.delete(report.item)
  }

  async #isTaken(tenant: string, report: WorkReport, endedUnder?: string): Promise<boolean> {
    const { ports, provider, key, tables } = this.#context
    try {
      const telling = ports().desk(tenant, provider().name).report(key(), [report])
      const taken = await inTime(ports(), telling)
      if (!taken.includes(report.item)) return false
      if (endedUnder !== undefined) tables.dropRefusal(endedUnder)
    } catch {
      return false
    }
    if (this.#reports.get(report.item) === report) this.#reports.delete(report.item)
    return true
  }
}
