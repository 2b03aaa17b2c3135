/** Decides what an account's alarm does with each due lease, and what the provider's answers mean. Pure; flows/jobs asks. */
import { afterProgress } from './apply-reports.ts'
import { boundTo } from './bind-jobs.ts'
import { isUnprovedGuess, nextGuessCheckAt } from './guessed-job.ts'
import {
  type Change,
  type EndedJob,
  type JobReport,
  type JobStart,
  type Lease,
  type Outcome,
} from '#domain/slots/lease.ts'
import type { Durations } from '#domain/runtime/durations.ts'

/** The pause between status checks grows by this factor. */
const BACK_OFF = 1.5
/** After a check without a readable answer, the share of the usual pause. */
const UNANSWERED_SHARE = 0.5

/**
 * `drop`: removes the lease, without an end. `lose`: ends it, since nothing was reported for too long. `give-up`: ends it,
 * since it waited for a human for too long. `check`: asks for the job's status. `search`: looks for the job of a lost
 * creation. `wait`: its creation may still be on its way.
 */
export type ReconcileAction = 'drop' | 'lose' | 'give-up' | 'check' | 'search' | 'wait'

/** The action that is due for a lease. Undefined: nothing is due. */
export function reconcileActionOf(
  lease: Lease,
  now: number,
  durations: Durations
): ReconcileAction | undefined {
  if (lease.kind === 'call') return (lease.deadlineAt ?? lease.nextAt) <= now ? 'drop' : undefined
  if (lease.guess?.until !== undefined && lease.guess.until <= now) return 'drop'
  const silentMs = now - lease.lastReportAt
  if (silentMs >= (lease.guess ? durations.guessLostMs : durations.lostMs)) return 'lose'
  if (hasWaitedTooLong(lease, now, durations)) return 'give-up'
  if (lease.nextAt > now) return undefined
  if (lease.state === 'suspect' && lease.jobId !== undefined) return 'search'
  if (lease.state !== 'unbound') return 'check'
  if (now < answerLostAt(lease, durations)) return 'wait'
  return lease.watch.length === 0 ? 'search' : 'check'
}

/** From when on nobody waits for the creation's answer, even if its Worker crashed and did not report that. */
export function answerLostAt(lease: Lease, durations: Durations): number {
  return lease.lostAt ?? lease.acquiredAt + durations.giveUpSeenMs
}

function hasWaitedTooLong(lease: Lease, now: number, durations: Durations): boolean {
  const isWaiting = lease.state === 'waiting' || lease.state === 'suspect'
  return isWaiting && now - (lease.waitingSince ?? now) >= durations.waitForHumanMs
}

export function endWith(lease: Lease, outcome: Outcome, now: number): Change {
  const end: EndedJob = { lease, endedAt: now, outcome }
  return { put: [], drop: [], ended: [end] }
}

/** The change for the action `lose`. The provider's text says how long any other job is waited for. */
export function endSilent(lease: Lease, now: number): Change {
  const detail = lease.guess && 'no status of this job came for an hour'
  return endWith(lease, { status: 'lost', ...(detail === undefined ? {} : { detail }) }, now)
}

/** The change for the action `give-up`. */
export function endWaiting(lease: Lease, now: number): Change {
  return endWith(lease, { status: 'lost', detail: 'it waited for a human for 7 days' }, now)
}

/** The change for the action `wait`. */
export function waitForAnswer(lease: Lease, durations: Durations): Change {
  return put({ ...lease, nextAt: answerLostAt(lease, durations) })
}

/** Marks that the creation's answer was lost, so that its job is searched for soon. */
export function markLost(lease: Lease, now: number, durations: Durations): Lease {
  if (lease.lostAt !== undefined) return lease
  return { ...lease, lostAt: now, nextAt: Math.min(lease.nextAt, now + durations.lookSoonMs) }
}

/** Plans a later check, because the provider gave no readable answer. Nothing is concluded from that. */
export function postpone(lease: Lease, now: number, durations: Durations): Change {
  const nextAt = isUnprovedGuess(lease)
    ? nextGuessCheckAt(lease, now, durations)
    : now + backOff(lease, now, durations, UNANSWERED_SHARE)
  return put({ ...lease, asks: lease.asks + 1, nextAt })
}

/** Plans the check at `until`, before which the provider wants no calls, but after the longest pause at the latest. */
export function postponeUntil(
  lease: Lease,
  until: number,
  now: number,
  durations: Durations
): Change {
  const { put: later } = postpone(lease, now, durations)
  const soonest = Math.min(until, now + durations.longestAskMs)
  return {
    put: later.map((one) => ({ ...one, nextAt: Math.max(one.nextAt, soonest) })),
    drop: [],
    ended: [],
  }
}

/** The change for a job that still runs. While it waits for a human, it is checked less and less often. */
export function keepRunning(
  lease: Lease,
  reports: readonly JobReport[],
  now: number,
  durations: Durations
): Change {
  const isWaiting = reports.some((report) => report.state === 'waiting')
  const going = afterProgress(lease, reports, isWaiting, now)
  // A lease without a job id watches a name that an earlier job may have had, so a report need not be about its own job.
  const isNameless = lease.state === 'suspect' || lease.jobId === undefined
  const state = isNameless ? 'suspect' : going.state
  // For a suspect, `misses` counts searches.
  const misses = lease.state === 'suspect' ? lease.misses : 0
  const wait = isWaiting ? waitForHuman(going, now, durations) : backOff(lease, now, durations)
  return put({ ...going, state, misses, asks: lease.asks + 1, nextAt: now + wait })
}

