/** What the alarm does with one due lease, and what its answers mean. Pure; flows/reconcile-account.ts asks. */
import { keptClue } from './clue.ts'
import {
  bound,
  type Change,
  type EndedJob,
  type JobStart,
  type Lease,
  type Outcome,
} from './lease.ts'
import type { Waits } from './waits.ts'

/** `wait`: an unbound lease whose creation may still be on its way. */
export type Errand = 'drop' | 'lose' | 'ask' | 'look' | 'wait'

/** What has to be done about a lease now; undefined: nothing yet. */
export function errandOf(lease: Lease, now: number, waits: Waits): Errand | undefined {
  if (lease.kind === 'call') return (lease.deadlineAt ?? lease.nextAt) <= now ? 'drop' : undefined
  if (now - lease.heardAt >= waits.lostMs) return 'lose'
  if (lease.nextAt > now) return undefined
  if (lease.state !== 'unbound') return 'ask'
  if (now < lease.acquiredAt + waits.unboundMs) return 'wait'
  return lease.watch.length === 0 ? 'look' : 'ask'
}

export function ended(lease: Lease, outcome: Outcome, now: number): Change {
  const end: EndedJob = { lease, endedAt: now, outcome }
  return { put: [], drop: [], ended: [end] }
}

/** A creation has until `unboundMs` to be bound. */
export function waitsOn(lease: Lease, waits: Waits): Change {
  return put({ ...lease, nextAt: lease.acquiredAt + waits.unboundMs })
}

/** The provider could not be asked, or its answer could not be read: later, and nothing is concluded. */
export function postponed(lease: Lease, now: number, waits: Waits): Change {
  return put({ ...lease, asks: lease.asks + 1, nextAt: now + backOff(lease, waits) })
}

/** It was asked and goes on. While it waits for a human it is asked about seldom. */
export function goesOn(lease: Lease, isWaiting: boolean, now: number, waits: Waits): Change {
  // Watched without an id of its own: what ends there may be something older, so nothing is said of this one.
  const isNameless = lease.state === 'suspect' || lease.jobId === undefined
  const state = isNameless ? 'suspect' : 'running'
  const wait = isWaiting ? waits.waitingAskMs : backOff(lease, waits)
  return put({ ...lease, state, asks: lease.asks + 1, misses: 0, heardAt: now, nextAt: now + wait })
}

/** The provider says that it does not know the job: believed the second time. */
export function unknownToProvider(lease: Lease, now: number, waits: Waits): Change {
  if (lease.misses >= 1) return ended(lease, { status: endWithoutTrace(lease) }, now)
  return put({ ...lease, misses: lease.misses + 1, nextAt: now + waits.lookAgainMs })
}

/** The list of all that runs does not have it. That list may lag behind, so this too is believed the second time. */
export function notListed(lease: Lease, now: number, waits: Waits): Change {
  const status = lease.state === 'suspect' ? 'outcome_unknown' : 'completed'
  if (lease.misses >= 1) return ended(lease, { status }, now)
  return put({ ...lease, misses: lease.misses + 1, nextAt: now + waits.lookAgainMs })
}

function endWithoutTrace(lease: Lease): Outcome['status'] {
  if (lease.state === 'unbound') return 'absent'
  return lease.state === 'suspect' ? 'outcome_unknown' : 'gone'
}

/** There is no way to look for this kind of job: only time (48 h) or a person ends it. */
export function cannotLook(lease: Lease, now: number, waits: Waits): Change {
  return put({ ...lease, nextAt: now + waits.lookBlindMs })
}

export function found(
  lease: Lease,
  start: JobStart,
  isExact: boolean,
  now: number,
  waits: Waits
): Change {
  return put(bound(lease, start, isExact ? 'running' : 'suspect', now, waits))
}

/** One row of a provider's list of recent jobs. */
export interface Candidate {
  id: string
  title?: string
  createdAt?: number
  callbackId?: string
}

/** The provider's clock may be behind ours, and its times are often whole seconds. */
const SKEW_MS = 5000

/** Another creation is still on its way: a row that looks like ours may be its. */
export function isCrowded(
  lease: Lease,
  leases: readonly Lease[],
  now: number,
  waits: Waits
): boolean {
  return leases.some(
    (other) =>
      other.requestId !== lease.requestId &&
      other.kind === 'job' &&
      other.state === 'unbound' &&
      now < other.acquiredAt + waits.unboundMs
  )
}

/** It appeared since the lease was acquired, and is no job that is known. */
export function isCandidate(
  lease: Lease,
  row: Candidate,
  isKnown: (id: string) => boolean
): boolean {
  return !isKnown(row.id) && (row.createdAt ?? 0) >= lease.acquiredAt - SKEW_MS
}

/**
 * The row that a lost creation may have become. Exact: it carries our callback id. Likely: it appeared since and has
 * the same title, or no titles are known; the one that appeared first. Rows that belong to known jobs do not count.
 */
export function matchCandidate(
  lease: Lease,
  candidates: readonly Candidate[],
  isKnown: (id: string) => boolean
): { candidate: Candidate; isExact: boolean } | undefined {
  const since = candidates.filter((row) => isCandidate(lease, row, isKnown))
  const { callbackId, title } = lease.clue
  const exact = callbackId && since.find((row) => keptClue(row).callbackId === callbackId)
  if (exact) return { candidate: exact, isExact: true }
  const open = since
    .filter((row) => !callbackId || row.callbackId === undefined)
    .toSorted((a, b) => (a.createdAt ?? 0) - (b.createdAt ?? 0))
  const likely = open.find(
    (row) => !title || row.title === undefined || keptClue(row).title === title
  )
  return likely && { candidate: likely, isExact: false }
}

function backOff(lease: Lease, waits: Waits): number {
  if (lease.isTold) return waits.longestAskMs
  return Math.min(waits.firstAskMs * 1.5 ** (lease.asks + 1), waits.longestAskMs)
}

function put(lease: Lease): Change {
  return { put: [lease], drop: [], ended: [] }
}
