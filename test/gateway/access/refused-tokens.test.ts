/** Whose token is not good for what is asked: refused in the shape of the family, and nothing goes up. */
import { expect, test } from 'vitest'
import { platform } from '#composition/platform.ts'
import { newToken } from '#domain/access/token.ts'
import { ADMIN_TOKEN, gatewayVars, openGateway } from '../../support/gateway.ts'
import { PLAIN } from '../../support/renewed/entries.ts'
import { takeWorker } from '../../support/renewed/renewed.ts'
import {
  ACCOUNTS,
  checkRefusal,
  familyOf,
  LEAK,
  NEW,
  openRaw,
  type Answer,
} from '../../support/scenes/raw-requests.ts'

const { gateway, ask, send, checkNothingWentUp, checkOnlyAnn, checkSlotsFree } = await openRaw()

test('whose token is malformed, unknown or not as asked for is nobody', async () => {
  await gateway.sim.forgetRequests()
  const good = gateway.token
  const wrongSum = good.slice(0, -1) + (good.endsWith('0') ? '1' : '0')
  const bearers = ['x', `"${good}"`, `'${good}'`, `${good}x`, good.slice(0, -1), wrongSum]
  bearers.push(
    newToken(platform.randomBytes),
    good.toUpperCase(),
    `${good},${good}`,
    `${good}%00`,
    'hgw_',
    '😀'
  )
  const lines = [...bearers.map((text) => `Authorization: Bearer ${text}`)]
  lines.push(
    `Authorization: Basic ${good}`,
    `Authorization: ${good}`,
    `Authorization: Token ${good}`
  )
  lines.push('Authorization: Bearer', 'Authorization:', `Authorization: Bearer a ${good}`)
  lines.push(`Authorization: Bearer ${'a'.repeat(60_000)}`, `Cookie: token=${good}`)
  for (const line of lines) {
    const answer = await ask('/v1/heygen/accounts', { token: null, headers: [line] })
    expect({ line: line.slice(0, 80), status: answer.status, text: answer.text }).toEqual({
      line: line.slice(0, 80),
      status: 401,
      text: '{"error":"Unauthorized","code":401}',
    })
    checkRefusal(answer, 'unauthorized', 'own')
  }
  await checkNothingWentUp('tokens')
})

test.each(['/heygen/v1/video.list', '/heygen/v2/avatars', '/heygen/v3/videos', '/v3/videos'])(
  'a stranger is refused in the shape of the family: GET %s',
  async (path) => {
    await gateway.sim.forgetRequests()
    const answer = await ask(path, {
      token: null,
      headers: [`X-Api-Key: ${newToken(platform.randomBytes)}`],
    })
    expect(answer.status).toBe(401)
    checkRefusal(answer, 'unauthorized', familyOf(path))
    const inQuery = await ask(`${path}?token=${gateway.token}&api_key=${gateway.token}`, {
      token: null,
    })
    checkRefusal(inQuery, 'unauthorized', familyOf(path))
    await checkNothingWentUp(path)
  }
)

test('two Authorization headers are no authorization', async () => {
  const second = [`Authorization: Bearer ${gateway.token}`]
  checkRefusal(await ask('/heygen/v3/users/me', { headers: second }), 'unauthorized', 'v3')
})

test('the scheme of a token may be written as one likes', async () => {
  for (const scheme of ['bearer', 'BEARER', 'Bearer ']) {
    const headers = [`Authorization: ${scheme} ${gateway.token}`]
    const answer = await ask('/heygen/v3/users/me', { token: null, headers })
    expect({ scheme, status: answer.status }).toEqual({ scheme, status: 200 })
  }
})

test.each([
  ['a NUL in a token', `Authorization: Bearer a\u0000b`],
  ['a token of 1 MB', `Authorization: Bearer ${'a'.repeat(1024 * 1024)}`],
  ['a header without a name', ': x'],
])('what HTTP itself forbids is a 4xx of the server: %s', async (_, line) => {
  await gateway.sim.forgetRequests()
  const answer = await ask('/heygen/v3/users/me', { token: null, headers: [line] })
  expect(Math.floor(answer.status / 100)).toBe(4)
  expect(answer.text).not.toMatch(LEAK)
  await checkNothingWentUp(line.slice(0, 40))
})

test('a lapsed subscription and an end that has passed have their own answers', async () => {
  const lapsed = await gateway.newToken({ subscription: 'lapsed' })
  const ended = await gateway.newToken()
  const past = { expiresAt: '2020-01-01T00:00:00Z' }
  await gateway.admin('PATCH', `/tokens/${ended.id}`, past)
  const of = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
  const own = await send(ACCOUNTS, of(lapsed.token))
  expect({ status: own.status, text: own.text }).toEqual({
    status: 402,
    text: '{"error":"Subscription required","code":402}',
  })
  checkRefusal(await send('/heygen/v3/videos', of(lapsed.token)), 'subscription_required', 'v3')
  checkRefusal(await send('/heygen/v2/avatars', of(ended.token)), 'unauthorized', 'v2')
})

