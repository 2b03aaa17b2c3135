/** Webhooks: signed as HeyGen signs them, retried, and lost, doubled, late or early by the settings. */
import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Json, openSimulator, soon, VIDEO } from '../open-simulator.ts'

type Received = { method: string; path: string; headers: IncomingHttpHeaders; body: string }

let simulator: Awaited<ReturnType<typeof openSimulator>>
let server: Server
let base = ''
/** How many of the next calls of a path are refused. */
const refusals = new Map<string, number>()
const received: Received[] = []

beforeAll(async () => {
  simulator = await openSimulator({ vars: { JOB_MS: '50' } })
  server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    const { method = '', url = '', headers } = request
    received.push({ method, path: url, headers, body })
    const left = refusals.get(url) ?? 0
    refusals.set(url, left - 1)
    response.writeHead(left > 0 ? 500 : 200).end()
  })
  server.keepAliveTimeout = 0
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  await simulator.dispose()
  server.close()
})

const create = (key: string, more: object = {}) =>
  simulator.call('POST', '/v3/videos', { key, body: { ...VIDEO, ...more } })

function waitFor(path: string, count = 1): Promise<Received[]> {
  return soon(async () => {
    const found = received.filter((each) => each.path === path && each.method === 'POST')
    return found.length >= count && found
  })
}

/** Those in the outbox for a path, once they are in that state. */
function waitForState(path: string, state: string): Promise<Json[]> {
  return soon(async () => {
    const all = (await simulator.sim('GET', 'webhooks')) as Json[]
    const found = all.filter((each) => each.url === base + path)
    return found.length > 0 && found.every((each) => each.state === state) && found
  })
}

/** More than any delivery may wait: what is still to be sent is sent before it returns. */
const passMuch = () => simulator.pass(6 * 3_600_000)

async function waitForOne(path: string): Promise<Received> {
  const [first] = await waitFor(path)
  if (!first) throw new Error(`${path} was not called`)
  return first
}

test('an endpoint gets one signed event, a callback_url the same event unsigned', async () => {
  const key = 'sk_sim_hooks'
  const body = { url: `${base}/hook`, events: ['avatar_video.success'] }
  const { secret } = (await simulator.call('POST', '/v3/webhooks/endpoints', { key, body })).body
    .data
  const made = await create(key, { callback_id: 'c1', callback_url: `${base}/callback` })
  const hook = await waitForOne('/hook')
  const callback = await waitForOne('/callback')
  const signature = createHmac('sha256', secret).update(hook.body).digest('hex')
  expect(hook.headers).toMatchObject({ signature, 'heygen-signature': signature })
  const event = JSON.parse(hook.body)
  expect(hook.headers['heygen-event-id']).toBe(event.event_id)
  expect(event).toMatchObject({
    event_type: 'avatar_video.success',
    event_data: { video_id: made.body.data.video_id, callback_id: 'c1' },
  })
  expect(callback.body).toBe(hook.body)
  expect(callback.headers.signature).toBeUndefined()
  const history = await simulator.call('GET', '/v3/webhooks/events', { key })
  expect(history.body.data[0].event_id).toBe(event.event_id)
})

test('what is not answered with 2xx comes again', async () => {
  await simulator.sim('POST', 'settings', { webhookRetryMs: 30 })
  refusals.set('/retry', 2)
  await create('sk_sim_retry', { callback_url: `${base}/retry` })
  await waitFor('/retry', 3)
  expect(await waitForState('/retry', 'delivered')).toMatchObject([{ attempts: 3 }])
  await passMuch()
  expect(countOf('/retry')).toBe(3)
})

test('held webhooks wait in the outbox until they are sent by hand', async () => {
  await simulator.sim('POST', 'settings', { webhooks: 'held' })
  await create('sk_sim_held', { callback_url: `${base}/held` })
  const waiting = await waitForState('/held', 'held')
  await passMuch()
  expect(countOf('/held')).toBe(0)
  expect(waiting).toMatchObject([{ eventType: 'avatar_video.success', attempts: 0 }])
  const sent = await simulator.sim('POST', 'webhooks', {})
  expect(sent).toMatchObject([{ state: 'delivered', lastStatus: 200 }])
  expect(await waitFor('/held')).toHaveLength(1)
})

test('webhooks can be lost and doubled', async () => {
  await simulator.sim('POST', 'settings', { webhooks: 'auto', doubleRate: 1 })
  await create('sk_sim_double', { callback_url: `${base}/double` })
  await waitFor('/double', 2)
  expect(await waitForState('/double', 'delivered')).toHaveLength(2)
  await passMuch()
  expect(countOf('/double')).toBe(2)
  await simulator.sim('POST', 'settings', { doubleRate: 0, loseRate: 1 })
  await create('sk_sim_lost', { callback_url: `${base}/lost` })
  await waitForState('/lost', 'lost')
  await passMuch()
  expect(countOf('/lost')).toBe(0)
  await simulator.sim('POST', 'settings', { loseRate: 0 })
})

const countOf = (path: string): number => received.filter((each) => each.path === path).length

