/**
 * Applies reports about jobs to an account's leases. Reports come from status answers, webhooks and status checks. Every end of a
 * job that the provider reports is applied here. Pure.
 */
import { withoutJob } from './bind-jobs.ts'
import type { Change, EndedJob, JobReport, Lease, Ledger } from '#domain/slots/lease.ts'
import type { Durations } from '#domain/runtime/durations.ts'

/** The most jobs that wait for a human. They hold no slot, so nothing else limits their number. */
const WAITING_MAX = 200
/** How many complete searches, some time apart, must agree before a job counts as absent. */
export const WHOLE_SEARCHES = 2

/** Applies the reports. A report about a job that has ended, or that the account has no lease for, changes nothing. */
export function applyReports(
  ledger: Ledger,
  reports: readonly JobReport[],
  now: number,
  durations: Durations
): Change {
  const change: Change = { put: [], drop: [], ended: [] }
  for (const lease of ledger.leases) {
    const own = reports.filter((report) => lease.watch.includes(report.watch))
    // Until the creation is answered, a report may be about something older under the same name.
    const isBefore = lease.kind === 'call' || lease.state === 'unbound'
    if (isBefore || own.length === 0) continue
    const end = own.find((report) => isEnd(lease, report, now, durations))
    if (!end) change.put.push(...stillGoing(lease, own, now, durations))
    else if (isOnlySuspected(lease)) change.put.push(searchOn(lease, now))
    else change.ended.push(endOf(lease, end, now))
  }
  return limitWaiting(ledger.leases, change, now)
}

/** Whether the job is only suspected. If it ends, the creation's own job may still run. */
function isOnlySuspected(lease: Lease): boolean {
  return lease.state === 'suspect' && lease.jobId !== undefined
}

/** The lease with a search due now. Earlier complete searches still count. */
function searchOn(lease: Lease, now: number): Lease {
  const { misses, missedAt } = lease
  const counted = { misses, ...(missedAt === undefined ? {} : { missedAt }) }
  return { ...withoutJob(lease, now), ...counted, mayHaveRun: true }
}

function isEnd(lease: Lease, report: JobReport, now: number, durations: Durations): boolean {
  if (report.state === 'completed' || report.state === 'failed') return true
  const since = lease.ending?.since
  return report.state === 'ending' && since !== undefined && now - since >= durations.lookAgainMs
}

/** The lease after reports that are not an end. Empty if they change nothing. */
function stillGoing(
  lease: Lease,
  reports: readonly JobReport[],
  now: number,
  durations: Durations
): Lease[] {
  if (reports.some((report) => report.state === 'deleted'))
    return [{ ...lease, deletedAt: now, nextAt: now }]
  const ending = reports.find((report) => report.state === 'ending')
  if (ending) {
    if (lease.ending) return []
    const { word = '' } = ending
    const nextAt = Math.min(lease.nextAt, now + durations.lookAgainMs)
    return [{ ...lease, ending: { word, since: now }, nextAt }]
  }
  const known = reports.find((report) => report.state !== 'unclear')
  if (!known || lease.state === 'suspect') return []
  return [afterProgress(lease, reports, known.state === 'waiting', now)]
}

/** The lease of a job that still runs or waits for a human. */
export function afterProgress(
  lease: Lease,
  reports: readonly JobReport[],
  isWaiting: boolean,
  now: number
): Lease {
  const { ending: _, waitingSince = now, missedAt: __, guess, ...rest } = lease
  // Videos that an earlier run of a session made do not belong to this run.
  const aliases = lease.isReused ? [] : reports.flatMap(({ alias }) => alias ?? [])
  return {
    ...rest,
    // A status was read, so the guess was right.
    ...(guess ? { guess: {} } : {}),
    ...(isWaiting ? { waitingSince } : {}),
    watch: [...new Set([...lease.watch, ...aliases])],
    state: isWaiting ? 'waiting' : 'running',
    misses: 0,
    lastReportAt: now,
  }
}

/** If too many jobs wait for a human, ends those that wait longest as lost. */
export function limitWaiting(leases: readonly Lease[], change: Change, now: number): Change {
  const gone = new Set([...change.drop, ...change.ended.map(({ lease }) => lease.id)])
  const changed = new Map(change.put.map((lease) => [lease.id, lease]))
  const waiting = leases
    .map((lease) => changed.get(lease.id) ?? lease)
    .filter((lease) => lease.state === 'waiting' && !gone.has(lease.id))
  if (waiting.length <= WAITING_MAX) return change
  const oldest = waiting
    .toSorted((a, b) => (a.waitingSince ?? 0) - (b.waitingSince ?? 0))
    .slice(0, waiting.length - WAITING_MAX)
  const detail = `more than ${WAITING_MAX} jobs of this account wait for a human`
  const outcome = { status: 'lost', detail } as const
  return {
    ...change,
    put: change.put.filter((lease) => !oldest.some(({ id }) => id === lease.id)),
    ended: [...change.ended, ...oldest.map((lease) => ({ lease, endedAt: now, outcome }))],
  }
}

function endOf(lease: Lease, report: JobReport, now: number): EndedJob {
  if (lease.state === 'suspect') {
    return { lease, endedAt: now, outcome: { status: 'outcome_unknown' } }
  }
  const said = report.detail ?? (report.state === 'ending' ? report.word : undefined)
  const detail = said === undefined ? {} : { detail: said }
  const status = report.state === 'completed' ? 'completed' : 'failed'
  return { lease, endedAt: now, outcome: { status, ...detail }, heard: report }
}
