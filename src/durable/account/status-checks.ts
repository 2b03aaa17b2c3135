/**
 * Asks the provider about jobs: when the alarm reconciles the leases that are due, and at once when the answer to a creation
 * was just lost.
 */
import type { JobReport, Lease } from '#domain/slots/lease.ts'
import type { SuspectedFault } from '#domain/accounts/park-after-refusal.ts'
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
}

export class StatusChecks {
  readonly #context: AccountContext
  readonly #deps: StatusChecksDeps
  readonly #memory = newSearchMemory()
  readonly #searches = new Map<string, Promise<LookUpResult>>()
  #isReconciling = false

  constructor(context: AccountContext, deps: StatusChecksDeps) {
    this.#context = context
    this.#deps = deps
  }

  get isReconciling(): boolean {
    return this.#isReconciling
  }

  async reconcile(): Promise<void> {
    const { tables, now, durations, ports, provider } = this.#context
    await this.#deps.settlement.recall.read()
    const spans = durations()
    const isDueJob = (lease: Lease) =>
      lease.kind === 'job' && reconcileActionOf(lease, now(), spans) !== undefined
    if (tables.leases().some(isDueJob)) await this.#deps.targets.read()
    const object = this.#reconciled()
    if (!object) return
    this.#isReconciling = true
    try {
      await reconcileAccount(ports(), provider(), object)
    } finally {
      this.#isReconciling = false
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
        return tables.leases().filter((lease) => !unasked.includes(lease))
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
