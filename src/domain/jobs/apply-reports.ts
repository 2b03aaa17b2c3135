/** What was heard about jobs, and what it changes in an account's ledger. Pure. */
import { withoutJob } from './bind-jobs.ts'
import type { Change, EndedJob, JobReport, Lease, Ledger } from '#domain/slots/lease.ts'
import type { Durations } from '#domain/runtime/durations.ts'

/** The one door to an end state: applies what was heard. A report about an ended or unknown job changes nothing. */
export function hear(
  ledger: Ledger,
  reports: readonly JobReport[],
  now: number,
  durations: Durations
): Change {
  const change: Change = { put: [], drop: [], ended: [] }
  for (const lease of ledger.leases) {
    const heard = reports.filter((report) => lease.watch.includes(report.watch))
    // Before its creation has answered, a state is that of something older.
    const isOlder = lease.kind === 'call' || lease.state === 'unbound'
    if (isOlder || heard.length === 0) continue
    const end = heard.find((report) => isEnd(lease, report, now, durations))
    if (!end) change.put.push(...stillGoing(lease, heard, now, durations))
    else if (mayBeAnother(lease)) change.put.push(lookedForAgain(lease, now))
    else change.ended.push(endOf(lease, end, now))
  }
  return limitWaiting(ledger.leases, change, now)
}

/** What it was taken for has ended, but another job that may be its own can still run. */
function mayBeAnother(lease: Lease): boolean {
  return lease.state === 'suspect' && lease.jobId !== undefined
}

/** At once: what the searches before have said still counts. */
function lookedForAgain(lease: Lease, now: number): Lease {
  const { misses, missedAt } = lease
  const counted = { misses, ...(missedAt === undefined ? {} : { missedAt }) }
  return { ...withoutJob(lease, now), ...counted, mayHaveRun: true }
}

/** So many whole searches, a while apart, must agree before anything is concluded from them. */
export const WHOLE_SEARCHES = 2

function isEnd(lease: Lease, report: JobReport, now: number, durations: Durations): boolean {
  if (report.state === 'completed' || report.state === 'failed') return true
  const since = lease.ending?.since
  return report.state === 'ending' && since !== undefined && now - since >= durations.lookAgainMs
}

/** Nothing to write where nothing was heard. */
function stillGoing(
  lease: Lease,
  heard: readonly JobReport[],
  now: number,
  durations: Durations
): Lease[] {
  if (heard.some((report) => report.state === 'deleted'))
    return [{ ...lease, deletedAt: now, nextAt: now }]
  const ending = heard.find((report) => report.state === 'ending')
  if (ending) {
    if (lease.ending) return []
    const { word = '' } = ending
    const nextAt = Math.min(lease.nextAt, now + durations.lookAgainMs)
    return [{ ...lease, ending: { word, since: now }, nextAt }]
  }
  const known = heard.find((report) => report.state !== 'unclear')
  if (!known || lease.state === 'suspect') return []
  return [afterProgress(lease, heard, known.state === 'waiting', now)]
}

/** It is heard of and goes on. */
export function afterProgress(
  lease: Lease,
  heard: readonly JobReport[],
  isWaiting: boolean,
  now: number
): Lease {
  const { ending: _, waitingSince = now, missedAt: __, guess, ...rest } = lease
  // The video of a session's run before is not that of this one.
  const aliases = lease.isReused ? [] : heard.flatMap(({ alias }) => alias ?? [])
  const watch = [...new Set([...lease.watch, ...aliases])]
  const state = isWaiting ? 'waiting' : 'running'
  // Its status was read, so it is a job.
  const proved = guess ? { guess: {} } : {}
  return {
    ...rest,
    ...proved,
    ...(isWaiting ? { waitingSince } : {}),
    watch,
    state,
    misses: 0,
    lastReportAt: now,
  }
}

/** Waiting jobs hold no slot, so nothing else bounds their number. */
const WAITS_MAX = 200

/** Of more, the ones that wait longest are given up. */
export function limitWaiting(leases: readonly Lease[], change: Change, now: number): Change {
  const gone = new Set([...change.drop, ...change.ended.map(({ lease }) => lease.id)])
  const changed = new Map(change.put.map((lease) => [lease.id, lease]))
  const waiting = leases
    .map((lease) => changed.get(lease.id) ?? lease)
    .filter((lease) => lease.state === 'waiting' && !gone.has(lease.id))
  if (waiting.length <= WAITS_MAX) return change
  const oldest = waiting
    .toSorted((a, b) => (a.waitingSince ?? 0) - (b.waitingSince ?? 0))
    .slice(0, waiting.length - WAITS_MAX)
  const detail = `more than ${WAITS_MAX} jobs of this account wait for a human`
  return {
    ...change,
    put: change.put.filter((lease) => !oldest.some(({ id }) => id === lease.id)),
    ended: [
      ...change.ended,
      ...oldest.map((lease) => ({
        lease,
        endedAt: now,
        outcome: { status: 'lost', detail } as const,
      })),
    ],
  }
}

function endOf(lease: Lease, report: JobReport, now: number): EndedJob {
  const said = report.detail ?? (report.state === 'ending' ? report.word : undefined)
  const detail = said === undefined ? {} : { detail: said }
  if (lease.state === 'suspect') {
    return { lease, endedAt: now, outcome: { status: 'outcome_unknown' } }
  }
  const status = report.state === 'completed' ? 'completed' : 'failed'
  return { lease, endedAt: now, outcome: { status, ...detail }, heard: report }
}
