/** An account's questions to its provider: by the alarm, and at once for a creation whose answer was just lost. */
import type { JobReport, Lease } from '#domain/slots/lease.ts'
import type { Fault } from '#domain/accounts/park-after-refusal.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { LookUpResult } from '#domain/ports/slots.ts'
import { markLost } from '#domain/jobs/reconcile.ts'
import { newSearchMemory, type ReconciledAccount } from '#flows/jobs/status-checks.ts'
import { findLostCreations, lookUpResultOf } from '#flows/jobs/find-lost-creations.ts'
import { openAccount } from '#flows/accounts/open-account.ts'
import { reconcileAccount } from '#flows/jobs/reconcile-account.ts'
import type { Provider } from '#providers/contract/provider.ts'
import type { Settlement } from './settlement.ts'
import type { SlotsTables } from '#durable/account-tables/slots-tables.ts'

/** The object's side. */
export interface StatusChecksDeps {
  ports(): Ports
  provider(): Provider
  settle(reports: JobReport[]): boolean
  blame(fault: Fault): Promise<unknown>
}

export class StatusChecks {
  readonly #tables: SlotsTables
  readonly #settlement: Settlement
  readonly #deps: StatusChecksDeps
  readonly #memory = newSearchMemory()
  readonly #looks = new Map<string, Promise<LookUpResult>>()

  constructor(tables: SlotsTables, settling: Settlement, deps: StatusChecksDeps) {
    this.#tables = tables
    this.#settlement = settling
    this.#deps = deps
  }

  async reconcile(): Promise<void> {
    const desk = this.#desk()
    if (desk) await reconcileAccount(this.#deps.ports(), this.#deps.provider(), desk)
  }

  /** Whoever calls this has given the creation up. A second call while a look runs gets the answer of that look. */
  lookNow(requestId: string): Promise<LookUpResult> {
    const running = this.#looks.get(requestId) ?? this.#look(requestId)
    this.#looks.set(requestId, running)
    return running.finally(() => this.#looks.delete(requestId))
  }

  async #look(requestId: string): Promise<LookUpResult> {
    const ports = this.#deps.ports()
    const isMine = (lease: Lease) => lease.requestId === requestId && lease.kind === 'job'
    const given = this.#tables
      .leases()
      .filter((lease) => isMine(lease) && lease.state === 'unbound' && lease.lostAt === undefined)
    const put = given.map((lease) => markLost(lease, Date.now(), ports.durations))
    this.#settlement.save({ put, drop: [], ended: [] })
    const desk = this.#desk()
    const open = desk && (await openAccount(ports, desk.account).catch(() => undefined))
    if (!desk || !open) return { kind: 'unknown' }
    const context = { ports, provider: this.#deps.provider(), desk, open }
    const last = await findLostCreations(context, this.#tables.leases().filter(isMine), true)
    this.#settlement.applyEarlyEvents()
    return lookUpResultOf(context, requestId, last)
  }

  #desk(): ReconciledAccount | undefined {
    const account = this.#tables.account()
    if (!account) return undefined
    return {
      account,
      leases: () => this.#tables.leases(),
      knows: (jobId) => this.#tables.knowsJob(jobId),
      knownOf: (ids) => this.#tables.knowsJobs(ids),
      ended: (requestId) => this.#tables.endedOf(requestId),
      apply: (change) => this.#settlement.save(change),
      bind: (requestId, starts) => this.#settlement.bind(requestId, starts),
      blame: (fault) => this.#deps.blame(fault),
      settle: (reports) => this.#deps.settle(reports),
      memory: this.#memory,
    }
  }
}
