/** `POST /v1/{provider}/queue`: many creations in one call, each looked at by itself. */
import { expect, test } from 'vitest'
import { markOf } from '#domain/queue/item-name.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { newTimedId, timeOf } from '#domain/text/time-ordered-id.ts'
import { openItem } from '#flows/queue/item-text.ts'
import { heygen } from '#providers/heygen/index.ts'
import { Door } from '../../support/queue/door.ts'

const QUEUE = '/v1/heygen/queue'
const VIDEO = { type: 'avatar', script: 'Hello.' }
const requestId = newTimedId(1_800_000_000_000, '11111111-1111-4111-8111-111111111111')

interface Answer {
  items: { id?: string; error?: string; code?: string }[]
}

const line = (more: object = {}) => ({ path: '/v3/videos', body: VIDEO, ...more })

async function put(door: Door, items: unknown[], more: Parameters<Door['call']>[3] = {}) {
  const answer = await door.call('POST', QUEUE, items, { requestId, ...more })
  return { status: answer.status, ...((await answer.json()) as Answer) }
}

test('bulk answers in order, and refuses each item by itself', async () => {
  const door = new Door()
  const { status, items } = await put(door, [
    line(),
    { path: '/v3/videos' },
    line({ path: '/v3/nothing-of-the-kind' }),
    line({ path: '/kling/v3/videos' }),
    line({ headers: { 'X-Gateway-Priority': '9' } }),
    line({ headers: { 'X-Gateway-Account': 'nobody@example.com' } }),
    line({ headers: { 'X-Gateway-Reply-Url': 'http://127.0.0.1/x' } }),
    line({ body: { ...VIDEO, script: 'x'.repeat(1_100_000) } }),
    line({ headers: { 'X-Gateway-Priority': 1 } }),
  ])
  expect(status).toBe(200)
  const codes = items.map(({ id, code }) => (id === undefined ? code : 'queued'))
  const [bad, gone, large] = ['bad_request', 'account_not_found', 'too_large']
  expect(codes).toEqual(['queued', bad, bad, bad, bad, gone, bad, large, 'queued'])
  expect(items[1]?.error).toContain('body is required')
  expect(items[2]?.error).toContain('/v3/nothing-of-the-kind cannot be queued')
  expect(items[3]?.error).toContain('/kling/v3/videos cannot be queued')
  expect(items[6]?.error).toContain('X-Gateway-Reply-Url')
  expect(door.items.map(({ sort }) => sort.priority)).toEqual([3, 1])
  expect([door.acquired, door.sent.length]).toEqual([0, 0])
})

test('the path of an item may be written as at the drop-in, with the name of the provider', async () => {
  const door = new Door()
  const { items } = await put(door, [line(), line({ path: '/heygen/v3/videos' })])
  expect(items.map(({ error }) => error)).toEqual([undefined, undefined])
  expect(door.items.map(({ record }) => record.path)).toEqual(['/v3/videos', '/v3/videos'])
})

test('an item has the time of the call and its place in it, so the line keeps the order of the call', async () => {
  const door = new Door()
  const { items } = await put(door, [line(), line(), line()])
  const at = timeOf(requestId)
  expect(door.items.map(({ sort }) => sort.askedAt)).toEqual([at, at + 1, at + 2])
  expect(items.map(({ id = '' }) => markOf(id)?.at)).toEqual([at, at + 1, at + 2])
  const requests = new Set(door.items.map(({ record }) => record.requestId))
  expect(requests.size).toBe(3)
})

test('a body goes up byte for byte, and each item may have its account, reply and deadline', async () => {
  const door = new Door()
  const body = '{"type":"avatar", "seed":9007199254740993001}'
  const headers = {
    'x-gateway-account': 'a1@example.com',
    'x-gateway-reply-url': 'https://app.example.com/done',
    'x-gateway-start-within': 60,
    'idempotency-key': 'k1',
  }
  const text = `{"path":"/v3/videos","body":${body},"headers":${JSON.stringify(headers)}}`
  const answer = await door.call('POST', QUEUE, `${text}\n${text.replace('k1', 'k2')}`)
  expect(((await answer.json()) as Answer).items).toHaveLength(2)
  const [item] = door.items
  if (!item) throw new Error('nothing was queued')
  expect(item.sort).toMatchObject({ lane: 'a1@example.com', laneSince: 2 })
  expect(item.sort.startBy - item.sort.askedAt).toBe(60_000)
  expect(item.record).toMatchObject({
    clientKey: 'k1',
    reply: { url: headers['x-gateway-reply-url'] },
  })
  const work = { ...item, leaseId: 'l', earlier: [], mayStart: true }
  const opened = await openItem(door.ports(), heygen, {
    ...work,
    sort: { ...item.sort, state: 'waiting' as const },
  })
  expect(new TextDecoder().decode(opened.body ?? undefined)).toBe(body)
  expect(opened.headers.has('idempotency-key')).toBe(false)
})