test('only the operator gets into /admin', async () => {
  const bearers = ['', 'short', ADMIN_TOKEN.slice(0, -1), `${ADMIN_TOKEN}x`, gateway.token]
  const lines = bearers.map((text) => `Authorization: Bearer ${text}`)
  lines.push(`X-Api-Key: ${ADMIN_TOKEN}`, `Authorization: Basic ${ADMIN_TOKEN}`)
  for (const line of lines) {
    for (const target of ['/admin/tokens', '/admin/tenants', '/admin/nothing', '/admin']) {
      const answer = await ask(target, { token: null, headers: [line] })
      expect({ line, target, status: answer.status }).toEqual({ line, target, status: 401 })
      checkRefusal(answer, 'unauthorized', 'own')
    }
  }
})

test('the operator cannot use the token of the operator as a tenant', async () => {
  for (const path of ['/heygen/v3/videos', '/v1/heygen/accounts']) {
    const answer = await ask(path, { token: ADMIN_TOKEN })
    checkRefusal(answer, 'unauthorized', familyOf(path))
  }
})

test.each(['', 'short', 'exactly-thirty-one-characters-x'])(
  'an ADMIN_TOKEN shorter than 32 characters opens nothing: "%s"',
  async (adminToken) => {
    const vars = gatewayVars('http://127.0.0.1:1', { vars: { ADMIN_TOKEN: adminToken } })
    const of = { config: 'wrangler.toml', name: 'gateway', entry: PLAIN }
    const worker = await takeWorker({ ...of, vars })
    for (const bearer of [adminToken, 'undefined', '']) {
      const headers = { authorization: `Bearer ${bearer}` }
      const answer = await fetch(`${worker.url}/admin/tokens`, { headers })
      expect(answer.status).toBe(401)
    }
    await worker.dispose()
  }
)

test('bad orders of the operator are refused', async () => {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' }
  const bodies = ['', '{', '[]', 'null', '{}', '{"name":""}', '{"name":5}', '{"name":"a","x":1}']
  bodies.push('{"name":"a","scope":"root"}', '{"name":"a","expiresAt":"soon"}')
  bodies.push('{"name":"a","subscription":true}', '{"name":"a","expiresAt":5}')
  for (const body of bodies) {
    const answer = await send('/admin/tokens', { method: 'POST', headers, body })
    expect({ body, status: answer.status }).toEqual({ body, status: 400 })
    checkRefusal(answer, 'bad_request', 'own')
  }
  for (const [method, path] of [
    ['DELETE', '/admin/tokens/nothing'],
    ['PATCH', '/admin/tokens/nothing'],
    ['DELETE', '/admin/tenants/@registrar'],
    ['GET', '/admin/nothing'],
  ] as const) {
    const body = method === 'PATCH' ? { body: '{}' } : {}
    checkRefusal(await send(path, { method, headers, ...body }), 'not_found', 'own')
  }
})

test('a token of scope use may use the accounts and not change them', async () => {
  const me = (await (await gateway.fetch('/v2/account')).json()) as { id: string }
  const { token } = await gateway.newToken({ tenant: me.id, scope: 'use' })
  const of = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  await gateway.sim.forgetRequests()
  const refused = [
    await send(ACCOUNTS, { method: 'POST', headers: of, body: JSON.stringify(NEW) }),
    await send(ACCOUNTS, { method: 'POST', headers: of, body: '{' }),
    await send(`${ACCOUNTS}/ann@example.com`, { method: 'DELETE', headers: of }),
    await send(`${ACCOUNTS}/nobody@example.com`, { method: 'DELETE', headers: of }),
    await send('/v2/account', { method: 'POST', headers: of, body: '{"name":"x"}' }),
  ]
  for (const answer of refused) {
    expect(answer.status).toBe(403)
    checkRefusal(answer, 'forbidden', 'own')
  }
  await checkNothingWentUp('scope')
  await checkOnlyAnn()
  expect((await send('/heygen/v3/users/me', { headers: of })).status).toBe(200)
})

