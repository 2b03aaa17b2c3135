import { afterAll, beforeEach, expect, test } from 'vitest'
import {
  ALL,
  pardonAll,
  parkedOf,
  parkedScopes,
  proofsOf,
  v3,
} from '../../support/scenes/blamed.ts'
import {
  advance,
  CLOCKED,
  clockOf,
  HOUR,
  MINUTE,
  SECOND,
  stopClock,
} from '../../support/clock/clock.ts'
import { openGateway } from '../../support/gateway.ts'

/** Who is at fault: the request, the key or the account (decision 0028). Three accounts, all with good keys. */
const gateway = await openGateway({
  accounts: { a: 9, b: 9, c: 9 },
  simVars: { JOB_MS: '1' },
  entry: CLOCKED,
})
afterAll(() => gateway.dispose())
await stopClock(gateway)

beforeEach(async () => {
  await advance(gateway, 5 * MINUTE)
  await pardonAll(gateway)
  await gateway.sim.forgetRequests()
})

const named = (name: string) => ({ 'x-gateway-account': `${name}@example.com` })
const keyOf = (name: string, key = `sk_test_${name}`, more: object = {}) =>
  gateway.sim.addAccount(`${name}@example.com`, key, { ...more })

interface Attack {
  name: string
  method: string
  path: string
  status: number
  body: unknown
}

const ATTACKS: Attack[] = [
  {
    name: 'an avatar that is not for streaming',
    method: 'POST',
    path: '/v1/streaming.new',
    status: 401,
    body: { code: 400112, message: 'Unauthorized' },
  },
  {
    name: 'a feature of a higher tier',
    method: 'GET',
    path: '/v2/voices',
    status: 401,
    body: { code: 400599, message: "Your account doesn't have API access" },
  },
  {
    name: 'a 401 of a path outside the table',
    method: 'GET',
    path: '/v3/things-to-come',
    status: 401,
    body: v3('unauthorized'),
  },
  {
    name: 'a 401 of one creation',
    method: 'POST',
    path: '/v3/videos',
    status: 401,
    body: v3('unauthorized'),
  },
  {
    name: 'a block on one path',
    method: 'GET',
    path: '/v3/avatars',
    status: 403,
    body: { code: 400631, message: 'blocked' },
  },
  {
    name: 'a block on one creation',
    method: 'POST',
    path: '/v3/lipsyncs',
    status: 403,
    body: v3('400631'),
  },
  {
    name: 'a creation that is too dear',
    method: 'POST',
    path: '/v3/videos',
    status: 402,
    body: v3('insufficient_credit'),
  },
]

const LIPSYNC = {
  video: { type: 'url', url: 'https://example.com/v.mp4' },
  audio: { type: 'url', url: 'https://example.com/a.mp3' },
}

async function call({ method, path }: Attack, headers: Record<string, string> = {}) {
  if (method === 'GET') return gateway.fetch(`/heygen${path}`, { headers })
  if (path === '/v3/videos') return gateway.createVideo({}, headers)
  if (path === '/v3/lipsyncs') return gateway.post(`/heygen${path}`, LIPSYNC, headers)
  return gateway.post(
    `/heygen${path}`,
    { quality: 'low', avatar_name: 'not-for-streaming' },
    headers
  )
}

async function expectAllServe(): Promise<void> {
  for (const name of ALL) {
    expect((await gateway.createVideo({}, named(name))).status).toBe(200)
    expect((await gateway.fetch('/heygen/v3/users/me', { headers: named(name) })).status).toBe(200)
  }
}

test.each(ATTACKS)(
  '$name takes no account out, and HeyGen’s own answer is given',
  async (attack) => {
    const { method, path, status, body } = attack
    await gateway.sim.fault({ match: { method, path }, effect: { status, body } })
    for (const name of [...ALL, ...ALL, undefined]) {
      const answer = await call(attack, name === undefined ? {} : named(name))
      expect([answer.status, await answer.json(), answer.headers.get('x-gateway-error')]).toEqual([
        status,
        body,
        null,
      ])
    }
    expect(await parkedScopes(gateway)).toEqual([])
    await gateway.sim.clearFaults()
    expect(await gateway.heldSlots()).toBe(0)
    await expectAllServe()
  }
)

test('an account is asked about once, however many calls it refuses, and not again for a minute', async () => {
  const match = { path: '/v3/things-to-come' }
  await gateway.sim.fault({ match, effect: { status: 401, body: v3('unauthorized') } })
  const refuse = () => gateway.fetch('/heygen/v3/things-to-come', { headers: named('a') })
  await Promise.all(Array.from({ length: 8 }, refuse))
  expect(await proofsOf(gateway, 'a')).toBe(1)
  await advance(gateway, 59 * SECOND)
  await refuse()
  expect(await proofsOf(gateway, 'a')).toBe(1)
  await advance(gateway, 2 * SECOND)
  await refuse()
  expect(await proofsOf(gateway, 'a')).toBe(2)
})

