import { request } from 'node:http'
import { expect, test } from 'vitest'
import { toStreamToken } from '../../src/domain/streaming/stream-token.ts'
import { makeVault } from '../../src/storage/vault.ts'
import { MASTER_KEYS, until, type Gateway } from '../support/gateway.ts'
import { gatewaysOfTests } from '../support/gateways-of-tests.ts'
import type { SimRequest } from '../support/simulator.ts'

const gatewayWith = gatewaysOfTests()
const LONG = { simVars: { JOB_MS: '600000' } }

const [kid = '', raw = ''] = MASTER_KEYS.split(':')
const vault = makeVault([{ kid, raw }])
const ORIGIN = { origin: 'https://app.example.com' }

/** The body that the published SDK (2.1.0) sends; undefined members are left out by JSON. */
const NEW = {
  avatar_name: 'Wayne_20240711',
  quality: 'low',
  voice: {},
  version: 'v2',
  video_encoding: 'H264',
  source: 'sdk',
  ia_is_livekit_transport: false,
}

interface Opened {
  data: { session_id: string; access_token: string; url: string }
}

async function newStreamToken(
  gateway: Gateway,
  path = '/v1/streaming.create_token',
  headers: Record<string, string> = {}
): Promise<string> {
  const answer = await gateway.fetch(path, { method: 'POST', headers })
  expect(answer.status, await answer.clone().text()).toBe(200)
  return ((await answer.json()) as { data: { token: string } }).data.token
}

/** As a browser calls: nothing but the stream token. */
function call(gateway: Gateway, token: string, path: string, body: unknown, more = {}) {
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    ...ORIGIN,
    ...more,
  }
  return fetch(gateway.url + path, { method: 'POST', body: JSON.stringify(body), headers })
}

async function openSession(gateway: Gateway, token: string, more = {}): Promise<string> {
  const answer = await call(gateway, token, '/v1/streaming.new', { ...NEW, ...more })
  expect(answer.status, await answer.clone().text()).toBe(200)
  return ((await answer.json()) as Opened).data.session_id
}

function socketUrl(gateway: Gateway, session: string, token: string, prefix = ''): string {
  const query = `session_id=${session}&session_token=${token}&silence_response=false&push_to_talk=false`
  return `${gateway.url.replace('http', 'ws')}${prefix}/v1/ws/streaming.chat?${query}`
}

async function openChat(url: string, headers: Record<string, string> = {}): Promise<WebSocket> {
  // Node's own takes headers beside the standard's protocols.
  const socket = new WebSocket(url, { headers } as unknown as string[])
  socket.binaryType = 'arraybuffer'
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve())
    socket.addEventListener('error', () => reject(new Error('the socket did not open')))
  })
  return socket
}

function echoOf(socket: WebSocket, message: string | Uint8Array<ArrayBuffer>): Promise<unknown> {
  const echo = new Promise((resolve) =>
    socket.addEventListener('message', (event) => resolve(event.data), { once: true })
  )
  socket.send(message)
  return echo
}

function closed(socket: WebSocket): Promise<number> {
  return new Promise((resolve) =>
    socket.addEventListener('close', (event) => resolve(event.code), { once: true })
  )
}

/** The answer to a handshake that is refused. */
function handshake(url: string, headers: Record<string, string> = {}) {
  return new Promise<{ status: number; headers: Headers; body: string }>((resolve, reject) => {
    const upgrade = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    }
    const asked = request(url, { headers: { ...upgrade, ...headers } })
    asked.on('upgrade', (answer, socket) => {
      socket.destroy()
      resolve({ status: answer.statusCode ?? 0, headers: new Headers(), body: '' })
    })
    asked.on('response', (answer) => {
      const { statusCode: status = 0, headers: received } = answer
      let body = ''
      answer.setEncoding('utf8').on('data', (text: string) => (body += text))
      answer.on('end', () =>
        resolve({ status, headers: new Headers(received as Record<string, string>), body })
      )
    })
    asked.on('error', reject)
    asked.end()
  })
}

/** Waits until the alarm has read an account's list of sessions so often, and a moment for what follows from it. */
async function untilListed(gateway: Gateway, name: string, times: number): Promise<void> {
  const isList = ({ path, account }: SimRequest) =>
    path === '/v1/streaming.list' && account === `${name}@example.com`
  await until(async () => (await gateway.sim.requests()).filter(isList).length >= times, 40_000)
  await new Promise((resolve) => setTimeout(resolve, 500))
}