test('what belongs to another tenant answers exactly like what does not exist [I5]', async () => {
  const made = await gateway.createVideo()
  const job = made.headers.get('x-gateway-job') ?? ''
  const request = made.headers.get('x-request-id') ?? ''
  await gateway.sim.addAccount('bob@example.com', 'sk_test_bob')
  const other = { authorization: `Bearer ${(await gateway.newToken()).token}` }
  const json = { ...other, 'content-type': 'application/json' }
  const bob = JSON.stringify({ email: 'bob@example.com', apiKey: 'sk_test_bob', maxJobs: 1 })
  expect((await send(ACCOUNTS, { method: 'POST', headers: json, body: bob })).status).toBe(201)
  const none = 'f'.repeat(job.length)
  const pairs: [string, string, string, RequestInit?][] = [
    ['GET', `${ACCOUNTS}/ann@example.com`, `${ACCOUNTS}/eve@example.com`],
    ['DELETE', `${ACCOUNTS}/ann@example.com`, `${ACCOUNTS}/eve@example.com`],
    ['GET', `/v1/heygen/jobs/${job}`, `/v1/heygen/jobs/${none}`],
    ['GET', `/v1/heygen/jobs/${request}`, `/v1/heygen/jobs/${crypto.randomUUID()}`],
    ['DELETE', `/v1/heygen/scheduler/${job}`, `/v1/heygen/scheduler/${none}`],
    ['DELETE', `/v1/heygen/scheduler/${job}?force=true`, `/v1/heygen/scheduler/${none}?force=true`],
    ['GET', `/heygen/v3/videos/${job}`, `/heygen/v3/videos/${none}`],
    [
      'GET',
      `/heygen/v1/video_status.get?video_id=${job}`,
      `/heygen/v1/video_status.get?video_id=${none}`,
    ],
    ['DELETE', `/heygen/v3/videos/${job}`, `/heygen/v3/videos/${none}`],
  ]
  for (const [method, foreign, absent] of pairs) {
    const theirs = await send(foreign, { method, headers: other })
    const nobodys = await send(absent, { method, headers: other })
    expect(plain(theirs, foreign)).toEqual(plain(nobodys, absent))
    expect(theirs.status).toBe(404)
  }
  const named = (email: string) => ({ headers: { ...other, 'x-gateway-account': email } })
  const theirs = await send('/heygen/v3/users/me', named('ann@example.com'))
  const nobodys = await send('/heygen/v3/users/me', named('eve@example.com'))
  expect(plain(theirs, 'ann@example.com')).toEqual(plain(nobodys, 'eve@example.com'))
  const jobs = await send('/v1/heygen/jobs', { headers: other })
  expect(jobs.text).not.toMatch(new RegExp(`${job}|ann@`))
  expect((await send(`/heygen/v3/videos/${job}`)).status).toBe(200)
  await gateway.fetch(`/v1/heygen/scheduler/${job}?force=true`, { method: 'DELETE' })
  await checkSlotsFree()
})

/** Without what differs between any two answers, and with the name that was asked for taken out. */
function plain({ status, headers, text }: Answer, asked: string) {
  const name = asked.split('?')[0]?.split('/').at(-1) ?? asked
  const id = asked.includes('video_id=') ? (asked.split('=').at(-1) ?? '') : name
  const ignored = ['x-request-id', 'x-upstream-request-id', 'date']
  const kept = [...headers].filter(([header]) => !ignored.includes(header))
  return { status, headers: kept, text: text.replaceAll(id, '<asked>') }
}
test('a token that the isolate remembers ends with its removal, at the next call [I6]', async () => {
  const { id, token } = await gateway.newToken()
  const one = gateway.as(token)
  // The call is refused for want of an account, so the token was accepted.
  for (const call of [1, 2])
    expect([call, (await one.fetch('/v3/users/me')).status]).toEqual([call, 404])
  await gateway.admin('DELETE', `/tokens/${id}`)
  expect((await one.fetch('/v3/users/me')).status).toBe(401)
})

test('after 120 failed authentications in a minute an address waits, its right token does not', async () => {
  const guessed = await openGateway({ accounts: {} })
  const guess = (path: string) =>
    fetch(guessed.url + path, {
      headers: { authorization: `Bearer ${newToken(platform.randomBytes)}` },
    })
  const refused: Response[] = []
  const damped: Response[] = []
  // A new minute may begin on the way. Several at once, so that no second one does on a slow machine.
  while (damped.length === 0 && refused.length < 270) {
    const answers = await Promise.all(Array.from({ length: 10 }, () => guess('/heygen/v3/videos')))
    for (const answer of answers) (answer.status === 429 ? damped : refused).push(answer)
  }
  expect(refused.length).toBeGreaterThanOrEqual(120)
  expect(refused.every(({ status }) => status === 401)).toBe(true)
  const answered = damped.map(async (answer) => {
    const body = (await answer.json()) as { error: { code: string } }
    return {
      error: answer.headers.get('x-gateway-error'),
      wait: answer.headers.get('retry-after'),
      code: body.error.code,
    }
  })
  const expected = { error: 'too_many_failures', wait: '59', code: 'too_many_failures' }
  expect(answered.length).toBeGreaterThan(0)
  expect(await Promise.all(answered)).toEqual(answered.map(() => expected))
  expect((await guessed.fetch('/v2/account')).status).toBe(200)
  await guessed.dispose()
})
