/**
 * The ledger of one account: which slots are held and by what. Pure decisions: each function takes the ledger and
 * returns what to write; AccountSlots loads and saves. A slot is held by a lease in a set, never by a counter, so
 * nothing can be given back twice.
 */
import type { Guess, LeaseRow } from './unknown-row.ts'
import { findParking, type Parking, type ParkReason } from '#domain/accounts/parking.ts'
import type { Durations } from '#domain/runtime/durations.ts'

/**
 * `unbound`: acquired, the provider's job id not known (yet). `running`: bound to a job. `waiting`: the job waits for
 * a human and holds no slot. `suspect`: the creation's outcome was lost and a job that may be its own is running;
 * it holds the slot until that job ends but is never called the client's.
 */
export type LeaseState = 'unbound' | 'running' | 'waiting' | 'suspect'

export interface Lease {
  id: string
  requestId: string
  tenant: string
  /** A `call` lease lasts for one call and carries its deadline; a `job` lease never ends by time alone. */
  kind: 'job' | 'call'
  state: LeaseState
  /** `POST /v3/videos`: the row that created it. */
  route: string
  acquiredAt: number
  deadlineAt?: number
  jobId?: string
  /** `video:abc`: the states that tell this job's end. */
  watch: string[]
  /** The provider's status path, and the one to ask when that is not there any more. */
  ask?: string
  askElse?: string
  /** When the alarm looks at it next. */
  nextAt: number
  asks: number
  /** Answers in a row that did not know the job, or whole searches that did not find it; when the first one was. */
  misses: number
  missedAt?: number
  lastReportAt: number
  /** Since when its creation's answer is known to be lost: whoever waited for it gave up. */
  lostAt?: number
  /** How often its job was looked for. */
  looks?: number
  /** How many answers under its key said nothing. */
  keyAsks?: number
  /** A look named its job, not the creation's own answer, which would be surer. */
  isFound?: true
  /** A job that may have been its own ran and has ended: it can no longer be said that it never arrived. */
  mayHaveRun?: true
  /** What it watches may tell of something older: a session's run before, a group's training before. */
  isReused?: true
  /** A word that means an end when it is said again. */
  ending?: { word: string; since: number }
  /** Since when it waits for a human. */
  waitingSince?: number
  /** Its deletion went through the gateway. */
  deletedAt?: number
  fingerprint: { title?: string; callbackId?: string }
  /** False after DELETE /scheduler/{id}: the slot stays, nothing is reported. */
  isTracked: boolean
  reply?: Reply
  /** The provider tells its end by itself, so the alarm asks late. */
  expectsEvent?: boolean
  meter?: string
  /** How many slots it holds; absent: one. */
  slots?: number
  /** The Idempotency-Key under which its creation went up: a name of ours, never the client's text. */
  upstreamKey?: string
  /** The path that was called, where the row's own has names in it and it can be asked under its key. */
  path?: string
  /** Its creation has no row: what it started is a guess. */
  guess?: Guess
  /** A call under way on a path without a row, whose answer may become a guess. */
  mayBeJob?: boolean
  /** Of a row that was added without a deploy: what asks about the job. */
  row?: LeaseRow
}

/** Where a job's end is told, fixed at its creation. `form`: another body than the provider's own event. */
export interface Reply {
  url?: string
  ref?: string
  form?: string
}

export interface Ledger {
  maxJobs: number
  isRetired: boolean
  /** The provider sends this account's events to us. */
  isHooked?: boolean
  leases: readonly Lease[]
  parkings: readonly Parking[]
}

export interface LeaseAsk {
  /** Of a path without a row: counts among the guesses, since its answer may become one. */
  mayBeJob?: boolean
  leaseId: string
  tenant: string
  kind: 'job' | 'call'
  route: string
  /** Jobs wanted at once: all or none. */
  count: number
  /** Slots that each of them takes; absent: one. */
  slots?: number
  /** A per-request limit may only lower the account's. */
  limit?: number
  meter?: string
  fingerprint: Lease['fingerprint']
  reply?: Reply
  /** The end of such a job is documented to be told; `isTicketed`: this creation also carries a callback of ours. */
  expectsEvent?: boolean
  isTicketed?: boolean
  upstreamKey?: string
  path?: string
  row?: LeaseRow
  /** Which of the account's credentials the call goes with. */
  part?: string
  /** A parking for this reason does not refuse: no other account is left. */
  ignoredReason?: ParkReason
  /** For a job whose id is known before the answer. */
  expected?: ExpectedJob
}