/** Alarms come soon, and an opening still has 4.5 s before it is given up. */
const SOON = { timeScale: 20 }

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

test('a browser with nothing but the token opens, talks, chats, keeps alive and stops, at the root and below /heygen', async () => {
  const gateway = await gatewayWith({ accounts: { a: 1 } })
  for (const prefix of ['', '/heygen']) {
    const token = await newStreamToken(gateway, `${prefix}/v1/streaming.create_token`)
    expect(token).toMatch(/^hgs_[\w.-]+$/)
    const opened = await call(gateway, token, `${prefix}/v1/streaming.new`, NEW)
    expect(opened.status).toBe(200)
    const { data } = (await opened.json()) as Opened
    expect(data).toMatchObject({
      access_token: expect.stringMatching(/^sim\./),
      url: expect.any(String),
    })
    const say = (name: string, more = {}) =>
      call(gateway, token, `${prefix}/v1/streaming.${name}`, {
        session_id: data.session_id,
        ...more,
      })
    expect((await say('start')).status).toBe(200)
    const chat = await openChat(socketUrl(gateway, data.session_id, token, prefix), ORIGIN)
    expect(await echoOf(chat, '{"event_type":"user_start"}')).toBe('{"event_type":"user_start"}')
    const frame = Uint8Array.from({ length: 70_000 }, (_, index) => index % 256)
    expect(new Uint8Array((await echoOf(chat, frame)) as ArrayBuffer)).toEqual(frame)
    const task = await say('task', { text: 'Hi', task_mode: 'sync', task_type: 'repeat' })
    expect(await task.json()).toMatchObject({ data: { task_id: expect.any(String) } })
    for (const name of ['start_listening', 'stop_listening', 'interrupt', 'keep_alive', 'ice']) {
      const candidate = name === 'ice' ? { candidate: { candidate: 'x' } } : {}
      expect((await say(name, candidate)).status, name).toBe(200)
    }
    const end = closed(chat)
    chat.close(1000)
    expect(await end).toBe(1000)
    expect((await say('stop')).status).toBe(200)
    expect(await gateway.heldSlots()).toBe(0)
  }
})

