/**
 * Decides about the leases of one account, each of which holds slots. The ledger is a set of leases and not a counter, so that no
 * slot can be released twice. Pure: each function takes the ledger and returns the change; AccountSlots loads and saves.
 */
import type { ChoiceNote } from './choice-note.ts'
import type { LeaseItem } from './lease-item.ts'
import type { Guess, LeaseRow } from './unknown-row.ts'
import { findParking, type Parking, type ParkReason } from '#domain/accounts/parking.ts'
import type { Durations } from '#domain/runtime/durations.ts'

/**
 * `unbound`: the slot is acquired, but the provider's job id is not known (yet). `running`: the lease is bound to a job. `waiting`:
 * the job waits for a human and holds no slot. `suspect`: the creation's answer was lost, and a job that may be its own is
 * running. The lease holds the slot until that job ends, and the job is never shown as the client's.
 */
type LeaseState = 'unbound' | 'running' | 'waiting' | 'suspect'

export interface Lease {
  id: string
  requestId: string
  tenant: string
  /** The id of the token that asked for it, for usage. A browser's is the one that made its stream token. Absent on leases of older releases. */
  token?: string
  /** A `call` lease lasts for one call and ends at its deadline. A `job` lease never ends by time alone. */
  kind: 'job' | 'call'
  state: LeaseState
  /** The row of the creation, such as `POST /v3/videos`. */
  route: string
  acquiredAt: number
  deadlineAt?: number
  jobId?: string
  /** The names under which reports about the job come, such as `video:abc`. */
  watch: string[]
  /** The provider's status path, and the one to ask when the first is retired. */
  ask?: string
  askElse?: string
  /** When the lease was bound to its job: the provider had accepted the creation. Absent on older leases. */
  boundAt?: number
  /**
   * From when on the lease may be handled, epoch ms: by a call on the object, and by the alarm (jobs/when-asked.ts). A later time
   * is not always stored.
   */
  nextAt: number
  /** How often the provider was asked about the job, as far as the object remembers. */
  asks: number
  /** Answers in a row that did not know the job, or whole searches that did not find it. `missedAt`: the first of them. */
  misses: number
  missedAt?: number
  /** When the job was last reported on. Stored to the hour. */
  lastReportAt: number
  /** Since when the creation's answer is known to be lost. */
  lostAt?: number
  /** How often the job was searched for. */
  looks?: number
  /** How many requests under the creation's key gave no information. */
  keyAsks?: number
  /** A search found the job. The creation's own answer is more certain, and may still bind the lease to another job. */
  isFound?: true
  /** A job that may have been the creation's own has ended, so `absent` is no longer a possible outcome. */
  mayHaveRun?: true
  /** Reports under the watched name may be about something older: an earlier run of a session, or training of a group. */
  isReused?: true
  /** A status word that means an end if a later answer repeats it. */
  ending?: { word: string; since: number }
  /** Since when the job waits for a human. */
  waitingSince?: number
  /** When a client deleted the job through the gateway. */
  deletedAt?: number
  /** Texts by which the job is recognised in the provider's lists. */
  fingerprint: { title?: string; callbackId?: string }
  /** False after DELETE /scheduler/{id}: the slot stays taken, and no event is delivered. */
  isTracked: boolean
  reply?: Reply
  /** The provider sends an event when the job ends, so status checks begin late. */
  expectsEvent?: boolean
  /** Which of the account's meters the job uses, if the provider meters kinds of jobs apart. */
  meter?: string
  /** How many slots the lease holds; absent: one. */
  slots?: number
  /** The Idempotency-Key with which the creation was sent. The gateway makes it; it is never the client's text. */
  upstreamKey?: string
  /** The called path. Stored if the row's path has parameters and the answer can be asked for under the key. */
  path?: string
  /** Present if the creation's path has no row, so its job is a guess. */
  guess?: Guess
  /** The call on a path without a row still runs. Its answer may show a job. */
  mayBeJob?: boolean
  /** For a row that the operator added: how the job's status is asked for and read. */
  row?: LeaseRow
  item?: LeaseItem
  /** The token has limits on jobs, so the desk is told of the end (domain/limits/share.ts). */
  isLimited?: true
  /** Why other accounts did not get it. */
  choice?: ChoiceNote
  /** The own token that the job was made with (RFC 0010). Of its tenant's other tokens, those that see all see it too. */
  ownToken?: string
}