test('a repeat of items with keys adds nothing, and answers the ids that they have', async () => {
  const door = new Door()
  const keyed = [1, 2, 3].map((n) => line({ headers: { 'Idempotency-Key': `k${n}` } }))
  const first = await put(door, keyed)
  door.now += 60_000
  const later = newTimedId(door.now, crypto.randomUUID())
  const again = await put(door, [...keyed, line()], { requestId: later })
  expect(again.items.slice(0, 3)).toEqual(first.items)
  expect(again.items[3]?.id).not.toBe(first.items[0]?.id)
  const twice = await put(door, [keyed[0], keyed[0]], { requestId: later })
  expect(twice.items).toEqual([first.items[0], first.items[0]])
})

test('a call that comes again under a key of its own queues nothing twice: its items have keys by their places [I4]', async () => {
  const door = new Door()
  const calls = [line(), { path: '/v3/videos' }, line({ headers: { 'Idempotency-Key': 'own' } })]
  const under = async (key: string) => {
    door.now += 5000
    const again = newTimedId(door.now, crypto.randomUUID())
    const more = { requestId: again, headers: { 'idempotency-key': key } }
    return put(door, calls, more)
  }
  const first = await under('batch-1')
  expect(await under('batch-1')).toEqual(first)
  // As the IETF's draft writes it.
  expect(await under('"batch-1"')).toEqual(first)
  const { items } = await under('batch-2')
  expect(items[0]?.id).not.toBe(first.items[0]?.id)
  expect(items[2]).toEqual(first.items[2])
  const keys = new Set(door.items.map(({ key }) => key))
  expect([...keys]).toEqual(
    ['batch-1.0', 'own', 'batch-2.0'].map((key) => `POST /v3/videos ${key}`)
  )
  expect((await under('a b')).status).toBe(400)
})

test('what an item names decides its lane, and the desk is asked once for the owners of all', async () => {
  const door = new Door()
  const rest = { source: 'created', mayBeShared: false } as const
  for (const account of [0, 1])
    door.owners.push({ id: `look-of-${account}`, email: `a${account}@example.com`, ...rest })
  const named = (id: string) => line({ body: { ...VIDEO, avatar_id: id } })
  await put(door, [named('look-of-1'), named('look-of-0'), named('look-of-1')])
  expect(door.items.map(({ sort }) => sort.lane)).toEqual([
    'a1@example.com',
    'a0@example.com',
    'a1@example.com',
  ])
  expect(door.asked.filter((one) => one === 'ownersOf')).toHaveLength(1)
})

test('items that are many go to the desk in portions of 250', async () => {
  const door = new Door()
  const portions: number[] = []
  door.enqueue = (items, go) => {
    portions.push(items.length)
    return go(items)
  }
  const { items } = await put(
    door,
    Array.from({ length: 600 }, () => line())
  )
  expect(portions).toEqual([250, 250, 100])
  expect(new Set(items.map(({ id }) => id)).size).toBe(600)
})

test('more than 1,000 items, a body that breaks off and one that is none are refused whole', async () => {
  const door = new Door()
  const many = await door.call(
    'POST',
    QUEUE,
    Array.from({ length: 1001 }, () => line())
  )
  expect([many.status, many.headers.get('x-gateway-error')]).toEqual([413, 'too_large'])
  const text = JSON.stringify([line(), line()])
  expect((await door.call('POST', QUEUE, text.slice(0, -1))).status).toBe(400)
  expect((await door.call('POST', QUEUE, 'hello')).status).toBe(400)
  expect(door.items).toEqual([])
})

test('an item above a cap is refused by itself', async () => {
  const door = new Door()
  door.enqueue = async (items, go) => {
    const [first] = await go(items.slice(0, 1))
    const full = { kind: 'full', cap: 'token', retryAfterSeconds: 9 } as const
    return items.map((_, at) => (at === 0 && first ? first : full))
  }
  const { items } = await put(door, [line(), line()])
  expect(items[0]?.id).toBeDefined()
  expect(items[1]).toEqual({ error: expect.stringContaining('9 s'), code: 'queue_full' })
})

test('an item whose name another one has takes the next ms', async () => {
  const door = new Door()
  let calls = 0
  door.enqueue = async (items, go) => {
    calls += 1
    return calls === 1 ? [{ kind: 'taken' }, ...(await go(items.slice(1)))] : go(items)
  }
  const { items } = await put(door, [line(), line()])
  expect(items.every(({ id }) => id !== undefined)).toBe(true)
  expect(markOf(items[0]?.id ?? '')?.at).toBe(timeOf(requestId) + 1)
})

