import { afterAll, beforeEach, expect, test } from 'vitest'
import { ALL, pardonAll, parkedOf, parkedScopes, v3 } from '../../support/scenes/blamed.ts'
import {
  advance,
  CLOCKED,
  clockOf,
  HOUR,
  MINUTE,
  SECOND,
  stopClock,
} from '../../support/clock/clock.ts'
import { openGateway, VIDEO } from '../../support/gateway.ts'

/** What too many calls, too little credit and too little scope park (decision 0028). Three accounts with good keys. */
const gateway = await openGateway({
  accounts: { a: 9, b: 9, c: 9 },
  simVars: { JOB_MS: '-1' },
  entry: CLOCKED,
})
afterAll(() => gateway.dispose())
await stopClock(gateway)

beforeEach(async () => {
  for (const name of ALL) await account(name)
  await gateway.sim.finishJobs()
  await advance(gateway, 6 * MINUTE)
  await pardonAll(gateway)
  await gateway.sim.forgetRequests()
})

const RESET = { credits: null, scopes: null, speechPerMinute: null, trialDailyLimit: null }
const account = (name: string, more: object = {}) =>
  gateway.sim.addAccount(`${name}@example.com`, `sk_test_${name}`, { ...RESET, ...more })
const named = (name: string) => ({ 'x-gateway-account': `${name}@example.com` })
const get = (path: string, headers: Record<string, string> = {}) =>
  gateway.fetch(`/heygen${path}`, { headers })
const speak = (headers: Record<string, string> = {}) =>
  gateway.post('/heygen/v3/voices/speech', { text: 'Hi', voice_id: VIDEO.voice_id }, headers)
const busy = (seconds?: number) => ({
  status: 429,
  body: v3('rate_limit_exceeded'),
  ...(seconds === undefined ? {} : { headers: { 'retry-after': String(seconds) } }),
})
const LEGACY = { avatar_id: VIDEO.avatar_id, script: 'Hi', voice_id: VIDEO.voice_id }
const LIPSYNC = {
  video: { type: 'url', url: 'https://example.com/v.mp4' },
  audio: { type: 'url', url: 'https://example.com/a.mp3' },
}

test('a creation that no account can pay is refused in HeyGen’s words, and cheaper ones still run', async () => {
  for (const name of ALL) await account(name, { credits: 5 })
  for (let round = 0; round < 4; round += 1) {
    const dear = await gateway.createVideo({ title: '[price=10]' })
    const body = (await dear.json()) as { error: { code: string; message: string } }
    expect([dear.status, body.error.code]).toEqual([402, 'insufficient_credit'])
    expect(body.error.message).toContain('requires 10 credits')
    expect(dear.headers.get('x-gateway-error')).toBeNull()
  }
  expect(await parkedScopes(gateway)).toEqual([])
  for (const name of ALL) expect((await gateway.createVideo({}, named(name))).status).toBe(200)
})

test('a creation that one account cannot pay goes to one that can', async () => {
  await account('a', { credits: 5 })
  await account('b', { credits: 5 })
  for (let round = 0; round < 5; round += 1) {
    const dear = await gateway.createVideo({ title: '[price=10]' })
    expect([dear.status, dear.headers.get('x-gateway-account')]).toEqual([200, 'c@example.com'])
  }
  expect(await parkedScopes(gateway)).toEqual([])
})

test('an account with nothing left is parked for jobs and still reads; the last one says so beside HeyGen’s answer', async () => {
  for (const name of ALL) await account(name, { credits: 0 })
  const refused = await gateway.createVideo({}, named('a'))
  expect(refused.status).toBe(402)
  const [parking] = await parkedOf(gateway, 'a')
  expect(parking).toMatchObject({ scope: 'jobs', reason: 'credit' })
  expect(refused.headers.get('x-gateway-parked')).toBe(
    `jobs; reason=credit; until=${parking?.until}`
  )
  expect(await parkedScopes(gateway)).toEqual(['a jobs'])
  expect((await get('/v3/users/me', named('a'))).status).toBe(200)
  const next = await gateway.createVideo({}, named('a'))
  expect([next.status, next.headers.get('x-gateway-error')]).toEqual([503, 'account_unavailable'])
})

