/**
 * Decides what an incoming event changes for an account's jobs. durable/account/incoming-events.ts saves the changes.
 * Events may arrive late, twice, in any order, or before their job has its id. Each counts once. A missing event proves nothing.
 */
import { boundTo } from '#domain/jobs/bind-jobs.ts'
import { applyReports } from '#domain/jobs/apply-reports.ts'
import { NO_CHANGE, type Change, type JobReport } from '#domain/slots/lease.ts'
import type { EventText, JobStart, Lease, Ledger } from '#domain/slots/lease.ts'
import type { Durations } from '#domain/runtime/durations.ts'

/** An event as a provider folder reads it. */
export interface ParsedEvent extends Omit<EventText, 'mentions'> {
  /** The reports about jobs in the event. Empty for a type that is not known to end a job. */
  reports: JobReport[]
  /** For an unknown type: how the job ended, as the name of the type suggests. */
  ending?: 'completed' | 'failed'
  /** The provider's id of the job or resource that the event is about. */
  subject?: string
  /** Every id in the event. The ids show which endpoints want the event and which job to check. */
  mentions: string[]
  /** When the provider made the event, by the provider's clock. Only if the time is signed and has a time zone. */
  createdAt?: number
  /** The id of an event about no job of the gateway: a hash of the account, type, subject and the body without its times. */
  contentId?: string
}

/**
 * How the event came: signed, to the account's webhook (`hook`), or to the callback URL of one creation (`ticket`). These words
 * are stored and used in RPC, so they stay.
 */
export type Via = { kind: 'hook' } | { kind: 'ticket'; requestId: string }

/**
 * `settled`: the event ended a job. `early`: the job may not have its id yet, so the event is deferred. `asked`: a status check is
 * due now. `late`: the job had already ended and its client was notified. `known`: there is nothing to do. `news`: the event is
 * about no job of the gateway. These words are used in RPC and in the log, so they stay.
 */
export type EventOutcome = 'settled' | 'early' | 'asked' | 'late' | 'known' | 'news'

export interface EventEffect {
  outcome: EventOutcome
  change: Change
  /** The tenant's endpoints get the event as it came, although it ended no job of the gateway. */
  isForwarded: boolean
}

export interface IncomingEvent {
  event: ParsedEvent
  via: Via
  /** When the event first arrived. */
  at: number
}

/**
 * A job's end under one of its names, kept until the end and its event are matched (unmatched-end.ts). `eventId`: the event that
 * has arrived since. `isForwarded`: the event came first, was sent to the tenant's endpoints while its job was unknown, and the
 * job may still be found.
 */
export interface UnmatchedEnd {
  watch: string
  endedAt: number
  eventId?: string
  isForwarded?: boolean
  /** True if another job, older or younger, may end under the same name. */
  isReused?: boolean
}

/** Makes the start of a lease's job from the job's id, as the provider names it; undefined: the lease's row makes no job. */
export type StartOf = (lease: Lease, id: string) => JobStart | undefined

/** What is known from before. `isOver`: the job that the event names has ended, and no other job can have its name. */
export interface Past {
  unmatched: readonly UnmatchedEnd[]
  isOver: boolean
}

export function applyEvent(
  ledger: Ledger,
  incoming: IncomingEvent,
  { unmatched, isOver }: Past,
  startOf: StartOf,
  now: number,
  durations: Durations
): EventEffect {
  const { event, via } = incoming
  const leases =
    via.kind === 'hook' || isOver
      ? leasesVia(ledger, via)
      : leasesNamedByCallback(ledger, via.requestId, event, startOf, now, durations)
  const { id, type, body, mentions } = event
  const text = { id, type, body, mentions }
  const younger = leases.filter((lease) => isYounger(lease, event, unmatched))
  const candidates = leases.filter((lease) => !younger.includes(lease))
  const reports = reportsFor(candidates, incoming).map((report) => ({ ...report, event: text }))
  const change = applyReports({ ...ledger, leases: candidates }, reports, now, durations)
  if (change.ended.length > 0) return { ...effect('settled'), change }
  if (mayGetItsJobLater(candidates, incoming, now, durations)) return { ...effect('early'), change }
  const unclear = candidates.filter(
    (one) => ledger.leases.includes(one) && needsStatusCheck(one, candidates, incoming)
  )
  if (unclear.length > 0) {
    const put = unclear.map((lease) => ({ ...lease, nextAt: now }))
    const isForwarded = via.kind === 'hook'
    return { ...effect('asked'), change: { ...NO_CHANGE, put }, isForwarded }
  }
  const sooner = checkedSooner(younger, event, now, durations)
  const rest = { change: { ...change, put: [...change.put, ...sooner] } }
  if (via.kind === 'ticket') return { ...effect('known'), ...rest }
  return { ...effect(isOfEndedJob(event, unmatched) ? 'late' : 'news'), ...rest }
}

/** Providers often give times in whole seconds. */
const WHOLE_SECOND_MS = 1000

/**
 * Whether the lease is younger than the job that the event is about. The runs of one session share a name, so an event made before
 * the lease was acquired is about an earlier run. An event without a time counts as the event that an earlier end still expects.
 * If the name belongs to one job, times are ignored, because they come from another clock.
 */
