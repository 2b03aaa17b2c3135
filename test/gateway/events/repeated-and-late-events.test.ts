/** Events that come twice, late, or after something else: what they must not do. */
import { readFile } from 'node:fs/promises'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { oneOfEach, testFull } from '../../support/full.ts'
import { advance, CLOCKED, DAY, HOUR, MINUTE, untilMoved } from '../../support/clock/clock.ts'
import { until } from '../../support/gateway.ts'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import {
  addEndpoint,
  endpointsOf,
  eventOf,
  hookOf,
  LOOPBACK,
  openHooked,
  signed,
} from '../../support/scenes/hooked.ts'
import { Receiver } from '../../support/receiver.ts'
import type { SimRequest } from '../../support/simulator.ts'

const open = gatewaysOfFile()
/** Its jobs are not over before a test says so, however far it moves the clock. */
const LONG = { simVars: { JOB_MS: String(30 * DAY) } }
const receiver = await Receiver.open()
afterAll(() => receiver.close())

const gateway = await openHooked(open, { accounts: { one: 10 } })
const hook = await hookOf(gateway, 'one')
beforeEach(() => gateway.sim.settings({ webhooks: 'off' }))

async function send(body: string): Promise<void> {
  const headers = signed(hook.secret, body)
  const answer = await fetch(hook.url, { method: 'POST', body, headers })
  expect(answer.status).toBe(204)
}