export interface JobStart {
  jobId: string
  watch: string[]
  ask?: string
  askElse?: string
  isReused?: true
}

/** What is known of a job before its creation has answered. Without an id it can be watched, not named. */
export type ExpectedJob = Omit<JobStart, 'jobId'> & { jobId?: string }

/**
 * What a status answer, a webhook or the alarm heard about a job. `ending`: a word that means an end when it is said
 * twice. `unclear`: a word that nobody knows, as good as nothing heard. `deleted`: a deletion went through the gateway.
 */
export interface JobReport {
  watch: string
  state: 'running' | 'waiting' | 'completed' | 'failed' | 'ending' | 'unclear' | 'deleted'
  detail?: string
  /** What it was called, where its meaning is not sure. */
  word?: string
  /** Another name under which the same job is watched from now on. */
  alias?: string
  /** Of an end: the plain members of the status answer, for the event that is built from it. */
  facts?: Record<string, unknown>
  /** Of an end: the provider's own event, if that is how it was heard. */
  event?: EventText
}

/** An event in the provider's own words. */
export interface EventText {
  id: string
  type: string
  body: string
  /** Ids in it. */
  mentions?: string[]
}

/** `gone`: the provider no longer knows it. `absent`: its creation never arrived. `lost`: unheard of for 48 h. */
export interface Outcome {
  status: 'completed' | 'failed' | 'gone' | 'absent' | 'lost' | 'forced' | 'outcome_unknown'
  detail?: string
}

export interface EndedJob {
  lease: Lease
  endedAt: number
  outcome: Outcome
  /** How it was heard; not kept. */
  heard?: JobReport
}

export interface Change {
  put: Lease[]
  drop: string[]
  ended: EndedJob[]
}

export type LeaseAnswer =
  | { ok: true; free: number }
  | {
      ok: false
      reason: 'full' | 'parked'
      retryAt: number
      parking?: Parking
      /** Guesses hold all that they may. */
      ofGuesses?: boolean
    }
  | { ok: false; reason: 'retired' | 'too_many'; maxJobs: number }

export const NO_CHANGE: Change = { put: [], drop: [], ended: [] }

type Held = Pick<Lease, 'kind' | 'deadlineAt' | 'state' | 'waitingSince'>

export function holdsSlot(lease: Held, now: number): boolean {
  if (lease.kind === 'call') return lease.deadlineAt === undefined || lease.deadlineAt > now
  // A run without a name, whose session waits for a human, runs no more than one with a name.
  return (
    lease.state !== 'waiting' && !(lease.state === 'suspect' && lease.waitingSince !== undefined)
  )
}

export function heldSlots(ledger: Ledger, now: number): number {
  const holding = ledger.leases.filter((lease) => holdsSlot(lease, now))
  return holding.reduce((sum, lease) => sum + (lease.slots ?? 1), 0)
}

/** Admits all of `count` or nothing. Asking again with the same lease id changes nothing. */
export function grant(
  ledger: Ledger,
  ask: LeaseAsk,
  now: number,
  durations: Durations
): { answer: LeaseAnswer; change: Change } {
  const held = heldSlots(ledger, now)
  if (ledger.leases.some((lease) => lease.requestId === ask.leaseId)) {
    return { answer: { ok: true, free: ledger.maxJobs - held }, change: NO_CHANGE }
  }
  const refusal = refuse(ledger, ask, held, now, durations)
  if (refusal) return { answer: refusal, change: NO_CHANGE }
  const expectsEvent =
    ask.expectsEvent === true && (ledger.isHooked === true || ask.isTicketed === true)
  const leases = Array.from({ length: ask.count }, (_, index) =>
    newLease({ ...ask, expectsEvent }, index, now, durations)
  )
  const expired = ledger.leases.filter((lease) => lease.kind === 'call' && !holdsSlot(lease, now))
  return {
    answer: { ok: true, free: ledger.maxJobs - held - slotsWanted(ask) },
    change: { put: leases, drop: expired.map((lease) => lease.id), ended: [] },
  }
}

