/**
 * The ledger of one account: its leases, each of which holds slots. A set of leases and not a counter, so that no slot can be
 * released twice. Pure: each function takes the ledger and returns what to write; AccountSlots loads and saves.
 */
import type { Guess, LeaseRow } from './unknown-row.ts'
import { findParking, type Parking, type ParkReason } from '#domain/accounts/parking.ts'
import type { Durations } from '#domain/runtime/durations.ts'

/**
 * `unbound`: acquired; the provider's job id is not known (yet). `running`: bound to a job. `waiting`: the job waits for a
 * human and holds no slot. `suspect`: the creation's answer was lost, and a job that may be its own is running. It holds the
 * slot until that job ends, and the job is never shown as the client's.
 */
type LeaseState = 'unbound' | 'running' | 'waiting' | 'suspect'

export interface Lease {
  id: string
  requestId: string
  tenant: string
  /** A `call` lease lasts for one call and ends at its deadline. A `job` lease never ends by time alone. */
  kind: 'job' | 'call'
  state: LeaseState
  /** The row of its creation, as `POST /v3/videos`. */
  route: string
  acquiredAt: number
  deadlineAt?: number
  jobId?: string
  /** What reports about its job are known by, as `video:abc`. */
  watch: string[]
  /** The provider's status path, and the one to ask when the first is retired. */
  ask?: string
  askElse?: string
  /** When the alarm handles it next, epoch ms. */
  nextAt: number
  /** How often the provider was asked about it. */
  asks: number
  /** Answers in a row that did not know the job, or whole searches that did not find it. `missedAt`: the first of them. */
  misses: number
  missedAt?: number
  lastReportAt: number
  /** When it became known that its creation's answer was lost. */
  lostAt?: number
  /** How often its job was searched for. */
  looks?: number
  /** How many answers under its key said nothing. */
  keyAsks?: number
  /** A search bound it to its job. The creation's own answer is surer, and may still bind it to another. */
  isFound?: true
  /** A job that may have been its own has ended, so it cannot be said any more that the creation never arrived. */
  mayHaveRun?: true
  /** What it watches may report of something older: an earlier run of a session, an earlier training of a group. */
  isReused?: true
  /** A status word that means an end when a later answer says it again. */
  ending?: { word: string; since: number }
  /** Since when it waits for a human. */
  waitingSince?: number
  /** Its deletion went through the gateway. */
  deletedAt?: number
  /** What its job is recognised by in the provider's lists. */
  fingerprint: { title?: string; callbackId?: string }
  /** False after DELETE /scheduler/{id}: the slot stays taken, and no event is delivered. */
  isTracked: boolean
  reply?: Reply
  /** The provider sends an event at its end, so status checks begin late. */
  expectsEvent?: boolean
  /** Which of the account's meters it uses, where jobs are metered apart. */
  meter?: string
  /** How many slots it holds; absent: one. */
  slots?: number
  /** The Idempotency-Key under which its creation went up: a name of ours, never the client's text. */
  upstreamKey?: string
  /** The path that was called: where the row's path has parameters and the answer can be asked for under the key. */
  path?: string
  /** Its creation has no row, so its job is a guess. */
  guess?: Guess
  /** The call on a path without a row still runs; its answer may become a guess. */
  mayBeJob?: boolean
  /** Of a row that was added without a deploy: how the job's status is asked for and read. */
  row?: LeaseRow
}

/** Where the event of a job's end goes, fixed at its creation. `form`: the body is not the provider's own event. */
export interface Reply {
  url?: string
  ref?: string
  form?: string
}

export interface Ledger {
  maxJobs: number
  isRetired: boolean
  /** Our webhook at the provider is on. */
  isHooked?: boolean
  leases: readonly Lease[]
  parkings: readonly Parking[]
}

