/** `Prefer: respond-async`: what is put into the line, and what its client is told. */
import { expect, test } from 'vitest'
import { itemIdOf, markOf } from '#domain/queue/item-name.ts'
import { newTimedId, timeOf } from '#domain/text/time-ordered-id.ts'
import { openItem } from '#flows/queue/item-text.ts'
import { heygen } from '#providers/heygen/index.ts'
import { Door } from '../../support/queue/door.ts'

const ASYNC = { prefer: 'respond-async' }
const VIDEOS = '/heygen/v3/videos'
const BODY = { type: 'avatar', script: 'Hello.' }
const requestId = newTimedId(1_800_000_000_000, '11111111-1111-4111-8111-111111111111')

test('a queued creation is answered 202 in the words of the provider, with a name of ours', async () => {
  const door = new Door()
  const answer = await door.call('POST', VIDEOS, BODY, { headers: ASYNC, requestId })
  const { data } = (await answer.json()) as { data: { video_id: string; status: string } }
  expect(answer.status).toBe(202)
  expect(data).toEqual({ video_id: expect.stringMatching(/^[0-9a-f]{32}$/), status: 'waiting' })
  expect(markOf(data.video_id)?.item).toBe(itemIdOf(requestId, timeOf(requestId)))
  expect(answer.headers.get('location')).toBe(`/v1/heygen/jobs/${data.video_id}`)
  expect(answer.headers.get('preference-applied')).toBe('respond-async')
  expect(answer.headers.get('x-gateway-job')).toBe(data.video_id)
  expect(answer.headers.get('x-gateway-account')).toBeNull()
  expect([door.acquired, door.sent.length]).toEqual([0, 0])
})

test("Kling's creation gets a name in the form of its ids, as text", async () => {
  const door = new Door({ provider: 'kling' })
  const answer = await door.call('POST', '/kling/v1/videos/text2video', BODY, { headers: ASYNC })
  expect(await answer.json()).toMatchObject({
    code: 0,
    data: { task_id: expect.stringMatching(/^8\d{18}$/), task_status: 'submitted' },
  })
})

test('the place and the time of the start are told if the desk knows them', async () => {
  const door = new Door()
  door.enqueue = async () => [{ kind: 'queued', place: 7, startsAt: 1_800_000_090_000 }]
  const answer = await door.call('POST', VIDEOS, BODY, { headers: ASYNC })
  expect(answer.headers.get('x-gateway-queue-place')).toBe('7')
  expect(answer.headers.get('x-gateway-starts-around')).toBe('2027-01-15T08:01:30.000Z')
})

test('what is queued opens to the call of the client, without its key', async () => {
  const door = new Door()
  const body = '{"type":"avatar", "seed":9007199254740993001}'
  const headers = { ...ASYNC, 'idempotency-key': 'k1', 'x-gateway-priority': '1' }
  await door.call('POST', VIDEOS, body, {
    headers: { ...headers, 'x-gateway-start-within': '60' },
    requestId,
  })
  const [item] = door.items
  const at = timeOf(requestId)
  expect(item?.sort).toMatchObject({ lane: '', token: 'tok_1', priority: 1, askedAt: at })
  expect(item?.sort).toMatchObject({ startBy: at + 60_000, slots: 1, meter: 'video' })
  expect(item?.record).toMatchObject({ requestId, tenant: 't', tokenHash: 'hash', clientKey: 'k1' })
  expect(JSON.stringify(item)).not.toContain('9007199254740993001')
  if (!item) throw new Error('nothing was queued')
  const work = { ...item, leaseId: 'l', earlier: [], mayStart: true }
  const sort = { ...item.sort, state: 'waiting' as const }
  const opened = await openItem(door.ports(), heygen, { ...work, sort })
  expect(new TextDecoder().decode(opened.body ?? undefined)).toBe(body)
  expect(opened.headers.has('idempotency-key')).toBe(false)
})

test('a callback in the body stands beside it, so that an end without a start is told there too', async () => {
  const door = new Door()
  const url = 'https://client.example.com/end'
  await door.call('POST', VIDEOS, { ...BODY, callback_url: url }, { headers: ASYNC })
  expect(door.items[0]?.record.reply).toEqual({ url })
})

