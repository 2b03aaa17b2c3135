import { expect, test } from 'vitest'
import {
  afterAttempt,
  deliveriesOf,
  expandEndpoints,
  sendAgain,
  type AttemptResult,
  type Delivery,
} from '#domain/events/delivery.ts'
import { nextToSend, pendingOf, type Pending } from '#domain/events/delivery-queue.ts'
import type { Endpoint } from '#domain/events/endpoint.ts'
import type { Lease } from '#domain/slots/lease.ts'
import { durationsAt } from '#domain/runtime/durations.ts'

const NOW = 1_800_000_000_000
const WAITS = durationsAt(1)
const HOUR = 3_600_000
const EVENT = { id: 'evt_1', type: 'avatar_video.success', body: '{}' }

function endpoint(id: string, more: Partial<Endpoint> = {}): Endpoint {
  const url = `https://${id}.example.com/`
  const rest = { events: null, entityId: null, status: 'enabled', secret: '' } as const
  return { id, url, createdAt: NOW, ...rest, ...more }
}

function told(more: object = {}) {
  const lease = { id: 'r', requestId: 'r', jobId: 'v', reply: { url: 'https://c.example.com/' } }
  const about = { provider: 'p', tenant: 't', event: EVENT, eventId: EVENT.id, mentions: ['v'] }
  return { ...about, lease: lease as unknown as Lease, ...more }
}

function owed(id: string, host: string, more: Partial<Delivery> = {}): Delivery {
  const [one] = deliveriesOf(told(), { endpoints: [] }, NOW)
  const target = { kind: 'callback', url: `https://${host}/` } as const
  return { ...(one as Delivery), id, target, ...more }
}

const FAILED: AttemptResult = { at: NOW, ms: 1, status: 500, isAccepted: false }

test('one event makes one delivery for each who wants it, under ids in the order of time [I3]', () => {
  const endpoints = [
    endpoint('all'),
    endpoint('fails', { events: ['avatar_video.fail'] }),
    endpoint('other', { entityId: 'w' }),
    endpoint('mine', { entityId: 'v' }),
    endpoint('off', { status: 'disabled' }),
  ]
  const idsAt = (now: number) => deliveriesOf(told(), { endpoints }, now).map((one) => one.id)
  const names = ['evt_1.callback-r', 'evt_1.all', 'evt_1.mine']
  expect(idsAt(NOW)).toEqual(names.map((name) => `01a3185c-5000-${name}`))
  const all = [idsAt(1000), idsAt(NOW), idsAt(NOW + 1), idsAt(2 * NOW)]
  for (const [index, ids] of all.slice(1).entries())
    expect(ids.every((id) => (all[index] ?? []).every((before) => before < id))).toBe(true)
})

test('endpoints that could not be read are told when they can be [I3]', () => {
  const [own, others] = deliveriesOf(told(), undefined, NOW)
  expect(own?.target.kind).toBe('callback')
  expect(others?.target.kind).toBe('endpoints')
  const expanded = expandEndpoints(others as Delivery, { endpoints: [endpoint('all')] }, NOW)
  expect(expanded).toMatchObject([{ id: '01a3185c-5000-evt_1.all', jobId: 'v', requestId: 'r' }])
})

test('what is only the client’s own matter reaches no endpoint', () => {
  const one = told({ isCallbackOnly: true })
  expect(deliveriesOf(one, { endpoints: [endpoint('all')] }, NOW)).toHaveLength(1)
  expect(deliveriesOf(one, undefined, NOW)).toHaveLength(1)
})

test('nine attempts at 0 s, 10 s, 1 min, 5 min, 30 min, 2 h, 6 h, 12 h and 24 h, then it is dead [I3]', () => {
  let delivery = owed('d', 'a')
  const at: number[] = []
  while (delivery.state === 'pending') {
    at.push((delivery.nextAt - NOW) / 1000)
    delivery = afterAttempt(delivery, FAILED, delivery.nextAt, WAITS, () => 0)
  }
  expect(at).toEqual([0, 10, 60, 300, 1800, 7200, 21_600, 43_200, 86_400])
  expect(delivery).toMatchObject({
    state: 'dead',
    reason: expect.stringContaining('500') as string,
  })
  expect(delivery.attempts).toHaveLength(9)
})

