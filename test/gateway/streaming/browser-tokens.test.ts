/** A browser's token: what it opens, what it never shows, and when it ends. */
import { expect, test } from 'vitest'
import { platform } from '#composition/platform.ts'
import { toStreamToken } from '../../../src/domain/streaming/stream-token.ts'
import { makeVault } from '../../../src/storage/vault.ts'
import { advance, CLOCKED, DAY, SECOND, stopped } from '../../support/clock/clock.ts'
import { MASTER_KEYS } from '../../support/gateway.ts'
import { gatewaysOfTests } from '../../support/gateways-of-tests.ts'
import {
  call,
  handshake,
  NEW,
  newStreamToken,
  openChat,
  openSession,
  ORIGIN,
  socketUrl,
  type Opened,
} from '../../support/scenes/streaming.ts'

const gatewayWith = gatewaysOfTests()

const [kid = '', raw = ''] = MASTER_KEYS.split(':')
const vault = makeVault([{ kid, raw }], platform)

/** A token of ours with what one says in it; no end: tomorrow. */
async function forged(more: Record<string, unknown> = {}, identity = 'stream-token/heygen') {
  const record = {
    provider: 'heygen',
    tenant: 't',
    email: 'a@example.com',
    token: 'x',
    endsAt: Date.now() + 86_400_000,
    ...more,
  }
  return toStreamToken(await vault.seal(identity, JSON.stringify(record)))
}

test('the provider sees its own token and never ours, the browser never the provider’s nor the account [I6]', async () => {
  const gateway = await gatewayWith({ accounts: { a: 2 } })
  const created = await gateway.fetch('/v1/streaming.create_token', { method: 'POST' })
  expect(created.headers.get('x-gateway-account')).toBe('a@example.com')
  const text = await created.text()
  expect(Number(created.headers.get('content-length') ?? text.length)).toBe(text.length)
  const { token } = (JSON.parse(text) as { data: { token: string } }).data
  const answers: Response[] = []
  const keep = async (answer: Promise<Response>) => {
    answers.push((await answer).clone())
    return answer
  }
  const opened = await keep(call(gateway, token, '/v1/streaming.new', NEW))
  const { data } = (await opened.json()) as Opened
  const session = { session_id: data.session_id }
  await keep(call(gateway, token, '/v1/streaming.start', session))
  const chat = await openChat(socketUrl(gateway, data.session_id, token))
  chat.close()
  await keep(call(gateway, token, '/v1/streaming.task', { session_id: 'nobody', text: 'Hi' }))
  await keep(call(gateway, token, '/v1/streaming.stop', session))
  await keep(call(gateway, token, '/v1/streaming.stop', session))

  const seen = (await gateway.sim.requests()).filter(({ path }) => path.includes('streaming'))
  const [, ...ofSession] = seen
  const upstream = /^Bearer (.+)$/.exec(ofSession[0]?.headers['authorization'] ?? '')?.[1] ?? ''
  expect(upstream.length).toBeGreaterThan(40)
  expect(ofSession.map(({ path }) => path)).toHaveLength(6)
  for (const one of ofSession) {
    expect(one.headers['authorization'], one.path).toBe(`Bearer ${upstream}`)
    expect(one.headers['x-api-key'], one.path).toBeUndefined()
  }
  const socket = ofSession.find(({ path }) => path === '/v1/ws/streaming.chat')
  expect(new URLSearchParams(socket?.query).get('session_token')).toBe(upstream)
  expect(JSON.stringify(seen)).not.toContain('hgs_')

  for (const answer of answers) {
    const told = JSON.stringify([...answer.headers]) + (await answer.text())
    expect(told).not.toContain(upstream)
    expect(told).not.toMatch(/example\.com(?!\/)|x-gateway-account/i)
  }
  const logs = gateway.logs.join('\n')
  for (const secret of ['hgs_', upstream, data.access_token]) expect(logs).not.toContain(secret)
})