test('a named account is the lane of the item, by its email and when it was added', async () => {
  const door = new Door()
  await door.call('POST', VIDEOS, BODY, {
    headers: { ...ASYNC, 'x-gateway-account': 'a1@example.com' },
  })
  expect(door.items[0]?.sort).toMatchObject({ lane: 'a1@example.com', laneSince: 2 })
})

test('what a creation names decides its lane: the account that has it', async () => {
  const door = new Door()
  const rest = { source: 'created', mayBeShared: false } as const
  door.owners.push({ id: 'look-of-1', email: 'a1@example.com', ...rest })
  await door.call('POST', VIDEOS, { ...BODY, avatar_id: 'look-of-1' }, { headers: ASYNC })
  expect(door.items[0]?.sort).toMatchObject({ lane: 'a1@example.com', laneSince: 2 })
})

test('a creation that names things of two accounts is refused and not queued', async () => {
  const door = new Door()
  const rest = { source: 'created', mayBeShared: false } as const
  door.owners.push({ id: 'look-of-0', email: 'a0@example.com', ...rest })
  door.owners.push({ id: 'voice-of-1', email: 'a1@example.com', ...rest })
  const body = { ...BODY, avatar_id: 'look-of-0', voice_id: 'voice-of-1' }
  const answer = await door.call('POST', VIDEOS, body, { headers: ASYNC })
  expect(answer.headers.get('x-gateway-error')).toBe('owners_conflict')
  expect(door.items).toEqual([])
})

test('queueing is one request to an object, and without a wish an item waits a week at priority 3', async () => {
  const door = new Door()
  await door.call('POST', VIDEOS, BODY, { headers: ASYNC, requestId })
  expect(door.asked).toEqual(['enqueue'])
  const at = timeOf(requestId)
  expect(door.items[0]?.sort).toMatchObject({ priority: 3, startBy: at + 7 * 24 * 3_600_000 })
})

test('a creation that takes more slots than any account has is refused by name', async () => {
  const door = new Door({ provider: 'kling', slots: 3 })
  const path = '/kling/v1/images/generations'
  const answer = await door.call('POST', path, { prompt: 'x', n: 4 }, { headers: ASYNC })
  expect(answer.status).toBe(400)
  expect(await answer.text()).toContain('no account may hold more than 3')
  expect(door.items).toEqual([])
})

test.for([
  ['x-gateway-priority', '6'],
  ['x-gateway-priority', 'high'],
  ['x-gateway-start-within', '0'],
  ['x-gateway-start-within', '604801'],
])('%s: %s is refused by name', async ([name = '', value = '']) => {
  const door = new Door()
  const answer = await door.call('POST', VIDEOS, BODY, { headers: { ...ASYNC, [name]: value } })
  expect(answer.status).toBe(400)
  expect((await answer.text()).toLowerCase()).toContain(name)
  expect(door.items).toEqual([])
})

const NOT_QUEUEABLE: [string, 'heygen' | 'kling', string, object][] = [
  ['an agent', 'heygen', '/heygen/v3/video-agents', { prompt: 'x' }],
  ['speech', 'heygen', '/heygen/v3/voices/speech', { text: 'x', voice_id: 'v' }],
  ['a path without a row', 'heygen', '/heygen/v3/nothing-of-the-kind', {}],
]
test.for(NOT_QUEUEABLE)('a row that cannot be queued ignores respond-async: %s', async (row) => {
  const [, provider, path, body] = row
  const door = new Door({ provider })
  const answer = await door.call('POST', path, body, { headers: ASYNC })
  expect(answer.status).toBe(429)
  expect(answer.headers.get('x-gateway-error')).toBe('slots_full')
  expect(answer.headers.get('preference-applied')).toBeNull()
  expect(door.items).toEqual([])
})

test('a body above 1 MiB is refused by name', async () => {
  const door = new Door()
  const body = { ...BODY, script: 'x'.repeat(1024 * 1024) }
  const answer = await door.call('POST', VIDEOS, body, { headers: ASYNC })
  expect(answer.status).toBe(413)
  expect(await answer.text()).toContain('1 MiB')
  expect(door.items).toEqual([])
})

test('an account that is not there is refused at once', async () => {
  const door = new Door()
  const answer = await door.call('POST', VIDEOS, BODY, {
    headers: { ...ASYNC, 'x-gateway-account': 'nobody@example.com' },
  })
  expect(answer.status).toBe(404)
  expect(door.items).toEqual([])
})

