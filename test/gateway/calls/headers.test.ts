/** Which headers travel, in both directions, and what a header can and cannot choose. */
import {
  createServer,
  request,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, expect, test } from 'vitest'
import { openGateway, until, VIDEO } from '../../support/gateway.ts'

/** A provider that tells every header it got and answers what it is told to. */
const upstream = createServer((incoming, outgoing) => {
  incoming.resume()
  incoming.on('end', () => answerAs(incoming, outgoing))
})
// As the provider does, it keeps idle connections: one closed just when a call comes would be a 502.
upstream.keepAliveTimeout = 0
const got: IncomingMessage[] = []
let answering: (outgoing: ServerResponse) => void = (outgoing) => outgoing.end('{"data":{}}')
await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))

/** Another host, which must never hear of anything. */
const heard: string[] = []
const decoy = createServer((incoming, outgoing) => {
  heard.push(`${incoming.method} ${incoming.url}`)
  outgoing.end('decoy')
})
await new Promise<void>((resolve) => decoy.listen(0, '127.0.0.1', resolve))

const simulated = await openGateway({ accounts: { ann: 2, bob: 2 }, simVars: { JOB_MS: '600000' } })
const origin = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
const observed = await openGateway({
  simulator: simulated.sim,
  vars: { HEYGEN_ORIGIN: origin, HEYGEN_UPLOAD_ORIGIN: origin },
  accounts: { eve: 5 },
})
const DECOY = `http://127.0.0.1:${(decoy.address() as AddressInfo).port}`

afterAll(async () => {
  await observed.dispose()
  await simulated.dispose()
  upstream.closeAllConnections()
  upstream.close()
  decoy.close()
})

function answerAs(incoming: IncomingMessage, outgoing: ServerResponse): void {
  if (incoming.url === '/v3/users/me' && incoming.headers['x-proof'] === undefined) {
    outgoing.setHeader('content-type', 'application/json')
    outgoing.end('{"data":{"username":"0123456789abcdef","email":"eve@example.com"}}')
    return
  }
  got.push(incoming)
  outgoing.setHeader('content-type', 'application/json')
  answering(outgoing)
}

/** node:http sends what fetch forbids: te, expect, connection and the like. */
function call(
  path: string,
  headers: Record<string, string | string[]>,
  { method = 'GET', body = '' } = {}
): Promise<{ status: number; headers: IncomingHttpHeaders; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(observed.url + path, { method, headers }, (answer) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (piece: string) => (text += piece))
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text })
      )
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

function lastUp(): IncomingHttpHeaders {
  return got.at(-1)?.headers ?? {}
}

const ALLOWED = {
  accept: 'application/json;q=0.5',
  'accept-language': 'de',
  'content-language': 'en',
  'content-type': 'application/json; charset=utf-8',
  'idempotency-key': 'once',
  'if-match': '"a"',
  'if-modified-since': 'Sun, 01 Nov 2026 00:00:00 GMT',
  'if-none-match': '"b"',
  'if-range': '"c"',
  'if-unmodified-since': 'Sun, 01 Nov 2026 00:00:00 GMT',
  range: 'bytes=0-1',
  'user-agent': 'a client/1.0',
  'x-heygen-client-origin': 'https://example.com',
  'x-heygen-source': 'cli',
}

const KEPT_BACK = {
  cookie: 'session=private',
  'proxy-authorization': 'Basic private',
  'cf-connecting-ip': '203.0.113.7',
  'cf-ray': 'private',
  'cf-ipcountry': 'XX',
  'cf-access-jwt-assertion': 'private',
  'true-client-ip': '203.0.113.7',
  'x-real-ip': '203.0.113.7',
  'x-forwarded-for': '203.0.113.7',
  'x-forwarded-host': 'private.example',
  'x-forwarded-proto': 'gopher',
  forwarded: 'for=203.0.113.7',
  via: '1.1 private',
  te: 'trailers',
  origin: 'https://private.example',
  referer: 'https://private.example/',
  prefer: 'wait=1',
  'x-gateway-account': 'eve@example.com',
  'x-gateway-reply-url': 'https://private.example/',
  'x-gateway-nonsense': 'private',
  'x-request-id': 'private',
  'x-custom': 'private',
  'sec-fetch-site': 'private',
  'x-hop': 'private',
  connection: 'keep-alive, x-hop',
}

/** What HTTP itself and the platform (cf-worker) put on a request. */
const OF_THE_CONNECTION = [
  'accept-encoding',
  'cf-worker',
  'connection',
  'content-length',
  'host',
  'transfer-encoding',
]

