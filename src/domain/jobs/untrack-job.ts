/** What may be done to a running job from outside the provider. */
import { NO_CHANGE, type Change, type Lease } from '#domain/slots/lease.ts'

/**
 * Ends tracking: the slot stays until the provider says that the job ended. Forced: the slot is free at once, and
 * the provider may for a while see one job more than the limit. The caller says so knowingly (contract section 7).
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

/** The account is gone: nobody can say any more how its jobs end. */
export function endAllAsLost(leases: readonly Lease[], now: number): Change {
  const ended = leases.map((lease) => ({
    lease,
    endedAt: now,
    outcome: { status: 'lost' as const },
  }))
  return { ...NO_CHANGE, ended }
}

/** A job that has no id yet can be named by the request that is making it. */
export function hasName(lease: Lease, name: string): boolean {
  return lease.jobId === name || lease.id === name || lease.requestId === name
}
