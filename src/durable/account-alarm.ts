/** What the alarm of an account's object does, and when it must ring. */
import { nextDueAt, type Lease } from '#domain/slots/lease.ts'
import { ringsAt } from '#domain/jobs/when-asked.ts'
import type { AccountContext } from '#durable/account/context.ts'
import { aboutAccount } from '#durable/account/log-results.ts'
import type { Parts } from '#durable/account/parts.ts'
import type { AlarmClock } from '#durable/lifecycle/alarm-clock.ts'

export class AccountAlarm {
  readonly #context: AccountContext
  readonly #parts: Parts
  readonly #clock: AlarmClock
  readonly #about = () => aboutAccount(this.#context.tables.account())

  constructor(context: AccountContext, parts: Parts, clock: AlarmClock) {
    this.#context = context
    this.#parts = parts
    this.#clock = clock
  }

  /** When the object wakes up. */
  async resume(): Promise<void> {
    await this.#clock.read()
    this.#clock.restore(() => this.#dueAt({ isAfterAlarm: true }))
  }

  /** Called by every call on the object that does not set the alarm. */
  check(): void {
    this.#clock.check()
  }

  run(): Promise<void> {
    return this.#clock.run(() => this.#runDue(), this.#about)
  }

  /** A part that fails keeps none of the others from its turn. */
  #runDue(): Promise<void> {
    const parts = this.#parts
    return this.#clock.runEach(
      [
        () => parts.outbox.startDue(),
        () => this.#loseOverdue(),
        () => parts.accountChecks.recheckDue(),
        () => parts.statusChecks.reconcile(),
        () => parts.webhook.maintain(),
        () => parts.legacy.probeDue(),
        () => parts.retention.removeOld(),
        () => parts.wipeWhenDone(),
        () => parts.alerts.runDue(),
        () => parts.sender.pullIfMore(),
        () => this.set({ isAfterAlarm: true }),
      ],
      this.#about
    )
  }

  /** Ends the last jobs of a removed account as lost, once its object may no longer keep the credential. */
  async #loseOverdue(): Promise<void> {
    const { removed, settlement, targets } = this.#parts
    if (!removed.isOverdue()) return
    await settlement.recall.read()
    await targets.read()
    settlement.loseAll()
  }

  /**
   * `isAfterAlarm`: also counts checks that became due while the alarm ran, which no alarm is set for, and deliveries that are
   * old enough to be removed. Every delivery sets an alarm, so it is enough to look then.
   */
  set({ isAfterAlarm = false } = {}): void {
    const isCovered = this.#clock.isSet || this.#parts.statusChecks.isReconciling
    const due = this.#dueAt({ isAfterAlarm, isCovered: isCovered && !isAfterAlarm })
    if (due !== Infinity) this.#clock.setFor(due)
  }

  /** Whether somebody waits for the end of the lease's job: clients or queued creations in line for a slot, a page that is open, or a receiver. */
  #isAwaited(lease: Lease): boolean {
    const { watchers, live, targets, sender } = this.#parts
    const isSlotAwaited = watchers.isWatched || sender.isAwake
    return isSlotAwaited || live.isObserved || targets.mayWantEndOf(lease)
  }

  /** When the next alarm is due, epoch ms. Infinity: never. */
  #dueAt({ isAfterAlarm = false, isCovered = false }): number {
    const isAwaited = (lease: Lease) => this.#isAwaited(lease)
    const { now, durations } = this.#context
    const facts = { isCovered, isAwaited, now: now(), durations: durations() }
    const dues = [
      nextDueAt(this.#parts.settlement.ledger(), (lease) => ringsAt(lease, facts)),
      this.#parts.outbox.dueAt(),
      this.#parts.webhook.dueAt(),
      ...this.#parts.incoming.dueAt(),
      this.#parts.removed.keepsUntil(),
      this.#parts.accountChecks.dueAt(),
      this.#parts.sender.dueAt(),
      this.#parts.alerts.dueAt(),
    ].filter((due) => due !== undefined)
    const daily = this.#parts.legacy.dueAt() ?? Infinity
    if (dues.length > 0) return Math.min(...dues, daily)
    return Math.min(this.#parts.retention.dueAt({ withDeliveries: isAfterAlarm }), daily)
  }
}
