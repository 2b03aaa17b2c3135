/** What the alarm does with one due lease, and what its answers mean. Pure; flows/reconcile-account.ts asks. */
import { bound } from './bind-jobs.ts'
import { isUnprovedGuess, nextGuessCheckAt } from './guessed-job.ts'
import { afterProgress } from './apply-reports.ts'
import {
  type Change,
  type EndedJob,
  type JobReport,
  type JobStart,
  type Lease,
  type Outcome,
} from '#domain/slots/lease.ts'
import type { Durations } from '#domain/runtime/durations.ts'

/** `wait`: an unbound lease whose creation may still be on its way. */
export type ReconcileAction = 'drop' | 'lose' | 'give-up' | 'ask' | 'look' | 'wait'

/** What has to be done about a lease now; undefined: nothing yet. */
export function reconcileActionOf(
  lease: Lease,
  now: number,
  durations: Durations
): ReconcileAction | undefined {
  if (lease.kind === 'call') return (lease.deadlineAt ?? lease.nextAt) <= now ? 'drop' : undefined
  if (lease.guess?.until !== undefined && lease.guess.until <= now) return 'drop'
  if (now - lease.lastReportAt >= (lease.guess ? durations.guessLostMs : durations.lostMs))
    return 'lose'
  if (hasWaitedTooLong(lease, now, durations)) return 'give-up'
  if (lease.nextAt > now) return undefined
  if (lease.state === 'suspect' && lease.jobId !== undefined) return 'look'
  if (lease.state !== 'unbound') return 'ask'
  if (now < answerLostAt(lease, durations)) return 'wait'
  return lease.watch.length === 0 ? 'look' : 'ask'
}

/** Whoever waited for the creation's answer has given up by then, even if he died and could not say so. */
export function answerLostAt(lease: Lease, durations: Durations): number {
  return lease.lostAt ?? lease.acquiredAt + durations.giveUpSeenMs
}

function hasWaitedTooLong(lease: Lease, now: number, durations: Durations): boolean {
  const isWaiting = lease.state === 'waiting' || lease.state === 'suspect'
  return isWaiting && now - (lease.waitingSince ?? now) >= durations.waitForHumanMs
}

export function ended(lease: Lease, outcome: Outcome, now: number): Change {
  const end: EndedJob = { lease, endedAt: now, outcome }
  return { put: [], drop: [], ended: [end] }
}

/** A human was awaited for too long. */
export function givenUp(lease: Lease, now: number): Change {
  return ended(lease, { status: 'lost', detail: 'it waited for a human for 7 days' }, now)
}

/** A creation has until then to be bound. */
export function waitForAnswer(lease: Lease, durations: Durations): Change {
  return put({ ...lease, nextAt: answerLostAt(lease, durations) })
}

/** Its caller gave up: from now on its job is looked for. */
export function lost(lease: Lease, now: number, durations: Durations): Lease {
  if (lease.lostAt !== undefined) return lease
  return { ...lease, lostAt: now, nextAt: Math.min(lease.nextAt, now + durations.lookSoonMs) }
}

/** The provider could not be asked, or its answer could not be read: later, and nothing is concluded. */
export function postponed(lease: Lease, now: number, durations: Durations): Change {
  const nextAt = isUnprovedGuess(lease)
    ? nextGuessCheckAt(lease, now, durations)
    : now + backOff(lease, durations)
  return put({ ...lease, asks: lease.asks + 1, nextAt })
}

/** There were too many questions: it is asked on, but not before `until`, or the longest pause. */
export function postponeUntil(
  lease: Lease,
  until: number,
  now: number,
  durations: Durations
): Change {
  const { put: after } = postponed(lease, now, durations)
  const soonest = Math.min(until, now + durations.longestAskMs)
  const held = after.map((one) => ({ ...one, nextAt: Math.max(one.nextAt, soonest) }))
  return { put: held, drop: [], ended: [] }
}

/** It was asked and goes on. While it waits for a human it is asked about less and less often. */
export function keepRunning(
  lease: Lease,
  heard: readonly JobReport[],
  now: number,
  durations: Durations
): Change {
  const isWaiting = heard.some((report) => report.state === 'waiting')
  const going = afterProgress(lease, heard, isWaiting, now)
  // Watched without an id of its own: what ends there may be something older, so nothing is said of this one.
  const isNameless = lease.state === 'suspect' || lease.jobId === undefined
  const state = isNameless ? 'suspect' : going.state
  // A suspect's misses count the searches for it.
  const misses = lease.state === 'suspect' ? lease.misses : 0
  const wait = isWaiting ? waitForHuman(going, now, durations) : backOff(lease, durations)
  return put({ ...going, state, misses, asks: lease.asks + 1, nextAt: now + wait })
}

