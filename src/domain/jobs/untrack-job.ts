/** Ends jobs, or their tracking, without a report of the provider: by hand, or because the account is gone. Pure. */
import { NO_CHANGE, type Change, type Lease, type Outcome } from '#domain/slots/lease.ts'

/**
 * Ends tracking. The slot stays taken until the provider reports the job's end. If forced, the slot is free at once, so the
 * account may run one job more than its limit for a while (contract section 7).
 */
export function untrack(
  leases: readonly Lease[],
  tenant: string,
  jobId: string,
  isForced: boolean,
  now: number
): Change {
  const named = leases.filter((lease) => lease.tenant === tenant && hasName(lease, jobId))
  if (isForced) return endAs({ status: 'forced' }, named, now)
  const put = named
    .filter((lease) => lease.isTracked)
    .map((lease) => ({ ...lease, isTracked: false }))
  return { ...NO_CHANGE, put }
}

/** Ends all jobs as lost, because nobody can ask about the jobs of a removed account. */
export function endAllAsLost(leases: readonly Lease[], now: number): Change {
  return endAs({ status: 'lost', detail: 'its account was removed' }, leases, now)
}

/** A call that is answered at once is no job, so its lease goes without an end. */
function endAs(outcome: Outcome, leases: readonly Lease[], endedAt: number): Change {
  const calls = leases.filter(({ kind }) => kind === 'call')
  const jobs = leases.filter(({ kind }) => kind === 'job')
  return {
    ...NO_CHANGE,
    drop: calls.map(({ id }) => id),
    ended: jobs.map((lease) => ({ lease, endedAt, outcome })),
  }
}

/** Whether a name means this lease: its job's id, or its request's id. */
export function hasName(lease: Lease, name: string): boolean {
  return lease.jobId === name || lease.id === name || lease.requestId === name
}
