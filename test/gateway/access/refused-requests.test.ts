/** Requests that would lead elsewhere: no path, header or framing reaches another host, another path or the operator's. */
import { expect, test } from 'vitest'
import {
  ACCOUNTS,
  checkRefusal,
  familyOf,
  LEAK,
  openRaw,
  type Family,
} from '../../support/scenes/raw-requests.ts'

const {
  gateway,
  host: HOST,
  decoy,
  raw,
  head,
  ask,
  send,
  checkNothingWentUp,
  checkSlotsFree,
} = await openRaw()
const { host: DECOY, heard } = decoy

test.each(['TRACE', 'PROPFIND', 'PURGE', 'MKCOL', 'SEARCH', 'QUERY', 'LOCK'])(
  'a method that no provider has is refused: %s',
  async (method) => {
    await gateway.sim.forgetRequests()
    for (const path of ['/heygen/v1/video.list', '/heygen/v2/avatars', '/v3/videos', ACCOUNTS]) {
      const answer = await ask(path, { method })
      const isOwn = path === ACCOUNTS
      expect({ path, status: answer.status }).toEqual({ path, status: isOwn ? 405 : 404 })
      checkRefusal(answer, isOwn ? 'method_not_allowed' : 'not_found', familyOf(path))
    }
    await checkNothingWentUp(method)
    await checkSlotsFree()
  }
)

/** workerd itself answers these (500 and 501); behind Cloudflare's edge they do not even reach it. */
test.each([
  ['CONNECT', '/heygen/v3/users/me'],
  ['CONNECT', DECOY],
  ['BREW', '/heygen/v3/users/me'],
  ['get', '/heygen/v3/users/me'],
  ['OPTIONS', '*'],
])('what the runtime cannot read goes nowhere: %s %s', async (method, target) => {
  await gateway.sim.forgetRequests()
  const answer = await ask(target, { method })
  expect(answer.status).toBeGreaterThanOrEqual(400)
  expect(answer.text).not.toMatch(LEAK)
  await checkNothingWentUp(method)
})

test('a method that a path of ours does not have is refused', async () => {
  for (const method of ['PUT', 'PATCH', 'OPTIONS']) {
    checkRefusal(await send(ACCOUNTS, { method }), 'method_not_allowed', 'own')
  }
  const posted = await send('/v1/heygen/scheduler', { method: 'POST' })
  checkRefusal(posted, 'method_not_allowed', 'own')
})

test.each<[string, Family]>([
  ['/heygen/v3/videos/%', 'v3'],
  ['/heygen/v3/videos/%zz', 'v3'],
  ['/heygen/v3/videos/%00', 'v3'],
  ['/heygen/v3/videos/%0d%0aX-Evil:1', 'v3'],
  ['/heygen/v3/videos/%2e%2e%2f', 'v3'],
  ['/heygen/v3/videos/..%2f..%2fadmin', 'v3'],
  ['/v3/videos/..%2f..%2fadmin', 'v3'],
  ['/heygen/v3/videos/%2F', 'v3'],
  ['/heygen/v3/videos/%5c', 'v3'],
  ['/heygen/v3/videos/%ff%fe', 'v3'],
  ['/heygen/v3/videos/%ed%a0%80', 'v3'],
  ['/heygen/v3//videos', 'v3'],
  ['/heygen/v3/videos//', 'v3'],
  ['/heygen/v2/%zz', 'v2'],
  ['/heygen/v1/%zz', 'v1'],
  ['/heygen//v3/videos', 'v1'],
  ['//', 'own'],
  ['//heygen/v3/videos', 'own'],
  ['//admin/tokens', 'own'],
  [`//${DECOY}/v3/users/me`, 'own'],
  [`/heygen//${DECOY}/v3/users/me`, 'v1'],
  [`/heygen/http://${DECOY}/v3/users/me`, 'v1'],
  [`/heygen/%2f%2f${DECOY}/v3/users/me`, 'v1'],
  [`/heygen/%5c%5c${DECOY}/v3/users/me`, 'v1'],
  [`/heygen/\\\\${DECOY}/v3/users/me`, 'v1'],
  ['/v1/heygen/accounts/%zz', 'own'],
  ['/v1/heygen/accounts/%00', 'own'],
  ['/v1/heygen//accounts', 'own'],
])(
  'a path that means different things to different readers is refused: %s',
  async (path, family) => {
    await gateway.sim.forgetRequests()
    for (const method of ['GET', 'POST', 'DELETE']) {
      const answer = await ask(path, { method, body: '{}' })
      expect(answer.status).toBe(400)
      checkRefusal(answer, 'bad_request', family)
    }
    await checkNothingWentUp(path)
  }
)

