/** How leases get the names of their jobs, and lose them again. Pure. */
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
 * Names the jobs that a creation started: what its own answer said is certain, whoever brings it and however late.
 * Leases left over are released; a job too many gets a lease of its own, so that it is at least counted. `ended`: what
 * this request started and is over. `again`: makes the lease anew when it is not there.
 */
export function bind(
  ledger: Ledger,
  requestId: string,
  starts: JobStart[],
  now: number,
  durations: Durations,
  { ended = [], again }: { ended?: readonly EndedJob[]; again?: LeaseAsk } = {}
): Change {
  const mine = ledger.leases.filter((lease) => lease.requestId === requestId)
  const pattern = mine[0] ?? ended[0]?.lease ?? (again && newLease(again, 0, now, durations))
  if (!pattern) return NO_CHANGE
  const isOver = (start: JobStart) =>
    ended.some(({ lease }) => lease.jobId === start.jobId && lease.state !== 'suspect')
  const fresh = starts.filter(
    (start) => !isOver(start) && !mine.some((lease) => isBoundTo(lease, start))
  )
  const open = mine.filter((lease) => isOpen(lease, starts))
  const taken = new Set(ended.map(({ lease }) => lease.id))
  const put: Lease[] = []
  for (const [index, start] of fresh.entries()) {
    const lease = open[index] ?? {
      ...fresherThan(pattern, now),
      id: freeId(ledger, requestId, taken),
    }
    taken.add(lease.id)
    put.push(bound(lease, start, 'running', now, durations))
  }
  const ids = new Set(starts.filter((start) => !start.isReused).map((start) => start.jobId))
  const wronged = ledger.leases.filter(
    (lease) =>
      lease.requestId !== requestId &&
      ids.has(lease.jobId ?? '') &&
      (lease.state === 'suspect' || lease.isFound)
  )
  put.push(...wronged.map((lease) => withoutJob(lease, now)))
  return { put, drop: open.slice(fresh.length).map((lease) => lease.id), ended: [] }
}

/** Not yet named for certain. What a look named by another id than the answer says is named anew. */
function isOpen(lease: Lease, starts: readonly JobStart[]): boolean {
  if (lease.kind === 'call') return false
  if (lease.state === 'unbound' || lease.state === 'suspect') return true
  return lease.isFound === true && !starts.some((start) => start.jobId === lease.jobId)
}

/** A lease made from what is known of one that ended. */
function fresherThan(pattern: Lease, now: number): Lease {
  const { jobId: _, ask: __, askElse: ___, ending: ____, ...rest } = pattern
  return {
    ...rest,
    state: 'unbound',
    watch: [],
    asks: 0,
    misses: 0,
    lastReportAt: now,
    nextAt: now,
  }
}

/** An ended lease of the same request may have had the number. */
function freeId(ledger: Ledger, requestId: string, taken: ReadonlySet<string>): string {
  const isTaken = (id: string) => taken.has(id) || ledger.leases.some((lease) => lease.id === id)
  if (!isTaken(requestId)) return requestId
  let number = 1
  while (isTaken(`${requestId}.${number}`)) number += 1
  return `${requestId}.${number}`
}

/** What it was taken for is somebody else's, or over: it is looked for again. */
export function withoutJob(lease: Lease, now: number): Lease {
  const { jobId: _, ask: __, askElse: ___, isFound: ____, missedAt: _____, ...rest } = lease
  const lostAt = lease.lostAt ?? now
  return { ...withoutReports(rest), state: 'unbound', watch: [], misses: 0, lostAt, nextAt: now }
}

/** Without what was heard of the job that it was taken for. */
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

export function bound(
  lease: Lease,
  start: JobStart,
  state: 'running' | 'suspect',
  now: number,
  durations: Durations
): Lease {
  // From the acquiring, not from now: the alarm stands there already, and setting it anew would cost a row.
  const nextAt =
    lease.acquiredAt + (lease.expectsEvent ? durations.toldAskMs : durations.firstAskMs)
  const { missedAt: _, isFound: __, ...rest } = lease
  const before = lease.jobId === start.jobId ? rest : withoutReports(rest)
  return { ...before, ...start, state, misses: 0, lastReportAt: now, nextAt }
}