test('a revoked key is parked within one call, asked about at 1, 5 and 15 minutes, then hourly, and comes back by itself', async () => {
  await keyOf('a', 'sk_test_other')
  const answer = await gateway.createVideo({}, named('a'))
  expect([answer.status, answer.headers.get('x-gateway-error')]).toEqual([
    503,
    'account_unavailable',
  ])
  expect(await answer.text()).toContain('a@example.com is parked until 20')
  const began = (await clockOf(gateway)).now
  const ends: number[] = []
  for (const at of [1 * MINUTE, 5 * MINUTE, 15 * MINUTE, 75 * MINUTE, 135 * MINUTE]) {
    const [parking] = await parkedOf(gateway, 'a')
    expect(parking).toMatchObject({ scope: 'all', reason: 'credential' })
    ends.push(Date.parse(parking?.until ?? '') - began)
    await advance(gateway, at - ((await clockOf(gateway)).now - began))
  }
  expect(ends).toEqual([1 * MINUTE, 5 * MINUTE, 15 * MINUTE, 75 * MINUTE, 135 * MINUTE])
  expect(await parkedScopes(gateway)).toEqual(['a all'])
  expect((await gateway.createVideo({}, named('b'))).status).toBe(200)
  await keyOf('a')
  await advance(gateway, 1 * HOUR)
  expect(await parkedScopes(gateway)).toEqual([])
  expect((await gateway.createVideo({}, named('a'))).status).toBe(200)
})

test('a key that is revoked just after it was proved is parked when the minute of that proof is over', async () => {
  const match = { path: '/v3/things-to-come' }
  await gateway.sim.fault({ match, effect: { status: 401, body: v3('unauthorized') } })
  await gateway.fetch('/heygen/v3/things-to-come', { headers: named('a') })
  await keyOf('a', 'sk_test_other')
  expect((await gateway.createVideo({}, named('a'))).status).toBe(401)
  expect(await parkedScopes(gateway)).toEqual([])
  await advance(gateway, 61 * SECOND)
  expect((await gateway.createVideo({}, named('a'))).status).toBe(503)
  expect(await parkedScopes(gateway)).toEqual(['a all'])
  await keyOf('a')
})

test('where HeyGen refuses every key, nothing is parked for longer than a minute, and all are back a minute after it is well', async () => {
  await gateway.sim.fault({ effect: { status: 401, body: v3('unauthorized') } })
  for (let minute = 0; minute < 8; minute += 1) {
    for (const name of ALL) await gateway.createVideo({}, named(name))
    const now = (await clockOf(gateway)).now
    for (const name of ALL)
      for (const { until } of await parkedOf(gateway, name))
        expect(Date.parse(until) - now).toBeLessThanOrEqual(1 * MINUTE)
    await advance(gateway, 47 * SECOND)
  }
  await gateway.sim.clearFaults()
  await advance(gateway, 1 * MINUTE)
  expect(await parkedScopes(gateway)).toEqual([])
  await expectAllServe()
})

test('one that was parked for long is held for a minute as well when most are refused', async () => {
  await keyOf('a', 'sk_test_other')
  await gateway.createVideo({}, named('a'))
  await advance(gateway, 1 * MINUTE + 30 * SECOND)
  await gateway.sim.fault({ effect: { status: 401, body: v3('unauthorized') } })
  for (const name of ['b', 'c']) await gateway.createVideo({}, named(name))
  const now = (await clockOf(gateway)).now
  await expect
    .poll(async () => Date.parse((await parkedOf(gateway, 'a'))[0]?.until ?? '') - now)
    .toBeLessThanOrEqual(1 * MINUTE)
  await keyOf('a')
})

test.each([
  [
    'a page of the edge',
    { status: 401, body: '<html>401</html>', headers: { 'content-type': 'text/html' } },
  ],
  [
    'a page that forbids',
    { status: 403, body: '<html>403</html>', headers: { 'content-type': 'text/html' } },
  ],
  ['a 503', { status: 503 }],
  ['a reset', { reset: 'before' }],
  ['a page with 200', { status: 200, body: '<html>hello</html>' }],
])('%s where the key is proved proves nothing and parks nothing', async (_, effect) => {
  await gateway.sim.fault({ match: { path: '/v3/users/me' }, effect })
  const refused = { status: 401, body: v3('unauthorized') }
  await gateway.sim.fault({ match: { path: '/v3/videos', method: 'POST' }, effect: refused })
  const answer = await gateway.createVideo({}, named('a'))
  expect([answer.status, await answer.json()]).toEqual([401, v3('unauthorized')])
  expect(await parkedScopes(gateway)).toEqual([])
})

test('a key without the scope for the proof is genuine', async () => {
  await keyOf('a', 'sk_test_a', { scopes: ['videos:write'] })
  await gateway.sim.fault({
    match: { path: '/v3/videos', method: 'POST' },
    effect: { status: 401, body: v3('unauthorized') },
  })
  expect((await gateway.createVideo({}, named('a'))).status).toBe(401)
  expect(await parkedScopes(gateway)).toEqual([])
  await keyOf('a', 'sk_test_a', { scopes: null })
})

