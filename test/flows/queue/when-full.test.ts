/** Creations that are queued when all accounts are full: those of a token with `whenFull: queue`, and `respond-async` with `wait`. */
import { expect, test } from 'vitest'
import { Door } from '../../support/queue/door.ts'

const VIDEOS = '/heygen/v3/videos'
const BODY = { type: 'avatar', script: 'Hello.' }
const QUEUES = { caller: { whenFull: 'queue' as const } }
const REAL = () => Response.json({ data: { video_id: 'real-1', status: 'waiting' } })

test("a full pool answers a queueing token 200 with the provider's word", async () => {
  const door = new Door()
  const answer = await door.call('POST', VIDEOS, BODY, QUEUES)
  expect(answer.status).toBe(200)
  expect(await answer.json()).toEqual({
    data: { video_id: expect.stringMatching(/^[0-9a-f]{32}$/), status: 'waiting' },
  })
  expect(answer.headers.get('preference-applied')).toBeNull()
  expect(answer.headers.get('location')).toBeNull()
  expect(answer.headers.get('x-gateway-job')).toMatch(/^[0-9a-f]{32}$/)
  expect(door.acquired).toBe(2)

  const kling = new Door({ provider: 'kling' })
  const other = await kling.call('POST', '/kling/v1/videos/text2video', BODY, QUEUES)
  expect(other.status).toBe(200)
  expect(await other.json()).toMatchObject({ code: 0, data: { task_status: 'submitted' } })
})

test('a queueing token gets the job itself where an account has a slot', async () => {
  const door = new Door()
  door.isFree = true
  door.answer = REAL
  const answer = await door.call('POST', VIDEOS, BODY, QUEUES)
  expect(await answer.json()).toEqual({ data: { video_id: 'real-1', status: 'waiting' } })
  expect(door.items).toEqual([])
})

test('a token that does not queue gets 429 from a full pool', async () => {
  const door = new Door()
  const answer = await door.call('POST', VIDEOS, BODY)
  expect([answer.status, answer.headers.get('x-gateway-error')]).toEqual([429, 'slots_full'])
  expect(door.asked).toContain('noteFull')
})

test('a pool whose calls are queued does not count as one that refuses them', async () => {
  const door = new Door()
  await door.call('POST', VIDEOS, BODY, QUEUES)
  expect(door.asked).not.toContain('noteFull')
})

test('while an isolate knows that items wait, it asks no account for a slot', async () => {
  const door = new Door()
  await door.call('POST', VIDEOS, BODY, QUEUES)
  door.isFree = true
  door.answer = REAL
  await door.call('POST', VIDEOS, BODY, QUEUES)
  expect([door.acquired, door.items.length]).toEqual([2, 2])
  door.now += 5001
  await door.call('POST', VIDEOS, BODY, QUEUES)
  expect([door.acquired, door.items.length]).toEqual([3, 2])
})

test('a queueing token does not overtake what waits, and what it found does not refuse others a free slot', async () => {
  const door = new Door()
  door.isFree = true
  door.hasLine = true
  door.answer = REAL
  const queued = await door.call('POST', VIDEOS, BODY, QUEUES)
  expect(queued.headers.get('x-gateway-job')).toMatch(/^[0-9a-f]{32}$/)
  expect(door.items).toHaveLength(1)
  const other = await door.call('POST', VIDEOS, BODY)
  expect(await other.json()).toMatchObject({ data: { video_id: 'real-1' } })
  // It cannot be queued, so it yields to nobody.
  const long = await door.call('POST', VIDEOS, { ...BODY, script: 'x'.repeat(1_100_000) }, QUEUES)
  expect(await long.json()).toMatchObject({ data: { video_id: 'real-1' } })
  // One that waits stands in one order with what is queued. By now this isolate has forgotten the line.
  door.now += 5001
  const waits = { ...QUEUES, headers: { prefer: 'respond-async, wait=20' } }
  expect((await door.call('POST', VIDEOS, BODY, waits)).status).toBe(200)
})