/** Where the event of a job's end goes, fixed at its creation. `form`: the body is not the provider's own event. */
export interface Reply {
  url?: string
  ref?: string
  form?: string
  /** For a job of an older call: the name of the event that its clients know, without its ending. */
  speaks?: string
  /** What that event is about, if it is not the job: the group that a new look belongs to. */
  about?: string
  /** For a creation that has no place for it: the text that the event repeats. */
  callbackId?: string
}

export interface Ledger {
  maxJobs: number
  isRetired: boolean
  /** Whether our webhook at the provider is on. */
  isHooked?: boolean
  leases: readonly Lease[]
  parkings: readonly Parking[]
  /** Free slots that are kept for others for a moment. */
  kept?: number
  /** Whether this request's jobs have ended lately. */
  hasEnded?(requestId: string): boolean
}

export interface LeaseAsk {
  /** For a path without a row: the lease counts as a guess, because the answer may become one. */
  mayBeJob?: boolean
  leaseId: string
  tenant: string
  token?: string
  kind: 'job' | 'call'
  route: string
  /** How many jobs the creation starts at once. It gets a lease for each, or none at all. */
  count: number
  /** How many slots each job takes; absent: one. */
  slots?: number
  /** The request's own limit on running jobs. It can only lower the account's limit. */
  limit?: number
  meter?: string
  fingerprint: Lease['fingerprint']
  reply?: Reply
  /** The provider documents an event for the end of this kind of job. `isTicketed`: the creation contains our callback URL. */
  expectsEvent?: boolean
  isTicketed?: boolean
  upstreamKey?: string
  path?: string
  row?: LeaseRow
  /** Which of the account's credentials the call uses. */
  part?: string
  /** A parking for this reason is ignored, because no other account is left. */
  ignoredReason?: ParkReason
  /** It is queued if it gets no slot, so it takes none while queued creations wait for slots of the account. */
  yields?: true
  /** For a job whose id is known before the answer. */
  expected?: ExpectedJob
  item?: LeaseItem
  isLimited?: true
  choice?: ChoiceNote
  ownToken?: string
}

export interface JobStart {
  jobId: string
  watch: string[]
  ask?: string
  askElse?: string
  isReused?: true
}

/** The job that a creation will start, if known before the answer. Without an id the lease watches its name, but is not bound. */
export type ExpectedJob = Omit<JobStart, 'jobId'> & { jobId?: string }

/**
 * A report about a job, from a status answer, a webhook or a status check. `ending`: a word that means an end if a later report
 * repeats it. `unclear`: an unknown word, which counts as no report. `deleted`: a client deleted the job through the gateway.
 */
export interface JobReport {
  watch: string
  state: 'running' | 'waiting' | 'completed' | 'failed' | 'ending' | 'unclear' | 'deleted'
  detail?: string
  /** The provider's status word, if its meaning is not certain. */
  word?: string
  /** A further name of the job, which is watched too from now on. */
  alias?: string
  /** For an end: the plain members of the status answer, from which the event is built. */
  facts?: Record<string, unknown>
  /** For an end: the provider's own event, if it brought the report. */
  event?: EventText
}

/** An event in the provider's form. */
export interface EventText {
  id: string
  type: string
  body: string
  /** Ids in the event's body. */
  mentions?: string[]
}

/** `gone`: the provider no longer knows the job. `absent`: the creation never reached it. `lost`: no report for 48 h. */
export interface Outcome {
  status: 'completed' | 'failed' | 'gone' | 'absent' | 'lost' | 'forced' | 'outcome_unknown'
  detail?: string
  /** For a queued creation: it ended without a start, so there never was a job. */
  isUnstarted?: true
  /** For one of several jobs of a queued creation that are all absent: none of them ran. */
  isOfAll?: true
}

/** What the provider told about a job at its end. Absent: it did not tell. */
export interface ToldOfJob {
  /** How long the video or the sound is. */
  seconds?: number
  /** What the job took off the account's balance, in the unit of that balance. */
  credits?: number
}

export interface EndedJob {
  lease: Lease
  endedAt: number
  outcome: Outcome
  /** What the provider told about the job's length and price. */
  told?: ToldOfJob
  /** What the provider said when it refused a queued creation, sealed. It is kept until the desk has it, and not told with the job. */
  refusal?: string
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
      /** Queued creations wait for slots of this account too. */
      isQueued?: true
    }
  | { ok: false; reason: 'retired' | 'too_many'; maxJobs: number }

export const NO_CHANGE: Change = { put: [], drop: [], ended: [] }

type Held = Pick<Lease, 'kind' | 'deadlineAt' | 'state' | 'waitingSince'>

