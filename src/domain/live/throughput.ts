/** Counts the jobs of an account by the hour, from the rows of ended jobs and the leases of running ones. Pure. */
import type { Outcome } from '#domain/slots/lease.ts'
import { isTimedId, timeOf } from '#domain/text/time-ordered-id.ts'

export const HOUR_MS = 3_600_000
/** The longest time that one question may be about. */
export const ASKED_MAX_MS = 14 * 24 * HOUR_MS
/** Ends of jobs that began earlier than this before the time asked for are not found. A job is given up after 48 hours. */
export const BEGAN_BEFORE_MS = 48 * HOUR_MS

/** `until` is not included. Epoch ms. */
export interface ThroughputQuery {
  tenant: string
  since: number
  until: number
}

/** What is read of one job. */
export interface JobTimes {
  requestId: string
  /** When the client asked, if the request's id does not tell it: the creation was queued. */
  askedAt?: number
  acquiredAt: number
  end?: { at: number; status: Outcome['status']; refused?: number }
}

/** The jobs of one account that began or ended in one hour. Times are sums in milliseconds. */
export interface ThroughputHour {
  /** The start of the hour, epoch ms. */
  hour: number
  started: number
  ended: number
  completed: number
  failed: number
  /** Ended as lost, gone or of unknown outcome. */
  lost: number
  /** Creations that the account had no slot for, or that the provider refused. */
  refused: number
  /** From the request until the slot, of jobs that started in this hour. */
  waitedMs: number
  waitedMaxMs: number
  /** From the slot until the end, of jobs that completed or failed in this hour. */
  tookMs: number
  tookMaxMs: number
}

const LOST: readonly Outcome['status'][] = ['lost', 'gone', 'outcome_unknown']

/** Only hours in which something happened, oldest first. */
export function hoursOf(
  jobs: Iterable<JobTimes>,
  { since, until }: Pick<ThroughputQuery, 'since' | 'until'>
): ThroughputHour[] {
  const hours = new Map<number, ThroughputHour>()
  const hourAt = (at: number): ThroughputHour | undefined => {
    if (at < since || at >= until) return undefined
    const hour = Math.floor(at / HOUR_MS) * HOUR_MS
    const known = hours.get(hour) ?? emptyHour(hour)
    hours.set(hour, known)
    return known
  }
  for (const job of jobs) {
    const start = hourAt(job.acquiredAt)
    if (start) countStart(start, job)
    const end = job.end && hourAt(job.end.at)
    if (end) countEnd(end, job)
  }
  return [...hours.values()].toSorted((a, b) => a.hour - b.hour)
}

function countStart(hour: ThroughputHour, { requestId, askedAt, acquiredAt }: JobTimes): void {
  // Ids of older releases contain no time.
  const asked = askedAt ?? (isTimedId(requestId) ? timeOf(requestId) : acquiredAt)
  const waited = Math.max(0, acquiredAt - asked)
  hour.started += 1
  hour.waitedMs += waited
  hour.waitedMaxMs = Math.max(hour.waitedMaxMs, waited)
}

function countEnd(hour: ThroughputHour, { acquiredAt, end }: JobTimes): void {
  if (!end) return
  hour.ended += 1
  hour.refused += end.refused ?? 0
  if (LOST.includes(end.status)) hour.lost += 1
  if (end.status !== 'completed' && end.status !== 'failed') return
  hour[end.status] += 1
  const took = Math.max(0, end.at - acquiredAt)
  hour.tookMs += took
  hour.tookMaxMs = Math.max(hour.tookMaxMs, took)
}

function emptyHour(hour: number): ThroughputHour {
  const times = { waitedMs: 0, waitedMaxMs: 0, tookMs: 0, tookMaxMs: 0 }
  return { hour, started: 0, ended: 0, completed: 0, failed: 0, lost: 0, refused: 0, ...times }
}