const CALLS = [
  ['GET', '/heygen/v3/videos'],
  ['GET', '/v3/anything'],
  ['POST', '/v3/anything'],
  ['GET', '/heygen/v1/video_status.get?video_id=abc'],
  ['POST', '/heygen/v3/videos'],
  ['POST', '/heygen/v1/audio/text_to_speech'],
  ['POST', '/heygen/v1/asset'],
  ['PATCH', '/heygen/v3/brand-kits/abc'],
  ['DELETE', '/heygen/v3/videos/abc'],
] as const

/** A creation that is documented to, and a path of v3 that nobody knows: by a name of the gateway's, never the client's. */
const TAKE_A_KEY = new Set<string>(['POST /heygen/v3/videos', 'POST /v3/anything'])

test.each(CALLS)(
  'only the allow-list goes up, with the account’s key: %s %s',
  async (method, path) => {
    answering = (outgoing) => outgoing.writeHead(400).end('{"error":{"code":"x","message":"y"}}')
    const body = method === 'GET' || method === 'DELETE' ? '' : JSON.stringify(VIDEO)
    const authorization = `Bearer ${observed.token}`
    const before = got.length
    const { 'idempotency-key': once, ...always } = ALLOWED
    const key = { 'idempotency-key': expect.stringMatching(/^[\w:.-]{16,255}$/) as string }
    const allowed = TAKE_A_KEY.has(`${method} ${path}`) ? { ...always, ...key } : always
    const sent = { ...always, 'idempotency-key': once }
    await call(path, { ...sent, ...KEPT_BACK, authorization }, { method, body })
    expect(got.length).toBe(before + 1)
    const up = lastUp()
    expect(up['idempotency-key']).not.toBe(once)
    expect(up).toMatchObject({ ...allowed, 'x-api-key': 'sk_test_eve' })
    const names = Object.keys(up).filter((name) => !OF_THE_CONNECTION.includes(name))
    expect(names.toSorted()).toEqual([...Object.keys(allowed), 'x-api-key'].toSorted())
    expect(up.host).toBe(new URL(origin).host)
    expect(JSON.stringify([up, got.at(-1)?.rawHeaders])).not.toMatch(
      new RegExp(`private|203\\.0\\.113|${observed.token}`)
    )
  }
)

test('a token that came as X-Api-Key is replaced by the account’s key', async () => {
  answering = (outgoing) => outgoing.end('{"data":{}}')
  const answer = await call('/heygen/v3/avatars', { 'x-api-key': observed.token })
  expect(answer.status).toBe(200)
  expect(lastUp()['x-api-key']).toBe('sk_test_eve')
  expect(lastUp()['authorization']).toBeUndefined()
  expect(JSON.stringify(got.at(-1)?.rawHeaders)).not.toContain(observed.token)
})

const PASSED = {
  'cache-control': 'private, max-age=5',
  'content-disposition': 'attachment; filename="a.json"',
  'content-type': 'application/json; charset=utf-8; profile="x"',
  etag: '"abc"',
  'last-modified': 'Sun, 01 Nov 2026 00:00:00 GMT',
  link: '</v3/videos?token=2>; rel="next"',
  'retry-after': '7',
  vary: 'Accept-Language',
  'x-ratelimit-remaining': '3',
}

const NOT_PASSED = {
  server: 'forged',
  'cf-ray': 'forged',
  'cf-cache-status': 'forged',
  'x-gateway-job': 'forged',
  'x-gateway-error': 'forged',
  'x-gateway-partial': 'forged',
  'x-gateway-nonsense': 'forged',
  'access-control-allow-origin': 'https://forged.example',
  'access-control-allow-credentials': 'true',
  'access-control-expose-headers': 'forged',
  'alt-svc': 'h3="forged:443"',
  nel: '{"report_to":"forged"}',
  'report-to': '{"group":"forged"}',
  'strict-transport-security': 'max-age=1',
  via: '1.1 forged',
  'x-powered-by': 'forged',
  'x-amz-cf-id': 'forged',
  'x-envoy-upstream-service-time': '5',
  'proxy-authenticate': 'Basic realm="forged"',
  'x-hop': 'forged',
  connection: 'keep-alive, x-hop',
}

