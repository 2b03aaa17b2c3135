/** Makes pages of the jobs of one account or several, ordered by when they began, newest first. Pure. */
import type { EndedJob, Lease, Outcome } from '#domain/slots/lease.ts'
import type { SharedLease } from '#domain/slots/lease-record.ts'
import { isTimedId, prefixOf } from '#domain/text/time-ordered-id.ts'

export type JobName = { leaseId: string } | { jobId: string } | { requestId: string }

/** `before`: only jobs after this position, which is the id of a lease. `since`: only jobs that began then or later, epoch ms. */
export interface JobQuery {
  tenant: string
  /** Only jobs of this own token. */
  ownToken?: string
  /** Only these jobs, all on one page. An object of an older release knows no such question, and gives any page. */
  jobIds?: string[]
  state?: 'running' | 'ended'
  outcome?: Outcome['status']
  since?: number
  before?: string
  limit: number
}

/** `stoppedAt`: the position after which nothing was read. Absent: there are no more jobs. */
export interface JobPage {
  jobs: JobRecord[]
  stoppedAt?: string
}

/** Objects of an earlier release give the texts of `fingerprint` another name. */
export type JobRecord = {
  lease: SharedLease & Partial<Pick<Lease, 'fingerprint'>>
  ended?: Pick<EndedJob, 'endedAt' | 'outcome'>
}

/** A job's position by time. Leases of older releases have random ids, so their time is put before the id. */
export function placeOf({ id, acquiredAt }: Pick<Lease, 'id' | 'acquiredAt'>): string {
  return isTimedId(id) ? id : `${prefixOf(acquiredAt)}-${id}`
}

/** Whether a lease is listed as a running job. A `call` lease is not a job. */
export function isListed(
  lease: Lease,
  {
    tenant,
    ownToken,
    since = 0,
    before,
  }: Pick<JobQuery, 'tenant' | 'ownToken' | 'since' | 'before'>
): boolean {
  if (ownToken !== undefined && lease.ownToken !== ownToken) return false
  if (lease.kind !== 'job' || lease.tenant !== tenant || lease.acquiredAt < since) return false
  return before === undefined || placeOf(lease) < before
}

/** Makes the page of one account. */
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
 * Makes the page of several accounts. It ends where the first of them stopped reading. Two jobs of one creation at two accounts
 * are on the same page. An end of a queued creation without a start that was handed to two accounts, since the first one's answer was
 * lost, is there once.
 */
export function mergePages<T extends JobRecord>(
  pages: readonly { jobs: readonly T[]; stoppedAt?: string }[],
  limit: number
): { jobs: T[]; stoppedAt?: string } {
  const stops = pages.flatMap(({ stoppedAt }) => stoppedAt ?? []).toSorted()
  const all = newestFirst(pages.flatMap(({ jobs }) => jobs))
  const isRepeat = ({ lease, ended }: T, before: T | undefined) =>
    ended?.outcome.isUnstarted === true && before?.lease.id === lease.id
  const once = all.filter((job, at) => !isRepeat(job, all[at - 1]))
  return cut(once, stops.at(-1), limit)
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