function waitForHuman({ waitingSince }: Lease, now: number, durations: Durations): number {
  const waited = now - (waitingSince ?? now)
  return Math.min(Math.max(durations.waitingAskMs, waited), durations.waitingAskLongestMs)
}

/** Plans a second check for a status word that means an end only if a later check repeats it. */
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
 * Decides what it means that the provider does not know the job. `later`: the provider is asked again. `confirm`: two answers, some
 * time apart, agree, and count if something else confirms them. If several jobs of an account vanish at once, the provider is
 * probably wrong, unless they were deleted through the gateway.
 */
export function afterUnknown(
  lease: Lease,
  leases: readonly Lease[],
  now: number,
  durations: Durations
): { kind: 'later' | 'confirm'; change: Change } {
  const missedAt = lease.misses === 0 ? now : (lease.missedAt ?? now)
  const missed = { ...lease, misses: lease.misses + 1, missedAt, asks: lease.asks + 1 }
  if (lease.misses === 0)
    return { kind: 'later', change: put({ ...missed, nextAt: now + durations.lookAgainMs }) }
  if (now - missedAt < durations.lookAgainMs)
    return { kind: 'later', change: put({ ...lease, nextAt: missedAt + durations.lookAgainMs }) }
  const pauseMs = Math.max(durations.lookAgainMs, backOff(lease, now, durations))
  const change = put({ ...missed, nextAt: now + pauseMs })
  const vanishedTogether = leases.some(
    (other) =>
      other.id !== lease.id &&
      other.misses > 0 &&
      (other.state === 'running' || other.state === 'waiting') &&
      Math.abs((other.missedAt ?? 0) - missedAt) < durations.vanishTogetherMs
  )
  const isBelievable = !vanishedTogether || lease.deletedAt !== undefined
  return { kind: isBelievable ? 'confirm' : 'later', change }
}

/** The change when the list of running jobs lacks the job. The list may lag behind, so only a second time counts. */
export function afterNotListed(lease: Lease, now: number, durations: Durations): Change {
  const status = lease.state === 'suspect' ? 'outcome_unknown' : 'completed'
  const missedAt = lease.misses === 0 ? now : (lease.missedAt ?? now)
  if (lease.misses >= 1 && now - missedAt >= durations.lookAgainMs)
    return endWith(lease, { status }, now)
  return put({ ...lease, misses: 1, missedAt, nextAt: missedAt + durations.lookAgainMs })
}

/** The outcome of a lease whose job the provider does not know. */
export function statusWithoutTrace(lease: Lease): Outcome['status'] {
  if (lease.state === 'unbound') return lease.mayHaveRun ? 'outcome_unknown' : 'absent'
  return lease.state === 'suspect' ? 'outcome_unknown' : 'gone'
}

/** Plans the next look at a lease whose kind of job cannot be searched for: only time (48 h) or a person ends it. */
export function postponeUnsearchable(lease: Lease, now: number, durations: Durations): Change {
  return put({ ...countSearch(lease), nextAt: now + durations.lookBlindMs })
}

/** Binds a lease to a job that a search found for certain: by a key, a name, or a callback id that no other creation has. */
export function bindFound(
  lease: Lease,
  start: JobStart,
  now: number,
  durations: Durations
): Change {
  const { missedAt: _, ...rest } = boundTo(lease, start, 'running', now, durations)
  const nextAt = now + (lease.expectsEvent ? durations.longestAskMs : durations.firstAskMs)
  return put({ ...rest, isFound: true, nextAt })
}

/** Plans the next search after one without a result: soon at first, then every two minutes. */
export function searchAgainLater(lease: Lease, now: number, durations: Durations): Change {
  return put({ ...countSearch(lease), nextAt: nextSearchAt(lease, now, durations) })
}

export function countSearch(lease: Lease): Lease {
  return { ...lease, asks: lease.asks + 1, looks: (lease.looks ?? 0) + 1 }
}

/** When the next search runs: at the latest when a complete search counts, at `unboundMs` and `lookAgainMs` after that. */
export function nextSearchAt(lease: Lease, now: number, durations: Durations): number {
  const { looks = 0, misses, missedAt } = lease
  const usual = now + Math.min(durations.lookSoonMs * 2 ** looks, durations.lookOftenMs)
  const firstCount = lease.acquiredAt + durations.unboundMs
  const nextCount = misses > 0 ? (missedAt ?? now) + durations.lookAgainMs : firstCount
  return nextCount > now ? Math.min(usual, nextCount) : usual
}

/**
 * The pause after a check. `asks` lasts only as long as the object's memory. The age says how many checks there were before: those
 * at the ages 30 s, 75 s, 142.5 s … have pauses of half the age and 30 s.
 */
function backOff(lease: Lease, now: number, durations: Durations, share = 1): number {
  const { firstAskMs, longestAskMs } = durations
  if (lease.expectsEvent) return longestAskMs
  const byCount = firstAskMs * BACK_OFF ** (lease.asks + 1)
  const byAge = firstAskMs + (BACK_OFF - 1) * (now - lease.acquiredAt)
  return Math.min(Math.max(byCount, byAge * share), longestAskMs)
}

function put(lease: Lease): Change {
  return { put: [lease], drop: [], ended: [] }
}