test.each([
  [5, []],
  [0, ['a jobs']],
])(
  'a job that ends for want of credit, of an account that has %i, parks %j',
  async (credits, scopes) => {
    const made = await gateway.post('/heygen/v2/videos', LEGACY, named('a'))
    const id = made.headers.get('x-gateway-job') ?? ''
    await account('a', { credits })
    await gateway.sim.control('POST', `/jobs/${id}`, {
      status: 'failed',
      code: 'MOVIO_PAYMENT_INSUFFICIENT_CREDIT',
    })
    await account('a', { credits })
    expect((await get(`/v1/video_status.get?video_id=${id}`)).status).toBe(200)
    expect(await parkedScopes(gateway)).toEqual(scopes)
  }
)

test('a key that lacks a scope is remembered for its row alone, for an hour; HeyGen’s own answer is given when no other is left', async () => {
  const refuse = { status: 403, body: v3('insufficient_api_key_scope') }
  await gateway.sim.fault({ match: { method: 'POST', path: '/v3/lipsyncs' }, effect: refuse })
  await gateway.sim.fault({ match: { method: 'GET', path: '/v3/voices' }, effect: refuse })
  const began = (await clockOf(gateway)).now
  for (let round = 0; round < 5; round += 1) {
    const refused = await gateway.post('/heygen/v3/lipsyncs', LIPSYNC)
    expect([refused.status, await refused.json()]).toEqual([403, v3('insufficient_api_key_scope')])
    const read = await get('/v3/voices', named('b'))
    expect([read.status, await read.json()]).toEqual([403, v3('insufficient_api_key_scope')])
  }
  const scopes = await parkedScopes(gateway)
  expect(scopes.toSorted()).toEqual(
    [...ALL.map((name) => `${name} row:POST /v3/lipsyncs`), 'b row:GET /v3/voices'].toSorted()
  )
  for (const { until } of await parkedOf(gateway, 'a'))
    expect(Date.parse(until) - began).toBeLessThanOrEqual(1 * HOUR)
  for (const name of ALL) {
    expect((await gateway.createVideo({}, named(name))).status).toBe(200)
    expect((await get('/v3/users/me', named(name))).status).toBe(200)
  }
  await gateway.sim.clearFaults()
  await advance(gateway, 1 * HOUR + 1 * SECOND)
  expect(await parkedScopes(gateway)).toEqual([])
})

test('an account whose key lacks the scope for a row is not asked for it again, so one that has it serves', async () => {
  for (const name of ['a', 'b']) await account(name, { scopes: ['videos:write', 'account:read'] })
  for (let round = 0; round < 6; round += 1) {
    const made = await gateway.post('/heygen/v3/lipsyncs', LIPSYNC)
    expect([made.status, made.headers.get('x-gateway-account')]).toEqual([200, 'c@example.com'])
  }
  const seen = await gateway.sim.requests()
  const refused = seen.filter(({ path, status }) => path === '/v3/lipsyncs' && status === 403)
  // One request remembers it of one account, so the other may be asked once more.
  expect(refused.length).toBeLessThanOrEqual(3)
})

test('speech at its limit of a minute parks speech alone', async () => {
  await account('a', { speechPerMinute: 2 })
  for (let round = 0; round < 2; round += 1) expect((await speak(named('a'))).status).toBe(200)
  const refused = await speak(named('a'))
  expect(refused.status).toBe(429)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(await parkedScopes(gateway)).toEqual(['a row:POST /v3/voices/speech'])
  expect((await gateway.createVideo({}, named('a'))).status).toBe(200)
  expect((await get('/v3/users/me', named('a'))).status).toBe(200)
  for (let round = 0; round < 4; round += 1)
    expect((await speak()).headers.get('x-gateway-account')).not.toBe('a@example.com')
})