test('a token is made on an account that has room, or on the one that is named', async () => {
  const gateway = await gatewayWith({ accounts: { a: 1, b: 1 } })
  await gateway.createVideo({}, { 'x-gateway-account': 'a@example.com' })
  for (let round = 0; round < 8; round += 1) {
    const made = await gateway.fetch('/v1/streaming.create_token', { method: 'POST' })
    expect(made.headers.get('x-gateway-account')).toBe('b@example.com')
  }
  const named = { 'x-gateway-account': 'a@example.com' }
  const token = await newStreamToken(gateway, '/v1/streaming.create_token', named)
  expect((await call(gateway, token, '/v1/streaming.new', NEW)).status).toBe(429)
})

test('a stream token opens nothing but the streaming paths', async () => {
  const gateway = await gatewayWith({ accounts: { a: 1 } })
  const token = await newStreamToken(gateway)
  const unknown = `hgw_${'x'.repeat(51)}`
  const cases: [string, string][] = [
    ['POST', '/heygen/v3/videos'],
    ['GET', '/heygen/v3/users/me'],
    ['GET', '/v1/heygen/accounts'],
    ['POST', '/v1/streaming.create_token'],
    ['GET', '/v1/streaming.list'],
    ['GET', '/v1/streaming.new'],
    ['POST', '/v1/streaming.new/'],
    ['POST', '/v1/streaming%2Enew'],
    ['POST', '/v1/streaming/knowledge_base/create'],
    ['POST', '/v3/avatar-realtime'],
    ['GET', '/v2/account'],
    ['GET', '/admin/tokens'],
  ]
  for (const [method, path] of cases) {
    const ask = async (given: string) => {
      const headers = { authorization: `Bearer ${given}`, 'x-api-key': given }
      const answer = await fetch(gateway.url + path, { method, headers })
      const { status } = answer
      return {
        status,
        cors: answer.headers.get('access-control-allow-origin'),
        error: answer.headers.get('x-gateway-error'),
      }
    }
    const refused = await ask(token)
    expect(refused, path).toMatchObject({ status: 401 })
    const other = await ask(unknown)
    expect(refused, path).toEqual(other)
  }
})

test('a token that was changed, is over, or was sealed for something else is refused', async () => {
  const gateway = await gatewayWith({ accounts: { a: 1 } })
  const token = await newStreamToken(gateway)
  const middle = token.length - 20
  const swapped = token[middle] === 'A' ? 'B' : 'A'
  const bad = [
    token.slice(0, middle) + swapped + token.slice(middle + 1),
    token.slice(0, -8),
    `${token}AAAA`,
    'hgs_',
    'hgs_a.b.c',
    await forged({ endsAt: Date.now() - 1 }),
    await forged({ token: 7 }),
    await forged({}, 'stream-token/kling'),
    await forged({ tenant: 'nobody' }),
    await forged({ email: 'gone@example.com' }),
  ]
  for (const [index, one] of bad.entries()) {
    const refused = await call(gateway, one, '/v1/streaming.new', NEW)
    expect([refused.status, await refused.json()], String(index)).toEqual([
      401,
      { code: 400112, message: expect.stringContaining('stream token') },
    ])
    expect(refused.headers.get('access-control-allow-origin')).toBe('*')
    const socket = await handshake(socketUrl(gateway, 's', one).replace('ws', 'http'))
    expect(socket.status, String(index)).toBe(401)
  }
  expect((await call(gateway, token, '/v1/streaming.new', NEW)).status).toBe(200)
})

test('a token outlives its day by nothing', async () => {
  const gateway = await stopped(gatewayWith({ accounts: { a: 1 }, entry: CLOCKED }))
  const token = await newStreamToken(gateway)
  await advance(gateway, DAY - SECOND)
  expect((await call(gateway, token, '/v1/streaming.new', NEW)).status).toBe(200)
  await advance(gateway, SECOND)
  expect((await call(gateway, token, '/v1/streaming.new', NEW)).status).toBe(401)
})

test('a token that the provider no longer takes parks no account', async () => {
  const gateway = await gatewayWith({ accounts: { a: 1 } })
  const token = await newStreamToken(gateway)
  await gateway.sim.fault({
    match: { path: '/v1/streaming.start' },
    times: 1,
    effect: { status: 401 },
  })
  await gateway.sim.fault({
    match: { path: '/v1/streaming.new' },
    times: 1,
    effect: { status: 401 },
  })
  const refused = await call(gateway, token, '/v1/streaming.new', NEW)
  expect([refused.status, refused.headers.has('x-gateway-error')]).toEqual([401, false])
  expect((await call(gateway, token, '/v1/streaming.start', { session_id: 's' })).status).toBe(401)
  expect(await gateway.heldSlots()).toBe(0)
  expect((await gateway.createVideo()).status).toBe(200)
})

