/**
 * What a provider's event means for an account's ledger. Pure; AccountSlots saves what it says. Events come late,
 * twice, in any order, or before their job has its name: each is heard once and nothing is concluded from its absence.
 */
import { boundTo } from '#domain/jobs/bind-jobs.ts'
import { applyReports } from '#domain/jobs/apply-reports.ts'
import { NO_CHANGE, type Change, type EndedJob, type JobReport } from '#domain/slots/lease.ts'
import type { EventText, JobStart, Lease, Ledger } from '#domain/slots/lease.ts'
import type { Durations } from '#domain/runtime/durations.ts'

/** An event as a provider folder reads it. */
export interface ParsedEvent extends Omit<EventText, 'mentions'> {
  /** What it says about jobs; empty when its type is not known to end one. */
  reports: JobReport[]
  /** For a type that nobody knows: what its name says of the job that it is about. */
  ending?: 'completed' | 'failed'
  /** The provider's id of what it is about. */
  subject?: string
  /** Every id in it: for narrowed endpoints, and to know which job to ask about. */
  mentions: string[]
  /** When the provider made it by its own clock, if it says so where it is signed, and in which time zone. */
  createdAt?: number
  /** Names it where it is about no job of ours: a hash of the account, the type, the subject and the body without times. */
  newsId?: string
}

/** How it came: signed, to the account's webhook; or to the callback of one creation. */
export type Via = { kind: 'hook' } | { kind: 'ticket'; requestId: string }

/**
 * `settled` it ended a job; `early` its job may not have its name yet; `asked` the alarm will ask; `late` its job had
 * already ended and was reported; `known` nothing to do; `news` not about a job of ours.
 */
export type EventOutcome = 'settled' | 'early' | 'asked' | 'late' | 'known' | 'news'

export interface Heard {
  became: EventOutcome
  change: Change
  /** Whoever takes this account's events hears of it, although no job of ours ended. */
  isNews: boolean
}

export interface IncomingEvent {
  event: ParsedEvent
  via: Via
  /** When it was first heard. */
  at: number
}

/**
 * A job that ended without its event: that event may still come. `eventId`: it has. `isTold`: the reverse, an event
 * that nobody waited for any longer was told as news, and the job that it is about may yet be found.
 */
export interface LateEnd {
  watch: string
  endedAt: number
  eventId?: string
  isTold?: boolean
  /** Something older or younger may end under the same name. */
  isReused?: boolean
}

/** The id under which an end was told before it was known whose it is. */
export function toldIdOf({ lease }: EndedJob, late: readonly LateEnd[]): string | undefined {
  return late.find((end) => end.isTold && end.endedAt >= lease.acquiredAt)?.eventId
}

export type StartOf = (lease: Lease, id: string) => JobStart | undefined

/** `isOver`: the job that the event names has ended already, and its name is its alone. */
export interface Past {
  late: readonly LateEnd[]
  isOver: boolean
}

export function applyEvent(
  ledger: Ledger,
  incoming: IncomingEvent,
  { late, isOver }: Past,
  startOf: StartOf,
  now: number,
  durations: Durations
): Heard {
  const { event, via } = incoming
  const scope =
    via.kind === 'hook' || isOver
      ? ofTicket(ledger, via)
      : { ...ledger, leases: namedByTicket(ledger, via.requestId, event, startOf, now, durations) }
  const { id, type, body, mentions } = event
  const text = { id, type, body, mentions }
  const younger = scope.leases.filter((lease) => isYounger(lease, event, late))
  const meant = scope.leases.filter((lease) => !younger.includes(lease))
  const reports = reportsFor(meant, incoming).map((report) => ({ ...report, event: text }))
  const change = applyReports({ ...scope, leases: meant }, reports, now, durations)
  if (change.ended.length > 0) return { ...became('settled'), change }
  if (mayStillBeNamed(meant, incoming, now, durations)) return { ...became('early'), change }
  const asked = meant.filter(
    (one) => ledger.leases.includes(one) && isToBeAsked(one, meant, incoming)
  )
  if (asked.length > 0) {
    const put = asked.map((lease) => ({ ...lease, nextAt: now }))
    return { ...became('asked'), change: { ...NO_CHANGE, put }, isNews: via.kind === 'hook' }
  }
  const sooner = askedSooner(younger, event, now, durations)
  const rest = { change: { ...change, put: [...change.put, ...sooner] } }
  if (via.kind === 'ticket') return { ...became('known'), ...rest }
  return { ...became(isLate(event, late) ? 'late' : 'news'), ...rest }
}

/** Times are often whole seconds. */
const WHOLE_SECOND_MS = 1000

/**
 * An event made before a lease was acquired tells of something older under the same name: the runs of one session
 * share theirs. Without a time it is taken for the one that is still owed for an earlier end. Where the name is the job's
 * alone, times decide nothing: they are another clock's.
 */
