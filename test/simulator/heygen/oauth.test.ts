/** The issuer of the simulated HeyGen: what RFC 8628 and RFC 6749 say, and what its tokens are good for. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSimulator, type Json } from '../open-simulator.ts'

let simulator: Awaited<ReturnType<typeof openSimulator>>
beforeAll(async () => {
  simulator = await openSimulator()
})
afterAll(() => simulator.dispose())

const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code'
const CLIENT = 'sim-oauth-client'

async function ask(what: string, form: Record<string, string>): Promise<[number, Json]> {
  const answer = await fetch(`${simulator.url}/api2.heygen.com/v1/oauth/${what}`, {
    method: 'POST',
    body: new URLSearchParams({ client_id: CLIENT, ...form }),
  })
  return [answer.status, (await answer.json()) as Json]
}

const poll = (code: string, more = {}) =>
  ask('token', { grant_type: DEVICE, device_code: code, ...more })
const refresh = (token: string) =>
  ask('token', { grant_type: 'refresh_token', refresh_token: token })
const advance = (seconds: number) => simulator.sim('POST', 'clock', { advanceMs: seconds * 1000 })
const me = async (token: string, path = '/v3/users/me') =>
  (await simulator.call('GET', path, { key: '', headers: { authorization: `Bearer ${token}` } }))
    .status

test('a code waits for the person, is used once, and its token is good for v3 alone until its end', async () => {
  const [, codes] = await ask('device_authorization', { scope: 'openid' })
  const code = codes.device_code as string
  expect(await poll(code)).toMatchObject([400, { error: 'authorization_pending' }])
  expect(await poll(code)).toMatchObject([400, { error: 'slow_down' }])
  await advance(5)
  // Told to slow down once, it asks for five seconds more.
  expect(await poll(code)).toMatchObject([400, { error: 'slow_down' }])
  const approved = { approve: codes.user_code, email: 'person@sim.example' }
  await simulator.sim('POST', 'oauth', approved)
  await advance(15)
  expect(await poll(code, { client_id: 'nobody' })).toMatchObject([
    401,
    { error: 'invalid_client' },
  ])
  const [status, tokens] = await poll(code)
  expect([status, tokens.token_type, tokens.expires_in]).toEqual([200, 'Bearer', 3600])
  expect(await poll(code)).toMatchObject([400, { error: 'invalid_grant' }])
  expect(await me(tokens.access_token as string)).toBe(200)
  expect(await me(tokens.access_token as string, '/v2/user/remaining_quota')).toBe(401)
  expect(await me(tokens.access_token as string, '/v1/user/me')).toBe(401)
  await advance(3600)
  expect(await me(tokens.access_token as string)).toBe(401)
  const [, newer] = await refresh(tokens.refresh_token as string)
  expect(await me(newer.access_token as string)).toBe(200)
  expect(newer.refresh_token).not.toBe(tokens.refresh_token)
  expect(await refresh(tokens.refresh_token as string)).toMatchObject([
    400,
    { error: 'invalid_grant' },
  ])
})

test('a refusal by the person and the end of a code are told apart, and both are counted', async () => {
  await simulator.sim('POST', 'oauth', { deviceSeconds: 10 })
  const [[, refused], [, late]] = [
    await ask('device_authorization', {}),
    await ask('device_authorization', {}),
  ]
  await simulator.sim('POST', 'oauth', { deny: refused.user_code })
  expect(await poll(refused.device_code as string)).toMatchObject([400, { error: 'access_denied' }])
  await advance(11)
  expect(await poll(late.device_code as string)).toMatchObject([400, { error: 'expired_token' }])
  const { counts } = await simulator.sim('GET', 'oauth')
  expect(counts).toMatchObject({ refreshes: { 'person@sim.example': 1, unknown: 1 } })
})