test('an account that is out of rotation is not named to a browser [I6]', async () => {
  const gateway = await gatewayWith({ accounts: { a: 1 } })
  const token = await newStreamToken(gateway)
  await gateway.sim.fault({ match: { path: '/v3/users/me' }, times: 2, effect: { status: 401 } })
  await gateway.fetch('/heygen/v3/users/me')
  const refused = await call(gateway, token, '/v1/streaming.new', NEW)
  expect([refused.status, refused.headers.get('x-gateway-error')]).toEqual([
    503,
    'account_unavailable',
  ])
  expect(JSON.stringify([...refused.headers]) + (await refused.text())).not.toContain('@')
})

test('CORS is open on the streaming paths, errors and preflights included, and nowhere else', async () => {
  const gateway = await gatewayWith({ accounts: { a: 1 } })
  const preflight = (path: string) =>
    fetch(gateway.url + path, {
      method: 'OPTIONS',
      headers: {
        ...ORIGIN,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    })
  const names = ['new', 'start', 'task', 'stop', 'interrupt', 'keep_alive', 'ice']
  const open = [...names, 'start_listening', 'stop_listening'].map(
    (name) => `/v1/streaming.${name}`
  )
  for (const path of open.flatMap((one) => [one, `/heygen${one}`])) {
    const answer = await preflight(path)
    expect(answer.status, path).toBe(204)
    expect(answer.headers.get('access-control-allow-origin')).toBe('*')
    expect(answer.headers.get('access-control-allow-methods')).toContain('POST')
    expect(answer.headers.get('access-control-allow-headers')?.toLowerCase()).toMatch(
      /authorization.*content-type/
    )
    const refused = await fetch(gateway.url + path, { method: 'POST', headers: ORIGIN })
    expect(refused.headers.get('access-control-allow-origin'), path).toBe('*')
    expect([401, 429]).toContain(refused.status)
  }
  const others = [
    '/v1/streaming.create_token',
    '/v1/streaming.list',
    '/heygen/v3/videos',
    '/v1/heygen/accounts',
    '/v2/account',
    '/healthz',
    '/admin/tokens',
    '/',
  ]
  for (const path of others) {
    const answer = await preflight(path)
    expect(answer.headers.get('access-control-allow-origin'), path).toBeNull()
    const asked = await gateway.fetch(path, { headers: ORIGIN })
    expect(asked.headers.get('access-control-allow-origin'), path).toBeNull()
  }
})

test('a chat socket that is refused answers why, and one without an upgrade is no socket', async () => {
  const gateway = await gatewayWith({ accounts: { a: 1 } })
  const token = await newStreamToken(gateway)
  const at = (session: string, given: string) =>
    socketUrl(gateway, session, given).replace('ws', 'http')
  const unknown = await handshake(at('nobody', token))
  expect(unknown.status).toBe(404)
  expect(unknown.headers.get('access-control-allow-origin')).toBe('*')
  expect(unknown.headers.has('x-gateway-account')).toBe(false)
  expect((await handshake(at('s', 'theirs'))).status).toBe(401)
  expect((await handshake(at('s', gateway.token))).status).toBe(401)
  const plain = await fetch(at('s', token))
  expect([plain.status, plain.headers.get('x-gateway-error')]).toEqual([400, 'bad_request'])
})

test('two tenants: a token of one reaches nothing of the other [I5]', async () => {
  const gateway = await gatewayWith({ accounts: { a: 1 } })
  const other = await gateway.newToken()
  const session = await openSession(gateway, await newStreamToken(gateway))
  const body = JSON.stringify({ session_id: session })
  const headers = { authorization: `Bearer ${other.token}`, 'content-type': 'application/json' }
  const stop = await fetch(`${gateway.url}/v1/streaming.stop`, { method: 'POST', body, headers })
  expect(stop.status).toBe(404)
  expect(await gateway.heldSlots()).toBe(1)
})
