/** Binds leases to jobs, and unbinds them. Pure. */
import {
  newLease,
  NO_CHANGE,
  type Change,
  type EndedJob,
  type JobStart,
  type Lease,
  type LeaseAsk,
  type Ledger,
} from '#domain/slots/lease.ts'
import { partOf } from '#domain/slots/queued-lease.ts'
import type { Durations } from '#domain/runtime/durations.ts'

/**
 * Binds the leases of a creation to the jobs that its answer named. The answer is certain, however late it comes: it replaces a
 * job to which a search bound the lease. Leases without a job are dropped. A job without a lease gets one of its own, so that it
 * is at least counted.
 *
 * `ended`: jobs of this request that have ended. `ask`: the lease request from which a missing lease is made.
 */
export function bindJobs(
  ledger: Ledger,
  requestId: string,
  starts: JobStart[],
  now: number,
  durations: Durations,
  { ended = [], ask }: { ended?: readonly EndedJob[]; ask?: LeaseAsk } = {}
): Change {
  const mine = ledger.leases.filter((lease) => lease.requestId === requestId)
  const pattern = mine[0] ?? ended[0]?.lease ?? (ask && newLease(ask, 0, now, durations))
  if (!pattern) return NO_CHANGE
  const isOver = (start: JobStart) =>
    ended.some(({ lease }) => lease.jobId === start.jobId && lease.state !== 'suspect')
  const unbound = starts.filter(
    (start) => !isOver(start) && !mine.some((lease) => isBoundTo(lease, start))
  )
  // In their order: names of a queued creation's jobs are given by it, and a table has lease 10 before lease 2.
  const open = mine
    .filter((lease) => isOpen(lease, starts))
    .toSorted((one, other) => partOf(one) - partOf(other))
  const taken = new Set(ended.map(({ lease }) => lease.id))
  const put: Lease[] = []
  for (const [index, start] of unbound.entries()) {
    const lease = open[index] ?? {
      ...unboundLike(pattern, now),
      id: freeId(ledger, requestId, taken),
    }
    taken.add(lease.id)
    put.push(boundTo(lease, start, 'running', now, durations))
  }
  put.push(...wronglyBound(ledger, requestId, starts).map((lease) => withoutJob(lease, now)))
  return { put, drop: open.slice(unbound.length).map((lease) => lease.id), ended: [] }
}

/** The leases of other creations that a search bound to one of these jobs. */
function wronglyBound(ledger: Ledger, requestId: string, starts: readonly JobStart[]): Lease[] {
  const ids = new Set(starts.filter((start) => !start.isReused).map((start) => start.jobId))
  return ledger.leases.filter(
    (lease) =>
      lease.requestId !== requestId &&
      ids.has(lease.jobId ?? '') &&
      (lease.state === 'suspect' || lease.isFound)
  )
}

/** Whether the lease can be bound: it is unbound, a suspect, or a search bound it to a job that the answer does not name. */
function isOpen(lease: Lease, starts: readonly JobStart[]): boolean {
  if (lease.kind === 'call') return false
  if (lease.state === 'unbound' || lease.state === 'suspect') return true
  return lease.isFound === true && !starts.some((start) => start.jobId === lease.jobId)
}

function unboundLike(pattern: Lease, now: number): Lease {
  const { jobId: _, ask: __, askElse: ___, ending: ____, boundAt: _____, ...rest } = pattern
  const unused = { watch: [], asks: 0, misses: 0, lastReportAt: now, nextAt: now }
  return { ...rest, state: 'unbound', ...unused }
}

/** An id for a further lease of the request. An ended lease may already have a number. */
function freeId(ledger: Ledger, requestId: string, taken: ReadonlySet<string>): string {
  const isTaken = (id: string) => taken.has(id) || ledger.leases.some((lease) => lease.id === id)
  if (!isTaken(requestId)) return requestId
  let number = 1
  while (isTaken(`${requestId}.${number}`)) number += 1
  return `${requestId}.${number}`
}

/** Unbinds a lease whose job belongs to another creation or has ended. Its own job is searched for at once. */
export function withoutJob(lease: Lease, now: number): Lease {
  const { jobId: _, ask: __, askElse: ___, isFound: ____, missedAt: _____, ...others } = lease
  const { boundAt: ______, ...rest } = others
  const lostAt = lease.lostAt ?? now
  return { ...withoutReports(rest), state: 'unbound', watch: [], misses: 0, lostAt, nextAt: now }
}

/** The lease without the reports about the job to which it was bound. */
export function withoutReports<T extends Pick<Lease, 'ending' | 'deletedAt' | 'waitingSince'>>(
  lease: T
) {
  const { ending: _, deletedAt: __, waitingSince: ___, ...rest } = lease
  return rest
}

function isBoundTo(lease: Lease, start: JobStart): boolean {
  const isNamed = lease.state === 'running' || lease.state === 'waiting'
  return isNamed && lease.jobId === start.jobId
}

/** The lease bound to a job. `suspect`: the job is only possibly the creation's own. */
export function boundTo(
  lease: Lease,
  start: JobStart,
  state: 'running' | 'suspect',
  now: number,
  durations: Durations
): Lease {
  // The time counts from when the slot was acquired: the alarm is already set to that moment, and setting it again costs a row.
  const firstCheckMs = lease.expectsEvent ? durations.toldAskMs : durations.firstAskMs
  const usualAt = lease.acquiredAt + firstCheckMs
  // Never in the moment of a late binding: the provider may not show the job yet.
  const nextAt = usualAt > now ? usualAt : now + durations.firstAskMs
  const { missedAt: _, isFound: __, ...rest } = lease
  const isSame = lease.jobId === start.jobId
  const before = isSame ? rest : withoutReports(rest)
  const boundAt = (isSame ? lease.boundAt : undefined) ?? now
  return { ...before, ...start, state, boundAt, misses: 0, lastReportAt: now, nextAt }
}
