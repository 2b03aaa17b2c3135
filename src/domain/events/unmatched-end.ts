/**
 * Job ends and provider events that have not met yet. A job may end before its event arrives (a status check was faster),
 * and an event may arrive before its job is found. Pure decisions about both, so that no end is notified twice.
 */
import type { IncomingEvent, ParsedEvent, UnmatchedEnd } from './incoming-event.ts'
import { isLost } from '#domain/jobs/match-lost-creations.ts'
import type { EndedJob, Lease } from '#domain/slots/lease.ts'

/** A job that ended under the name in question. `isReused`: another job may have that name. */
export interface PastEnd {
  endedAt: number
  isReused: boolean
}

/** The event id under which the endpoints were notified of this end before its job was found. */
export function forwardedIdOf(
  { lease }: EndedJob,
  unmatched: readonly UnmatchedEnd[]
): string | undefined {
  return unmatched.find((end) => end.isForwarded && end.endedAt >= lease.acquiredAt)?.eventId
}

/** The provider retries for one day. A much older event that no job waits for is a replay by somebody else. */
const REPLAY_MS = 3 * 24 * 60 * 60 * 1000

export function isReplay({ createdAt }: ParsedEvent, now: number): boolean {
  return createdAt !== undefined && now - createdAt > REPLAY_MS
}

/** Events of one end are made at about the same time. */
const SAME_END_MS = 60_000

/**
 * Whether clients were already notified of what an event reports: a job ends once, under whatever event id. `ends`: the
 * ended jobs with the names in its reports. Its time counts only where a younger job may have the same name, because it
 * comes from another clock.
 */
export function wasNotified({ createdAt }: ParsedEvent, ends: readonly PastEnd[]): boolean {
  return ends.some(
    (end) => !end.isReused || createdAt === undefined || createdAt < end.endedAt + SAME_END_MS
  )
}

/** Jobs that ended otherwise than by the provider's event. */
export function endedWithoutEvent(ended: readonly EndedJob[]): EndedJob[] {
  return ended.filter(({ lease, heard }) => lease.kind === 'job' && !heard?.event)
}

/** What to keep of such ends while a webhook is registered: their events are still expected. */
export function unmatchedEndsOf(ended: readonly EndedJob[]): UnmatchedEnd[] {
  return endedWithoutEvent(ended).flatMap(({ lease, endedAt }) => {
    const reused = lease.isReused ? { isReused: true } : {}
    return lease.watch.map((watch) => ({ watch, endedAt, ...reused }))
  })
}

/**
 * What to keep of an event that was forwarded to endpoints, where its job may yet be found. A name that a known lease
 * is watched by is left out: that job is still to end by itself.
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

/** An event that an older Worker deferred has no content id. */
export function contentIdOf({ contentId, id }: ParsedEvent): string {
  return contentId ?? id
}