async function stateOf(job: string): Promise<string> {
  const answer = await gateway.fetch(`/v1/heygen/jobs/${job}`)
  return ((await answer.json()) as { status: string }).status
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

async function openSession(): Promise<{ session: string; event: string }> {
  const created = await gateway.post('/heygen/v3/video-agents', { prompt: 'A film.' })
  expect(created.status, await created.clone().text()).toBe(200)
  const session = created.headers.get('x-gateway-job') ?? ''
  const event = eventOf(session, {
    event_type: 'video_agent.success',
    event_data: { session_id: session, video_id: `v-${session}`, url: null },
  })
  return { session, event }
}

async function goOn(session: string): Promise<string> {
  await pause(1100)
  const again = await gateway.post(`/heygen/v3/video-agents/${session}`, { message: 'Shorter.' })
  expect(again.status, await again.clone().text()).toBe(200)
  return again.headers.get('x-gateway-job') ?? ''
}

test('the event of a session’s first run, come twice, does not end its second run [I1]', async () => {
  const { session, event } = await openSession()
  await send(event)
  expect(await stateOf(session)).toBe('completed')
  const run = await goOn(session)
  await send(event)
  expect(await stateOf(run)).toBe('running')
})

test('the event of a session’s first run, come late, does not end its second run [I1]', async () => {
  const { session, event } = await openSession()
  await gateway.sim.control('POST', `/jobs/${session}`, { status: 'completed' })
  await gateway.fetch(`/heygen/v3/video-agents/${session}`)
  expect(await stateOf(session)).toBe('completed')
  const run = await goOn(session)
  await send(event)
  expect(await stateOf(run)).toBe('running')
  await send(
    event
      .replace(/"created_at":"[^"]*"/, `"created_at":"${new Date().toISOString()}"`)
      .replace('evt_', 'evt_2_')
  )
  expect(await stateOf(run)).toBe('completed')
})

async function withEndpoint(at: string, act: () => Promise<void>): Promise<void> {
  const { endpoint_id: id } = await addEndpoint(gateway, `${receiver.url}${at}`)
  try {
    await act()
  } finally {
    await gateway.fetch(`/heygen/v3/webhooks/endpoints/${id}`, { method: 'DELETE' })
  }
}

async function newJob(more: Record<string, unknown> = {}): Promise<string> {
  const created = await gateway.createVideo(more)
  expect(created.status, await created.clone().text()).toBe(200)
  return created.headers.get('x-gateway-job') ?? ''
}

test('the end of a job whose tracking was ended is told to no endpoint, however often its event comes', async () => {
  await withEndpoint('/untracked', async () => {
    const job = await newJob()
    await gateway.fetch(`/v1/heygen/scheduler/${job}`, { method: 'DELETE' })
    for (const _ of [1, 2, 3]) await send(eventOf(job))
    expect(await stateOf(job)).toBe('completed')
    await pause(400)
    expect(receiver.posts('/untracked')).toEqual([])
  })
})

test('a job’s end is told once, although its event comes under a second id as well [I3]', async () => {
  await withEndpoint('/ids', async () => {
    const job = await newJob()
    await send(eventOf(job))
    await send(eventOf(job, { event_id: 'evt_another' }))
    await send(eventOf(job, { event_id: 'evt_third', event_type: 'avatar_video.fail' }))
    await receiver.heard('/ids')
    await pause(400)
    const posts = receiver.posts('/ids')
    expect(posts.map((one) => one.headers['heygen-event-id'])).toEqual([`evt_${job}`])
    expect(posts[0]?.headers['webhook-id']).toMatch(/^evt_[0-9a-f]{32}$/)
  })
})

test('an endpoint hears nothing of jobs that ended before it was there', async () => {
  const job = await newJob()
  await send(eventOf(job))
  await withEndpoint('/afterwards', async () => {
    await send(eventOf(job))
    await pause(400)
    expect(receiver.posts('/afterwards')).toEqual([])
    // What did not come through the gateway is news.
    await send(eventOf('made-elsewhere'))
    await receiver.heard('/afterwards')
  })
})

test('when one event ends two runs of a session, each run’s own callback is called [I3]', async () => {
  const callback_url = (name: string) => `${receiver.url}/${name}`
  const created = await gateway.post('/heygen/v3/video-agents', {
    prompt: 'A film.',
    callback_url: callback_url('run-one'),
  })
  const session = created.headers.get('x-gateway-job') ?? ''
  const body = { message: 'Shorter.', callback_url: callback_url('run-two') }
  expect((await gateway.post(`/heygen/v3/video-agents/${session}`, body)).status).toBe(200)
  await pause(50)
  await send(
    eventOf(session, {
      event_type: 'video_agent.success',
      event_data: { session_id: session, video_id: null },
    })
  )
  await Promise.all([receiver.heard('/run-one'), receiver.heard('/run-two')])
  await pause(300)
  expect(receiver.posts('/run-one')).toHaveLength(1)
  expect(receiver.posts('/run-two')).toHaveLength(1)
})

test('the platform keeps no log of requests of its own: hook ids and tickets stand in their addresses [I6]', async () => {
  const config = await readFile('wrangler.toml', 'utf8')
  const [, logs = ''] = /\[observability\.logs\]([^[]*)/.exec(config) ?? []
  expect(logs).toMatch(/^invocation_logs = false$/m)
  const [, traces = ''] = /\[observability\.traces\]([^[]*)/.exec(config) ?? []
  expect(traces).toMatch(/^enabled = false$/m)
})

test('48 h after an account was removed its webhook and credential are gone, although a delivery is still owed [I6]', async () => {
  const hold = { isGone: false }
  const leaving = await openHooked(open, { accounts: { owing: 2 }, entry: CLOCKED, ...LONG })
  const { url, secret } = await hookOf(leaving, 'owing')
  const created = await leaving.createVideo({ callback_url: `${receiver.url}/never` })
  expect(created.status).toBe(200)
  await leaving.fetch('/v1/heygen/accounts/owing@example.com', { method: 'DELETE' })
  await advance(leaving, 47 * HOUR)
  expect(await endpointsOf(leaving, 'owing')).toHaveLength(1)
  // The first attempt is under way until the webhook is gone.
  receiver.answer = async (received) => {
    if (received.path !== '/never') return undefined
    if (receiver.posts('/never').length > 1) return 500
    const isGone = async () => (await endpointsOf(leaving, 'owing')).length === 0
    hold.isGone = await until(isGone, 9000).catch(() => false)
    return 500
  }
  try {
    await advance(leaving, HOUR + MINUTE)
    await untilMoved(leaving, async () => receiver.posts('/never').length > 1)
    expect(hold.isGone).toBe(true)
    const poke = { method: 'POST', body: '{}', headers: signed(secret, '{}') }
    await until(async () => (await fetch(url, poke)).status === 401)
  } finally {
    receiver.answer = () => undefined
  }
})

// Deliveries are listed in deliveries.test.ts.
testFull('deliveries are listed however large their events were', async () => {
  await withEndpoint('/large', async () => {
    const data = { video_id: 'elsewhere', note: 'x'.repeat(1_000_000) }
    for (let index = 0; index < 36; index += 1) {
      await send(eventOf(`large-${index}`, { event_data: data }))
    }
    const answer = await gateway.fetch('/v1/deliveries?limit=100')
    expect(answer.status, await answer.clone().text()).toBe(200)
    const { deliveries } = (await answer.json()) as { deliveries: { event: { id: string } }[] }
    expect(deliveries.map((one) => one.event.id)).toContain('evt_large-35')
  })
})

test('a webhook whose secret was changed at HeyGen is registered anew once a job ends without its event [I3]', async () => {
  const changed = await openHooked(open, { accounts: { changed: 5 }, entry: CLOCKED, ...LONG })
  await changed.sim.settings({ webhooks: 'off' })
  const before = await hookOf(changed, 'changed')
  const rotated = await fetch(
    `${changed.sim.url}/api.heygen.com/v3/webhooks/endpoints/${before.id}/rotate-secret`,
    { method: 'POST', headers: { 'x-api-key': 'sk_test_changed' } }
  )
  const { data } = (await rotated.json()) as { data: { secret: string } }
  await changed.sim.forgetRequests()
  const created = await changed.createVideo({ callback_url: `${receiver.url}/changed` })
  expect(created.status).toBe(200)
  const sent = (await changed.sim.requests()).find((one) => one.path === '/v3/videos')
  const [ticket = ''] = /\/callbacks\/heygen\/[^"]*/.exec(sent?.body ?? '') ?? []
  const job = created.headers.get('x-gateway-job') ?? ''
  // A webhook is looked after once an hour.
  await advance(changed, HOUR + MINUTE)
  await changed.sim.control('POST', `/jobs/${job}`, { status: 'completed' })
  const told = eventOf(job)
  const post = (url: string, body: string, headers = {}) =>
    fetch(url, { method: 'POST', body, headers })
  expect((await post(before.url, told, signed(data.secret, told))).status).toBe(401)
  // What makes the account ask, before the ten minutes until it asks by itself.
  const hint = eventOf(job, { event_type: 'something.new.entirely' })
  expect((await post(changed.url + ticket, hint)).status).toBe(204)
  const after = await untilMoved(changed, async () => {
    const [endpoint] = await endpointsOf(changed, 'changed')
    return endpoint && endpoint.id !== before.id && endpoint
  })
  expect(await endpointsOf(changed, 'changed')).toHaveLength(1)
  const body = eventOf('news')
  await until(async () => (await post(after.url, body, signed(after.secret, body))).status === 204)
})

test('an account removed at once, while its webhook is being registered, leaves none behind at HeyGen', async () => {
  const match = { method: 'POST', path: '/v3/webhooks/endpoints' }
  await gateway.sim.forgetRequests()
  await gateway.sim.fault({ match, times: 1, effect: { latencyMs: 3000 } })
  const email = await gateway.addAccount('brief', 2)
  const isIt = ({ method, path: at }: SimRequest) => method === match.method && at === match.path
  const registration = () => until(async () => (await gateway.sim.requests()).find(isIt))
  await registration()
  await gateway.fetch(`/v1/heygen/accounts/${email}?now=true`, { method: 'DELETE' })
  await until(async () => (await registration()).status !== null)
  await until(async () => (await endpointsOf(gateway, 'brief')).length === 0)
  await pause(500)
  expect(await endpointsOf(gateway, 'brief')).toEqual([])
})

test('an account removed after the answer to its webhook’s registration was lost leaves none behind', async () => {
  for (const query of oneOfEach(['', '?now=true'], () => 'removed')) {
    const lost = await open({ vars: LOOPBACK })
    const adding = { method: 'POST', path: '/v3/webhooks/endpoints' }
    await lost.sim.fault({ match: adding, times: 1, effect: { reset: 'after' } })
    const email = await lost.addAccount('lost', 1)
    await until(async () => {
      const view = await (await lost.fetch(`/v1/heygen/accounts/${email}`)).text()
      return view.includes('could not be added')
    })
    expect(await endpointsOf(lost, 'lost')).toHaveLength(1)
    const gone = await lost.fetch(`/v1/heygen/accounts/${email}${query}`, { method: 'DELETE' })
    expect(gone.status).toBe(204)
    await until(async () => (await endpointsOf(lost, 'lost')).length === 0)
  }
})

test('a webhook that cannot be removed is let go 48 h after its account was, and not asked about without end', async () => {
  const stuck = await openHooked(open, { accounts: { stuck: 1 }, entry: CLOCKED })
  const removing = { method: 'DELETE', path: '/v3/webhooks/endpoints' }
  await stuck.sim.fault({ match: removing, effect: { status: 500 } })
  const removals = async () =>
    (await stuck.sim.requests()).filter((one) => one.method === 'DELETE').length
  const gone = await stuck.fetch('/v1/heygen/accounts/stuck@example.com', { method: 'DELETE' })
  expect(gone.status).toBe(204)
  // Until it is tried once an hour, and will next be after the 48 h.
  for (let hours = 1; hours <= 8; hours += 1) await advance(stuck, HOUR)
  await advance(stuck, 39 * HOUR + 30 * MINUTE)
  const before = await removals()
  await advance(stuck, 31 * MINUTE)
  const last = await removals()
  expect(last).toBeGreaterThan(before)
  await advance(stuck, 2 * HOUR)
  expect(await removals()).toBe(last)
})

// Of its kind in `npm test`: events/event-ids.test.ts
testFull(
  'a creation that one account refused and another made is told once, although the slot was not given back [I3]',
  async () => {
    const entry = 'test/support/workers/lossy-worker.ts'
    const lossy = await openHooked(open, { accounts: { a: 2, b: 2 }, timeScale: 20, entry })
    await lossy.sim.settings({ webhooks: 'off' })
    const creating = { method: 'POST', path: '/v3/videos' }
    await lossy.sim.fault({ match: creating, times: 1, effect: { status: 429 } })
    const created = await lossy.createVideo({ callback_url: `${receiver.url}/twice` })
    expect(created.status, await created.clone().text()).toBe(200)
    await until(async () => lossy.logs.some((line) => line.includes('release_failed')))
    await until(async () => (await lossy.heldSlots()) === 1)
    // What is told of an end is written with it.
    expect(await (await lossy.fetch('/v1/deliveries')).json()).toMatchObject({ deliveries: [] })
    const job = created.headers.get('x-gateway-job') ?? ''
    await lossy.sim.control('POST', `/jobs/${job}`, { status: 'completed' })
    await lossy.fetch(`/heygen/v3/videos/${job}`)
    await until(async () => receiver.posts('/twice').length > 0)
    expect(receiver.posts('/twice').map((one) => one.body)).toEqual([
      expect.stringContaining('avatar_video.success'),
    ])
  }
)

test('a delivery is gone a week after it ended, although nothing else happens on its account', async () => {
  const quiet = await openHooked(open, { accounts: { quiet: 1 }, entry: CLOCKED })
  const { url: address, secret } = await hookOf(quiet, 'quiet')
  await addEndpoint(quiet, `${receiver.url}/quiet`)
  const body = eventOf('made-elsewhere')
  const told = await fetch(address, { method: 'POST', body, headers: signed(secret, body) })
  expect(told.status).toBe(204)
  await until(async () => receiver.posts('/quiet').length > 0)
  const left = async () => {
    const { deliveries } = (await (await quiet.fetch('/v1/deliveries')).json()) as {
      deliveries: { state: string }[]
    }
    return deliveries.map(({ state }) => state)
  }
  await until(async () => (await left())[0] === 'delivered')
  await advance(quiet, 7 * DAY - HOUR)
  expect(await left()).toEqual(['delivered'])
  // Those of some hours go together.
  await advance(quiet, 5 * HOUR)
  expect(await left()).toEqual([])
})
