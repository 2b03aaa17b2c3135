/** Pauses of the line, and draining an account, at the front door. */
import { afterAll, expect, test } from 'vitest'
import { advance, CLOCKED, SECOND, stopClock, untilMoved } from '../../support/clock/clock.ts'
import { openGateway, until, VIDEO, type Gateway } from '../../support/gateway.ts'
import { addKling, makeKling, T2V, TEXT2VIDEO } from '../../support/scenes/kling.ts'

const A = 'a@example.com'
const B = 'b@example.com'
const ASYNC = { prefer: 'respond-async' }

const gateway = await openGateway({
  accounts: { a: 2, b: 2 },
  simVars: { JOB_MS: '-1' },
  entry: CLOCKED,
})
afterAll(() => gateway.dispose())
await stopClock(gateway)
const [tenant = ''] = await tenants()

async function tenants(): Promise<string[]> {
  const answer = await gateway.admin('GET', '/tenants')
  const { tenants: all } = (await answer.json()) as { tenants: { id: string }[] }
  return all.map(({ id }) => id)
}

async function queue(by: Gateway, headers: Record<string, string> = {}): Promise<string> {
  const answer = await by.createVideo({}, { ...ASYNC, ...headers })
  expect(answer.status).toBe(202)
  return answer.headers.get('x-gateway-job') ?? ''
}

async function statusOf(name: string): Promise<string> {
  const view = await gateway.fetch(`/v1/heygen/jobs/${name}`)
  return ((await view.json()) as { status: string }).status
}

const becomes = (name: string, status: string) =>
  until(async () => {
    // What an isolate shows of a waiting job may be some seconds old.
    await advance(gateway, 2 * SECOND)
    return (await statusOf(name)) === status
  })