test('several kinds of speech at their limits never park jobs, a used-up quota of speech neither', async () => {
  for (const [path, body] of [
    ['/v3/voices/speech', busy(50)],
    ['/v3/models/audio/tts', busy(50)],
    ['/v3/voices/speech', { ...busy(50), body: v3('quota_exceeded') }],
  ] as const) {
    await gateway.sim.clearFaults()
    await gateway.sim.fault({ match: { path }, effect: body })
    const text = { text: 'Hi', input: 'Hi', voice_id: VIDEO.voice_id, voice: 'v' }
    await gateway.post(`/heygen${path}`, text, named('a'))
  }
  expect((await parkedScopes(gateway)).every((scope) => scope.startsWith('a row:'))).toBe(true)
  expect((await gateway.createVideo({}, named('a'))).status).toBe(200)
})

test('a tight read stops neither other reads nor status polls; a second row within its time stops them all', async () => {
  await gateway.sim.fault({ match: { path: '/v2/voices/locales' }, effect: busy(120) })
  const made = await gateway.createVideo({}, named('a'))
  const refused = await get('/v2/voices/locales', named('a'))
  expect(refused.status).toBe(429)
  expect(refused.headers.get('x-gateway-parked')).toContain(
    'row:GET /v2/voices/locales; reason=busy'
  )
  expect(await parkedScopes(gateway)).toEqual(['a row:GET /v2/voices/locales'])
  expect((await get('/v3/users/me', named('a'))).status).toBe(200)
  expect((await get(`/v3/videos/${made.headers.get('x-gateway-job')}`)).status).toBe(200)
  await gateway.sim.fault({ match: { path: '/v3/users/me' }, effect: busy(60) })
  await get('/v3/users/me', named('a'))
  expect((await parkedScopes(gateway)).toSorted()).toEqual([
    'a plain',
    'a row:GET /v2/voices/locales',
  ])
  await gateway.sim.clearFaults()
  for (let round = 0; round < 6; round += 1)
    expect((await get('/v3/users/me')).headers.get('x-gateway-account')).not.toBe('a@example.com')
  expect((await gateway.createVideo({}, named('a'))).status).toBe(200)
})

test('one row that is refused again and again stays one row, and the later end wins', async () => {
  await gateway.sim.fault({ match: { path: '/v2/voices/locales' }, times: 1, effect: busy(120) })
  await get('/v2/voices/locales', named('a'))
  const [before] = await parkedOf(gateway, 'a')
  await gateway.sim.fault({ match: { path: '/v2/voices/locales' }, effect: busy(5) })
  for (let round = 0; round < 3; round += 1) await get('/v2/voices/locales', named('a'))
  expect(await parkedOf(gateway, 'a')).toEqual([before])
})

test('a path outside the table is parked as its template, and no more than a bounded number of them', async () => {
  await gateway.sim.fault({ match: { path: '/v3/to-come' }, effect: busy(300) })
  for (const id of ['0123456789abcdef', 'fedcba9876543210'])
    await get(`/v3/to-come/${id}/parts`, named('a'))
  expect(await parkedScopes(gateway)).toEqual(['a row:GET /v3/to-come/{id}/parts'])
  for (let index = 0; index < 40; index += 1) await get(`/v3/to-come/x${index}`, named('b'))
  const rows = (await parkedScopes(gateway)).filter((scope) => scope.startsWith('b row:'))
  expect(rows.length).toBeLessThanOrEqual(32)
})

test('a creation that is one too many parks creations, a used-up quota what it is about', async () => {
  await gateway.sim.fault({
    match: { method: 'POST', path: '/v3/videos' },
    times: 1,
    effect: busy(40),
  })
  const made = await gateway.createVideo()
  expect(made.status).toBe(200)
  expect((await parkedScopes(gateway)).map((scope) => scope.slice(2))).toEqual(['jobs'])
  await pardonAll(gateway)
  const quota = { ...busy(40), body: v3('quota_exceeded') }
  await gateway.sim.fault({ match: { path: '/v2/voices/locales' }, effect: quota })
  await get('/v2/voices/locales', named('b'))
  expect(await parkedScopes(gateway)).toEqual(['b plain'])
})

