/** Jobs that end, or are not tracked any more, without a word of the provider. Pure. */
import { NO_CHANGE, type Change, type Lease } from '#domain/slots/lease.ts'

/**
 * Ends tracking: the slot stays taken until the provider reports the job's end. Forced: the slot is free at once, so the
 * account may for a while run one job more than its limit (contract section 7).
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

/** The account is removed, so the ends of its jobs cannot be known any more. */
export function endAllAsLost(leases: readonly Lease[], now: number): Change {
  const ended = leases.map((lease) => ({
    lease,
    endedAt: now,
    outcome: { status: 'lost' as const },
  }))
  return { ...NO_CHANGE, ended }
}

/** A job is named by its id, or by the request that makes it. */
export function hasName(lease: Lease, name: string): boolean {
  return lease.jobId === name || lease.id === name || lease.requestId === name
}
