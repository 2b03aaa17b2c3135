/** How leases are bound to their jobs, and lose them again. Pure. */
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
import type { Durations } from '#domain/runtime/durations.ts'

/**
 * Binds the leases of a creation to the jobs that its answer named. That answer is certain, however late it comes: a lease
 * that was bound to another job by a search is bound anew. Leases left over are dropped. A job without a lease gets one of
 * its own, so that it is at least counted.
 *
 * `ended`: jobs of this request that are over. `ask`: from it a lease is made where there is none (any more).
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
  const open = mine.filter((lease) => isOpen(lease, starts))
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

/** Leases of other creations for which a search took one of these jobs. */
function wronglyBound(ledger: Ledger, requestId: string, starts: readonly JobStart[]): Lease[] {
  const ids = new Set(starts.filter((start) => !start.isReused).map((start) => start.jobId))
  return ledger.leases.filter(
    (lease) =>
      lease.requestId !== requestId &&
      ids.has(lease.jobId ?? '') &&
      (lease.state === 'suspect' || lease.isFound)
  )
}

/** Not bound for certain: unbound, a suspect, or bound by a search to a job that the answer does not name. */
function isOpen(lease: Lease, starts: readonly JobStart[]): boolean {
  if (lease.kind === 'call') return false
  if (lease.state === 'unbound' || lease.state === 'suspect') return true
  return lease.isFound === true && !starts.some((start) => start.jobId === lease.jobId)
}

function unboundLike(pattern: Lease, now: number): Lease {
  const { jobId: _, ask: __, askElse: ___, ending: ____, ...rest } = pattern
  const unused = { watch: [], asks: 0, misses: 0, lastReportAt: now, nextAt: now }
  return { ...rest, state: 'unbound', ...unused }
}

/** An ended lease of the same request may have had the number. */
function freeId(ledger: Ledger, requestId: string, taken: ReadonlySet<string>): string {
  const isTaken = (id: string) => taken.has(id) || ledger.leases.some((lease) => lease.id === id)
  if (!isTaken(requestId)) return requestId
  let number = 1
  while (isTaken(`${requestId}.${number}`)) number += 1
  return `${requestId}.${number}`
}

/** The job that it was bound to is another creation's, or over. Its own is searched for at once. */
export function withoutJob(lease: Lease, now: number): Lease {
  const { jobId: _, ask: __, askElse: ___, isFound: ____, missedAt: _____, ...rest } = lease
  const lostAt = lease.lostAt ?? now
  return { ...withoutReports(rest), state: 'unbound', watch: [], misses: 0, lostAt, nextAt: now }
}

/** Without what was reported of the job that it was bound to. */
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

/** `suspect`: the job may be the creation's own. */
export function boundTo(
  lease: Lease,
  start: JobStart,
  state: 'running' | 'suspect',
  now: number,
  durations: Durations
): Lease {
  // Counted from when the slot was acquired: the alarm is set to that moment already, and to set it anew costs a row.
  const firstCheckMs = lease.expectsEvent ? durations.toldAskMs : durations.firstAskMs
  const nextAt = lease.acquiredAt + firstCheckMs
  const { missedAt: _, isFound: __, ...rest } = lease
  const before = lease.jobId === start.jobId ? rest : withoutReports(rest)
  return { ...before, ...start, state, misses: 0, lastReportAt: now, nextAt }
}
