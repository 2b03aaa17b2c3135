/** Who may do what, how failed guesses are damped, and what may be kept of an answer on its way. */
import { readFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, expect, test } from 'vitest'
import { PROVIDERS } from '../../../src/providers/index.ts'
import { advance, MINUTE, stopClock } from '../../support/clock/clock.ts'
import { until, type Gateway } from '../../support/gateway.ts'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { addEndpoint, LOOPBACK } from '../../support/scenes/hooked.ts'
import { Receiver } from '../../support/receiver.ts'
import { testFull } from '../../support/full.ts'

const open = gatewaysOfFile()
const receiver = await Receiver.open()
afterAll(() => receiver.close())
const gateway = await open({
  accounts: { a: 3, b: 3 },
  simVars: { JOB_MS: '600000' },
  vars: LOOPBACK,
})
const use = gateway.as(
  (await gateway.newToken({ tenant: await tenantOf(gateway), scope: 'use' })).token
)

async function tenantOf(one: Gateway): Promise<string> {
  return ((await (await one.fetch('/v2/account')).json()) as { id: string }).id
}

// --- scopes

type Needs = 'use' | 'full' | 'operator'

interface Operation {
  security?: Record<string, string[]>[]
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete']
/** Providers' own paths are tested below. */
const DROP_IN = new RegExp(`^/(${PROVIDERS.map(({ name }) => name).join('|')})/`)

/** Our own paths that take a token, as the OpenAPI document has them. */
function ownRoutes(): { method: string; path: string; needs: Needs }[] {
  const { paths, security: usual } = JSON.parse(readFileSync('docs/openapi.json', 'utf8')) as {
    paths: Record<string, Record<string, Operation>>
    security: Record<string, string[]>[]
  }
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([method]) => METHODS.includes(method) && !DROP_IN.test(path))
      .flatMap(([method, { security = usual }]) => {
        const [scheme] = security
        if (scheme === undefined) return []
        if (scheme['operator']) return [{ method, path, needs: 'operator' as const }]
        return [{ method, path, needs: (scheme['token']?.[0] ?? 'use') as Needs }]
      })
  )
}

/** What a token that may only use may not do on our own paths. Whoever adds a route decides it here once more. */
const FULL_ONLY = [
  'patch /v1/heygen/accounts/{email}',
  'patch /v1/heygen/settings',
  'patch /v1/kling/accounts/{email}',
  'patch /v1/kling/settings',
  'post /v1/heygen/accounts',
  'delete /v1/heygen/accounts/{email}',
  'post /v1/heygen/accounts/{email}/unpark',
  'post /v1/heygen/accounts/{email}/test',
  'post /v1/heygen/accounts/sign-in',
  'get /v1/heygen/accounts/sign-in/{id}',
  'delete /v1/heygen/accounts/sign-in/{id}',
  'post /v1/kling/accounts',
  'post /v1/kling/accounts/{email}/unpark',
  'post /v1/kling/accounts/{email}/test',
  'delete /v1/kling/accounts/{email}',
  'post /v1/alerts',
  'post /v1/alerts/{id}/test',
  'delete /v1/alerts/{id}',
  'post /v1/callback-secret',
  'post /v2/account',
  'post /v1/heygen/accounts/{email}/drain',
  'post /v1/heygen/accounts/{email}/undrain',
  'post /v1/heygen/queue/pause',
  'post /v1/heygen/queue/resume',
  'post /v1/kling/accounts/{email}/drain',
  'post /v1/kling/accounts/{email}/undrain',
  'post /v1/kling/queue/pause',
  'post /v1/kling/queue/resume',
  'get /v1/audit',
]