async function pause(verb: 'pause' | 'resume', body: object, by: Gateway = gateway) {
  const answer = await by.post(`/v1/heygen/queue/${verb}`, body)
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

async function started(email: string): Promise<number> {
  return (await gateway.sim.account(email)).jobsStarted
}

/** All jobs end, and nothing is left in the line. */
async function empty(): Promise<void> {
  await gateway.sim.finishJobs()
  await untilMoved(gateway, async () => (await gateway.heldSlots()) === 0)
}

/** The newest line of the audit about such a change. */
async function lineOf(action: string): Promise<Record<string, unknown> | undefined> {
  const answer = await gateway.fetch('/v1/audit?limit=100')
  const { lines } = (await answer.json()) as { lines: { action: string }[] }
  return lines.find((line) => line.action === action)
}

test('a paused token starts nothing, another one does, and it goes on when it is resumed', async () => {
  const other = await gateway.newToken({ tenant })
  const by = gateway.as(other.token)
  const paused = await pause('pause', { token: other.id })
  expect(paused).toEqual({ status: 200, body: { paused: [{ token: other.id }] } })
  expect(await lineOf('queue.paused')).toMatchObject({ detail: { token: other.id } })
  const held = await queue(by)
  await becomes(await queue(gateway), 'running')
  await advance(gateway, 31 * SECOND)
  expect(await statusOf(held)).toBe('queued')
  expect(await pause('resume', { token: other.id })).toMatchObject({ body: { paused: [] } })
  await becomes(held, 'running')
  await empty()
})

test('the list of the queue says which pauses stand, and for one token those that hold it up', async () => {
  const other = await gateway.newToken({ tenant })
  const pausesOf = async (query = '') => {
    const answer = await gateway.fetch(`/v1/heygen/queue${query}`)
    return ((await answer.json()) as { paused: object[] }).paused
  }
  expect(await pausesOf()).toEqual([])
  await pause('pause', { token: other.id })
  await pause('pause', { account: A })
  expect(await pausesOf()).toEqual([{ token: other.id }, { account: A }])
  expect(await pausesOf(`?token=${other.id}`)).toEqual([{ token: other.id }, { account: A }])
  expect(await pausesOf('?token=tok_else')).toEqual([{ account: A }])
  await pause('resume', { token: other.id })
  await pause('resume', { account: A })
  expect(await pausesOf()).toEqual([])
})

test('the pauses of a removed token end with it', async () => {
  const other = await gateway.newToken({ tenant })
  await pause('pause', { token: other.id })
  await pause('pause', { token: other.id, account: A })
  expect((await gateway.admin('DELETE', `/tokens/${other.id}`)).status).toBe(204)
  await until(async () => {
    const answer = await gateway.fetch('/v1/heygen/queue')
    return ((await answer.json()) as { paused: object[] }).paused.length === 0
  })
})

test('the deadlines of what is paused go on', async () => {
  await pause('pause', {})
  const name = await queue(gateway, { 'x-gateway-start-within': '60' })
  await advance(gateway, 61 * SECOND)
  await becomes(name, 'failed')
  // A call that does not wait in the line is served.
  expect((await gateway.createVideo()).status).toBe(200)
  await pause('resume', {})
  await empty()
})

test('a paused account gets nothing of the line, and its pause ends with it alone', async () => {
  await pause('pause', { account: A })
  const before = await started(A)
  const [one, two, three] = [await queue(gateway), await queue(gateway), await queue(gateway)]
  await becomes(one, 'running')
  await becomes(two, 'running')
  expect(await started(A)).toBe(before)
  expect(await statusOf(three)).toBe('queued')
  expect((await pause('resume', {})).body).toEqual({ paused: [{ account: A }] })
  expect((await pause('resume', { account: A })).body).toEqual({ paused: [] })
  await becomes(three, 'running')
  await empty()
})

test('a pause outlives another key of its account, also where the provider knows accounts by their keys, and ends with the account', async () => {
  const email = await addKling(gateway, 'kim', { maxJobs: 1, kind: 'pair' })
  const paused = async () =>
    ((await (await gateway.fetch('/v1/kling/queue')).json()) as { paused: object[] }).paused
  const change = async (verb: string, body: object) =>
    (await gateway.post(`/v1/kling/queue/${verb}`, body)).json()
  expect(await change('pause', { account: email })).toEqual({ paused: [{ account: email }] })
  await advance(gateway, SECOND)
  const keys = { accessKey: 'kling_ak_kim2', secretKey: 'kling_secret_kim2' }
  await makeKling(gateway, 'kim', keys)
  const added = await gateway.post('/v1/kling/accounts', { email, maxJobs: 1, ...keys })
  expect(added.status).toBe(201)
  expect(await paused()).toEqual([{ account: email }])
  const made = await gateway.post(T2V, TEXT2VIDEO, { ...ASYNC, 'x-gateway-account': email })
  const view = await gateway.fetch(made.headers.get('location') ?? '')
  expect(await view.json()).toMatchObject({ status: 'queued', waitsFor: 'pause' })
  expect(await change('resume', { account: email })).toEqual({ paused: [] })
  await change('pause', { account: email })
  await gateway.fetch(`/v1/kling/accounts/${email}`, { method: 'DELETE' })
  expect(await paused()).toEqual([])
})

test('only a token with the scope full pauses, and only what its tenant has [I5]', async () => {
  const use = gateway.as((await gateway.newToken({ tenant, scope: 'use' })).token)
  expect((await pause('pause', {}, use)).status).toBe(403)
  const stranger = await gateway.newToken({ tenant: 'stranger' })
  const unknown = await pause('pause', { token: 'unknown' })
  const strange = await pause('pause', { token: stranger.id })
  expect([unknown.status, strange.status]).toEqual([404, 404])
  expect(JSON.stringify(strange.body).replace(stranger.id, 'unknown')).toBe(
    JSON.stringify(unknown.body)
  )
  expect((await pause('pause', { account: 'nobody@example.com' })).status).toBe(404)
  expect((await pause('pause', { acount: A })).status).toBe(400)
})

test('a body that curl calls a form pauses what it names, and not everything', async () => {
  const send = (verb: string, body: string, type = 'application/x-www-form-urlencoded') =>
    gateway.fetch(`/v1/heygen/queue/${verb}`, {
      method: 'POST',
      headers: { 'content-type': type },
      body,
    })
  const json = JSON.stringify({ account: A })
  expect(await (await send('pause', json)).json()).toEqual({ paused: [{ account: A }] })
  expect(await (await send('resume', json)).json()).toEqual({ paused: [] })
  expect((await send('pause', '{"acount":"a"}')).status).toBe(400)
  expect(await (await send('pause', `account=${A}`)).json()).toEqual({ paused: [{ account: A }] })
  expect(await (await send('resume', `account=${A}`)).json()).toEqual({ paused: [] })
  expect((await send('pause', '[1]', 'application/json')).status).toBe(400)
})

test('a pause without a body is one of all that is queued, as with {}', async () => {
  const at = async (what: string) =>
    gateway.fetch(`/v1/heygen/queue/${what}`, { method: 'POST', body: null })
  const paused = await at('pause')
  expect([paused.status, await paused.json()]).toEqual([200, { paused: [{}] }])
  expect(await (await at('resume')).json()).toEqual({ paused: [] })
})

test('a drained account ends its jobs and takes none', async () => {
  const on = (email: string) => ({ 'x-gateway-account': email })
  const running = await gateway.createVideo({}, on(A))
  expect(running.status).toBe(200)
  const drained = await gateway.post(`/v1/heygen/accounts/${A}/drain`, {})
  expect(await drained.json()).toMatchObject({ parked: [{ scope: 'jobs', reason: 'drained' }] })
  expect(await lineOf('account.drained')).toMatchObject({ subject: A })
  const before = await started(A)
  const slots = await (await gateway.fetch('/v1/heygen/scheduler/available')).text()
  expect(slots).toContain('"error":"Parked: it is drained')
  const refused = await gateway.createVideo({}, on(A))
  expect([refused.status, refused.headers.get('x-gateway-error')]).toEqual([
    503,
    'account_unavailable',
  ])
  const pinned = await queue(gateway, on(A))
  const open = [await queue(gateway), await queue(gateway)]
  for (const name of open) await becomes(name, 'running')
  // Neither another unparking nor a new key ends it.
  await gateway.post(`/v1/heygen/accounts/${A}/unpark`, {})
  await gateway.sim.control('POST', '/accounts', {
    email: A,
    apiKeys: ['sk_test_a', 'sk_test_a2'],
    concurrency: null,
  })
  const anew = { email: A, apiKey: 'sk_test_a2', maxJobs: 2 }
  expect((await gateway.post('/v1/heygen/accounts', anew)).status).toBe(201)
  const again = await gateway.createVideo({}, on(A))
  expect(again.status).toBe(503)
  await advance(gateway, 31 * SECOND)
  expect(await statusOf(pinned)).toBe('queued')
  expect(await started(A)).toBe(before)
  // Its job ends as any, and calls about it go on.
  const job = running.headers.get('x-gateway-job') ?? ''
  await gateway.sim.control('POST', `/jobs/${job}`, { status: 'completed' })
  const video = (await (await gateway.fetch(`/heygen/v3/videos/${job}`)).json()) as {
    data: { status: string }
  }
  expect(video.data.status).toBe('completed')
  expect((await gateway.post(`/v1/heygen/accounts/${A}/undrain`, {})).status).toBe(200)
  await becomes(pinned, 'running')
  expect((await gateway.createVideo({}, on(A))).status).toBe(200)
  await empty()
})

test('the operator drains and pauses in the name of a tenant', async () => {
  const { ADMIN_TOKEN } = await import('../../support/gateway.ts')
  const headers = {
    authorization: `Bearer ${ADMIN_TOKEN}`,
    'content-type': 'application/json',
    'x-gateway-tenant': tenant,
  }
  const post = (path: string) =>
    fetch(`${gateway.url}/v1/heygen${path}`, { method: 'POST', headers, body: '{}' })
  expect((await post('/queue/pause')).status).toBe(200)
  expect(await lineOf('queue.paused')).toMatchObject({ by: 'operator' })
  expect((await post('/queue/resume')).status).toBe(200)
  expect((await post(`/accounts/${B}/drain`)).status).toBe(200)
  expect((await post(`/accounts/${B}/undrain`)).status).toBe(200)
})

test('a token’s waiting clients and another token’s items take turns at a full pool', async () => {
  const crowd = gateway.as((await gateway.newToken({ tenant })).token)
  const jobs: string[] = []
  for (let slot = 0; slot < 4; slot += 1) {
    const made = await gateway.createVideo()
    expect(made.status).toBe(200)
    jobs.push(made.headers.get('x-gateway-job') ?? '')
  }
  const gone = new AbortController()
  const waiting = Array.from({ length: 8 }, () =>
    fetch(`${gateway.url}/heygen/v3/videos`, {
      method: 'POST',
      body: JSON.stringify(VIDEO),
      headers: {
        authorization: `Bearer ${crowd.token}`,
        'content-type': 'application/json',
        prefer: 'wait=50',
      },
      signal: gone.signal,
    }).catch(() => undefined)
  )
  const served: number[] = []
  for (const one of waiting) void one.then((answer) => answer && served.push(answer.status))
  await advance(gateway, SECOND)
  const told = async () => (await (await gateway.createVideo()).text()).includes('Prefer: wait')
  expect(await told()).toBe(false)
  const names: string[] = []
  for (let n = 0; n < 8; n += 1) names.push(await queue(gateway))
  await advance(gateway, 2 * SECOND)
  // A call that does not wait would come again and again in vain.
  expect(await told()).toBe(true)
  expect(await told()).toBe(true)
  for (const job of jobs) {
    await gateway.sim.control('POST', `/jobs/${job}`, { status: 'completed' })
    await gateway.fetch(`/heygen/v3/videos/${job}`)
  }
  let running = 0
  await until(async () => {
    await advance(gateway, SECOND)
    const states = await Promise.all(names.map(statusOf))
    running = states.filter((one) => one === 'running').length
    return served.length + running >= 4
  })
  expect([served, running]).toEqual([[200, 200], 2])
  gone.abort()
  await Promise.all(waiting)
})
