/** Jobs of an account or of several as one list, newest first by when they began, page by page. */
import type { EndedJob, Lease, Outcome } from '#domain/slots/lease.ts'
import type { SharedLease } from '#domain/slots/lease-record.ts'
import { isTimedId, prefixOf } from '#domain/text/time-ordered-id.ts'

export type JobName = { leaseId: string } | { jobId: string } | { requestId: string }

/** `before`: a place in the order, the id of a lease. `since`: begun then or later, epoch ms. */
export interface JobQuery {
  tenant: string
  state?: 'running' | 'ended'
  outcome?: Outcome['status']
  since?: number
  before?: string
  limit: number
}

/** `stoppedAt`: what comes behind this place was not looked at; absent: there is nothing. */
export interface JobPage {
  jobs: JobRecord[]
  stoppedAt?: string
}

export type JobRecord = { lease: SharedLease; ended?: Pick<EndedJob, 'endedAt' | 'outcome'> }

/** Where a job stands in the order of time. A lease of before stands under a made-up name of its time. */
export function placeOf({ id, acquiredAt }: Pick<Lease, 'id' | 'acquiredAt'>): string {
  return isTimedId(id) ? id : `${prefixOf(acquiredAt)}-${id}`
}

/** What runs. A slot that is held for the length of a call is no job. */
export function isListed(
  lease: Lease,
  { tenant, since = 0, before }: Pick<JobQuery, 'tenant' | 'since' | 'before'>
): boolean {
  if (lease.kind !== 'job' || lease.tenant !== tenant || lease.acquiredAt < since) return false
  return before === undefined || placeOf(lease) < before
}

/** Of one account. */
export function pageOf(
  running: readonly Lease[],
  past: { ended: readonly EndedJob[]; stoppedAt?: string },
  limit: number
): JobPage {
  const ended = past.ended.map(({ lease, endedAt, outcome }) => ({
    lease,
    ended: { endedAt, outcome },
  }))
  const all = newestFirst([...running.map((lease) => ({ lease })), ...ended])
  return cut(all, past.stoppedAt, limit)
}

/**
 * Of several: what stands behind the first place at which one of them stopped is left to the next page, and two of one
 * creation at two accounts are not parted.
 */
export function mergePages<T extends JobRecord>(
  pages: readonly { jobs: readonly T[]; stoppedAt?: string }[],
  limit: number
): { jobs: T[]; stoppedAt?: string } {
  const stops = pages.flatMap(({ stoppedAt }) => stoppedAt ?? []).toSorted()
  return cut(newestFirst(pages.flatMap(({ jobs }) => jobs)), stops.at(-1), limit)
}

function newestFirst<T extends JobRecord>(jobs: readonly T[]): T[] {
  return jobs.toSorted((a, b) => (placeOf(a.lease) < placeOf(b.lease) ? 1 : -1))
}

function cut<T extends JobRecord>(
  sorted: readonly T[],
  stop: string | undefined,
  limit: number
): { jobs: T[]; stoppedAt?: string } {
  const reached = sorted.filter(({ lease }) => stop === undefined || placeOf(lease) >= stop)
  const last = reached[limit - 1]
  const place = last && placeOf(last.lease)
  const jobs = reached.filter(({ lease }, index) => index < limit || placeOf(lease) === place)
  if (place !== undefined && jobs.length < sorted.length) return { jobs, stoppedAt: place }
  return stop === undefined ? { jobs } : { jobs, stoppedAt: stop }
}
