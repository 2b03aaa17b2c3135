/**
 * What we owe to a client's own URL: one event to one target. Written together with the settlement that it tells,
 * attempted until it is taken, refused for good, or 24 h old. Pure decisions; durable/outbox.ts carries them out.
 */
import { wants, type DeliveryTargets } from './endpoint.ts'
import type { EventText, Lease } from '#domain/slots/lease.ts'
import { prefixOf } from '#domain/text/time-ordered-id.ts'
import type { Durations } from '#domain/runtime/durations.ts'

/** `endpoints`: the tenant's endpoints could not be read at the settlement; they are when it is due. */
type Target =
  | { kind: 'callback'; url: string; ref?: string }
  | { kind: 'endpoint'; url: string; endpointId: string }
  | { kind: 'endpoints' }

export interface Attempt {
  at: number
  /** How long it took. */
  ms: number
  status?: number
  error?: string
}

export interface Delivery {
  id: string
  provider: string
  tenant: string
  event: EventText
  /** Ours: the same for the same end, another for any other (`webhook-id`). Absent in older records: the event's own. */
  eventId?: string
  /** Ids in the event, for narrowed endpoints. */
  mentions: string[]
  jobId?: string
  requestId?: string
  target: Target
  state: 'pending' | 'delivered' | 'dead'
  /** Why it is dead. */
  reason?: string
  createdAt: number
  /** When it was delivered or given up. */
  endedAt?: number
  /** Where the schedule counts from: its creation, or when it was sent again by hand. */
  startedAt: number
  nextAt: number
  /** How many moments of the schedule have passed. */
  tries: number
  attempts: Attempt[]
}

/** Something to tell: an event and whom it concerns. */
export interface Announcement {
  provider: string
  tenant: string
  event: EventText
  eventId: string
  mentions: string[]
  /** Absent for an event that is not about a job of ours: only endpoints hear of it. */
  lease?: Lease
  /** What the job's own target gets in the place of the event's body. */
  replyBody?: string
  /** Only the job's own target hears of it: there was nothing at the provider, or nothing that is surely it. */
  isOwnOnly?: boolean
}

const ATTEMPTS_SHOWN = 30

/** One delivery for each who is to be told. Their ids stand in the order of time. */
export function deliveriesOf(
  told: Announcement,
  outlets: DeliveryTargets | undefined,
  now: number
): Delivery[] {
  const { lease, event, mentions } = told
  const reply = lease?.reply
  const own: Target[] = reply?.url === undefined ? [] : [callbackTo(reply.url, reply.ref)]
  const others = outlets ? endpointTargets(told, outlets) : [UNREAD]
  const targets = told.isOwnOnly ? own : [...own, ...others]
  return targets.map((target) => ({
    id: `${prefixOf(now)}-${told.eventId}.${nameOf(target, lease)}`,
    provider: told.provider,
    tenant: told.tenant,
    event: target.kind === 'callback' ? { ...event, body: told.replyBody ?? event.body } : event,
    eventId: told.eventId,
    mentions,
    ...(lease?.jobId === undefined ? {} : { jobId: lease.jobId }),
    ...(lease === undefined ? {} : { requestId: lease.requestId }),
    target,
    state: 'pending',
    createdAt: now,
    startedAt: now,
    nextAt: now,
    tries: 0,
    attempts: [],
  }))
}

const UNREAD: Target = { kind: 'endpoints' }

function callbackTo(url: string, ref: string | undefined): Target {
  return { kind: 'callback', url, ...(ref === undefined ? {} : { ref }) }
}

function endpointTargets(
  { event, mentions }: Announcement,
  { endpoints }: DeliveryTargets
): Target[] {
  return endpoints
    .filter((endpoint) => wants(endpoint, { type: event.type, mentions }))
    .map(({ id, url }) => ({ kind: 'endpoint', url, endpointId: id }))
}

/** One event may end two jobs, and each has a callback of its own. */
function nameOf(target: Target, lease: Lease | undefined): string {
  if (target.kind === 'endpoint') return target.endpointId
  return target.kind === 'callback' && lease ? `callback-${lease.id}` : target.kind
}