export function holdsSlot(lease: Held, now: number): boolean {
  if (lease.kind === 'call') return lease.deadlineAt === undefined || lease.deadlineAt > now
  // A suspect whose session waits for a human holds no slot, like any other waiting job.
  return (
    lease.state !== 'waiting' && !(lease.state === 'suspect' && lease.waitingSince !== undefined)
  )
}

export function heldSlots(ledger: Ledger, now: number): number {
  const holding = ledger.leases.filter((lease) => holdsSlot(lease, now))
  return holding.reduce((sum, lease) => sum + (lease.slots ?? 1), 0)
}

/** Grants leases for all jobs of the request or for none. Repeating a request changes nothing. */
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
  // A call that came twice, the second time after the job's end: its answer reaches nobody who waits.
  if (ledger.hasEnded?.(ask.leaseId))
    return { answer: { ok: false, reason: 'retired', maxJobs: ledger.maxJobs }, change: NO_CHANGE }
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
  const room = Math.min(limit, ledger.maxJobs - (ledger.kept ?? 0))
  const hasRoom = held + wanted <= room
  if (hasRoom && !(ask.mayBeJob && isFullOfGuesses(ledger, now))) return undefined
  const retryAt = nextEndAt(ledger, now, durations)
  return { ok: false, reason: 'full', retryAt, ...(hasRoom ? { ofGuesses: true } : {}) }
}

/** How many slots guesses may hold: half, and at least one. The others stay free for known jobs. */
export function guessesMax(maxJobs: number): number {
  return Math.max(1, Math.floor(maxJobs / 2))
}

/** Whether guesses hold all slots that they may. A call that may become a guess counts as one, so that every guess can be kept. */
function isFullOfGuesses(ledger: Ledger, now: number): boolean {
  const guesses = ledger.leases.filter((lease) => lease.guess ?? lease.mayBeJob)
  return heldSlots({ ...ledger, leases: guesses }, now) >= guessesMax(ledger.maxJobs)
}

export function slotsWanted({ count, slots = 1 }: LeaseAsk): number {
  return count * slots
}

/** Estimates when the next job ends. Only for Retry-After. */
function nextEndAt(ledger: Ledger, now: number, durations: Durations): number {
  const ends = ledger.leases
    .filter((lease) => holdsSlot(lease, now))
    .map((lease) => lease.deadlineAt ?? lease.acquiredAt + durations.typicalJobMs)
  return Math.max(now, Math.min(...ends, now + durations.typicalJobMs))
}

/** The id of each lease of a request. */
export function leaseIdOf(requestId: string, index: number): string {
  return index === 0 ? requestId : `${requestId}.${index}`
}

export function newLease(ask: LeaseAsk, index: number, now: number, durations: Durations): Lease {
  const deadlineAt = ask.kind === 'call' ? now + durations.callSlotMs : undefined
  // A job that an event tells is asked about late, but a lease whose Worker died is seen by the next call.
  const firstCheckMs = ask.expectsEvent ? durations.giveUpSeenMs : durations.firstAskMs
  return {
    id: leaseIdOf(ask.leaseId, index),
    requestId: ask.leaseId,
    tenant: ask.tenant,
    ...(ask.token === undefined ? {} : { token: ask.token }),
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
    ...(ask.item === undefined ? {} : { item: ask.item }),
    ...(ask.isLimited ? { isLimited: true } : {}),
    ...(ask.choice === undefined ? {} : { choice: ask.choice }),
    ...(ask.ownToken === undefined ? {} : { ownToken: ask.ownToken }),
    ...(ask.mayBeJob ? { mayBeJob: true } : {}),
    ...(ask.slots === undefined || ask.slots === 1 ? {} : { slots: ask.slots }),
  }
}

/** Releases the slots of a creation that certainly started nothing, or of a call that has ended. */
export function release(ledger: Ledger, requestId: string): Change {
  const isNamed = ({ state }: Lease) => state === 'running' || state === 'waiting'
  const mine = ledger.leases.filter(
    (lease) => lease.requestId === requestId && (lease.kind === 'call' || !isNamed(lease))
  )
  return { put: [], drop: mine.map((lease) => lease.id), ended: [] }
}

/** When the alarm must run next, by default as soon as a lease may be handled. Undefined: never. */
export function nextDueAt(
  ledger: Ledger,
  dueAt = (lease: Lease): number | undefined => lease.deadlineAt ?? lease.nextAt
): number | undefined {
  const times = ledger.leases.map(dueAt).filter((due) => due !== undefined)
  return times.length === 0 ? undefined : Math.min(...times)
}