/** Changes that any token may make: it may use what the accounts hold. */
const USE_CHANGES = [
  /^post \/v1\/heygen\/tts\/create$/,
  /^post \/v1\/kling\/(videos|images|tts|tasks|assets|avatars)\b/,
  /^delete \/v1\/(heygen|kling)\/scheduler\/\{id\}$/,
  /^post \/(v1\/live|mcp)$/,
  /^(post|delete) \/v1\/(heygen|kling)\/queue(\/\{id\})?$/,
  /^post \/v1\/deliveries\/\{id\}\/retry$/,
]

test('every route of ours says which scope it needs, and a token without it is refused before anything is read', async () => {
  const routes = ownRoutes()
  expect(routes.length).toBeGreaterThan(30)
  const names = (needs: Needs) =>
    routes.filter((one) => one.needs === needs).map(({ method, path }) => `${method} ${path}`)
  expect(names('full').toSorted()).toEqual(FULL_ONLY.toSorted())
  const changes = names('use').filter((name) => !name.startsWith('get '))
  const undecided = changes.filter((name) => !USE_CHANGES.some((form) => form.test(name)))
  expect(undecided).toEqual([])
  for (const { method, path, needs } of routes) {
    const at = path.replaceAll(/\{\w+\}/g, 'nobody')
    // What it would change is not there, or the body is missing: nothing is changed.
    const answer = await use.fetch(at, { method: method.toUpperCase() })
    const told = `${method} ${path} ${answer.status} ${await answer.clone().text()}`
    if (needs === 'operator') expect(answer.status, told).toBe(401)
    else if (needs === 'full') {
      expect(answer.status, told).toBe(403)
      expect(answer.headers.get('x-gateway-error'), told).toBe('forbidden')
    } else expect(answer.status, told).not.toBe(403)
  }
})

test('every path that the gateway keeps in the provider’s place and that changes something needs full, under each of its spellings', async () => {
  const kept = PROVIDERS.flatMap(({ name, routes }) =>
    routes.table.filter(({ pool }) => pool === 'gateway').map((row) => ({ name, ...row }))
  )
  const changing = kept.filter(({ method }) => method !== 'GET')
  expect(changing.length).toBeGreaterThan(6)
  for (const { name, method, path } of changing) {
    const at = path.replaceAll(/\{\w+\}/g, 'nobody')
    const roots = name === 'heygen' ? [`/${name}`, ''] : [`/${name}`]
    for (const root of roots) {
      for (const spelled of [
        root + at,
        `${root}${at}/`,
        root + at.replace('webhook', '%77ebhook'),
      ]) {
        const init = { method, body: method === 'DELETE' ? null : '{}' }
        const answer = await use.fetch(spelled, init)
        expect([answer.status, spelled, method]).toEqual([403, spelled, method])
      }
    }
  }
  for (const { name, path } of kept.filter(({ method }) => method === 'GET')) {
    const answer = await use.fetch(`/${name}${path.replaceAll(/\{\w+\}/g, 'nobody')}`)
    expect(answer.status, path).not.toBe(403)
  }
})

test('a token that may only use frees no slot by force, however it is asked, and still ends tracking', async () => {
  const created = await use.createVideo()
  const job = created.headers.get('x-gateway-job') ?? ''
  const path = `/v1/heygen/scheduler/${job}`
  const held = await gateway.heldSlots()
  for (const query of [
    'force=true',
    'force=true&force=false',
    'force=false&force=true',
    '%66orce=true',
  ]) {
    const answer = await use.fetch(`${path}?${query}`, { method: 'DELETE' })
    expect([answer.status, query]).toEqual([403, query])
    expect(await answer.json()).toMatchObject({ code: 403 })
  }
  expect((await use.fetch(path, { method: 'DELETE' })).status).toBe(204)
  expect(await gateway.heldSlots()).toBe(held)
  const other = (await use.createVideo()).headers.get('x-gateway-job') ?? ''
  const forced = await gateway.fetch(`/v1/heygen/scheduler/${other}?force=true`, {
    method: 'DELETE',
  })
  expect([forced.status, await gateway.heldSlots()]).toEqual([204, held])
})