function isYounger(lease: Lease, event: ParsedEvent, unmatched: readonly UnmatchedEnd[]): boolean {
  const { createdAt } = event
  if (!lease.isReused) return false
  if (createdAt !== undefined && createdAt >= lease.acquiredAt) return false
  if (createdAt !== undefined && createdAt + WHOLE_SECOND_MS <= lease.acquiredAt) return true
  const before = unmatched.filter((end) => end.endedAt <= lease.acquiredAt)
  return before.some((end) => lease.watch.includes(end.watch)) && isOfEndedJob(event, before)
}

/** The younger leases with an earlier status check, because the provider's clock may be wrong and the event may be about them. */
function checkedSooner(
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

function effect(outcome: EventOutcome): EventEffect {
  return { outcome, change: NO_CHANGE, isForwarded: outcome === 'news' }
}

/** The leases that the event may be about. A webhook event may be about any lease, a callback only about its own creation. */
function leasesVia({ leases }: Ledger, via: Via): readonly Lease[] {
  return via.kind === 'hook' ? leases : jobsOfRequest(leases, via.requestId)
}

function jobsOfRequest(leases: readonly Lease[], requestId: string): Lease[] {
  return leases.filter((lease) => lease.requestId === requestId && lease.kind === 'job')
}

/**
 * The leases of the creation whose callback URL was called. Only the provider knows that URL. So if the creation has one lease,
 * the event proves which job it has, even if the lease had no job yet or only a suspected one.
 */
function leasesNamedByCallback(
  { leases }: Ledger,
  requestId: string,
  event: ParsedEvent,
  startOf: StartOf,
  now: number,
  durations: Durations
): Lease[] {
  const mine = jobsOfRequest(leases, requestId)
  const [only] = mine
  if (!only || mine.length > 1 || event.subject === undefined) return mine
  const isNamed = only.state !== 'unbound' && only.state !== 'suspect'
  if (isNamed && !(only.isFound && only.jobId !== event.subject)) return mine
  if (event.reports.length === 0 && event.ending === undefined) return mine
  // An unbound lease expects an id from its own request. The id of a suspected job may belong to another creation.
  const expected = only.state === 'unbound' ? only.jobId : undefined
  const start = startOf(only, expected ?? event.subject)
  if (!start) return mine
  const isWatched = only.state === 'unbound' && only.watch.length > 0
  const watch = isWatched ? only.watch : start.watch
  return [boundTo(only, { ...start, watch }, 'running', now, durations)]
}

/** The reports of the event. For an unknown type they follow from the type's name, if a callback URL proves the creation. */
function reportsFor(leases: readonly Lease[], { event, via }: IncomingEvent): JobReport[] {
  if (event.reports.length > 0 || via.kind === 'hook') return event.reports
  const { ending } = event
  if (!ending) return []
  const mentioned = leases.filter((lease) => event.mentions.includes(lease.jobId ?? ''))
  return mentioned.flatMap(({ watch }) => watch.map((key) => ({ watch: key, state: ending })))
}

/** The object may have moved to another machine between the two, whose clock is behind. */
const CLOCKS_MS = 5000

/** Whether the event may be about a creation that was under way when it arrived and whose job id is not known yet. */
function mayGetItsJobLater(
  leases: readonly Lease[],
  { event, at }: IncomingEvent,
  now: number,
  durations: Durations
): boolean {
  if (now >= at + durations.earlyMs) return false
  if (event.reports.length === 0 && event.ending === undefined) return false
  return leases.some(
    (lease) =>
      lease.kind === 'job' && lease.state === 'unbound' && lease.acquiredAt <= at + CLOCKS_MS
  )
}

/**
 * Whether a report that ended nothing may be about this lease's job under another name. Never if the creation has several jobs,
 * because then the report may be about one that has ended.
 */
function needsStatusCheck(
  lease: Lease,
  candidates: readonly Lease[],
  incoming: IncomingEvent
): boolean {
  const isUnderOtherName = incoming.via.kind === 'ticket' && candidates.length === 1
  return (incoming.event.reports.length === 0 || isUnderOtherName) && isAbout(lease, incoming)
}

function isAbout(lease: Lease, { event, via }: IncomingEvent): boolean {
  if (lease.kind === 'call' || lease.jobId === undefined) return false
  return via.kind === 'ticket' || event.mentions.includes(lease.jobId)
}

/**
 * Whether the event is about a job that has ended. A job ends once, so any further event about its end is late, whatever its id.
 * If a younger job may have the same name, only a repeat of the ended job's own event is late.
 */
function isOfEndedJob(event: ParsedEvent, unmatched: readonly UnmatchedEnd[]): boolean {
  const isSame = (end: UnmatchedEnd) => !end.isReused || (end.eventId ?? event.id) === event.id
  return event.reports.some((report) =>
    unmatched.some((end) => end.watch === report.watch && isSame(end))
  )
}

/** The key under which a deferred event is kept once. An event id alone is not enough: providers do not promise unique ids. */
export function deferredKeyOf({ event, via }: IncomingEvent): string {
  const about = via.kind === 'ticket' ? via.requestId : (event.subject ?? '')
  return [via.kind, event.id, event.type, about].join(' ')
}
