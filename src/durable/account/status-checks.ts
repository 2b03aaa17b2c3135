/**
 * Asks the provider about jobs: when the alarm reconciles the leases that are due, in the background when a call shows or needs
 * their state, and at once when the answer to a creation was just lost.
 */
import type { EndedJob, JobReport, Lease } from '#domain/slots/lease.ts'
import type { SuspectedFault } from '#domain/accounts/park-after-refusal.ts'
import { mayAskUncalled } from '#domain/accounts/parking.ts'
import { lateAt, UsualTimes } from '#domain/jobs/late-event.ts'
import { lookUpResultOf, type LookUpResult } from '#domain/jobs/look-up-result.ts'
import { markLost, reconcileActionOf } from '#domain/jobs/reconcile.ts'
import { newSearchMemory, type ReconciledAccount } from '#flows/jobs/status-checks.ts'
import { findLostCreations } from '#flows/jobs/find-lost-creations.ts'
import { openAccount } from '#flows/accounts/open-account.ts'
import { reconcileAccount } from '#flows/jobs/reconcile-account.ts'
import type { AccountContext } from './context.ts'
import type { DeliveryTargetsCache } from './delivery-targets.ts'
import type { IncomingEvents } from './incoming-events.ts'
import type { Settlement } from './settlement.ts'

export interface StatusChecksDeps {
  settlement: Settlement
  incoming: IncomingEvents
  targets: DeliveryTargetsCache
  settle(reports: JobReport[]): boolean
  judgeFault(fault: SuspectedFault): Promise<unknown>
  setAlarm(): void
  /** Something waits for a slot of this account, as far as it knows. */
  isMoreWaiting(): boolean
}

export class StatusChecks {
  readonly #context: AccountContext
  readonly #deps: StatusChecksDeps
  readonly #memory = newSearchMemory()
  readonly #searches = new Map<string, Promise<LookUpResult>>()
  /** The rounds of checks that run or wait. Each begins when the one before has ended. */
  #rounds = 0
  #last: Promise<unknown> = Promise.resolve()
  #lookedAt = 0
  /** How long jobs took whose end an event told. */
  readonly #usual = new UsualTimes()

  constructor(context: AccountContext, deps: StatusChecksDeps) {
    this.#context = context
    this.#deps = deps
  }

  noteEnded(ended: readonly EndedJob[]): void {
    for (const { lease, endedAt, heard } of ended)
      if (heard?.event) this.#usual.note(lease.route, endedAt - lease.acquiredAt)
  }

  get isReconciling(): boolean {
    return this.#rounds > 0
  }

  /** One round of checks: asks about every job that is due. */
  reconcile(): Promise<void> {
    this.#rounds += 1
    const round = this.#last.then(() => this.#reconcileOnce()).finally(() => (this.#rounds -= 1))
    this.#last = round.catch(() => {})
    return round
  }

  async #reconcileOnce(): Promise<void> {
    await this.#deps.settlement.recall.read()
    if (this.#isAnyDue()) await this.#deps.targets.read()
    const object = this.#reconciled()
    if (object) await reconcileAccount(this.#context.ports(), this.#context.provider(), object)
    // A search may have found the jobs of events that came before.
    await this.#deps.incoming.applyDeferredNow()
  }

  #isAnyDue(): boolean {
    const { now, durations } = this.#context
    const at = now()
    const spans = durations()
    return this.#leases().some((lease) => {
      const action = lease.kind === 'job' && reconcileActionOf(lease, at, spans)
      return action && action !== 'wait'
    })
  }

  /**
   * While more waits, a job whose event is late is due now. That is in memory only: its row is written when the answer says so.
   */
  #leases(): Lease[] {
    const { tables, now, durations } = this.#context
    const leases = tables.leases()
    if (!this.#deps.isMoreWaiting()) return leases
    const spans = durations()
    return leases.map((lease) => {
      const late = lateAt(lease, this.#usual.of(lease.route), spans) ?? Infinity
      return late <= now() && lease.nextAt > now() ? { ...lease, nextAt: now() } : lease
    })
  }

  /** Looks if something is due, and waits for the answers, a second at most. For calls that show the state. Never throws. */
  async lookFirst(): Promise<void> {
    try {
      this.lookIfDue()
      if (this.isReconciling) await Promise.race([this.#last, this.#context.pause()])
    } catch {
      // The settings are malformed.
    }
  }

  /**
   * Called by a call that shows or needs the account's state. Asks in the background about what is due, since the alarm may ring
   * much later. `isPressing`: an event made something due, and the provider will not send it again.
   */
  lookIfDue({ isPressing = false } = {}): void {
    const { tables, now, durations, defer } = this.#context
    if (this.isReconciling && !isPressing) return
    const isEarly = now() - this.#lookedAt < durations().lookEveryMs
    if ((isEarly && !isPressing) || !tables.account() || !this.#isAnyDue()) return
    if (!mayAskUncalled(tables.parkings(), now())) return
    this.#lookedAt = now()
    defer(this.#look())
  }

  /** Never throws. What a failed look has left out, the alarm does. */
  async #look(): Promise<void> {
    try {
      await this.reconcile()
      this.#deps.setAlarm()
    } catch (error) {
      this.#context.ports().log('look_failed', { name: (error as Error).name })
    }
  }

  /**
   * Looks for the job of a creation that its caller has given up. A second call during a search gets the result of that search.
   */
  lookNow(requestId: string): Promise<LookUpResult> {
    const running = this.#searches.get(requestId) ?? this.#search(requestId)
    this.#searches.set(requestId, running)
    return running.finally(() => this.#searches.delete(requestId))
  }

  async #search(requestId: string): Promise<LookUpResult> {
    const { tables, now } = this.#context
    await this.#deps.settlement.recall.read()
    const { settlement, incoming } = this.#deps
    const ports = this.#context.ports()
    const isMine = (lease: Lease) => lease.requestId === requestId && lease.kind === 'job'
    const newlyLost = tables
      .leases()
      .filter((lease) => isMine(lease) && lease.state === 'unbound' && lease.lostAt === undefined)
    const put = newlyLost.map((lease) => markLost(lease, now(), ports.durations))
    settlement.save({ put, drop: [], ended: [] })
    const object = this.#reconciled()
    const open = object && (await openAccount(ports, object.account).catch(() => undefined))
    if (!object || !open) return { kind: 'unknown' }
    const context = { ports, provider: this.#context.provider(), desk: object, open }
    const last = await findLostCreations(context, tables.leases().filter(isMine), true)
    incoming.applyDeferred()
    const leases = tables.leases().filter((lease) => lease.requestId === requestId)
    return lookUpResultOf(leases, tables.endedOf(requestId), last)
  }

  /** This object as the flows see it. Undefined: the credential is wiped, so the provider cannot be asked. */
  #reconciled(): ReconciledAccount | undefined {
    const { tables } = this.#context
    const { settlement, settle, judgeFault } = this.#deps
    const account = tables.account()
    if (!account) return undefined
    return {
      account,
      // Of a lease whose desk could not be asked, nothing is concluded.
      leases: () => {
        const unasked = tables.leaseRows.unasked()
        return this.#leases().filter(({ id }) => !unasked.some((one) => one.id === id))
      },
      knows: (jobId) => tables.knowsJob(jobId),
      knownOf: (ids) => tables.knowsJobs(ids),
      ended: (requestId) => tables.endedOf(requestId),
      apply: (change) => settlement.save(change),
      bind: (requestId, starts) => settlement.bind(requestId, starts),
      blame: (fault) => judgeFault(fault),
      settle: (reports) => settle(reports),
      memory: this.#memory,
    }
  }
}
