/**
 * A delivery: one event for one URL of a client. It is written in the same transaction as the job's end, and attempted until
 * the receiver accepts it, refuses it for good, or 24 hours are over. This file decides its schedule and outcome;
 * delivery-queue.ts decides which delivery is sent next.
 */
import { isSubscribed, type DeliveryTargets } from './endpoint.ts'
import type { EventText, Lease } from '#domain/slots/lease.ts'
import { prefixOf } from '#domain/text/time-ordered-id.ts'
import type { Durations } from '#domain/runtime/durations.ts'

/** `endpoints`: the tenant's endpoints could not be read when the job ended. They are read when the delivery is due. */
type Target =
  | { kind: 'callback'; url: string; ref?: string }
  | { kind: 'endpoint'; url: string; endpointId: string }
  /** `owner`: the tenant, or the operator (domain/alerts/alert.ts). */
  | { kind: 'alert'; url: string; alertId: string; owner: string }
  | { kind: 'endpoints' }

export interface Attempt {
  at: number
  /** How long the attempt took. */
  ms: number
  status?: number
  error?: string
}

export interface Delivery {
  id: string
  provider: string
  tenant: string
  event: EventText
  /** The `webhook-id` header: one id for each end, made by the gateway. Older records lack it and use the event's own id. */
  eventId?: string
  /** Ids in the event. They select endpoints that want the events of one video or project only. */
  mentions: string[]
  /** What the client calls the job. */
  jobId?: string
  /** The provider's id of a queued job, which its client knows by another name. */
  providerJobId?: string
  requestId?: string
  /** The own token of the job (RFC 0010). */
  ownToken?: string
  /** The target is an endpoint of the tenant itself, which hears of the jobs of own tokens, too. */
  isToTenant?: boolean
  target: Target
  state: 'pending' | 'delivered' | 'dead'
  /** Why the delivery was given up. */
  reason?: string
  createdAt: number
  /** When the event was delivered or given up. */
  endedAt?: number
  /** The start of the schedule: when the delivery was created, or last retried by hand. */
  startedAt: number
  nextAt: number
  /** How many attempts of the schedule are used up. */
  tries: number
  attempts: Attempt[]
}

/** An event to deliver, and the job and tenant that it is about. */
export interface Announcement {
  provider: string
  tenant: string
  event: EventText
  eventId: string
  mentions: string[]
  /** Absent for an event about a job that the gateway did not start. Only endpoints get such an event. */
  lease?: Lease
  /** The provider's id of a queued job. `lease` has the name that its client knows. */
  providerJobId?: string
  /** The body for the job's own callback URL, if the creation asked for another form. */
  replyBody?: string
  /** The own token of the job, where there is no lease. */
  ownToken?: string
  /** Only the job's own callback URL gets the event, because it is not certain which job at the provider it is about. */
  isCallbackOnly?: boolean
}

/** The deliveries about an end. `toEndpoints`: stands for those to endpoints that the account does not know of yet. */
export interface EndNews {
  deliveries: readonly Delivery[]
  toEndpoints?: Delivery | undefined
}

const ATTEMPTS_KEPT = 30

/** One delivery for each target. Their ids sort by time. */
export function deliveriesOf(
  announcement: Announcement,
  targets: DeliveryTargets | undefined,
  now: number
): Delivery[] {
  const { lease, event, mentions, providerJobId } = announcement
  const ownToken = announcement.ownToken ?? lease?.ownToken
  const reply = lease?.reply
  const callback: Target[] = reply?.url === undefined ? [] : [callbackTo(reply.url, reply.ref)]
  const others = targets ? endpointTargets(announcement, ownToken, targets) : [UNREAD]
  const all = announcement.isCallbackOnly ? callback : [...callback, ...others]
  return all.map((target) => ({
    id: `${prefixOf(now)}-${announcement.eventId}.${nameOf(target, lease)}`,
    provider: announcement.provider,
    tenant: announcement.tenant,
    event:
      target.kind === 'callback' ? { ...event, body: announcement.replyBody ?? event.body } : event,
    eventId: announcement.eventId,
    mentions,
    ...(lease?.jobId === undefined ? {} : { jobId: lease.jobId }),
    ...(providerJobId === undefined ? {} : { providerJobId }),
    ...(lease === undefined ? {} : { requestId: lease.requestId }),
    ...(ownToken === undefined ? {} : { ownToken, ...toTenant(target, targets) }),
    target,
    state: 'pending',
    createdAt: now,
    startedAt: now,
    nextAt: now,
    tries: 0,
    attempts: [],
  }))
}

/** Whether an own token may see the delivery: it is about a job of the token, and it goes to a target of the token. */
export function isOfToken({ ownToken, isToTenant }: Delivery, token: string): boolean {
  return ownToken === token && isToTenant !== true
}