test('a full line says which cap, and when to ask again', async () => {
  const door = new Door()
  const headers = { prefer: 'respond-async, wait=20' }
  door.enqueue = async () => [{ kind: 'full', cap: 'items', retryAfterSeconds: 12 }]
  const answer = await door.call('POST', VIDEOS, BODY, { headers })
  expect(answer.status).toBe(429)
  expect(answer.headers.get('x-gateway-error')).toBe('queue_full')
  expect(answer.headers.get('retry-after')).toBe('12')
  // It was tried for so long before.
  expect(answer.headers.get('preference-applied')).toBe('wait=20')
  expect(await answer.text()).toContain('10,000 creations wait there')
})

test('a creation that comes to the line so late that a repeat may have run is not queued [I4]', async () => {
  const door = new Door()
  const ports = door.ports.bind(door)
  door.ports = () => {
    const known = ports()
    const list = async (tenant: string, provider: string) => {
      door.now += 141_000
      return known.accounts.list(tenant, provider)
    }
    return { ...known, accounts: { ...known.accounts, list } }
  }
  const answer = await door.call('POST', VIDEOS, BODY, { headers: ASYNC })
  expect(answer.headers.get('x-gateway-error')).toBe('slots_full')
  expect(door.items).toEqual([])
})

test('an item whose name another item has takes the next ms', async () => {
  const door = new Door()
  let times = 0
  door.enqueue = (items, go) => {
    times += 1
    return times < 3 ? Promise.resolve([{ kind: 'taken' }]) : go(items)
  }
  const answer = await door.call('POST', VIDEOS, BODY, { headers: ASYNC, requestId })
  expect(answer.status).toBe(202)
  expect(door.items.at(-1)?.item).toBe(itemIdOf(requestId, timeOf(requestId) + 2))
})

test.for([
  ['a desk that takes no items', () => Promise.resolve([{ kind: 'closed' as const }])],
  [
    'a desk of an older release',
    () => Promise.reject(new Error('The RPC receiver does not implement the method "enqueue".')),
  ],
] as const)('%s: the creation goes on as without the header', async ([, enqueue]) => {
  const door = new Door()
  door.enqueue = enqueue
  const answer = await door.call('POST', VIDEOS, BODY, { headers: ASYNC })
  expect(answer.headers.get('x-gateway-error')).toBe('slots_full')
  expect(answer.headers.get('preference-applied')).toBeNull()
  expect(door.acquired).toBeGreaterThan(0)
})

test('a lost answer of the desk is asked for again under the same item, and queues one', async () => {
  const door = new Door()
  let times = 0
  door.enqueue = async (items, go) => {
    times += 1
    const said = await go(items)
    if (times < 4) throw new Error('the answer is lost')
    return said
  }
  const answer = await door.call('POST', VIDEOS, BODY, { headers: ASYNC })
  expect(answer.status).toBe(202)
  expect(new Set(door.items.map(({ item }) => item)).size).toBe(1)
  expect(times).toBe(4)
})

test("an answer without the line's answer is an unknown outcome and invites no repeat [I4]", async () => {
  const door = new Door()
  door.enqueue = async (items, go) => {
    await go(items)
    throw new Error('the answer is lost')
  }
  const answer = await door.call('POST', VIDEOS, BODY, { headers: ASYNC, requestId })
  expect(answer.status).toBe(424)
  expect(answer.headers.get('x-should-retry')).toBe('false')
  expect(await answer.text()).toContain(`/v1/heygen/jobs/${requestId}`)
  expect(door.acquired).toBe(0)
  const view = await door.call('GET', `/v1/heygen/jobs/${requestId}`)
  expect(await view.json()).toMatchObject({ status: 'queued', status_final: false, requestId })
})

test('while the line is not open, nothing is queued', async () => {
  const door = new Door()
  const open = door.ports.bind(door)
  door.ports = () => ({ ...open(), isLineOpen: false })
  const answer = await door.call('POST', VIDEOS, BODY, { headers: ASYNC })
  expect(answer.headers.get('x-gateway-error')).toBe('slots_full')
  expect(door.items).toEqual([])
})