test.each([
  ['GET', '/heygen/v3/videos', 200],
  ['GET', '/heygen/v1/video_status.get?video_id=abc', 200],
  ['POST', '/heygen/v3/videos', 200],
  ['POST', '/heygen/v3/videos', 400],
  ['POST', '/heygen/v1/audio/text_to_speech', 200],
  ['POST', '/heygen/v1/audio/text_to_speech', 400],
  ['POST', '/heygen/v1/asset', 200],
  ['GET', '/heygen/v3/videos/abc', 404],
] as const)(
  'what the provider’s edge or a forger puts on an answer stays behind: %s %s %i',
  async (method, path, status) => {
    answering = (outgoing) => {
      const forged = { ...NOT_PASSED, 'x-gateway-account': 'forged', 'x-request-id': 'theirs' }
      const cookies = { 'set-cookie': ['a=forged; Path=/', 'b=forged'] }
      outgoing.writeHead(status, { ...PASSED, ...forged, ...cookies })
      outgoing.end('{"data":{"video_id":"v1"}}')
    }
    const authorization = `Bearer ${observed.token}`
    const body = method === 'GET' ? '' : JSON.stringify(VIDEO)
    const headers = { authorization, 'content-type': 'application/json' }
    const answer = await call(path, headers, { method, body })
    // A cache that keeps it is told whose it is.
    const vary = 'Accept-Language, Authorization, X-Api-Key, X-Gateway-Account'
    expect(answer).toMatchObject({ status, headers: { ...PASSED, vary } })
    expect(answer.text).toBe('{"data":{"video_id":"v1"}}')
    expect(answer.headers['x-gateway-account']).toBe('eve@example.com')
    expect(answer.headers['x-upstream-request-id']).toBe('theirs')
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
    expect(answer.headers['set-cookie']).toBeUndefined()
    const came = { ...answer.headers, connection: undefined }
    const forged = Object.keys(NOT_PASSED).filter((name) => name in came && name !== 'connection')
    const isJob = method === 'POST' && path.endsWith('/videos') && status === 200
    expect(forged).toEqual(isJob ? ['x-gateway-job'] : [])
    expect(JSON.stringify(came)).not.toContain('forged')
    if (isJob) {
      const freed = '/v1/heygen/scheduler/v1?force=true'
      expect((await observed.fetch(freed, { method: 'DELETE' })).status).toBe(204)
    }
  }
)

test('a redirect that carries the account’s key loses its Location [I6]', async () => {
  answering = (outgoing) => outgoing.writeHead(302, { location: `${DECOY}/?key=sk_test_eve` }).end()
  const answer = await call('/heygen/v3/videos', { authorization: `Bearer ${observed.token}` })
  expect(answer.status).toBe(302)
  expect(answer.headers['location']).toBeUndefined()
  expect(JSON.stringify(answer)).not.toContain('sk_test_eve')
  expect(heard).toEqual([])
})

test.each([
  ['GET', '/heygen/v3/videos'],
  ['POST', '/heygen/v3/videos'],
  ['POST', '/heygen/v3/voices/speech'],
  ['POST', '/heygen/v1/asset'],
  ['DELETE', '/heygen/v3/videos/abc'],
])('a redirect is passed on and not followed: %s %s', async (method, path) => {
  const location = `${DECOY}/somewhere?a=b`
  await simulated.sim.clearFaults()
  await simulated.sim.fault({ times: 1, effect: { redirect: location } })
  await simulated.sim.forgetRequests()
  const answer = await simulated.fetch(path, {
    method,
    headers: { 'x-gateway-account': 'ann@example.com', 'content-type': 'application/json' },
    ...(method === 'POST' ? { body: JSON.stringify(VIDEO) } : {}),
  })
  expect({ status: answer.status, location: answer.headers.get('location') }).toEqual({
    status: 302,
    location,
  })
  expect(answer.headers.get('x-gateway-job')).toBeNull()
  expect(await simulated.sim.requests()).toHaveLength(1)
  expect(heard).toEqual([])
  // That of a generation comes free behind the answer.
  await until(async () => (await simulated.heldSlots()) === 0)
})

test('what the simulator’s faults forge does not come down', async () => {
  const headers = {
    'set-cookie': 'a=forged',
    server: 'forged',
    'cf-ray': 'forged',
    'x-gateway-job': 'forged',
    'x-gateway-account': 'forged',
    'access-control-allow-origin': 'https://forged.example',
  }
  await simulated.sim.clearFaults()
  await simulated.sim.fault({ times: 1, effect: { headers } })
  const named = { headers: { 'x-gateway-account': 'ann@example.com' } }
  const answer = await simulated.fetch('/heygen/v3/users/me', named)
  expect(answer.status).toBe(200)
  expect(JSON.stringify([...answer.headers])).not.toContain('forged')
  expect(answer.headers.get('x-gateway-account')).toBe('ann@example.com')
})