function refuse(
  ledger: Ledger,
  ask: LeaseAsk,
  held: number,
  now: number,
  durations: Durations
): LeaseAnswer | undefined {
  if (ledger.isRetired) return { ok: false, reason: 'retired', maxJobs: ledger.maxJobs }
  const limit = Math.min(ledger.maxJobs, ask.limit ?? ledger.maxJobs)
  const wanted = slotsWanted(ask)
  if (wanted > limit) return { ok: false, reason: 'too_many', maxJobs: limit }
  const { meter, route: row, part, ignoredReason: despite } = ask
  const wish = { isJob: true, meter, row, part, despite }
  const parking = findParking(ledger.parkings, wish, now)
  if (parking) return { ok: false, reason: 'parked', retryAt: parking.until, parking }
  if (held + wanted <= limit && !(ask.mayBeJob && isFullOfGuesses(ledger, now))) return undefined
  if (held + wanted <= limit)
    return {
      ok: false,
      reason: 'full',
      retryAt: nextEndAt(ledger, now, durations),
      ofGuesses: true,
    }
  return { ok: false, reason: 'full', retryAt: nextEndAt(ledger, now, durations) }
}

/** Half of the slots, or the only one: the others stay for what is known to be a job. */
export function guessesMax(maxJobs: number): number {
  return Math.max(1, Math.floor(maxJobs / 2))
}

/** What may become a guess counts as one, so that none is made that could not be kept. */
function isFullOfGuesses(ledger: Ledger, now: number): boolean {
  const guesses = ledger.leases.filter((lease) => lease.guess ?? lease.mayBeJob)
  return heldSlots({ ...ledger, leases: guesses }, now) >= guessesMax(ledger.maxJobs)
}

function slotsWanted({ count, slots = 1 }: LeaseAsk): number {
  return count * slots
}

/** A guess, for Retry-After only. */
function nextEndAt(ledger: Ledger, now: number, durations: Durations): number {
  const ends = ledger.leases
    .filter((lease) => holdsSlot(lease, now))
    .map((lease) => lease.deadlineAt ?? lease.acquiredAt + durations.typicalJobMs)
  return Math.max(now, Math.min(...ends, now + durations.typicalJobMs))
}

export function newLease(ask: LeaseAsk, index: number, now: number, durations: Durations): Lease {
  const deadlineAt = ask.kind === 'call' ? now + durations.callSlotMs : undefined
  const firstLookMs = ask.expectsEvent ? durations.unboundMs : durations.firstAskMs
  return {
    id: index === 0 ? ask.leaseId : `${ask.leaseId}.${index}`,
    requestId: ask.leaseId,
    tenant: ask.tenant,
    kind: ask.kind,
    state: 'unbound',
    route: ask.route,
    acquiredAt: now,
    ...(deadlineAt === undefined ? {} : { deadlineAt }),
    ...ask.expected,
    watch: ask.expected?.watch ?? [],
    nextAt: deadlineAt ?? now + firstLookMs,
    asks: 0,
    misses: 0,
    lastReportAt: now,
    fingerprint: ask.fingerprint,
    isTracked: true,
    ...(ask.reply === undefined ? {} : { reply: ask.reply }),
    ...(ask.expectsEvent ? { expectsEvent: true } : {}),
    ...(ask.meter === undefined ? {} : { meter: ask.meter }),
    ...(ask.upstreamKey === undefined ? {} : { upstreamKey: ask.upstreamKey }),
    ...(ask.path === undefined ? {} : { path: ask.path }),
    ...(ask.row === undefined ? {} : { row: ask.row }),
    ...(ask.mayBeJob ? { mayBeJob: true } : {}),
    ...(ask.slots === undefined || ask.slots === 1 ? {} : { slots: ask.slots }),
  }
}

/** Gives back the slots of a creation that surely started nothing, or of a call that is over. */
export function release(ledger: Ledger, requestId: string): Change {
  const isNamed = ({ state }: Lease) => state === 'running' || state === 'waiting'
  const mine = ledger.leases.filter(
    (lease) => lease.requestId === requestId && (lease.kind === 'call' || !isNamed(lease))
  )
  return { put: [], drop: mine.map((lease) => lease.id), ended: [] }
}

/** The earliest moment at which the alarm has something to do, or undefined. */
export function nextDueAt(ledger: Ledger): number | undefined {
  const times = ledger.leases.map((lease) => lease.deadlineAt ?? lease.nextAt)
  return times.length === 0 ? undefined : Math.min(...times)
}
