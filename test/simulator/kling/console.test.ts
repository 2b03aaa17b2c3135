/** The console of the simulated Kling: a log-in of which little is known, and the device binding. */
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openKling, signToken } from './open-kling.ts'

let kling: Awaited<ReturnType<typeof openKling>>
beforeAll(async () => {
  kling = await openKling()
})
afterAll(() => kling.dispose())

const post = (path: string, body: unknown) =>
  kling.call('POST', path, { host: '/klingai.com', token: '', body })

test('a log-in tells a right password from a wrong one, and a captcha from both', async () => {
  await kling.make('web', { password: 'pw' })
  const login = async (email: string, password: string) =>
    (await post('/pass/ksi18n/web/login/emailPassword', { email, password })).body
  const right = await login('web@sim.example', 'pw')
  expect(right).toMatchObject({ result: 1, 'ksi18n.ai.portal_st': expect.any(String) })
  expect((await login('web@sim.example', 'no')).result).not.toBe(1)
  expect((await kling.account('web')).logins).toBe(1)
  await kling.make('web', { edgeBlock: true })
  expect((await login('web@sim.example', 'pw')).error_msg).toBe('captcha required')
  const token = right['ksi18n.ai.portal_st']
  expect((await kling.call('GET', '/v1/videos/text2video', { token })).status).toBe(401)
})

test('a bound device gets the keys of whoever confirmed, once, for its verifier', async () => {
  const codeVerifier = 'a-long-random-text'
  const codeChallenge = createHash('sha256').update(codeVerifier).digest('base64url')
  const base = '/console/api/auth/skill'
  const asked = { codeChallenge, codeChallengeMethod: 'S256' }
  const { data } = (await post(`${base}/init-sessions`, asked)).body
  const { sessionId, deviceCode } = data
  const exchange = async (verifier = codeVerifier) =>
    (await post(`${base}/exchange`, { sessionId, deviceCode, codeVerifier: verifier })).body
  expect((await exchange()).data.status).toBe('PENDING')
  const page = `/klingai.com${data.verificationUriComplete}&account=bound@sim.example`
  expect((await kling.raw('GET', page, { key: '' })).status).toBe(200)
  expect((await exchange('wrong')).code).toBe(1201)
  const { status, credential } = (await exchange()).data
  expect(status).toBe('ISSUED')
  const claims = { iss: credential.accessKey, exp: Math.floor(Date.now() / 1000) + 60 }
  const token = signToken(claims, credential.secretKey)
  expect((await kling.call('GET', '/v1/videos/text2video', { token })).status).toBe(200)
  expect((await exchange()).data.status).toBe('ALREADY_EXCHANGED')
})