function waitForHuman({ waitingSince }: Lease, now: number, durations: Durations): number {
  const waited = now - (waitingSince ?? now)
  return Math.min(Math.max(durations.waitingAskMs, waited), durations.waitingAskLongestMs)
}

/** A word that means an end only when it is said again. */
export function confirmEndLater(
  lease: Lease,
  report: JobReport,
  now: number,
  durations: Durations
): Change {
  const { word = '' } = report
  const ending = lease.ending ?? { word, since: now }
  const nextAt = Math.max(now + 1, ending.since + durations.lookAgainMs)
  return put({ ...lease, ending, asks: lease.asks + 1, nextAt })
}

/**
 * The provider says that it does not know the job. `again`: asked again later. `confirm`: said twice, a while apart; it
 * is believed when something else says so too. When several jobs of an account vanish at once, the provider is more
 * likely to be wrong than all of them gone, unless their deletion went through the gateway.
 */
export function afterUnknown(
  lease: Lease,
  leases: readonly Lease[],
  now: number,
  durations: Durations
): { kind: 'again' | 'confirm'; change: Change } {
  const missedAt = lease.misses === 0 ? now : (lease.missedAt ?? now)
  const missed = { ...lease, misses: lease.misses + 1, missedAt, asks: lease.asks + 1 }
  const later = put({
    ...missed,
    nextAt: now + Math.max(durations.lookAgainMs, backOff(lease, durations)),
  })
  if (lease.misses === 0)
    return { kind: 'again', change: put({ ...missed, nextAt: now + durations.lookAgainMs }) }
  if (now - missedAt < durations.lookAgainMs)
    return { kind: 'again', change: put({ ...lease, nextAt: missedAt + durations.lookAgainMs }) }
  const together = leases.some(
    (other) =>
      other.id !== lease.id &&
      other.misses > 0 &&
      (other.state === 'running' || other.state === 'waiting') &&
      Math.abs((other.missedAt ?? 0) - missedAt) < durations.vanishTogetherMs
  )
  if (together && lease.deletedAt === undefined) return { kind: 'again', change: later }
  return { kind: 'confirm', change: later }
}

/** The list of all that runs does not have it. That list may lag behind, so this is believed the second time. */
export function afterNotListed(lease: Lease, now: number, durations: Durations): Change {
  const status = lease.state === 'suspect' ? 'outcome_unknown' : 'completed'
  const missedAt = lease.misses === 0 ? now : (lease.missedAt ?? now)
  if (lease.misses >= 1 && now - missedAt >= durations.lookAgainMs)
    return ended(lease, { status }, now)
  return put({ ...lease, misses: 1, missedAt, nextAt: missedAt + durations.lookAgainMs })
}

export function statusWithoutTrace(lease: Lease): Outcome['status'] {
  if (lease.state === 'unbound') return lease.mayHaveRun ? 'outcome_unknown' : 'absent'
  return lease.state === 'suspect' ? 'outcome_unknown' : 'gone'
}

/** There is no way to look for this kind of job: only time (48 h) or a person ends it. */
export function postponeUnsearchable(lease: Lease, now: number, durations: Durations): Change {
  return put({ ...looked(lease), nextAt: now + durations.lookBlindMs })
}

/** For certain: by a key, a name or a callback id that is its own alone. */
export function found(lease: Lease, start: JobStart, now: number, durations: Durations): Change {
  const { missedAt: _, ...rest } = bound(lease, start, 'running', now, durations)
  const nextAt = now + (lease.expectsEvent ? durations.longestAskMs : durations.firstAskMs)
  return put({ ...rest, isFound: true, nextAt })
}

/** LookUpResult for without an end: soon again at first, then every two minutes. */
export function searchAgainLater(lease: Lease, now: number, durations: Durations): Change {
  return put({ ...looked(lease), nextAt: nextSearchAt(lease, now, durations) })
}

export function looked(lease: Lease): Lease {
  return { ...lease, asks: lease.asks + 1, looks: (lease.looks ?? 0) + 1 }
}

/** The first whole search that counts is at `unboundMs`, the second `lookAgainMs` after it. */
export function nextSearchAt(lease: Lease, now: number, durations: Durations): number {
  const { looks = 0, misses, missedAt } = lease
  const usual = now + Math.min(durations.lookSoonMs * 2 ** looks, durations.lookOftenMs)
  const firstCount = lease.acquiredAt + durations.unboundMs
  const nextCount = misses > 0 ? (missedAt ?? now) + durations.lookAgainMs : firstCount
  return nextCount > now ? Math.min(usual, nextCount) : usual
}

function backOff(lease: Lease, durations: Durations): number {
  if (lease.expectsEvent) return durations.longestAskMs
  return Math.min(durations.firstAskMs * 1.5 ** (lease.asks + 1), durations.longestAskMs)
}

function put(lease: Lease): Change {
  return { put: [lease], drop: [], ended: [] }
}