test('a late webhook waits for its time on the clock of the simulator', async () => {
  await simulator.sim('POST', 'settings', { lateRate: 1, lateMs: 600_000 })
  const key = 'sk_sim_late'
  const made = await create(key, { callback_url: `${base}/late` })
  const path = `/v3/videos/${made.body.data.video_id}`
  await soon(
    async () => (await simulator.call('GET', path, { key })).body.data.status === 'completed'
  )
  await simulator.pass(300_000)
  expect(countOf('/late')).toBe(0)
  await simulator.pass(300_000)
  expect(countOf('/late')).toBe(1)
  await simulator.sim('POST', 'settings', { lateRate: 0 })
})

const DAY_MS = 86_400_000

test('an early end is told to every receiver before the creation is answered', async () => {
  await simulator.sim('POST', 'settings', { earlyRate: 1, jobMs: DAY_MS, webhookDelayMs: DAY_MS })
  const key = 'sk_sim_early'
  const body = { url: `${base}/early-hook`, events: ['avatar_video.success', 'avatar_video.fail'] }
  await simulator.call('POST', '/v3/webhooks/endpoints', { key, body })
  const made = await create(key, { callback_url: `${base}/early` })
  expect([countOf('/early-hook'), countOf('/early')]).toEqual([1, 1])
  const { video_id, status } = made.body.data
  // The answer was written before the end.
  expect(status).not.toBe('completed')
  const [event] = received.filter((each) => each.path === '/early')
  expect(JSON.parse(event?.body ?? '').event_data.video_id).toBe(video_id)
  const read = await simulator.call('GET', `/v3/videos/${video_id}`, { key })
  expect(read.body.data.status).toBe('completed')
  const account = await simulator.account('early@sim.example')
  expect(account).toMatchObject({ inFlight: 0, maxInFlight: 1, jobsStarted: 1 })
})

test('an early end may be a failure, be refused by its receiver, or be put off by [hold]', async () => {
  const key = 'sk_sim_early'
  await create(key, { script: '[fail]', callback_url: `${base}/early-fail` })
  const [failed] = received.filter((each) => each.path === '/early-fail')
  expect(JSON.parse(failed?.body ?? '').event_type).toBe('avatar_video.fail')
  await simulator.sim('POST', 'settings', { webhookRetryMs: 600_000 })
  refusals.set('/early-refused', 1)
  await create(key, { callback_url: `${base}/early-refused` })
  expect(countOf('/early-refused')).toBe(1)
  await simulator.pass(600_000)
  expect(countOf('/early-refused')).toBe(2)
  await create(key, { script: '[hold]', callback_url: `${base}/early-held` })
  expect(countOf('/early-held')).toBe(0)
  expect(await simulator.account('early@sim.example')).toMatchObject({ inFlight: 1 })
})

test('every job of an early creation ends, and no other', async () => {
  const key = 'sk_sim_langs'
  await simulator.sim('POST', 'settings', { earlyRate: 0 })
  await create(key, { callback_url: `${base}/not-early` })
  await simulator.sim('POST', 'settings', { earlyRate: 1 })
  const body = {
    video: { type: 'url', url: 'https://example.com/a.mp4' },
    output_languages: ['German', 'French'],
    callback_url: `${base}/langs`,
  }
  const made = await simulator.call('POST', '/v3/video-translations', { key, body })
  expect(made.status).toBeLessThan(300)
  expect(countOf('/langs')).toBe(2)
  expect(countOf('/not-early')).toBe(0)
  expect(await simulator.account('langs@sim.example')).toMatchObject({ inFlight: 1 })
  await simulator.sim('POST', 'settings', { earlyRate: 0, jobMs: 50, webhookDelayMs: 0 })
})

test('a rate beyond 0 to 1 is refused and changes nothing', async () => {
  const before = await simulator.sim('GET', 'settings')
  for (const body of [{ lateRate: 2 }, { earlyRate: -1 }, { loseRate: '1' }, { lateMs: null }]) {
    await expect(simulator.sim('POST', 'settings', body), JSON.stringify(body)).rejects.toThrow(
      '400'
    )
  }
  expect(await simulator.sim('GET', 'settings')).toEqual(before)
})

const isFar = ({ url }: Json): boolean => url === 'https://example.com/hg'

test('nothing is sent beyond loopback', async () => {
  await create('sk_sim_far', { callback_url: 'https://example.com/hg' })
  await soon(async () => ((await simulator.sim('GET', 'webhooks')) as Json[]).some(isFar))
  await passMuch()
  const far = ((await simulator.sim('GET', 'webhooks')) as Json[]).filter(isFar)
  expect(far).toMatchObject([{ state: 'blocked', attempts: 0 }])
})

test('an endpoint is asked by OPTIONS when that is switched on', async () => {
  await simulator.sim('POST', 'settings', { validateWebhookUrl: true })
  const add = (url: string) =>
    simulator.call('POST', '/v1/webhook/endpoint.add', { key: 'sk_sim_v', body: { url } })
  expect((await add(`${base}/options`)).status).toBe(200)
  expect(received.filter((each) => each.path === '/options')).toMatchObject([{ method: 'OPTIONS' }])
  expect(await add('http://127.0.0.1:1/none')).toMatchObject({
    status: 400,
    body: { code: 400542 },
  })
})
