/**
 * Decides which pending deliveries are sent now, and when the alarm must look again. durable/account/outbox.ts sends them.
 */
import type { Delivery } from './delivery.ts'

/** A Worker invocation has six connections. */
export const CONNECTIONS_MAX = 6
/** Connections for all receivers that failed last time together, so that they never block the others. */
const TO_FAILING_MAX = 2
const TO_ONE_RECEIVER_MAX = 4

/** After this time an attempt is started again. It is longer than an attempt may take, so the first one was lost in a crash. */
const STUCK_AFTER_MS = 15_000

/** The facts of a delivery that the queue needs. Bodies stay in storage. */
export interface Pending {
  id: string
  tenant: string
  receiver: string
  nextAt: number
  isTried: boolean
}

export interface Attempting {
  pending: Pending
  since: number
}

export function pendingOf(delivery: Delivery): Pending {
  const { id, tenant, nextAt, attempts } = delivery
  return { id, tenant, receiver: receiverOf(delivery), nextAt, isTried: attempts.length > 0 }
}

const OF_ALERTS = 'alert:'

/** The receiver of a delivery: the host of its URL. */
function receiverOf({ target }: Delivery): string {
  if (target.kind === 'endpoints') return ''
  const host = URL.parse(target.url)?.host ?? target.url
  return target.kind === 'alert' ? `${OF_ALERTS}${host}` : host
}

/** Whether it is an alert. No host and no URL that may be delivered to begins so. */
export function isAlert({ receiver }: Pending): boolean {
  return receiver.startsWith(OF_ALERTS)
}

/** Which of the due deliveries start now. `sending`: those under way. */
export function nextToSend(
  pending: readonly Pending[],
  sending: readonly Pending[],
  isFailing: (receiver: string) => boolean,
  connections: number,
  now: number
): Pending[] {
  const busy = [...sending]
  const isSlow = (one: Pending) => one.isTried || isFailing(one.receiver)
  const started: Pending[] = []
  const due = pending.filter((one) => one.nextAt <= now && !sending.includes(one))
  for (const one of due.toSorted((a, b) => a.nextAt - b.nextAt)) {
    if (busy.length >= connections) break
    const { receiver } = one
    const isFull = busy.filter((other) => other.receiver === receiver).length >= TO_ONE_RECEIVER_MAX
    const isSlowFull = isSlow(one) && busy.filter(isSlow).length >= TO_FAILING_MAX
    if (isFull || isSlowFull) continue
    busy.push(one)
    started.push(one)
  }
  return started
}

export function isStuck({ since }: Attempting, now: number): boolean {
  return now >= since + STUCK_AFTER_MS
}

/**
 * When the alarm must look again; undefined: nothing is pending. A due delivery may wait for a connection. It needs no alarm,
 * because it starts when an attempt under way ends. `spareMs`: how much later than it is due the alarm may look after one.
 */
export function queueDueAt(
  pending: Iterable<Pending>,
  sending: readonly Attempting[],
  now: number,
  spareMs: (one: Pending) => number = () => 0
): number | undefined {
  const started = new Set(sending.map((one) => one.pending.id))
  const times = [...pending]
    .filter((one) => !started.has(one.id))
    .map((one) => one.nextAt + spareMs(one))
  const due = sending.length > 0 ? times.filter((at) => at > now) : times
  const stuck = sending.map((one) => one.since + Math.max(STUCK_AFTER_MS, spareMs(one.pending)))
  const all = [...due, ...stuck]
  return all.length === 0 ? undefined : Math.min(...all)
}