test('an id that is looked for is asked about in vain, and a 429 to it parks nothing', async () => {
  await gateway.sim.fault({ match: { path: '/v3/videos' }, effect: busy(60) })
  await get('/v3/videos/0123456789abcdef0123456789abcdef')
  const scopes = await parkedScopes(gateway)
  expect(scopes.filter((scope) => !scope.endsWith('row:GET /v3/videos/{video_id}'))).toEqual([])
  expect(scopes.length).toBeLessThanOrEqual(1)
})

test('the end of a job is asked for in spite of a 429, slowly, and a 401 to it with a good key parks nothing', async () => {
  const made = await gateway.createVideo({}, named('a'))
  const path = `/v3/videos/${made.headers.get('x-gateway-job')}`
  await gateway.sim.fault({ match: { method: 'GET', path }, effect: busy(200) })
  // A look at the slots makes the account ask. Without one it would ask after five minutes.
  for (let minute = 0; minute < 5; minute += 1) {
    await advance(gateway, 1 * MINUTE)
    await gateway.heldSlots()
  }
  const asked = () =>
    gateway.sim.requests().then((seen) => seen.filter((one) => one.path === path).length)
  const before = await asked()
  expect(before).toBeGreaterThan(0)
  expect(before).toBeLessThanOrEqual(3)
  expect(await parkedScopes(gateway)).toEqual(['a row:GET /v3/videos/{video_id}'])
  await gateway.sim.clearFaults()
  const refused = { status: 401, body: v3('unauthorized') }
  await gateway.sim.fault({ match: { method: 'GET', path }, effect: refused })
  await advance(gateway, 10 * MINUTE)
  expect(await asked()).toBeGreaterThan(before)
  expect(await parkedScopes(gateway)).toEqual([])
  await gateway.sim.clearFaults()
  await gateway.sim.finishJobs()
  await advance(gateway, 10 * MINUTE)
  expect(await gateway.heldSlots()).toBe(0)
})

test('a key that is revoked while a job runs is found by the question for its end', async () => {
  await gateway.createVideo({}, named('a'))
  await gateway.sim.addAccount('a@example.com', 'sk_test_other')
  await advance(gateway, 1 * MINUTE)
  // Somebody looks at the slots, so the account asks now.
  await gateway.heldSlots()
  expect(await parkedScopes(gateway)).toEqual(['a all'])
})

test('a list of all accounts that one refuses with a good key is answered by the others, and nothing is parked', async () => {
  const refused = { status: 401, body: v3('unauthorized') }
  const one = { account: 'a@example.com', path: '/v3/brand-kits' }
  await gateway.sim.fault({ match: one, effect: refused })
  const partial = await get('/v3/brand-kits')
  expect([partial.status, partial.headers.get('x-gateway-partial')]).toEqual([200, 'a@example.com'])
  await gateway.sim.fault({ match: { path: '/v3/brand-kits' }, effect: refused })
  for (let round = 0; round < 4; round += 1) {
    const none = await get('/v3/brand-kits')
    expect([none.status, await none.json()]).toEqual([401, v3('unauthorized')])
  }
  expect(await parkedScopes(gateway)).toEqual([])
})

test('a daily trial limit of another kind than videos parks that row alone', async () => {
  const over = { status: 402, body: v3('trial_limit_exceeded') }
  await gateway.sim.fault({ match: { method: 'POST', path: '/v3/lipsyncs' }, effect: over })
  await gateway.post('/heygen/v3/lipsyncs', LIPSYNC, named('a'))
  expect(await parkedScopes(gateway)).toEqual(['a row:POST /v3/lipsyncs'])
  expect((await gateway.createVideo({}, named('a'))).status).toBe(200)
})