const UNREAD: Target = { kind: 'endpoints' }

/** Stands for the deliveries to endpoints, whichever there are. Undefined: no endpoint gets this. */
export function toEndpoints(announcement: Announcement, now: number): Delivery | undefined {
  return deliveriesOf(announcement, undefined, now).find(
    ({ target }) => target.kind === 'endpoints'
  )
}

function callbackTo(url: string, ref: string | undefined): Target {
  return { kind: 'callback', url, ...(ref === undefined ? {} : { ref }) }
}

function endpointTargets(
  { event, mentions }: Announcement,
  ownToken: string | undefined,
  { endpoints }: DeliveryTargets
): Target[] {
  const about = { type: event.type, mentions, ...(ownToken === undefined ? {} : { ownToken }) }
  return endpoints
    .filter((endpoint) => isSubscribed(endpoint, about))
    .map(({ id, url }) => ({ kind: 'endpoint', url, endpointId: id }))
}

/** The part of the delivery's id that names its target. One event may end two jobs, and each has its own callback. */
function nameOf(target: Target, lease: Lease | undefined): string {
  if (target.kind === 'endpoint') return target.endpointId
  return target.kind === 'callback' && lease ? `callback-${lease.id}` : target.kind
}

/** The deliveries that take the place of one whose endpoints were unknown. */
export function expandEndpoints(
  delivery: Delivery,
  targets: DeliveryTargets,
  now: number
): Delivery[] {
  const { provider, tenant, event, mentions, jobId, requestId, ownToken } = delivery
  const { providerJobId } = delivery
  const about = {
    ...(jobId === undefined ? {} : { jobId }),
    ...(providerJobId === undefined ? {} : { providerJobId }),
    ...(requestId === undefined ? {} : { requestId }),
  }
  const own = ownToken === undefined ? {} : { ownToken }
  const eventId = delivery.eventId ?? event.id
  const announcement = { provider, tenant, event, eventId, mentions, ...own }
  return deliveriesOf(announcement, targets, now).map((one) => ({ ...one, ...about }))
}

function toTenant(target: Target, targets: DeliveryTargets | undefined): { isToTenant?: true } {
  if (target.kind !== 'endpoint') return {}
  const endpoint = targets?.endpoints.find(({ id }) => id === target.endpointId)
  return endpoint?.token === undefined ? { isToTenant: true } : {}
}

/** `isAccepted`: the receiver accepted the event. `retryAfterMs`: it asked for a pause. `isFinal`: it will never accept the event. */
export interface AttemptResult extends Attempt {
  isAccepted: boolean
  retryAfterMs?: number
  isFinal?: boolean
}

/** The delivery after an attempt: delivered, dead, or due again. `random` in [0, 1) spreads the retries after an outage. */
export function afterAttempt(
  delivery: Delivery,
  result: AttemptResult,
  now: number,
  durations: Durations,
  random: () => number
): Delivery {
  const { isAccepted, retryAfterMs = 0, isFinal, ...attempt } = result
  const { deliverAtMs } = durations
  // An attempt after a requested pause replaces the scheduled attempts before it. Otherwise those would all follow at once.
  const askedAt = now + retryAfterMs - delivery.startedAt
  const passed = retryAfterMs > 0 ? deliverAtMs.findLastIndex((offset) => offset <= askedAt) : 0
  const tries = Math.max(delivery.tries + 1, passed)
  const attempts = [...delivery.attempts, attempt].slice(-ATTEMPTS_KEPT)
  const tried = { ...delivery, tries, attempts }
  if (isAccepted) return { ...tried, state: 'delivered', endedAt: now }
  const why = attempt.error ?? `the receiver answered ${attempt.status}`
  if (isFinal) return { ...tried, state: 'dead', endedAt: now, reason: why }
  const offset = deliverAtMs[tries]
  const lastMs = deliverAtMs.at(-1) ?? 0
  const isOver = offset === undefined || now - delivery.startedAt >= lastMs
  if (isOver)
    return { ...tried, state: 'dead', endedAt: now, reason: `${why}; it was tried for 24 h` }
  // The receiver may ask for a longer pause, but never beyond the 24 hours.
  const wait = delivery.startedAt + offset - now
  const jitter = Math.max(0, wait) * 0.1 * random()
  const wished = Math.max(now + wait + jitter, now + retryAfterMs)
  return { ...tried, nextAt: Math.min(wished, delivery.startedAt + lastMs) }
}

/** A retry by hand: the schedule starts again. */
export function sendAgain(delivery: Delivery, now: number): Delivery {
  const { reason: _, endedAt: __, ...rest } = delivery
  return { ...rest, state: 'pending', startedAt: now, nextAt: now, tries: 0 }
}