test('the provider sees its own token and never ours, the browser never the provider’s nor the account', async () => {
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

test('everything of a session reaches one account, with the token and with the tenant’s own', async () => {
  const gateway = await gatewayWith({ accounts: { a: 9, b: 9, c: 9 } })
  for (let round = 0; round < 5; round += 1) {
    const token = await newStreamToken(gateway)
    const session = await openSession(gateway, token)
    await gateway.sim.forgetRequests()
    const body = { session_id: session }
    expect((await call(gateway, token, '/v1/streaming.start', body)).status).toBe(200)
    expect((await gateway.post('/v1/streaming.keep_alive', body)).status).toBe(200)
    const bearer = { authorization: `Bearer ${gateway.token}` }
    const chat = await openChat(socketUrl(gateway, session, 'theirs'), bearer)
    expect(await echoOf(chat, 'hello')).toBe('hello')
    chat.close()
    expect((await gateway.post('/heygen/v1/streaming.stop', body)).status).toBe(200)
    const accounts = (await gateway.sim.requests()).map(({ account }) => account)
    expect(accounts.length).toBeGreaterThan(3)
    expect(new Set(accounts).size).toBe(1)
  }
})

test('a gateway token opens a session too, and learns its account', async () => {
  const gateway = await gatewayWith({ accounts: { a: 1 } })
  const opened = await gateway.post('/heygen/v1/streaming.new', NEW)
  const { data } = (await opened.json()) as Opened
  expect(opened.headers.get('x-gateway-account')).toBe('a@example.com')
  expect(opened.headers.get('x-gateway-job')).toBe(data.session_id)
  expect(await gateway.heldSlots()).toBe(1)
})

test('an opening without a body is left to the provider, and its refusal holds no slot', async () => {
  const gateway = await gatewayWith({ accounts: { a: 1 } })
  const token = await newStreamToken(gateway)
  const headers = { authorization: `Bearer ${token}` }
  const opened = await fetch(`${gateway.url}/v1/streaming.new`, { method: 'POST', headers })
  expect([opened.status, await gateway.heldSlots()], await opened.text()).toEqual([400, 0])
  expect((await gateway.sim.requests()).at(-1)?.path).toBe('/v1/streaming.new')
})

test('a session holds its slot until it is stopped, and a stop that the provider refuses frees nothing', async () => {
  const gateway = await gatewayWith({ accounts: { a: 1 } })
  const token = await newStreamToken(gateway)
  const session = await openSession(gateway, token)
  const shown = await gateway.fetch(`/v1/heygen/jobs/${session}`)
  expect(await shown.json()).toMatchObject({ jobid: session })
  expect(await gateway.heldSlots()).toBe(1)
  expect((await gateway.createVideo()).status).toBe(429)
  const stop = { session_id: session }
  for (const effect of [{ status: 500 }, { status: 429 }, { status: 200, body: { code: 10001 } }]) {
    await gateway.sim.fault({ match: { path: '/v1/streaming.stop' }, times: 1, effect })
    await call(gateway, token, '/v1/streaming.stop', stop)
    expect(await gateway.heldSlots(), JSON.stringify(effect)).toBe(1)
    await gateway.sim.clearFaults()
  }
  expect((await call(gateway, token, '/v1/streaming.stop', stop)).status).toBe(200)
  expect(await gateway.heldSlots()).toBe(0)
})

test('a session that the provider calls over in a refusal gives its slot back', async () => {
  const gateway = await gatewayWith({ accounts: { a: 1 } })
  const token = await newStreamToken(gateway)
  const session = await openSession(gateway, token)
  await gateway.sim.finishJobs()
  const task = await call(gateway, token, '/v1/streaming.task', { session_id: session, text: 'Hi' })
  expect([task.status, await task.json()]).toEqual([
    400,
    { code: 10004, message: 'Session state wrong: closing' },
  ])
  expect(await gateway.heldSlots()).toBe(0)
})

test('a session that falls asleep gives its slot back by the alarm, one that is awake keeps it', async () => {
  const gateway = await gatewayWith({ accounts: { a: 2 }, ...SOON })
  const token = await newStreamToken(gateway)
  const asleep = await openSession(gateway, token, { activity_idle_timeout: 600 })
  const awake = await openSession(gateway, token, { activity_idle_timeout: 3600 })
  // Both sessions are asked about twice: that is when one that is not listed would be believed over.
  await untilListed(gateway, 'a', 4)
  expect(await gateway.heldSlots()).toBe(2)
  await gateway.sim.control('POST', '/clock', { advanceMs: 1_200_000 })
  await until(async () => (await gateway.heldSlots()) === 1, 40_000)
  const jobs = (await (await gateway.fetch('/v1/heygen/scheduler')).json()) as { id: string }[]
  expect(jobs.map(({ id }) => id)).toEqual([awake])
  const shown = await gateway.fetch(`/v1/heygen/jobs/${asleep}`)
  expect(await shown.json()).toMatchObject({ status: 'completed', status_final: true })
})

test('a list of sessions that is broken or refused frees no slot', async () => {
  const gateway = await gatewayWith({ accounts: { a: 1, b: 1 }, ...SOON })
  const bodies = {
    a: { code: 100, data: {} },
    b: { code: 400123, data: { sessions: [] } },
  }
  for (const [name, body] of Object.entries(bodies)) {
    const account = `${name}@example.com`
    const match = { path: '/v1/streaming.list', account }
    await gateway.sim.fault({ match, effect: { status: 200, body } })
    const named = { 'x-gateway-account': account }
    const token = await newStreamToken(gateway, '/v1/streaming.create_token', named)
    await openSession(gateway, token, { activity_idle_timeout: 3600 })
  }
  // An answer without it is believed the second time.
  for (const name of Object.keys(bodies)) await untilListed(gateway, name, 2)
  expect(await gateway.heldSlots()).toBe(2)
})

test('a session whose opening got lost is found on the list, and its slot comes back when it is over', async () => {
  const gateway = await gatewayWith({ accounts: { a: 1 }, ...SOON })
  const token = await newStreamToken(gateway)
  const lost = { match: { path: '/v1/streaming.new' }, times: 1, effect: { reset: 'after' } }
  await gateway.sim.fault(lost)
  const opened = await call(gateway, token, '/v1/streaming.new', {
    ...NEW,
    activity_idle_timeout: 3600,
  })
  expect(opened.status).toBe(424)
  expect(opened.headers.get('x-gateway-error')).toBe('outcome_unknown')
  expect(opened.headers.has('x-gateway-account')).toBe(false)
  // Looked for and found, then asked about: not found twice, it would be let go.
  await untilListed(gateway, 'a', 2)
  expect(await gateway.heldSlots()).toBe(1)
  await gateway.sim.finishJobs()
  await until(async () => (await gateway.heldSlots()) === 0, 40_000)
})

test('a full account answers a token with 429, and the provider’s own limit passes through', async () => {
  const simAccount = { streamingConcurrency: 1 }
  const gateway = await gatewayWith({ accounts: { a: 2 }, simAccount, ...LONG })
  const token = await newStreamToken(gateway)
  const session = await openSession(gateway, token)
  const limited = await call(gateway, token, '/v1/streaming.new', NEW)
  expect([limited.status, await limited.json()]).toMatchObject([
    400,
    { message: 'Concurrent limit reached' },
  ])
  expect(await gateway.heldSlots()).toBe(1)
  expect((await gateway.createVideo()).status).toBe(200)
  const full = await call(gateway, token, '/v1/streaming.new', NEW)
  expect([full.status, full.headers.get('x-gateway-error')]).toEqual([429, 'slots_full'])
  expect(full.headers.get('access-control-allow-origin')).toBe('*')
  expect(Number(full.headers.get('retry-after'))).toBeGreaterThanOrEqual(5)
  expect((await full.json()) as object).toMatchObject({ code: 400123 })
  expect((await call(gateway, token, '/v1/streaming.stop', { session_id: session })).status).toBe(
    200
  )
  expect((await call(gateway, token, '/v1/streaming.new', NEW)).status).toBe(200)
})

test('a gateway token that meets the provider’s limit opens its session on the next account', async () => {
  const gateway = await gatewayWith({
    accounts: { a: 9, b: 9 },
    simAccount: { streamingConcurrency: 1 },
  })
  const opened = await Promise.all([1, 2, 3].map(() => gateway.post('/v1/streaming.new', NEW)))
  expect(opened.map(({ status }) => status).sort()).toEqual([200, 200, 400])
  expect(await gateway.heldSlots()).toBe(2)
})

test('a token is made on an account that has room, or on the one that is named', async () => {
  const gateway = await gatewayWith({ accounts: { a: 1, b: 1 }, ...LONG })
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
  const gateway = await gatewayWith({ accounts: { a: 1 }, timeScale: 100_000 })
  const token = await newStreamToken(gateway)
  // A day is 864 ms.
  await new Promise((resolve) => setTimeout(resolve, 900))
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

test('an account that is out of rotation is not named to a browser', async () => {
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

test('two tenants: a token of one reaches nothing of the other', async () => {
  const gateway = await gatewayWith({ accounts: { a: 1 } })
  const other = await gateway.newToken()
  const session = await openSession(gateway, await newStreamToken(gateway))
  const body = JSON.stringify({ session_id: session })
  const headers = { authorization: `Bearer ${other.token}`, 'content-type': 'application/json' }
  const stop = await fetch(`${gateway.url}/v1/streaming.stop`, { method: 'POST', body, headers })
  expect(stop.status).toBe(404)
  expect(await gateway.heldSlots()).toBe(1)
})

test('a realtime avatar holds a slot until it is cancelled or its status tells its end', async () => {
  const gateway = await gatewayWith({ accounts: { a: 1 } })
  const open = async () => {
    const opened = await gateway.post('/v3/avatar-realtime', {
      avatar_id: 'Abigail_expressive_2024112501',
    })
    expect(opened.status, await opened.clone().text()).toBe(200)
    expect(await gateway.heldSlots()).toBe(1)
    return ((await opened.json()) as { data: { stream_id: string } }).data.stream_id
  }
  const cancelled = await open()
  const cancel = await gateway.post(`/v3/avatar-realtime/${cancelled}/cancel`, {})
  expect([cancel.status, await gateway.heldSlots()]).toEqual([200, 0])
  const watched = await open()
  expect((await gateway.fetch(`/v3/avatar-realtime/${watched}`)).status).toBe(200)
  expect(await gateway.heldSlots()).toBe(1)
  await gateway.sim.finishJobs()
  await gateway.fetch(`/v3/avatar-realtime/${watched}`)
  expect(await gateway.heldSlots()).toBe(0)
})