test('a lost answer of the desk is asked for again under the same items, and queues each once [I4]', async () => {
  const door = new Door()
  let calls = 0
  door.enqueue = async (items, go) => {
    calls += 1
    const said = await go(items)
    if (calls === 1) throw new Error('lost')
    return said
  }
  const { items } = await put(door, [line(), line()])
  expect(new Set(items.map(({ id }) => id)).size).toBe(2)
  expect(new Set(door.items.map(({ item }) => item)).size).toBe(2)
})

test('where the desk never answers, each item says that nothing is known of it', async () => {
  const door = new Door()
  door.enqueue = () => Promise.reject(new Error('away'))
  const { status, items } = await put(door, [line({ headers: { 'Idempotency-Key': 'k' } })])
  expect(status).toBe(200)
  expect(items).toEqual([{ error: expect.stringContaining('not known'), code: 'outcome_unknown' }])
})

test('of an own token’s items that are not creations nothing is looked up [I5]', async () => {
  const door = new Door()
  const { items } = await put(door, [line({ headers: { 'Idempotency-Key': 'k' } })])
  const theirs = items[0]?.id ?? ''
  door.asked.length = 0
  const share = (id: string) => ({ path: '/v1/video/share', body: { video_id: id } })
  const own = { caller: { id: 'tok_2', sees: 'own' as const } }
  const seen = await put(door, [share(theirs), share(theirs.replace(/^./, 'f'))], own)
  const message = 'path: POST /v1/video/share cannot be queued. Send it by itself.'
  expect(seen.items).toEqual([
    { error: message, code: 'bad_request' },
    { error: message, code: 'bad_request' },
  ])
  expect(door.asked).toEqual([])
})

test('an own token’s items have the answer of a full line that names nobody’s, but for its own part of it [I5]', async () => {
  const door = new Door()
  const seen = async (cap: 'token' | 'items') => {
    door.enqueue = async (items) => items.map(() => ({ kind: 'full', cap, retryAfterSeconds: 9 }))
    return (await put(door, [line()], { caller: { sees: 'own' } })).items[0]
  }
  const sentence = 'The line is full. Nothing was queued. Try again in 15 s.'
  expect(await seen('items')).toEqual({ error: sentence, code: 'queue_full' })
  expect(await seen('token')).toMatchObject({ error: expect.stringContaining('maxQueued') })
})

test('a token that sees only its own is shown only its own line [I5]', async () => {
  const door = new Door()
  const own = { caller: { sees: 'own' as const } }
  const asked: unknown[] = []
  door.line.listLine = async (query) => {
    asked.push(query)
    return { waiting: 0, starting: 0, tokens: [], startsAMinute: 0, items: [] }
  }
  await door.call('GET', `${QUEUE}?token=tok_other`, undefined, own)
  expect(asked).toMatchObject([{ token: 'tok_1' }])
})

test('a token that sees only its own is shown no account of what it has in line [I5]', async () => {
  const door = new Door()
  const of = { token: 'tok_1', lane: 'a0@example.com', priority: 3, startBy: door.now }
  const item = { item: 'i', names: ['n'], state: 'waiting', route: 'r', askedAt: door.now, ...of }
  door.line.listLine = async () => ({
    ...{ waiting: 1, starting: 0, tokens: [], startsAMinute: 0 },
    items: [item as never],
  })
  const seen = async (caller: object) =>
    (await door.call('GET', QUEUE, undefined, { caller })).text()
  expect(await seen({})).toContain('a0@example.com')
  expect(await seen({ sees: 'own' })).not.toContain('@')
})

test('while an account cannot be asked, an item of another token answers an own token as none does [I5]', async () => {
  const door = new Door()
  const usual = door.ports.bind(door)
  const away = { findJob: () => Promise.reject(new AppError('account_unavailable', 'Away.')) }
  door.ports = () => ({ ...usual(), slots: () => away }) as never
  const { items } = await put(door, [line()])
  const theirs = items[0]?.id ?? ''
  const caller = { id: 'tok_2', sees: 'own' as const }
  const asked = [theirs, theirs.replace(/.$/, (last) => (last === '0' ? '1' : '0'))]
  const seen = await Promise.all(
    asked.map((id) => door.call('GET', `/v1/heygen/jobs/${id}`, undefined, { caller }))
  )
  expect(seen.map(({ status }) => status)).toEqual([503, 503])
})

test("the operator queues nothing, and Kling's names have its form", async () => {
  const door = new Door({ provider: 'kling' })
  const item = { path: '/v1/videos/text2video', body: { prompt: 'A cat.' } }
  const operator = { caller: { isOperator: true as const } }
  expect((await door.call('POST', '/v1/kling/queue', [item], operator)).status).toBe(403)
  const answer = await door.call('POST', '/v1/kling/queue', [item, item])
  const { items } = (await answer.json()) as Answer
  expect(items.map(({ id }) => id)).toEqual([
    expect.stringMatching(/^8\d{18}$/),
    expect.stringMatching(/^8\d{18}$/),
  ])
})
