/**
 * The last refusals and failures of an account. They are kept in memory, since a row for each would cost as much as a job. After a
 * restart, the failed jobs among them are read from the rows of ended jobs.
 */
import type { SuspectedFault } from '#domain/accounts/park-after-refusal.ts'
import { ERRORS_SHOWN, type AccountError } from '#domain/live/pool-account.ts'
import type { EndedJob, Lease } from '#domain/slots/lease.ts'
import type { SlotsTables } from '#durable/account-tables/slots-tables.ts'

type Tables = Pick<SlotsTables, 'account' | 'listJobs'>

export class RecentErrors {
  readonly #tables: Tables
  readonly #now: () => number
  /** Oldest first. */
  #errors: (AccountError & { tenant: string })[] = []
  /** Whose failed jobs were read from the rows. */
  #readFor: string | undefined

  constructor(tables: Tables, now: () => number) {
    this.#tables = tables
    this.#now = now
  }

  noteFault({ order, tenant, seen }: SuspectedFault): void {
    const { reason: code, detail: text, scope } = order
    const route = seen?.route ?? (scope.startsWith('row:') ? scope.slice('row:'.length) : '')
    const status = seen?.status === undefined ? {} : { status: seen.status }
    const of = tenant ?? this.#tables.account()?.tenant
    if (of !== undefined) this.#add({ at: this.#now(), ...status, code, text, route, tenant: of })
  }

  noteEnds(ended: readonly EndedJob[]): void {
    for (const end of ended)
      if (isOfAccount(end)) this.#add({ ...toError(end), tenant: end.lease.tenant })
  }

  /** Of this tenant only, in no order. */
  list(tenant: string): AccountError[] {
    this.#read(tenant)
    return this.#errors.flatMap(({ tenant: of, ...error }) => (of === tenant ? [error] : []))
  }

  #read(tenant: string): void {
    if (this.#readFor === tenant) return
    this.#readFor = tenant
    const query = { tenant, state: 'ended', outcome: 'failed', limit: ERRORS_SHOWN } as const
    const past = this.#tables
      .listJobs(query)
      .jobs.flatMap(({ lease, ended }) => (ended ? [{ lease, ...ended }] : []))
      .filter((end) => isOfAccount(end))
      .map((end) => ({ ...toError(end), tenant }))
    const isKnown = (one: AccountError) =>
      this.#errors.some(({ at, route }) => at === one.at && route === one.route)
    for (const one of past) if (!isKnown(one)) this.#errors.push(one)
    this.#cut()
  }

  #add(error: AccountError & { tenant: string }): void {
    this.#errors.push(error)
    this.#cut()
  }

  #cut(): void {
    this.#errors = this.#errors.toSorted((a, b) => a.at - b.at).slice(-ERRORS_SHOWN)
  }
}

type End = Pick<EndedJob, 'endedAt' | 'outcome'> & { lease: Pick<Lease, 'route'> }

/** Whether a job of the account has failed. A queued creation that never started says nothing about it. */
function isOfAccount({ outcome: { status, isUnstarted } }: Pick<End, 'outcome'>): boolean {
  return status === 'failed' && !isUnstarted
}

function toError({ lease, endedAt, outcome }: End): AccountError {
  return { at: endedAt, code: outcome.status, text: outcome.detail ?? '', route: lease.route }
}
