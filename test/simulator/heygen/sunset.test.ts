import { afterAll, afterEach, expect, test } from 'vitest'
import { newKey, openSimulator, VIDEO } from '../open-simulator.ts'

const simulator = await openSimulator()
afterAll(() => simulator.dispose())
afterEach(() => simulator.sim('POST', 'settings', { sunset: false }))

const get = (path: string, key?: string) =>
  simulator.call('GET', path, key === undefined ? {} : { key })
const statusOf = async (path: string, key?: string) =>
  (await simulator.send('GET', path, key === undefined ? {} : { key })).status
const set = (sunset: unknown) => simulator.sim('POST', 'settings', { sunset })

test('after the sunset v1 and v2 answer 404 in their envelopes, and v3 as before', async () => {
  await set(true)
  for (const prefix of ['', '/api.heygen.com']) {
    expect(await get(`${prefix}/v1/video.list`)).toMatchObject({ status: 404, body: { code: 101 } })
    expect(await get(`${prefix}/v2/templates`)).toMatchObject({
      status: 404,
      body: { data: null, error: { code: 'not_found' } },
    })
    expect((await get(`${prefix}/v3/users/me`)).status).toBe(200)
  }
  const photo = { headers: { 'content-type': 'image/png' }, body: 'png' }
  for (const path of ['asset', 'talking_photo'])
    expect((await simulator.send('POST', `/upload.heygen.com/v1/${path}`, photo)).status).toBe(404)
  const headers = { 'idempotency-key': newKey() }
  expect((await simulator.call('POST', '/v3/videos', { body: VIDEO, headers })).status).toBe(200)
  expect(await statusOf('/v2/templates', 'sk_sim_bad')).toBe(401)
  await expect(set('yes')).rejects.toThrow('400')
  await expect(set({ v4: true })).rejects.toThrow('400')
})

test('the web host keeps its paths after the sunset', async () => {
  await set(true)
  const body = { login_type: 'email', account: 'ann@sim.example', password: 'sim-ann' }
  const login = await simulator.call('POST', '/api2.heygen.com/v1/pacific/login', { body })
  expect(login.status).toBe(200)
})

test('each family goes by itself, in its own manner, and comes back', async () => {
  await set({ v1: '410', v2: '404-html', templates: '404-json' })
  expect(await get('/v1/user/me')).toMatchObject({ status: 410, body: { code: 410 } })
  const page = await simulator.send('GET', '/v2/user/remaining_quota')
  expect([page.status, page.headers.get('content-type')]).toEqual([404, 'text/html; charset=UTF-8'])
  expect(await get('/v2/templates')).toMatchObject({
    status: 404,
    body: { error: { code: 'not_found' } },
  })
  expect(await get('/v3/template/t1')).toMatchObject({
    status: 404,
    body: { error: { code: 'not_found', param: null } },
  })
  await set({ v1: '410' })
  expect(await statusOf('/v1/user/me')).toBe(410)
  expect(await statusOf('/v2/user/remaining_quota')).toBe(200)
  expect(await statusOf('/v2/templates')).toBe(200)
  await set(false)
  expect(await statusOf('/v1/user/me')).toBe(200)
})

test('an account may have lost what others still have, and the reverse', async () => {
  const lost = { email: 'lost@example.com', apiKeys: ['lost'], sunset: '410' }
  await simulator.sim('POST', 'accounts', lost)
  expect(await statusOf('/v2/templates', 'lost')).toBe(410)
  expect(await statusOf('/v2/templates')).toBe(200)
  await set(true)
  const kept = { email: 'kept@example.com', apiKeys: ['kept'], sunset: false }
  await simulator.sim('POST', 'accounts', kept)
  expect(await statusOf('/v2/templates', 'kept')).toBe(200)
  expect(await statusOf('/v2/templates')).toBe(404)
  await simulator.sim('POST', 'accounts', { email: 'kept@example.com', sunset: null })
  expect(await statusOf('/v2/templates', 'kept')).toBe(404)
})