test('a body that no item may have is refused by a full pool as without a line', async () => {
  const door = new Door()
  const body = { ...BODY, script: 'x'.repeat(1_100_000) }
  const answer = await door.call('POST', VIDEOS, body, QUEUES)
  expect(answer.headers.get('x-gateway-error')).toBe('slots_full')
  const asked = { headers: { prefer: 'respond-async' } }
  expect((await door.call('POST', VIDEOS, body, asked)).status).toBe(413)
})

test('respond-async with wait tries first, and then queues', async () => {
  const door = new Door()
  const headers = { prefer: 'respond-async, wait=20' }
  const queued = await door.call('POST', VIDEOS, BODY, { headers })
  expect(queued.status).toBe(202)
  expect(queued.headers.get('preference-applied')).toBe('respond-async, wait=20')
  expect(queued.headers.get('location')).toMatch(/^\/v1\/heygen\/jobs\/[0-9a-f]{32}$/)
  expect(door.asked).toContain('awaitTurn')

  const other = new Door()
  other.isFree = true
  other.answer = REAL
  const started = await other.call('POST', VIDEOS, BODY, { headers })
  expect([started.status, other.items.length]).toEqual([200, 0])
  expect(started.headers.get('preference-applied')).toBe('wait=20')
})

test('a creation that waits for a slot is not started after its deadline, either', async () => {
  const door = new Door()
  const since = door.now
  const headers = { prefer: 'respond-async, wait=20', 'x-gateway-start-within': '5' }
  const answer = await door.call('POST', VIDEOS, BODY, { headers })
  expect(door.waitsUntil).toBe(since + 5000)
  expect(answer.headers.get('preference-applied')).toBe('respond-async, wait=5')
  expect(door.items[0]?.sort.startBy).toBe(since + 5000)
})

test('nothing is queued for a client that has gone while it waited: it may come again, and would not know of the first [I4]', async () => {
  const door = new Door()
  const headers = { prefer: 'respond-async, wait=20' }
  const signal = AbortSignal.abort()
  const gone = await door.call('POST', VIDEOS, BODY, { headers, signal })
  expect([gone.headers.get('x-gateway-error'), door.items]).toEqual(['slots_full', []])
  // One that was to be queued at once, or that repeats under its key, may go.
  const prompt = { headers: { prefer: 'respond-async' }, signal }
  expect((await door.call('POST', VIDEOS, BODY, prompt)).status).toBe(202)
  const keyed = { headers: { ...headers, 'idempotency-key': 'k1' }, signal }
  expect((await door.call('POST', VIDEOS, BODY, keyed)).status).toBe(202)
})

test('a repeat under its key gets the answer of the queueing token again', async () => {
  const door = new Door()
  const keyed = { ...QUEUES, headers: { 'idempotency-key': 'k1' } }
  const first = await door.call('POST', VIDEOS, BODY, keyed)
  const again = await door.call('POST', VIDEOS, BODY, keyed)
  expect([first.status, again.status, door.items.length]).toEqual([200, 200, 1])
  expect(await again.text()).toBe(await first.text())
})

test('a full line is said to a queueing token, with its time', async () => {
  const door = new Door()
  door.enqueue = async () => [{ kind: 'full', cap: 'token', retryAfterSeconds: 17 }]
  const answer = await door.call('POST', VIDEOS, BODY, QUEUES)
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '17'])
  expect(answer.headers.get('x-gateway-error')).toBe('queue_full')
})

test('a desk of a release without a line refuses a queueing token as before', async () => {
  const door = new Door()
  door.enqueue = async () => [{ kind: 'closed' }]
  const answer = await door.call('POST', VIDEOS, BODY, QUEUES)
  expect(answer.headers.get('x-gateway-error')).toBe('slots_full')
})