export interface LeaseAsk {
  /** Of a path without a row: it counts as a guess, since its answer may become one. */
  mayBeJob?: boolean
  leaseId: string
  tenant: string
  kind: 'job' | 'call'
  route: string
  /** Jobs that it starts at once. It gets a lease for each, or none at all. */
  count: number
  /** Slots that each of them takes; absent: one. */
  slots?: number
  /** A per-request limit may only lower the account's. */
  limit?: number
  meter?: string
  fingerprint: Lease['fingerprint']
  reply?: Reply
  /** The provider documents an event for the end of such a job. `isTicketed`: this creation carries a callback of ours. */
  expectsEvent?: boolean
  isTicketed?: boolean
  upstreamKey?: string
  path?: string
  row?: LeaseRow
  /** Which of the account's credentials the call uses. */
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

/** What is known of a job before its creation is answered. Without an id the lease watches it, and is not bound to it. */
export type ExpectedJob = Omit<JobStart, 'jobId'> & { jobId?: string }

/**
 * What a status answer, a webhook or a status check says of a job. `ending`: a word that means an end when it is said twice.
 * `unclear`: an unknown word, which counts as no report. `deleted`: its deletion went through the gateway.
 */
export interface JobReport {
  watch: string
  state: 'running' | 'waiting' | 'completed' | 'failed' | 'ending' | 'unclear' | 'deleted'
  detail?: string
  /** The provider's status word, where its meaning is not certain. */
  word?: string
  /** Another name for the same job: it is watched too from now on. */
  alias?: string
  /** Of an end: the plain members of the status answer, for the event that is built from it. */
  facts?: Record<string, unknown>
  /** Of an end: the provider's own event, where the report came by one. */
  event?: EventText
}

/** An event in the provider's own words. */
export interface EventText {
  id: string
  type: string
  body: string
  /** Ids in its body. */
  mentions?: string[]
}

/** `gone`: the provider no longer knows it. `absent`: its creation never arrived. `lost`: no report for 48 h. */
export interface Outcome {
  status: 'completed' | 'failed' | 'gone' | 'absent' | 'lost' | 'forced' | 'outcome_unknown'
  detail?: string
}

export interface EndedJob {
  lease: Lease
  endedAt: number
  outcome: Outcome
  /** The report of the end. It is not stored. */
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
      /** Slots are free, but guesses hold as many as they may. */
      ofGuesses?: boolean
    }
  | { ok: false; reason: 'retired' | 'too_many'; maxJobs: number }

export const NO_CHANGE: Change = { put: [], drop: [], ended: [] }

type Held = Pick<Lease, 'kind' | 'deadlineAt' | 'state' | 'waitingSince'>

export function holdsSlot(lease: Held, now: number): boolean {
  if (lease.kind === 'call') return lease.deadlineAt === undefined || lease.deadlineAt > now
  // A suspect whose session waits for a human runs no more than any other waiting job.
  return (
    lease.state !== 'waiting' && !(lease.state === 'suspect' && lease.waitingSince !== undefined)
  )
}

export function heldSlots(ledger: Ledger, now: number): number {
  const holding = ledger.leases.filter((lease) => holdsSlot(lease, now))
  return holding.reduce((sum, lease) => sum + (lease.slots ?? 1), 0)
}

/** Grants leases for all jobs of the request or for none. The same request again changes nothing. */
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
  const hasRoom = held + wanted <= limit
  if (hasRoom && !(ask.mayBeJob && isFullOfGuesses(ledger, now))) return undefined
  const retryAt = nextEndAt(ledger, now, durations)
  return { ok: false, reason: 'full', retryAt, ...(hasRoom ? { ofGuesses: true } : {}) }
}

/** Half of the slots, and at least one: the others stay free for known jobs. */
export function guessesMax(maxJobs: number): number {
  return Math.max(1, Math.floor(maxJobs / 2))
}

/** A call that may become a guess counts as one, so that every guess can be kept. */
function isFullOfGuesses(ledger: Ledger, now: number): boolean {
  const guesses = ledger.leases.filter((lease) => lease.guess ?? lease.mayBeJob)
  return heldSlots({ ...ledger, leases: guesses }, now) >= guessesMax(ledger.maxJobs)
}

function slotsWanted({ count, slots = 1 }: LeaseAsk): number {
  return count * slots
}

/** A rough estimate, for Retry-After only. */
function nextEndAt(ledger: Ledger, now: number, durations: Durations): number {
  const ends = ledger.leases
    .filter((lease) => holdsSlot(lease, now))
    .map((lease) => lease.deadlineAt ?? lease.acquiredAt + durations.typicalJobMs)
  return Math.max(now, Math.min(...ends, now + durations.typicalJobMs))
}

export function newLease(ask: LeaseAsk, index: number, now: number, durations: Durations): Lease {
  const deadlineAt = ask.kind === 'call' ? now + durations.callSlotMs : undefined
  const firstCheckMs = ask.expectsEvent ? durations.unboundMs : durations.firstAskMs
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
    nextAt: deadlineAt ?? now + firstCheckMs,
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

/** Releases the slots of a creation that surely started nothing, or of a call that is over. */
export function release(ledger: Ledger, requestId: string): Change {
  const isNamed = ({ state }: Lease) => state === 'running' || state === 'waiting'
  const mine = ledger.leases.filter(
    (lease) => lease.requestId === requestId && (lease.kind === 'call' || !isNamed(lease))
  )
  return { put: [], drop: mine.map((lease) => lease.id), ended: [] }
}

/** When the alarm has something to do next. Undefined: never. */
export function nextDueAt(ledger: Ledger): number | undefined {
  const times = ledger.leases.map((lease) => lease.deadlineAt ?? lease.nextAt)
  return times.length === 0 ? undefined : Math.min(...times)
}