/** The deliveries that stood behind endpoints which could not be read. */
export function unfold(delivery: Delivery, outlets: DeliveryTargets, now: number): Delivery[] {
  const { provider, tenant, event, mentions, jobId, requestId } = delivery
  const about = {
    ...(jobId === undefined ? {} : { jobId }),
    ...(requestId === undefined ? {} : { requestId }),
  }
  const eventId = delivery.eventId ?? event.id
  return deliveriesOf({ provider, tenant, event, eventId, mentions }, outlets, now).map((one) => ({
    ...one,
    ...about,
  }))
}

/** What an attempt came to. `retryAfterMs`: the receiver asked for time. `isFinal`: it will never be taken. */
export interface AttemptResult extends Attempt {
  isTaken: boolean
  retryAfterMs?: number
  isFinal?: boolean
}

/** The delivery after an attempt: delivered, dead, or due again. `random` in [0, 1) spreads those of one outage. */
export function afterAttempt(
  delivery: Delivery,
  result: AttemptResult,
  now: number,
  durations: Durations,
  random: () => number
): Delivery {
  const { isTaken, retryAfterMs = 0, isFinal, ...attempt } = result
  const { deliverAtMs } = durations
  // The attempt that the receiver asked for stands for those that it overtakes; else they would all follow at once.
  const askedAt = now + retryAfterMs - delivery.startedAt
  const overtaken = retryAfterMs > 0 ? deliverAtMs.findLastIndex((offset) => offset <= askedAt) : 0
  const tries = Math.max(delivery.tries + 1, overtaken)
  const attempts = [...delivery.attempts, attempt].slice(-ATTEMPTS_SHOWN)
  const tried = { ...delivery, tries, attempts }
  if (isTaken) return { ...tried, state: 'delivered', endedAt: now }
  const why = attempt.error ?? `the receiver answered ${attempt.status}`
  if (isFinal) return { ...tried, state: 'dead', endedAt: now, reason: why }
  const offset = deliverAtMs[tries]
  const lastMs = deliverAtMs.at(-1) ?? 0
  const isOver = offset === undefined || now - delivery.startedAt >= lastMs
  if (isOver)
    return { ...tried, state: 'dead', endedAt: now, reason: `${why}; it was tried for 24 h` }
  // Later only: a receiver that asked for time gets it, but the last attempt is never put off beyond the 24 h.
  const wait = delivery.startedAt + offset - now
  const jitter = Math.max(0, wait) * 0.1 * random()
  const wished = Math.max(now + wait + jitter, now + retryAfterMs)
  return { ...tried, nextAt: Math.min(wished, delivery.startedAt + lastMs) }
}

/** By hand: the whole schedule begins anew. */
export function sendAgain(delivery: Delivery, now: number): Delivery {
  const { reason: _, endedAt: __, ...rest } = delivery
  return { ...rest, state: 'pending', startedAt: now, nextAt: now, tries: 0 }
}

/** An invocation has six connections. One that failed last time gets two of them at most, one receiver four. */
export const LANES = 6
const SLOW_LANES = 2
const LANES_OF_ONE = 4

/** What must be known of a delivery to say when it is sent. */
export interface Pending {
  id: string
  receiver: string
  nextAt: number
  isTried: boolean
}

export function pendingOf(delivery: Delivery): Pending {
  const { id, nextAt, attempts } = delivery
  return { id, receiver: receiverOf(delivery), nextAt, isTried: attempts.length > 0 }
}

/** Which of the due deliveries start now. `sending`: those under way. */
export function nextToSend(
  pending: readonly Pending[],
  sending: readonly Pending[],
  isFailing: (receiver: string) => boolean,
  lanes: number,
  now: number
): Pending[] {
  const busy = [...sending]
  const isSlow = (one: Pending) => one.isTried || isFailing(one.receiver)
  const started: Pending[] = []
  const due = pending.filter((one) => one.nextAt <= now && !sending.includes(one))
  for (const one of due.toSorted((a, b) => a.nextAt - b.nextAt)) {
    if (busy.length >= lanes) break
    const { receiver } = one
    const isFull = busy.filter((other) => other.receiver === receiver).length >= LANES_OF_ONE
    const isSlowFull = isSlow(one) && busy.filter(isSlow).length >= SLOW_LANES
    if (isFull || isSlowFull) continue
    busy.push(one)
    started.push(one)
  }
  return started
}

/** Who answers at a URL. */
function receiverOf({ target }: Delivery): string {
  return target.kind === 'endpoints' ? '' : (URL.parse(target.url)?.host ?? target.url)
}
