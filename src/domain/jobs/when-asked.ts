/**
 * Decides when the provider is asked about a job without a call, and which changes of a lease need no row. `nextAt` of a lease says
 * from when on a call may have the job asked about. The alarm may ring later, since each ring costs a row. Pure.
 */
import type { Lease } from '#domain/slots/lease.ts'
import type { Durations } from '#domain/runtime/durations.ts'

export interface RingFacts {
  now: number
  durations: Durations
  /**
   * An alarm is set or checks run, after which it is set. Then the alarm was set for overdue checks already, or the checks that run
   * are these.
   */
  isCovered: boolean
  /** Whether somebody waits for the end of the lease's job. */
  isAwaited(lease: Lease): boolean
}

/** When the alarm must ring for the lease, epoch ms. Undefined: what is set is enough. */
export function ringsAt(lease: Lease, facts: RingFacts): number | undefined {
  const { nextAt, deadlineAt, acquiredAt } = lease
  if (lease.kind === 'call') return deadlineAt ?? nextAt
  if (hasAppointment(lease)) return nextAt
  const { now, durations, isCovered, isAwaited } = facts
  if (isCovered && nextAt <= now) return undefined
  if (lease.state === 'unbound' && lease.expectsEvent)
    return Math.max(nextAt, acquiredAt + durations.toldAskMs)
  const isQuiet = lease.state !== 'waiting' && !lease.expectsEvent && !isAwaited(lease)
  return isQuiet ? Math.max(nextAt, acquiredAt + durations.quietAskMs) : nextAt
}

/** Whether `nextAt` follows from something that was seen, so that the alarm must keep to it: a search, a doubt, a deletion, a guess. */
function hasAppointment(lease: Lease): boolean {
  const { state, lostAt, looks, misses, ending, deletedAt, guess } = lease
  if (misses > 0 || ending !== undefined || deletedAt !== undefined) return true
  if (guess?.until !== undefined || state === 'suspect') return true
  return state === 'unbound' && (lostAt ?? looks) !== undefined
}

/**
 * Whether the lease differs from its row only in what spaces its checks. Such a lease is not written. After a restart the object
 * asks once too early, and the pauses follow from the lease's age.
 */
export function isOnlySpaced(row: Lease, lease: Lease, durations: Durations): boolean {
  if (lease.nextAt < row.nextAt) return false
  // A guess is given up after an hour without a report, any other job after two days.
  const exactMs = lease.guess ? durations.longestAskMs : durations.keepReportMs
  if (lease.lastReportAt - row.lastReportAt >= exactMs) return false
  return durableText(row) === durableText(lease)
}

/** The lease without what spaces checks. That misses are more than one matters only for searches, which then end the lease. */
function durableText(lease: Lease): string {
  const spacing = { nextAt: 0, asks: 0, lastReportAt: 0, misses: Math.min(lease.misses, 1) }
  const members = Object.entries({ ...lease, ...spacing })
  const known = members.filter(([, value]) => value !== undefined)
  return JSON.stringify(known.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