test.each([
  '/heygen/../admin/tokens',
  '/heygen/%2e%2e/admin/tokens',
  '/heygen/v3/..%5c../admin/tokens',
  '/heygen\\..\\admin\\tokens',
  '/v3/videos/../../admin/tokens',
  '/heygen/.%2e/%2e./admin/tokens',
])('no way round leads into /admin: %s', async (path) => {
  await gateway.sim.forgetRequests()
  const answer = await ask(path)
  expect([400, 401], answer.text).toContain(answer.status)
  expect(answer.text).not.toContain('"tokens"')
  await checkNothingWentUp(path)
})

test.each([
  ['/heygen/v3/../v3/./users/me', '/v3/users/me'],
  ['/heygen/../v3/users/me', '/v3/users/me'],
  ['/heygen/v3\\users\\me', '/v3/users/me'],
  ['/heygen/v3/users/me/../../../..//x', undefined],
  ['/heygen/%2e%2e/%2e%2e/%2e%2e/__sim/state', undefined],
  ['/heygen/../../__sim/state', undefined],
  [`/@${DECOY}/v3/users/me`, undefined],
  [`/heygen/@${DECOY}/v3/users/me`, `/@${DECOY}/v3/users/me`],
  [`/heygen/.@${DECOY}/`, `/.@${DECOY}/`],
  [`/heygen/v3/users/me?url=http://${DECOY}/`, '/v3/users/me'],
  [`/heygen/v3/users/me?origin=//${DECOY}&host=${DECOY}`, '/v3/users/me'],
  ['/heygen/v3/users/me#/../../admin', '/v3/users/me'],
  ['/heygen/v3/users/me?a=%zz&b=%00', '/v3/users/me'],
  [`http://${DECOY}/heygen/v3/users/me`, '/v3/users/me'],
  [`http://${DECOY}/v3/users/me`, '/v3/users/me'],
  [`https://${DECOY}/v3/users/me`, '/v3/users/me'],
  [`http://a:b@${DECOY}/v3/users/me`, '/v3/users/me'],
])('a call can name no other host than the provider: %s', async (target, path) => {
  await gateway.sim.forgetRequests()
  const answer = await ask(target)
  expect(answer.status).toBeLessThan(500)
  const seen = await gateway.sim.requests()
  expect(seen.map((one) => `${one.host} ${one.path}`)).toEqual(path ? [`api ${path}`] : [])
  expect(heard).toEqual([])
})

test.each([
  [`Host: ${DECOY}`],
  [`X-Forwarded-Host: ${DECOY}`],
  [`Forwarded: host=${DECOY};proto=http`],
  [`X-Original-URL: /admin/tokens`],
  [`X-Rewrite-URL: http://${DECOY}/`],
  [`X-Http-Method-Override: DELETE`],
  [`X-Host: ${DECOY}`],
  [`Referer: http://${DECOY}/`],
  [`Origin: http://${DECOY}`],
])('a header can name no other host, path or method: %s', async (line) => {
  await gateway.sim.forgetRequests()
  const host = line.startsWith('Host: ') ? { host: DECOY } : { headers: [line] }
  const answer = await ask('/heygen/v3/users/me', host)
  expect(answer.status).toBe(200)
  const seen = await gateway.sim.requests()
  expect(seen.map((one) => `${one.method} ${one.host} ${one.path}`)).toEqual([
    'GET api /v3/users/me',
  ])
  expect(JSON.stringify(seen)).not.toContain(DECOY)
  expect(heard).toEqual([])
})