// --- stream tokens

const NEW = { avatar_name: 'Wayne_20240711', quality: 'low', voice: {}, version: 'v2' }

async function streamTokenOf(token: string): Promise<string> {
  const answer = await gateway.as(token).post('/v1/streaming.create_token', {})
  expect(answer.status, await answer.clone().text()).toBe(200)
  return ((await answer.json()) as { data: { token: string } }).data.token
}

function stream(token: string, path: string, body: unknown = NEW): Promise<Response> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  return fetch(`${gateway.url}/v1/${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
}

test('a stream token ends with the token that made it, on every streaming path, and another’s lives on [I6]', async () => {
  const tenant = await tenantOf(gateway)
  const maker = await gateway.newToken({ tenant })
  const [mine, theirs] = [await streamTokenOf(maker.token), await streamTokenOf(gateway.token)]
  const opened = await stream(mine, 'streaming.new')
  expect(opened.status, await opened.clone().text()).toBe(200)
  const { data } = (await opened.json()) as { data: { session_id: string } }
  const session = { session_id: data.session_id }
  await gateway.admin('PATCH', `/tokens/${maker.id}`, { subscription: 'lapsed' })
  await gateway.sim.forgetRequests()
  for (const path of ['streaming.new', 'streaming.task', 'streaming.stop']) {
    const answer = await stream(mine, path, path === 'streaming.new' ? NEW : session)
    expect([answer.status, path, answer.headers.get('x-gateway-error')]).toEqual([
      402,
      path,
      'subscription_required',
    ])
    expect(answer.headers.get('access-control-allow-origin')).toBe('*')
  }
  await gateway.admin('PATCH', `/tokens/${maker.id}`, { subscription: 'active' })
  expect((await stream(mine, 'streaming.stop', session)).status).toBe(200)
  await gateway.admin('PATCH', `/tokens/${maker.id}`, { expiresAt: '2020-01-01T00:00:00Z' })
  expect((await stream(mine, 'streaming.new')).status).toBe(401)
  await gateway.admin('DELETE', `/tokens/${maker.id}`)
  expect((await stream(mine, 'streaming.new')).status).toBe(401)
  const socket = `${gateway.url}/v1/ws/streaming.chat?session_id=x&session_token=${mine}`
  expect((await fetch(socket)).status).toBe(401)
  const lives = await stream(theirs, 'streaming.new')
  expect(lives.status).toBe(200)
  const { data: other } = (await lives.json()) as { data: { session_id: string } }
  expect((await stream(theirs, 'streaming.stop', { session_id: other.session_id })).status).toBe(
    200
  )
})

// --- damping

async function guess(address: string, path = '/heygen/v3/users/me', more = {}): Promise<number> {
  const headers = { authorization: 'Bearer wrong', 'cf-connecting-ip': address }
  return (await fetch(gateway.url + path, { headers, ...more })).status
}

/** 120 failures a minute are answered: of 300 in less than two minutes some minute has more. */
async function isDamped(one: (n: number) => Promise<number>): Promise<boolean> {
  for (let n = 0; n < 300; n += 1) {
    const status = await one(n)
    if (status === 429) return true
    expect(status).toBe(401)
  }
  return false
}

const hex = (n: number) => n.toString(16)

// Of its kind in `npm test`: this file: an IPv4 address counts as itself
testFull(
  'failed guesses from one IPv6 network of 64 bits count together, and those of another do not',
  async () => {
    const from = (n: number) =>
      n % 2 ? `2001:db8:1:2:${hex(n)}:${hex(n * 7)}::${hex(n)}` : `2001:0DB8:0001:0002::${hex(n)}`
    expect(await isDamped((n) => guess(from(n + 1)))).toBe(true)
    expect(await guess('2001:db8:1:3::9')).toBe(401)
  }
)

test('an IPv4 address counts as itself, also where it comes as IPv6', async () => {
  const forms = [
    '198.51.100.7',
    '::ffff:198.51.100.7',
    '::FFFF:c633:6407',
    '0:0:0:0:0:ffff:198.51.100.7',
  ]
  expect(await isDamped((n) => guess(forms[n % 4] ?? ''))).toBe(true)
  expect(await guess('::ffff:198.51.100.8')).toBe(401)
  expect(await guess('198.51.100.8')).toBe(401)
})

// Of its kind in `npm test`: access/refused-tokens.test.ts: after 120 failed authentications
testFull(
  'addresses of webhooks and callbacks that nobody gave out are damped, and those given out are heard',
  async () => {
    const guesses = async (n: number) =>
      guess('203.0.113.9', n % 2 ? '/webhooks/heygen/garbage' : `/callbacks/kling/x${n}`, {
        method: 'POST',
        body: '{}',
      })
    expect(await isDamped(guesses)).toBe(true)
    const endpoint = await until(async () => {
      const list = await fetch(`${gateway.sim.url}/api.heygen.com/v1/webhook/endpoint.list`, {
        headers: { 'x-api-key': 'sk_test_a' },
      })
      const { data } = (await list.json()) as { data: { url: string }[] }
      return data.find(({ url }) => url.includes('/webhooks/heygen/'))
    })
    const heard = await fetch(endpoint.url, {
      method: 'OPTIONS',
      headers: { 'cf-connecting-ip': '203.0.113.9' },
    })
    expect(heard.status).toBe(204)
  }
)

// --- what may be kept of an answer

test('an answer of our own is kept by nobody, secrets, accounts, lists and errors alike', async () => {
  await addEndpoint(gateway, `${receiver.url}/kept`)
  const made = await gateway.admin('POST', '/tokens', { name: 'kept' })
  const { id } = (await made.clone().json()) as { id: string }
  const answers: [string, Response][] = [
    ['token made', made],
    ['token changed', await gateway.admin('PATCH', `/tokens/${id}`, { name: 'other' })],
    ['tokens', await gateway.admin('GET', '/tokens')],
    ['token removed', await gateway.admin('DELETE', `/tokens/${id}`)],
    ['admin refused', await fetch(`${gateway.url}/admin/tokens`)],
    ['secret', await gateway.post('/v1/callback-secret', {})],
    ['endpoints', await gateway.fetch('/heygen/v1/webhook/endpoint.list')],
    ['accounts', await gateway.fetch('/v1/heygen/accounts')],
    ['account', await gateway.fetch('/v1/heygen/accounts/a@example.com')],
    ['no account', await gateway.fetch('/v1/heygen/accounts/no@example.com')],
    ['platform', await gateway.fetch('/v2/account')],
    ['scheduler', await gateway.fetch('/v1/heygen/scheduler')],
    ['merged', await gateway.fetch('/heygen/v3/videos')],
    ['refused', await fetch(`${gateway.url}/heygen/v3/users/me`)],
    ['stream token', await gateway.post('/v1/streaming.create_token', {})],
    ['health', await fetch(`${gateway.url}/healthz`)],
    ['nothing', await fetch(`${gateway.url}/nothing`)],
  ]
  for (const [name, { headers }] of answers) {
    expect([name, headers.get('cache-control')]).toEqual([name, 'no-store'])
    expect([name, headers.get('x-content-type-options')]).toEqual([name, 'nosniff'])
  }
  const kept = await gateway.createVideo({}, { 'idempotency-key': 'kept' })
  const again = await gateway.createVideo({}, { 'idempotency-key': 'kept' })
  expect(again.headers.get('x-gateway-job')).toBe(kept.headers.get('x-gateway-job'))
  expect(again.headers.get('cache-control')).toBe('no-store')
})

/** A provider that says of everything how it may be kept. */
let says: Record<string, string> = {}
const upstream = createServer((incoming, outgoing: ServerResponse) => {
  incoming.resume()
  incoming.on('end', () => {
    const isProof = incoming.url === '/v3/users/me'
    outgoing.writeHead(200, { 'content-type': 'application/json', ...(isProof ? {} : says) })
    outgoing.end('{"data":{"username":"0123456789abcdef","email":"eve@example.com"}}')
  })
})
upstream.keepAliveTimeout = 0
await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
afterAll(() => {
  upstream.closeAllConnections()
  upstream.close()
})

test('of what the provider says about keeping an answer, only what a private cache may do passes', async () => {
  const origin = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
  const observed = await open({
    vars: { HEYGEN_ORIGIN: origin },
    simulator: gateway.sim,
    accounts: { eve: 1 },
  })
  const cases: [Record<string, string>, string][] = [
    [{}, 'private, no-cache'],
    [{ 'cache-control': 'public, max-age=3600' }, 'private, max-age=3600'],
    [{ 'cache-control': 'Public, S-MaxAge=60, Max-Age=5' }, 'private, max-age=5'],
    [{ 'cache-control': 's-maxage=60' }, 'private, no-cache'],
    [
      { 'cache-control': 'public, max-age=60, stale-while-revalidate=30, immutable' },
      'private, max-age=60',
    ],
    [
      { 'cache-control': 'private, must-revalidate, max-age=0' },
      'private, must-revalidate, max-age=0',
    ],
    [{ 'cache-control': 'no-cache' }, 'private, no-cache'],
    [{ 'cache-control': 'no-cache, no-store, max-age=9' }, 'no-store'],
    [{ 'cache-control': 'private="set-cookie, x-a", max-age=2' }, 'private, max-age=2'],
    [{ expires: 'Thu, 01 Jan 2099 00:00:00 GMT', pragma: 'public' }, 'private, no-cache'],
    [{ 'surrogate-control': 'max-age=9', 'cdn-cache-control': 'max-age=9' }, 'private, no-cache'],
  ]
  for (const [given, kept] of cases) {
    says = given
    const { headers } = await observed.fetch('/heygen/v3/unknown-thing')
    expect([given, headers.get('cache-control')]).toEqual([given, kept])
    for (const name of ['expires', 'pragma', 'surrogate-control', 'cdn-cache-control']) {
      expect([given, headers.get(name)]).toEqual([given, null])
    }
    expect(headers.get('vary')).toBe('Authorization, X-Api-Key, X-Gateway-Account')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
  }
  says = { vary: 'Accept-Language, authorization' }
  const varied = await observed.fetch('/heygen/v3/unknown-thing')
  expect(varied.headers.get('vary')).toBe(
    'Accept-Language, Authorization, X-Api-Key, X-Gateway-Account'
  )
})

test('what a stream token costs beside its call is nothing while its maker is known, and one look a minute else', async () => {
  const counted = await open({
    entry: 'test/support/workers/counting-worker.ts',
    accounts: { c: 1 },
  })
  await stopClock(counted)
  const made = await counted.post('/v1/streaming.create_token', {})
  const { token } = ((await made.json()) as { data: { token: string } }).data
  const counts = async () => {
    await fetch(`${counted.url}/__count`)
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const body = '{"session_id":"nobody"}'
    const init = { method: 'POST', headers, body }
    expect((await fetch(`${counted.url}/v1/streaming.task`, init)).status).not.toBe(401)
    return (await (await fetch(`${counted.url}/__count`)).json()) as Record<string, number>
  }
  await counts()
  const warm = await counts()
  await advance(counted, MINUTE)
  const cold = await counts()
  const again = await counts()
  const nothing = { kv: 0, requests: 0, rows: 0 }
  // The accounts, and the token that made it.
  expect({ warm, cold, again }).toEqual({
    warm: nothing,
    cold: { ...nothing, kv: 2 },
    again: nothing,
  })
})
