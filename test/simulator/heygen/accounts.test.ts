/** Accounts at the simulated HeyGen: keys, log-ins, scopes, limits. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Json, openSimulator, V2_VIDEO, VIDEO } from '../open-simulator.ts'

let simulator: Awaited<ReturnType<typeof openSimulator>>
beforeAll(async () => {
  simulator = await openSimulator()
})
afterAll(() => simulator.dispose())

const DAY_MS = 86_400_000

const create = (key: string) => simulator.call('POST', '/v3/videos', { key, body: VIDEO })

test('a wrong key answers 401 in the envelope of its family', async () => {
  const ask = async (url: string, key: string) => (await simulator.call('GET', url, { key })).body
  expect(await ask('/v1/user/me', 'sk_sim_bad1')).toEqual({ code: 400112, message: 'Unauthorized' })
  expect(await ask('/v2/user/remaining_quota', 'nonsense')).toEqual({
    data: null,
    error: { code: 'internal_error', message: 'Unauthorized' },
  })
  expect(await ask('/v3/users/me', '')).toEqual(await ask('/v3/users/me', 'nonsense'))
})

test('five keys of one account are one account', async () => {
  await simulator.sim('POST', 'accounts', { email: 'many@sim.example', apiKeys: ['k1', 'k2'] })
  const [one, two] = await Promise.all(
    ['k1', 'k2'].map((key) => simulator.call('GET', '/v3/users/me', { key }))
  )
  expect(one?.body.data.username).toMatch(/^[0-9a-f]{32}$/)
  expect(one?.body).toEqual(two?.body)
})

test('a log-in gives a token that works as Bearer until it is refused or expires', async () => {
  await simulator.sim('POST', 'accounts', {
    email: 'web@x.example',
    password: 'pw',
    sessionSeconds: 60,
  })
  const login = { login_type: 'email', account: 'web@x.example', password: 'pw' }
  const path = '/api2.heygen.com/v1/pacific/login'
  const { body, headers } = await simulator.call('POST', path, { key: '', body: login })
  expect(body.data).toMatchObject({ need_mfa: false, ack_agreement: true, internal: false })
  expect(headers.get('set-cookie')).toMatch(/^heygen_session=.*HttpOnly.*Expires=/)
  const me = () =>
    simulator.call('GET', '/v3/users/me', {
      key: '',
      headers: { authorization: `Bearer ${body.data.access_token}` },
    })
  expect((await me()).body.data.email).toBe('web@x.example')
  await simulator.sim('POST', 'accounts', { email: 'web@x.example', webSessionRefused: true })
  expect((await me()).status).toBe(401)
  const wrong = await simulator.call('POST', path, { key: '', body: { ...login, password: 'no' } })
  expect(wrong).toMatchObject({ status: 401, body: { code: 40009 } })
  expect((await simulator.account('web@x.example')).logins).toBe(1)
})

test('a log-in may want a second factor or be stopped at the edge', async () => {
  const login = (name: string) =>
    simulator.send('POST', '/v1/pacific/login', {
      key: '',
      body: { login_type: 'email', account: `${name}@sim.example`, password: `sim-${name}` },
    })
  await simulator.sim('POST', 'accounts', { email: 'mfa@sim.example', mfa: true })
  await simulator.sim('POST', 'accounts', { email: 'edge@sim.example', edgeBlock: true })
  const { data } = (await (await login('mfa')).json()) as Json
  expect(data).toMatchObject({ need_mfa: true, access_token: null })
  const blocked = await login('edge')
  expect([blocked.status, blocked.headers.get('content-type')]).toEqual([
    403,
    'text/html; charset=UTF-8',
  ])
})

test('a narrow key is forbidden what its scopes leave out, but may read itself', async () => {
  await simulator.sim('POST', 'accounts', { email: 'narrow@sim.example', scopes: ['video:read'] })
  const key = 'sk_sim_narrow'
  const read = async (path: string) => (await simulator.call('GET', path, { key })).status
  expect(await read('/v3/videos')).toBe(200)
  expect(await read('/v3/users/me')).toBe(403)
  expect(await read('/v3/api_keys/self')).toBe(200)
  expect((await create(key)).body.error.code).toBe('insufficient_api_key_scope')
})

test('a trial stops at its daily number of videos', async () => {
  await simulator.sim('POST', 'accounts', { email: 'trial@sim.example', trialDailyLimit: 1 })
  // A new day has just begun, so that none begins in between.
  const { now } = await simulator.sim('GET', 'state?jobs=none')
  await simulator.pass(DAY_MS - (now % DAY_MS))
  const send = () =>
    simulator.call('POST', '/v2/video/generate', { key: 'sk_sim_trial', body: V2_VIDEO })
  expect((await send()).status).toBe(200)
  expect(await send()).toMatchObject({
    status: 429,
    body: { data: null, error: { code: 'trial_video_limit_exceeded' } },
  })
  await simulator.pass(DAY_MS)
  expect((await send()).status).toBe(200)
})
