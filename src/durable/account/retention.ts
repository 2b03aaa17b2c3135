/**
 * Removes what an account's object has kept long enough: ended jobs, deliveries, ids of forwarded events. It runs once an hour
 * at most and removes a bounded number of rows each time, so that no alarm takes long. If there may be more, it goes on after a minute:
 * more than that may come in an hour.
 */
import { credentialKeptUntil, removalStateOf, type RemovalState } from '#domain/accounts/removal.ts'
import { DAY_MS, dayOf } from '#domain/usage/job-end.ts'
import type { AccountContext } from './context.ts'

/** Waits a little longer than the retention, so that one alarm removes 14 hours of ended jobs, or 3 of deliveries. */
const LONGER = 1.02
/** So much sooner it goes on if there may be more. */
const SOONER = 60

export class Retention {
  readonly #context: AccountContext
  /** When the next removal may run, epoch ms. In memory only. */
  #nextAt = 0

  constructor(context: AccountContext) {
    this.#context = context
  }

  removeOld(): void {
    const { tables, durations } = this.#context
    const now = this.#context.now()
    if (now < this.#nextAt) return
    const { keepEndedMs, keepDeliveriesMs, keepUsageMs, foldUsageMs, forgetEveryMs } = durations()
    this.#nextAt = now + forgetEveryMs
    // Before its rows are deleted.
    tables.usage.fold(now, foldUsageMs)
    tables.usage.removeBefore(dayOf(now - keepUsageMs))
    const isMore = [
      tables.removeEndedBefore(now - keepEndedMs),
      tables.removeDeliveriesBefore(now - keepDeliveriesMs),
    ]
    if (isMore.includes(true)) this.#nextAt = now + forgetEveryMs / SOONER
    tables.removeOldForwards(now)
    tables.live.removeObserversBefore(now)
  }

  /** When an alarm is needed only for this. Infinity: never. */
  dueAt({ withDeliveries }: { withDeliveries: boolean }): number {
    const { tables, durations } = this.#context
    const { keepEndedMs, keepDeliveriesMs, keepUsageMs } = durations()
    const usage = tables.usage.oldestDay() ?? Infinity
    const usageAt = (usage + 1) * DAY_MS + keepUsageMs
    const jobs = tables.oldestEndedAt(keepEndedMs * LONGER) ?? Infinity
    const deliveries = withDeliveries
      ? tables.oldestDeliveryAt(keepDeliveriesMs * LONGER)
      : undefined
    return Math.max(this.#nextAt, Math.min(jobs, usageAt, deliveries ?? Infinity))
  }
}

/** Says how long the object of a removed account keeps the credential for its last jobs and deliveries: 48 hours at most. */
export class RemovedAccount {
  readonly #context: AccountContext
  readonly #isDelivered: () => boolean

  /** `isDelivered`: whether no delivery is pending. */
  constructor(context: AccountContext, isDelivered: () => boolean) {
    this.#context = context
    this.#isDelivered = isDelivered
  }

  /** Until when the credential is kept, epoch ms. Undefined: the account was not removed, or its credential is wiped. */
  keepsUntil(): number | undefined {
    const { tables, durations } = this.#context
    return tables.account() && credentialKeptUntil(tables.retiredAt(), durations())
  }

  isDone(): boolean {
    return this.#context.tables.isRetired() && this.#state() === 'done'
  }

  isOverdue(): boolean {
    return this.#state() === 'overdue'
  }

  #state(): RemovalState {
    const { tables, now, durations } = this.#context
    const facts = {
      removedAt: tables.retiredAt(),
      hasCredential: tables.account() !== undefined,
      leases: tables.leases().length,
      isDelivered: this.#isDelivered(),
    }
    return removalStateOf(facts, now(), durations())
  }
}