test('a blocked account is parked, and comes back by itself when it is not blocked any more', async () => {
  await keyOf('a', 'sk_test_a', { blocked: true })
  const answer = await gateway.createVideo({}, named('a'))
  expect([answer.status, answer.headers.get('x-gateway-error')]).toEqual([
    503,
    'account_unavailable',
  ])
  expect((await parkedOf(gateway, 'a')).map(({ reason }) => reason)).toEqual(['blocked'])
  await keyOf('a', 'sk_test_a', { blocked: false })
  await advance(gateway, 61 * SECOND)
  expect(await parkedScopes(gateway)).toEqual([])
})

test('a call that went with an older key is repeated once with the newer', async () => {
  await gateway.sim.control('POST', '/accounts', {
    email: 'a@example.com',
    apiKeys: ['sk_test_a', 'sk_test_a2'],
  })
  const slow = { status: 401, body: v3('unauthorized'), latencyMs: 3000 }
  for (const [method, path] of [
    ['POST', '/v3/videos'],
    ['GET', '/v3/voices'],
  ] as const) {
    await gateway.sim.forgetRequests()
    await gateway.sim.fault({ match: { path, method }, times: 1, effect: slow })
    const answering =
      method === 'GET'
        ? gateway.fetch(`/heygen${path}`, { headers: named('a') })
        : gateway.createVideo({}, named('a'))
    await expect
      .poll(async () => (await gateway.sim.requests()).filter((one) => one.path === path).length)
      .toBe(1)
    const key = method === 'GET' ? 'sk_test_a' : 'sk_test_a2'
    await gateway.post('/v1/heygen/accounts', { email: 'a@example.com', apiKey: key, maxJobs: 9 })
    expect((await answering).status, path).toBe(200)
    const seen = (await gateway.sim.requests()).filter((one) => one.path === path)
    expect(seen.map((one) => one.headers['x-api-key'] === key)).toEqual([false, true])
  }
  expect(await parkedScopes(gateway)).toEqual([])
})

test('content and what is forbidden never go on to another account; scope, plan, credit and places do, to three in all [I4]', async () => {
  await keyOf('a')
  const cases: [number, unknown, number][] = [
    [400, v3('content_policy_violation'), 1],
    [403, v3('forbidden'), 1],
    [403, v3('resource_access_denied'), 1],
    [403, { code: 400562, message: 'FORBIDDEN' }, 1],
    [401, { code: 400573, message: 'PERMISSION_DENIED' }, 1],
    [403, v3('insufficient_api_key_scope'), 3],
    [402, v3('plan_upgrade_required'), 3],
    [402, v3('insufficient_credit'), 3],
    [403, { code: 400599, message: 'TIER_NOT_SUPPORT' }, 3],
    [400, v3('resource_limit_reached'), 3],
  ]
  await gateway.addAccount('d', 9)
  for (const [status, body, sent] of cases) {
    await pardonAll(gateway, 'heygen', [...ALL, 'd'])
    await gateway.sim.forgetRequests()
    const match = { path: '/v3/videos', method: 'POST' }
    await gateway.sim.fault({ match, effect: { status, body } })
    const answer = await gateway.createVideo()
    const code = JSON.stringify(body)
    expect([answer.status, await answer.json()], code).toEqual([status, body])
    const seen = (await gateway.sim.requests()).filter((one) => one.method === 'POST')
    expect(seen.length, code).toBe(sent)
    expect(new Set(seen.map((one) => one.account)).size, code).toBe(sent)
  }
  await gateway.fetch('/v1/heygen/accounts/d@example.com?now=true', { method: 'DELETE' })
  expect(await gateway.heldSlots()).toBe(0)
})

test('unparking puts an account back at once and ends the questions about it; it is for full tokens', async () => {
  await keyOf('a', 'sk_test_other')
  await gateway.createVideo({}, named('a'))
  expect(await parkedScopes(gateway)).toEqual(['a all'])
  const path = '/v1/heygen/accounts/a@example.com/unpark'
  const listed = await (await gateway.admin('GET', '/tokens')).json()
  const [{ tenant } = { tenant: '' }] = (listed as { tokens: { tenant: string }[] }).tokens
  const weak = await gateway.newToken({ tenant, scope: 'use' })
  expect((await gateway.as(weak.token).fetch(path, { method: 'POST' })).status).toBe(403)
  expect((await gateway.fetch(path, { method: 'POST' })).status).toBe(200)
  expect(await parkedScopes(gateway)).toEqual([])
  await gateway.sim.forgetRequests()
  await advance(gateway, 10 * MINUTE)
  expect(await gateway.sim.requests()).toEqual([])
  expect(
    (await gateway.fetch('/v1/heygen/accounts/no@example.com/unpark', { method: 'POST' })).status
  ).toBe(404)
  await keyOf('a')
})
