/**
 * Matches job ends with provider events, so that no end is notified twice. A job may end before its event arrives (a status check
 * was faster), and an event may arrive before its job is found.
 */
import type { IncomingEvent, ParsedEvent, UnmatchedEnd } from './incoming-event.ts'
import { isLost } from '#domain/jobs/match-lost-creations.ts'
import type { EndedJob, Lease } from '#domain/slots/lease.ts'

/** A job that ended under a name. `isReused`: another job may have the same name. */
export interface PastEnd {
  endedAt: number
  isReused: boolean
}

/** The id of the event by which the endpoints were notified of the lease's end before its job was found. */
export function forwardedIdOf(
  { lease }: EndedJob,
  unmatched: readonly UnmatchedEnd[]
): string | undefined {
  return unmatched.find((end) => end.isForwarded && end.endedAt >= lease.acquiredAt)?.eventId
}

/** A provider retries an event for one day. A much older event that no job waits for was sent again by somebody else. */
const REPLAY_MS = 3 * 24 * 60 * 60 * 1000

export function isReplay({ createdAt }: ParsedEvent, now: number): boolean {
  return createdAt !== undefined && now - createdAt > REPLAY_MS
}

/** Events of one end are made at about the same time. */
const SAME_END_MS = 60_000

/**
 * Whether clients were already notified of the end that an event reports. A job ends once, whatever the event's id. `ends`: the
 * ended jobs with the names in the event's reports. The event's time comes from another clock, so it counts only if a younger
 * job may have the same name.
 */
export function wasNotified({ createdAt }: ParsedEvent, ends: readonly PastEnd[]): boolean {
  return ends.some(
    (end) => !end.isReused || createdAt === undefined || createdAt < end.endedAt + SAME_END_MS
  )
}

/** The jobs whose end was found without an event of the provider. */
export function endedWithoutEvent(ended: readonly EndedJob[]): EndedJob[] {
  return ended.filter(
    ({ lease, outcome, heard }) => lease.kind === 'job' && !heard?.event && !outcome.isUnstarted
  )
}

/** The records of ends without an event. They are kept while a webhook is registered, because the events are still expected. */
export function unmatchedEndsOf(ended: readonly EndedJob[]): UnmatchedEnd[] {
  return endedWithoutEvent(ended).flatMap(({ lease, endedAt }) => {
    const reused = lease.isReused ? { isReused: true } : {}
    return lease.watch.map((watch) => ({ watch, endedAt, ...reused }))
  })
}

/**
 * The records of an event that was forwarded to endpoints and whose job may still be found. Names of running jobs are left out,
 * because those jobs will be notified at their own end.
 */
export function unmatchedEndsOfForwarded(
  { event, at }: IncomingEvent,
  leases: readonly Lease[]
): UnmatchedEnd[] {
  const known = leases.filter((lease) => lease.isReused ?? !isLost(lease))
  const isKnown = (watch: string) => known.some((lease) => lease.watch.includes(watch))
  return event.reports
    .filter(({ watch }) => !isKnown(watch))
    .map(({ watch }) => ({ watch, endedAt: at, eventId: contentIdOf(event), isForwarded: true }))
}

/** The event's content id, or its id if an older Worker deferred it without one. */
export function contentIdOf({ contentId, id }: ParsedEvent): string {
  return contentId ?? id
}