function isYounger(lease: Lease, event: ParsedEvent, late: readonly LateEnd[]): boolean {
  const { createdAt } = event
  if (!lease.isReused) return false
  if (createdAt !== undefined && createdAt >= lease.acquiredAt) return false
  if (createdAt !== undefined && createdAt + WHOLE_SECOND_MS <= lease.acquiredAt) return true
  const before = late.filter((end) => end.endedAt <= lease.acquiredAt)
  return before.some((end) => lease.watch.includes(end.watch)) && isLate(event, before)
}

/** Should the provider's clock be the one that is wrong, the question finds out. */
function askedSooner(
  younger: Lease[],
  event: ParsedEvent,
  now: number,
  durations: Durations
): Lease[] {
  const named = younger.filter(
    (lease) => lease.kind === 'job' && event.reports.some((one) => lease.watch.includes(one.watch))
  )
  return named.flatMap((lease) => {
    const nextAt = Math.max(now, lease.acquiredAt + durations.firstAskMs)
    return nextAt < lease.nextAt ? [{ ...lease, nextAt }] : []
  })
}

function became(what: EventOutcome): Heard {
  return { became: what, change: NO_CHANGE, isNews: what === 'news' }
}

/** Of a creation of several jobs one may be over and tell of it again: that names none of the others. */
function ofTicket(ledger: Ledger, via: Via): Ledger {
  if (via.kind === 'hook') return ledger
  const { requestId } = via
  const mine = ledger.leases.filter(
    (lease) => lease.requestId === requestId && lease.kind === 'job'
  )
  return { ...ledger, leases: mine }
}

/**
 * The leases of the creation that a ticket stands for. The ticket is proof: what a single lease of it was only taken
 * for, or not known as yet, the event names.
 */
function namedByTicket(
  { leases }: Ledger,
  requestId: string,
  event: ParsedEvent,
  startOf: StartOf,
  now: number,
  durations: Durations
): Lease[] {
  const mine = leases.filter((lease) => lease.requestId === requestId && lease.kind === 'job')
  const [only] = mine
  if (!only || mine.length > 1 || event.subject === undefined) return mine
  const isNamed = only.state !== 'unbound' && only.state !== 'suspect'
  if (isNamed && !(only.isFound && only.jobId !== event.subject)) return mine
  if (event.reports.length === 0 && event.ending === undefined) return mine
  // Of an unbound one what its request said is surer; what a suspect was taken for may be another's.
  const expected = only.state === 'unbound' ? only.jobId : undefined
  const start = startOf(only, expected ?? event.subject)
  if (!start) return mine
  const isWatched = only.state === 'unbound' && only.watch.length > 0
  const watch = isWatched ? only.watch : start.watch
  return [boundTo(only, { ...start, watch }, 'running', now, durations)]
}

function reportsFor(leases: readonly Lease[], { event, via }: IncomingEvent): JobReport[] {
  if (event.reports.length > 0 || via.kind === 'hook') return event.reports
  const { ending } = event
  const meant = leases.filter((lease) => event.mentions.includes(lease.jobId ?? ''))
  if (!ending) return []
  return meant.flatMap(({ watch }) => watch.map((key) => ({ watch: key, state: ending })))
}

/** A creation that was under way when the event came may yet turn out to be its job. */
function mayStillBeNamed(
  leases: readonly Lease[],
  { event, at }: IncomingEvent,
  now: number,
  durations: Durations
): boolean {
  if (now >= at + durations.earlyMs) return false
  if (event.reports.length === 0 && event.ending === undefined) return false
  return leases.some(
    (lease) => lease.kind === 'job' && lease.state === 'unbound' && lease.acquiredAt <= at
  )
}

/** A report that ended nothing may be told by another name, unless it can be of a job of the same creation that ended. */
function isToBeAsked(lease: Lease, meant: readonly Lease[], incoming: IncomingEvent): boolean {
  const isForeign = incoming.via.kind === 'ticket' && meant.length === 1
  return (incoming.event.reports.length === 0 || isForeign) && isAbout(lease, incoming)
}

function isAbout(lease: Lease, { event, via }: IncomingEvent): boolean {
  if (lease.kind === 'call' || lease.jobId === undefined) return false
  return via.kind === 'ticket' || event.mentions.includes(lease.jobId)
}

/**
 * A job has one end: what tells of it again, under whatever id, is late. Where the name may be something younger's, one
 * event is owed for each end that was heard otherwise, and the same one may come again.
 */
function isLate(event: ParsedEvent, late: readonly LateEnd[]): boolean {
  const isSame = (end: LateEnd) => !end.isReused || (end.eventId ?? event.id) === event.id
  return event.reports.some((report) =>
    late.some((end) => end.watch === report.watch && isSame(end))
  )
}

/** Events that wait for their job's name, each once: nobody promises that a provider's event ids are unique. */
export function nameOfIncoming({ event, via }: IncomingEvent): string {
  const about = via.kind === 'ticket' ? via.requestId : (event.subject ?? '')
  return [via.kind, event.id, event.type, about].join(' ')
}

/** The provider tries for a day. What it signed longer ago, and nobody waits for, is played again by somebody else. */
const OLD_MS = 3 * 24 * 60 * 60 * 1000

export function isOld({ createdAt }: ParsedEvent, now: number): boolean {
  return createdAt !== undefined && now - createdAt > OLD_MS
}