test('a 429 of the provider passes with its Retry-After, body and content type', async () => {
  const { token } = await simulated.newToken()
  const authorization = `Bearer ${token}`
  await simulated.sim.addAccount('cid@example.com', 'sk_test_cid')
  const json = { authorization, 'content-type': 'application/json' }
  const account = { email: 'cid@example.com', apiKey: 'sk_test_cid', maxJobs: 1 }
  const body = JSON.stringify(account)
  await simulated.fetch('/v1/heygen/accounts', { method: 'POST', headers: json, body })
  const effect = {
    status: 429,
    body: '{"error": {"code":"rate_limit_exceeded" , "message":"slow"}}',
    headers: { 'retry-after': '17', 'content-type': 'application/problem+json' },
  }
  await simulated.sim.fault({ match: { account: 'cid@example.com' }, times: 1, effect })
  const answer = await simulated.fetch('/heygen/v3/videos', { headers: { authorization } })
  expect({
    status: answer.status,
    wait: answer.headers.get('retry-after'),
    type: answer.headers.get('content-type'),
    ours: answer.headers.get('x-gateway-error'),
    body: await answer.text(),
  }).toEqual({
    status: 429,
    wait: '17',
    type: 'application/problem+json',
    ours: null,
    body: effect.body,
  })
})

test.each(['/heygen/v1/video.list', '/heygen/v2/avatars', '/heygen/v3/videos', '/v3/videos'])(
  'a token as X-Api-Key works where the provider’s key would stand: %s',
  async (path) => {
    const headers = { 'x-api-key': simulated.token }
    const answer = await fetch(simulated.url + path, { headers })
    expect(answer.status).toBe(200)
  }
)

test.each([
  '/v1/heygen/accounts',
  '/v1/heygen/scheduler',
  '/v1/heygen/scheduler/available',
  '/v1/heygen/jobs',
  '/v1/heygen/tts/voices',
  '/v2/account',
  '/admin/tokens',
])('a token as X-Api-Key does not work on our own paths: %s', async (path) => {
  const headers = { 'x-api-key': simulated.token }
  const answer = await fetch(simulated.url + path, { headers })
  expect({ status: answer.status, body: await answer.json() }).toEqual({
    status: 401,
    body: { error: 'Unauthorized', code: 401 },
  })
})

test('the account that X-Gateway-Account names serves, whatever its name looks like', async () => {
  for (const email of [
    'bob@example.com',
    'BOB@Example.com',
    'bob@example.com',
    'bob@example.com',
  ]) {
    const headers = { 'x-gateway-account': email }
    const answer = await simulated.fetch('/heygen/v3/users/me', { headers })
    const body = (await answer.json()) as { data: { email: string } }
    expect(body.data.email).toBe('bob@example.com')
    expect(answer.headers.get('x-gateway-account')).toBe('bob@example.com')
  }
})

test('a job goes to the account that X-Gateway-Account names, and nowhere else when it is full', async () => {
  const named = { 'x-gateway-account': 'bob@example.com' }
  const made = [await simulated.createVideo({}, named), await simulated.createVideo({}, named)]
  expect(made.map((answer) => answer.status)).toEqual([200, 200])
  expect(made.map((answer) => answer.headers.get('x-gateway-account'))).toEqual([
    'bob@example.com',
    'bob@example.com',
  ])
  const refused = await simulated.createVideo({}, named)
  expect(refused.status).toBe(429)
  expect(refused.headers.get('x-gateway-error')).toBe('slots_full')
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(5)
  const { inFlight, maxInFlight } = await simulated.sim.account('bob@example.com')
  expect({ inFlight, maxInFlight }).toEqual({ inFlight: 2, maxInFlight: 2 })
  expect((await simulated.sim.account('ann@example.com')).jobsStarted).toBe(0)
  for (const answer of made) {
    const path = `/v1/heygen/scheduler/${answer.headers.get('x-gateway-job')}?force=true`
    expect((await simulated.fetch(path, { method: 'DELETE' })).status).toBe(204)
  }
})

test.each([
  ['GET', '/heygen/v1/video.list', { code: 404 }],
  ['GET', '/heygen/v2/avatars', { data: null, error: { code: 'account_not_found' } }],
  ['GET', '/heygen/v3/videos', { error: { code: 'account_not_found' } }],
  ['POST', '/heygen/v3/videos', { error: { code: 'account_not_found' } }],
] as const)('a named account that does not exist is a 404: %s %s', async (method, path, shape) => {
  await simulated.sim.forgetRequests()
  const answer = await simulated.fetch(path, {
    method,
    headers: { 'x-gateway-account': 'nobody@example.com', 'content-type': 'application/json' },
    ...(method === 'POST' ? { body: JSON.stringify(VIDEO) } : {}),
  })
  expect(answer.status).toBe(404)
  expect(answer.headers.get('x-gateway-error')).toBe('account_not_found')
  expect(await answer.json()).toMatchObject(shape)
  expect(await simulated.sim.requests()).toEqual([])
})
