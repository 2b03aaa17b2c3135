/** Ends jobs, or their tracking, without a report of the provider: by hand, or because the account is gone. Pure. */
import { NO_CHANGE, type Change, type Lease } from '#domain/slots/lease.ts'

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
  if (isForced) {
    const ended = named.map((lease) => ({
      lease,
      endedAt: now,
      outcome: { status: 'forced' as const },
    }))
    return { ...NO_CHANGE, ended }
  }
  const put = named
    .filter((lease) => lease.isTracked)
    .map((lease) => ({ ...lease, isTracked: false }))
  return { ...NO_CHANGE, put }
}

/** Ends all jobs as lost, because nobody can ask about the jobs of a removed account. */
export function endAllAsLost(leases: readonly Lease[], now: number): Change {
  const ended = leases.map((lease) => ({
    lease,
    endedAt: now,
    outcome: { status: 'lost' as const, detail: 'its account was removed' },
  }))
  return { ...NO_CHANGE, ended }
}

/** Whether a name means this lease: its job's id, or its request's id. */
export function hasName(lease: Lease, name: string): boolean {
  return lease.jobId === name || lease.id === name || lease.requestId === name
}
