/** The end of a job as usage counts it. Pure. */
import type { EndedJob, Outcome, ToldOfJob } from '#domain/slots/lease.ts'
import { placeOf } from '#domain/jobs/list-jobs.ts'
import { isTimedId, timeOf } from '#domain/text/time-ordered-id.ts'

export const DAY_MS = 24 * 3_600_000

/** A job that began longer than this before its end is counted at its end, since a fold looks back no further. */
const LONG_MS = DAY_MS

export interface JobEnd extends ToldOfJob {
  tenant: string
  /** The UTC day of the end, in days since 1970. */
  day: number
  /** The id of the token that started the job. Empty: a release that did not keep it has started the job. */
  token: string
  route: string
  outcome: Outcome['status']
  /** From the request until the slot. */
  waitedMs: number
  /** From the slot until the end, of a job that completed or failed. */
  tookMs?: number
}

/** Undefined: nothing ran, so it is no job. */
export function jobEndOf({ lease, endedAt, outcome, told }: EndedJob): JobEnd | undefined {
  const { status } = outcome
  const isRun = status === 'completed' || status === 'failed'
  // A creation that ended before it was sent has no job.
  if (status === 'absent' || (isRun && lease.jobId === undefined)) return undefined
  const { tenant, token = '', route, requestId, acquiredAt, item } = lease
  const askedAt = item?.askedAt ?? (isTimedId(requestId) ? timeOf(requestId) : acquiredAt)
  return {
    tenant,
    day: dayOf(endedAt),
    token,
    route,
    outcome: status,
    waitedMs: Math.max(0, acquiredAt - askedAt),
    ...(isRun ? { tookMs: Math.max(0, endedAt - acquiredAt) } : {}),
    ...told,
  }
}

export function dayOf(at: number): number {
  return Math.floor(at / DAY_MS)
}

/** The earliest time at which a job began whose end after `since` was not counted at once. */
export function earliestBegin(since: number): number {
  return since - LONG_MS
}

/** `until`: up to when ends have been folded. A fold will not find this end, so it is counted at once. */
export function isCountedAtOnce({ lease, endedAt }: EndedJob, until: number): boolean {
  return endedAt <= until || timeOf(placeOf(lease)) < earliestBegin(endedAt)
}
