/** Streaming sessions: opened and talked in on one account, each holding a slot until it is over. */
import { expect, test } from 'vitest'
import { isFull } from '../../support/full.ts'
import { CLOCKED, stopped, untilMoved } from '../../support/clock/clock.ts'
import type { Gateway } from '../../support/gateway.ts'
import { gatewaysOfTests } from '../../support/gateways-of-tests.ts'
import type { SimRequest } from '../../support/simulator.ts'
import {
  call,
  closed,
  echoOf,
  NEW,
  newStreamToken,
  openChat,
  openSession,
  ORIGIN,
  socketUrl,
  type Opened,
} from '../../support/scenes/streaming.ts'

const gatewayWith = gatewaysOfTests()

/** Moves the clock until the alarm has read an account's list of sessions so often. */
async function untilListed(gateway: Gateway, name: string, times: number): Promise<void> {
  const isList = ({ path, account }: SimRequest) =>
    path === '/v1/streaming.list' && account === `${name}@example.com`
  await untilMoved(
    gateway,
    async () => (await gateway.sim.requests()).filter(isList).length >= times
  )
}

const openStopped = (accounts: Record<string, number>) =>
  stopped(gatewayWith({ accounts, entry: CLOCKED }))

test('a browser with nothing but the token opens, talks, chats, keeps alive and stops, at the root and below /heygen', async () => {
  const gateway = await gatewayWith({ accounts: { a: 1 } })
  // The published SDK does so at both in `npm test`: test/clients/streaming-sdk.test.ts
  for (const prefix of isFull ? ['', '/heygen'] : ['']) {
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

test('a session holds its slot until it is stopped, and a stop that the provider refuses frees nothing [I2]', async () => {
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

test('a session that falls asleep gives its slot back by the alarm, one that is awake keeps it [I2]', async () => {
  const gateway = await openStopped({ a: 2 })
  const token = await newStreamToken(gateway)
  const asleep = await openSession(gateway, token, { activity_idle_timeout: 1800 })
  const awake = await openSession(gateway, token, { activity_idle_timeout: 3600 })
  // Both sessions are asked about twice: that is when one that is not listed would be believed over.
  await untilListed(gateway, 'a', 4)
  expect(await gateway.heldSlots()).toBe(2)
  await untilMoved(gateway, async () => (await gateway.heldSlots()) === 1)
  const jobs = (await (await gateway.fetch('/v1/heygen/scheduler')).json()) as { id: string }[]
  expect(jobs.map(({ id }) => id)).toEqual([awake])
  const shown = await gateway.fetch(`/v1/heygen/jobs/${asleep}`)
  expect(await shown.json()).toMatchObject({ status: 'completed', status_final: true })
})

test('a list of sessions that is broken or refused frees no slot [I1]', async () => {
  const gateway = await openStopped({ a: 1, b: 1 })
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

test('a session whose opening got lost is found on the list, and its slot comes back when it is over [I4]', async () => {
  const gateway = await openStopped({ a: 1 })
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
  await untilMoved(gateway, async () => (await gateway.heldSlots()) === 0)
})

test('a full account answers a token with 429, and the provider’s own limit passes through', async () => {
  const simAccount = { streamingConcurrency: 1 }
  const gateway = await gatewayWith({ accounts: { a: 2 }, simAccount })
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
