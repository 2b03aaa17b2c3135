/**
 * What an incoming event changes in an account's ledger. Pure decisions; durable/account/incoming-events.ts saves them.
 * Events arrive late, twice, in any order, or before their job has its id: each counts once, and a missing event proves
 * nothing.
 */
import { boundTo } from '#domain/jobs/bind-jobs.ts'
import { applyReports } from '#domain/jobs/apply-reports.ts'
import { NO_CHANGE, type Change, type JobReport } from '#domain/slots/lease.ts'
import type { EventText, JobStart, Lease, Ledger } from '#domain/slots/lease.ts'
import type { Durations } from '#domain/runtime/durations.ts'

/** An event as a provider folder reads it. */
export interface ParsedEvent extends Omit<EventText, 'mentions'> {
  /** What it says about jobs. Empty for a type that is not known to end one. */
  reports: JobReport[]
  /** Of an unknown type: how its job ended, going by the name of the type. */
  ending?: 'completed' | 'failed'
  /** The provider's id of the job or resource that it is about. */
  subject?: string
  /** Every id in it. Narrowed endpoints are chosen by these; they also say which job to check. */
  mentions: string[]
  /** When the provider made it, by the provider's clock. Only where this time is signed and names its time zone. */
  createdAt?: number
  /** Identifies an event about no job of ours: a hash of the account, type, subject and the body without its times. */
  contentId?: string
}

/**
 * How it came: signed, to the account's webhook (`hook`), or to the callback address of one creation (`ticket`). RPC and
 * stored, so these words stay.
 */
export type Via = { kind: 'hook' } | { kind: 'ticket'; requestId: string }

/**
 * `settled`: it ended a job. `early`: its job may not have its id yet, so the event is deferred. `asked`: a status check is
 * due now. `late`: its job had already ended and its client was notified. `known`: nothing to do. `news`: it is about no
 * job of ours. RPC and in the log, so these words stay.
 */
export type EventOutcome = 'settled' | 'early' | 'asked' | 'late' | 'known' | 'news'

export interface EventEffect {
  outcome: EventOutcome
  change: Change
  /** The tenant's endpoints get the event as it came, although it ended no job of ours. */
  isForwarded: boolean
}

export interface IncomingEvent {
  event: ParsedEvent
  via: Via
  /** When it first arrived. */
  at: number
}

/**
 * A job's end under one of its names, as long as it and the provider's event about it have not met (unmatched-end.ts). `eventId`: its event has arrived since. `isForwarded`: the reverse, the event was sent to the
 * tenant's endpoints while its job was unknown, and the job may yet be found.
 */
export interface UnmatchedEnd {
  watch: string
  endedAt: number
  eventId?: string
  isForwarded?: boolean
  /** Another job, older or younger, may end under the same name. */
  isReused?: boolean
}

/** How a provider names the job of a lease by an id; undefined: the lease's row makes no job. */
export type StartOf = (lease: Lease, id: string) => JobStart | undefined

/** `isOver`: the job that the event names has ended already, and no other job can have its name. */
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
 * Whether a lease is younger than what the event is about. The runs of one session share a name, so an event made before a
 * lease was acquired is about an earlier run. An event without a time is taken for the one still expected of an
 * earlier end. Where the name belongs to one job, times decide nothing: they come from another clock.
 */
function isYounger(lease: Lease, event: ParsedEvent, unmatched: readonly UnmatchedEnd[]): boolean {
  const { createdAt } = event
  if (!lease.isReused) return false
  if (createdAt !== undefined && createdAt >= lease.acquiredAt) return false
  if (createdAt !== undefined && createdAt + WHOLE_SECOND_MS <= lease.acquiredAt) return true
  const before = unmatched.filter((end) => end.endedAt <= lease.acquiredAt)
  return before.some((end) => lease.watch.includes(end.watch)) && isOfEndedJob(event, before)
}

/** The provider's clock may be the one that is wrong. An early status check finds that out. */
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

/** A webhook event may be about any lease; a callback's is about its own creation. */
function leasesVia({ leases }: Ledger, via: Via): readonly Lease[] {
  return via.kind === 'hook' ? leases : jobsOfRequest(leases, via.requestId)
}

function jobsOfRequest(leases: readonly Lease[], requestId: string): Lease[] {
  return leases.filter((lease) => lease.requestId === requestId && lease.kind === 'job')
}

/**
 * The leases of the creation whose callback address was called. Only the provider knows that address, so the event proves
 * which job a single lease of it has, even where the lease had none or was only suspected of another.
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
  // The id that an unbound lease expects comes from its own request. A suspect's id may be another creation's.
  const expected = only.state === 'unbound' ? only.jobId : undefined
  const start = startOf(only, expected ?? event.subject)
  if (!start) return mine
  const isWatched = only.state === 'unbound' && only.watch.length > 0
  const watch = isWatched ? only.watch : start.watch
  return [boundTo(only, { ...start, watch }, 'running', now, durations)]
}

/** An event of an unknown type reports by the name of its type, but only where its address proves the creation. */
function reportsFor(leases: readonly Lease[], { event, via }: IncomingEvent): JobReport[] {
  if (event.reports.length > 0 || via.kind === 'hook') return event.reports
  const { ending } = event
  if (!ending) return []
  const mentioned = leases.filter((lease) => event.mentions.includes(lease.jobId ?? ''))
  return mentioned.flatMap(({ watch }) => watch.map((key) => ({ watch: key, state: ending })))
}

/** A creation that was under way when the event arrived may yet turn out to be its job. */
function mayGetItsJobLater(
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

/**
 * A report that ended nothing may mean this lease's job under another name. Not where the creation has several jobs: then it
 * may be about one of them that has ended.
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
 * A job ends once: any further event about its end is late, whatever its id. Where a younger job may have the same name, each
 * end has one event, and only that one may come again.
 */
function isOfEndedJob(event: ParsedEvent, unmatched: readonly UnmatchedEnd[]): boolean {
  const isSame = (end: UnmatchedEnd) => !end.isReused || (end.eventId ?? event.id) === event.id
  return event.reports.some((report) =>
    unmatched.some((end) => end.watch === report.watch && isSame(end))
  )
}

/** The key of a deferred event, each kept once. It is not the event id alone: no provider promises that its ids are unique. */
export function deferredKeyOf({ event, via }: IncomingEvent): string {
  const about = via.kind === 'ticket' ? via.requestId : (event.subject ?? '')
  return [via.kind, event.id, event.type, about].join(' ')
}
