/** Outgoing webhooks: signed, sent and retried. The settings make some lost, doubled, delayed or out of order. */
import { timeLimit } from '../state/clock.ts'
import { happens, newHex, randomBelow } from '../state/random.ts'
import type { State } from '../state/state.ts'
import type { Delivery } from '../state/types.ts'
import { signText, toBytes, toHex } from '../text/bytes.ts'
import { signKling } from './kling-signature.ts'

const GIVE_UP_MS = 86_400_000
const ANSWER_MS = 10_000
const KEPT_MAX = 2000

type NewDelivery = Pick<
  Delivery,
  'account' | 'url' | 'eventId' | 'eventType' | 'body' | 'secret' | 'endpointId' | 'provider'
> & {
  /** Sent this much later, on top of what the settings add. */
  afterMs?: number
}

export function enqueue(state: State, delivery: NewDelivery): void {
  const { loseRate, doubleRate, reorderRate, webhookDelayMs, webhooks, webhooksBeyondLoopback } =
    state.settings
  const { lateRate, lateMs } = state.settings
  const copies = happens(doubleRate) ? 2 : 1
  for (let copy = 0; copy < copies; copy++) {
    const isBlocked = !webhooksBeyondLoopback && !isLoopback(delivery.url)
    const isLost = happens(loseRate)
    const shuffleMs = happens(reorderRate) ? randomBelow(2000) : 0
    const lateByMs = happens(lateRate) ? lateMs : 0
    const now = state.now()
    const nextAt = now + webhookDelayMs + shuffleMs + lateByMs + (delivery.afterMs ?? 0)
    state.deliveries.put({
      ...delivery,
      key: newHex(8),
      seq: state.nextSeq(),
      state: isBlocked ? 'blocked' : isLost ? 'lost' : webhooks === 'held' ? 'held' : 'due',
      attempts: 0,
      nextAt,
      createdAt: now,
      lastStatus: null,
      lastError: null,
    })
    if (!isBlocked && !isLost && webhooks === 'auto') state.wakeAt(nextAt)
  }
  forgetOld(state)
}

export function isLoopback(url: string): boolean {
  const host = URL.parse(url)?.hostname ?? ''
  return (
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    host === '[::1]' ||
    host.startsWith('127.')
  )
}

export async function sendDue(state: State): Promise<void> {
  const now = state.now()
  const due = listWaiting(state).filter((each) => each.nextAt <= now)
  const sends = due.map((delivery) => sendOne(state, delivery).then(() => wakeForNext(state)))
  wakeForNext(state)
  await Promise.all(sends)
}

/** Tries each delivery once that was made after `seq`, whatever its time. Held and lost ones stay as they are. */
export async function sendNewer(state: State, seq: number): Promise<void> {
  const newer = listWaiting(state).filter((each) => each.seq > seq)
  await Promise.all(newer.map((each) => sendOne(state, each)))
  wakeForNext(state)
}

function listWaiting(state: State): Delivery[] {
  const isWaiting = (each: Delivery): boolean =>
    each.state === 'due' && !state.sending.has(each.key)
  return [...state.deliveries.values().filter(isWaiting)]
}

function wakeForNext(state: State): void {
  state.wakeAt(Math.min(...listWaiting(state).map((each) => each.nextAt)))
}

export async function sendOne(state: State, delivery: Delivery): Promise<Delivery> {
  if (state.sending.has(delivery.key)) return delivery
  state.sending.add(delivery.key)
  const sent = await attempt(delivery, state.now()).finally(() =>
    state.sending.delete(delivery.key)
  )
  const attempts = delivery.attempts + 1
  const isOver = state.now() - delivery.createdAt > GIVE_UP_MS
  const ok = sent.status !== null && sent.status >= 200 && sent.status < 300
  const waitMs = Math.min(state.settings.webhookRetryMs * 2 ** (attempts - 1), 3_600_000)
  const next: Delivery = {
    ...delivery,
    attempts,
    state: ok ? 'delivered' : isOver ? 'failed' : delivery.state === 'held' ? 'held' : 'due',
    nextAt: state.now() + waitMs,
    lastStatus: sent.status,
    lastError: sent.error,
  }
  // The deliveries may have been deleted while the receiver was called.
  return state.deliveries.has(delivery.key) ? state.deliveries.put(next) : next
}

async function attempt(
  delivery: Delivery,
  now: number
): Promise<{ status: number | null; error: string | null }> {
  try {
    const answer = await fetch(delivery.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(await sign(delivery, now)) },
      body: delivery.body,
      redirect: 'manual',
      signal: timeLimit(ANSWER_MS),
    })
    await answer.body?.cancel()
    return { status: answer.status, error: null }
  } catch (error) {
    return { status: null, error: error instanceof Error ? error.message : String(error) }
  }
}

/** The key is the secret as text, with `whsec_`. Only the raw body is signed. */
async function sign(delivery: Delivery, now: number): Promise<Record<string, string>> {
  if (delivery.provider === 'kling') return signKling(delivery, now)
  if (delivery.secret === null) return {}
  const hex = toHex(await signText(toBytes(delivery.secret), delivery.body))
  return {
    signature: hex,
    'heygen-signature': hex,
    'heygen-timestamp': String(Math.floor(now / 1000)),
    'heygen-event-id': delivery.eventId,
  }
}

function forgetOld(state: State): void {
  if (state.deliveries.size <= KEPT_MAX) return
  const done = state.deliveries
    .values()
    .find((each) => each.state !== 'due' && each.state !== 'held')
  if (done) state.deliveries.delete(done.key)
}