test('jitter comes on top and never beyond the 24 h', () => {
  const first = afterAttempt(owed('d', 'a'), FAILED, NOW, WAITS, () => 0.999)
  expect(first.nextAt - NOW).toBeGreaterThan(10_900)
  expect(first.nextAt - NOW).toBeLessThan(11_000)
  const last = afterAttempt(owed('d', 'a', { tries: 7 }), FAILED, NOW + 12 * HOUR, WAITS, () => 0.9)
  expect(last.nextAt).toBe(NOW + 24 * HOUR)
})

test('Retry-After puts an attempt off, but the last one is at 24 h', () => {
  const asked = { ...FAILED, retryAfterMs: HOUR }
  expect(afterAttempt(owed('d', 'a'), asked, NOW, WAITS, () => 0).nextAt).toBe(NOW + HOUR)
  const far = { ...FAILED, retryAfterMs: 48 * HOUR }
  expect(afterAttempt(owed('d', 'a'), far, NOW, WAITS, () => 0).nextAt).toBe(NOW + 24 * HOUR)
  const sooner = { ...FAILED, retryAfterMs: 1 }
  expect(afterAttempt(owed('d', 'a'), sooner, NOW, WAITS, () => 0).nextAt).toBe(NOW + 10_000)
})

test('the attempt that a receiver asked for stands for those that it overtakes', () => {
  const asked = { ...FAILED, retryAfterMs: 2 * HOUR }
  let delivery = afterAttempt(owed('d', 'a'), asked, NOW, WAITS, () => 0)
  const at: number[] = []
  while (delivery.state === 'pending') {
    at.push((delivery.nextAt - NOW) / HOUR)
    delivery = afterAttempt(delivery, FAILED, delivery.nextAt, WAITS, () => 0)
  }
  expect(at).toEqual([2, 6, 12, 24])
})

test('a final refusal ends it at once; by hand it begins anew [I3]', () => {
  const dead = afterAttempt(owed('d', 'a'), { ...FAILED, isFinal: true }, NOW, WAITS, () => 0)
  expect(dead.state).toBe('dead')
  const again = sendAgain(dead, NOW + HOUR)
  expect(again).toMatchObject({ state: 'pending', nextAt: NOW + HOUR, tries: 0 })
  expect(again.reason).toBeUndefined()
  expect(again.attempts).toHaveLength(1)
})

function pending(...args: Parameters<typeof owed>): Pending {
  return pendingOf(owed(...args))
}

test('a receiver that failed last time gets two of six connections, one receiver at most four [I3]', () => {
  const bad = Array.from({ length: 10 }, (_, index) => pending(`bad${index}`, `bad${index}`))
  const good = Array.from({ length: 10 }, (_, index) =>
    pending(`good${index}`, 'good', { nextAt: NOW - 1 + index / 100 })
  )
  const isFailing = (host: string) => host.startsWith('bad')
  const slow = nextToSend(bad, [], isFailing, 6, NOW)
  expect(slow).toHaveLength(2)
  const all = nextToSend([...bad, ...good], slow, isFailing, 6, NOW)
  expect(all.map((one) => one.id)).toEqual(['good0', 'good1', 'good2', 'good3'])
  expect(nextToSend(good, [...slow, ...all], isFailing, 6, NOW)).toEqual([])
  const retried = pending('retried', 'fresh', { attempts: [{ at: NOW, ms: 1 }] })
  expect(nextToSend([retried], slow, () => false, 6, NOW)).toEqual([retried])
  expect(nextToSend([retried], slow, isFailing, 6, NOW)).toEqual([])
})

test('what is not due, or is under way, is not started', () => {
  const later = pending('later', 'a', { nextAt: NOW + 1 })
  const now = pending('now', 'a')
  expect(nextToSend([later, now], [now], () => false, 6, NOW)).toEqual([])
})