test.each([
  ['a length and chunks', ['Content-Length: 6', 'Transfer-Encoding: chunked']],
  ['chunks and a length', ['Transfer-Encoding: chunked', 'Content-Length: 6']],
  ['two lengths', ['Content-Length: 6', 'Content-Length: 90']],
  ['a length that is none', ['Content-Length: 6, 90']],
  ['a negative length', ['Content-Length: -1']],
  ['an unknown coding', ['Transfer-Encoding: xchunked']],
  ['a folded header', ['Transfer-Encoding:', ' chunked', 'Content-Length: 6']],
])('a request inside the body of a request reaches nobody: %s', async (_, framing) => {
  await gateway.sim.forgetRequests()
  const inner = `GET /heygen/v3/smuggled HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`
  const headers = [...framing, 'Content-Type: image/png']
  const outer = head('/heygen/v1/asset', { method: 'POST', headers })
  const answer = await raw(`${outer}0\r\n\r\nX${inner}`)
  expect(answer.status).toBeLessThan(500)
  const seen = (await gateway.sim.requests()).map((one) => one.path)
  expect(seen.filter((path) => path !== '/v1/asset')).toEqual([])
  expect(seen.length).toBeLessThanOrEqual(1)
  await checkSlotsFree()
})

test('what is very long is answered or refused, never broken', async () => {
  const long = 'a'.repeat(8_000)
  for (const target of [
    `/heygen/v3/videos/${long}`,
    `/heygen/v3/videos?x=${long}`,
    `/heygen${'/a'.repeat(4_000)}`,
    `/v1/heygen/jobs/${long}`,
    `/v1/heygen/accounts/${long}`,
    `/v1/heygen/scheduler/${long}`,
    `/${long}`,
    `/heygen/v3/videos?x=${'b'.repeat(1_000_000)}`,
    `/heygen/v3/videos?${'x=1&'.repeat(5_000)}`,
  ]) {
    const answer = await ask(target)
    expect({ target: target.slice(0, 40), status: answer.status }).toEqual({
      target: target.slice(0, 40),
      status: expect.toSatisfy((status: number) => status >= 200 && status < 500) as number,
    })
    expect(answer.text).not.toMatch(LEAK)
  }
  const many = Array.from({ length: 100 }, (_, index) => `X-Many-${index}: ${index}`)
  await gateway.sim.forgetRequests()
  expect((await ask('/heygen/v3/users/me', { headers: many })).status).toBe(200)
  const [seen] = await gateway.sim.requests()
  expect(Object.keys(seen?.headers ?? {}).filter((name) => name.startsWith('x-many'))).toEqual([])
  await checkSlotsFree()
})

test('odd account names, job ids and queries on our own paths are refused', async () => {
  for (const name of ['', ' ', 'x', '\u00fc', 'a,b', "' OR 1=1 --", 'ann@example.com '.repeat(9)]) {
    const headers = { 'x-gateway-account': encodeURIComponent(name) || 'none' }
    const answer = await send('/heygen/v3/users/me', { headers })
    checkRefusal(answer, 'account_not_found', 'v3')
  }
  checkRefusal(await send("/v1/heygen/jobs/' OR 1=1 --"), 'not_found', 'own')
  checkRefusal(await send('/v1/heygen/jobs/__proto__'), 'not_found', 'own')
  const forced = '/v1/heygen/scheduler/x?force='
  for (const value of ['yes', '%zz', '1', '']) {
    const answer = await send(forced + value, { method: 'DELETE' })
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
  }
  for (const query of ['page=0', 'limit=-1', 'limit=x', 'limit=99999', 'voice_id=', 'x=1']) {
    const answer = await send(`/v1/heygen/tts/voices?${query}`)
    expect({ query, status: answer.status }).toEqual({ query, status: 400 })
    checkRefusal(answer, 'bad_request', 'own')
  }
})

test('the other host has heard nothing', () => {
  expect(heard).toEqual([])
})
