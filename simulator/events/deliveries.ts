/** Webhooks on their way out: signed, sent, retried; or lost, doubled, delayed and reordered when asked to. */
import { newHex } from '../state/ids.ts'
import { signKling } from './kling-signature.ts'
import type { State } from '../state/state.ts'
import type { Delivery } from '../state/types.ts'

const GIVE_UP_MS = 86_400_000
const ANSWER_MS = 10_000
const KEPT_MAX = 2000

export type NewDelivery = {
  account: string
  url: string
  eventId: string
  eventType: string
  body: string
  secret: string | null
  endpointId: string | null
  provider?: 'kling'
  /** What is told of in advance. */
  afterMs?: number
}

export function enqueue(state: State, delivery: NewDelivery): void {
  const { loseRate, doubleRate, reorderRate, webhookDelayMs, webhooks, webhooksBeyondLoopback } =
    state.settings
  const { lateRate, lateMs } = state.settings
  const copies = Math.random() < doubleRate ? 2 : 1
  for (let copy = 0; copy < copies; copy++) {
    const isBlocked = !webhooksBeyondLoopback && !isLoopback(delivery.url)
    const isLost = Math.random() < loseRate
    const shuffleMs = Math.random() < reorderRate ? Math.random() * 2000 : 0
    const lateByMs = Math.random() < lateRate ? lateMs : 0
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

/** One attempt, whatever its time, at all that came into the outbox after `seq` and is neither held nor lost. */
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
  // A wipe may have happened while the receiver was thinking.
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
      signal: AbortSignal.timeout(ANSWER_MS),
    })
    await answer.body?.cancel()
    return { status: answer.status, error: null }
  } catch (error) {
    return { status: null, error: error instanceof Error ? error.message : String(error) }
  }
}

/** The whole whsec_ text is the key, and only the raw body is signed. */
async function sign(delivery: Delivery, now: number): Promise<Record<string, string>> {
  if (delivery.provider === 'kling') return signKling(delivery, now)
  if (delivery.secret === null) return {}
  const text = new TextEncoder()
  const hmac = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', text.encode(delivery.secret), hmac, false, [
    'sign',
  ])
  const signature = new Uint8Array(
    await crypto.subtle.sign('HMAC', key, text.encode(delivery.body))
  )
  const hex = signature.reduce((all, byte) => all + byte.toString(16).padStart(2, '0'), '')
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
