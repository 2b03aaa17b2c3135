/** Callbacks of the simulated Kling: the bare task, signed only for accounts that have a secret. */
import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { signKling } from '../../../simulator/events/kling-signature.ts'
import { openKling, TEXT_TO_VIDEO, TURBO } from './open-kling.ts'
import { type Json, soon } from '../open-simulator.ts'

type Received = { path: string; headers: IncomingHttpHeaders; text: string; body: Json }

let kling: Awaited<ReturnType<typeof openKling>>
let server: Server
let base = ''
const received: Received[] = []

beforeAll(async () => {
  // Longer than the file takes: a task is processed by itself, and ends when it is told to.
  kling = await openKling({ vars: { JOB_MS: '600000' } })
  server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += String(chunk)
    const { url = '', headers } = request
    received.push({ path: url, headers, text, body: JSON.parse(text) })
    response.writeHead(200).end()
  })
  server.keepAliveTimeout = 0
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  await kling.dispose()
  server.close()
})

const create = (name: string, callback_url: string, more: object = {}) =>
  kling.call('POST', '/v1/videos/text2video', {
    name,
    body: { ...TEXT_TO_VIDEO, callback_url, ...more },
  })

const callsOf = (path: string): Received[] => received.filter((each) => each.path === path)

function waitFor(path: string, count: number): Promise<Received[]> {
  return soon(async () => callsOf(path).length >= count && callsOf(path))
}

/** What is told of it is sent before this returns. */
const endAll = () => kling.sim('POST', 'finish', {})

test('every change of a task is told as the bare task, unsigned', async () => {
  const made = await create('plain', `${base}/plain`, { external_task_id: 'cb-1' })
  await waitFor('/plain', 1)
  await kling.pass(600_000)
  const calls = callsOf('/plain')
  expect(calls.map(({ body }) => body.task_status)).toEqual(['processing', 'succeed'])
  const [, last] = calls
  const { task_id } = made.body.data
  const read = await kling.call('GET', `/v1/videos/text2video/${task_id}`, { name: 'plain' })
  expect({ ...last?.body, task_result: 0 }).toEqual({ ...read.body.data, task_result: 0 })
  expect(last?.body.task_info.external_task_id).toBe('cb-1')
  expect(last?.headers['content-type']).toBe('application/json; charset=utf-8')
  expect(last?.headers['webhook-signature']).toBeUndefined()
})

test('the new design tells in its own shape, and signs with each secret of the account', async () => {
  const secrets = ['whsec_bmV3', 'whsec_b2xk']
  await kling.make('signed', { webhookSecrets: secrets })
  await kling.sim('POST', 'settings', { klingCallbacks: 'end' })
  const options = { callback_url: `${base}/signed` }
  const body = { prompt: 'A cat', options }
  await kling.call('POST', TURBO, { name: 'signed', body })
  await endAll()
  const [call] = callsOf('/signed')
  expect(call?.body).toMatchObject({ status: 'succeeded', outputs: [{ type: 'video' }] })
  const { 'webhook-id': id, 'webhook-timestamp': time } = call?.headers ?? {}
  const expected = ['new', 'old'].map((key) => {
    const hmac = createHmac('sha256', key).update(`${String(id)}.${String(time)}.${call?.text}`)
    return `v1,${hmac.digest('base64')}`
  })
  expect(call?.headers['webhook-signature']).toBe(expected.join(' '))
  await kling.pass(60_000)
  expect(callsOf('/signed')).toHaveLength(1)
  await kling.sim('POST', 'settings', { klingCallbacks: 'all' })
})

test("the vendor's own signature is met", async () => {
  const body =
    '{"id":"1234567890","status":"succeeded","message":"","create_time":1781080778802,"update_time":1781080794151}'
  const secret = 'whsec_dGVzdHNlY3JldHRlc3RzZWNyZXR0ZXN0c2VjcmV0MTI='
  const headers = await signKling({ eventId: '9876543210', body, secret }, 1_781_080_794_000)
  expect(headers['webhook-signature']).toBe('v1,UsKlJP00XoQyOn410NM9xv34sP+Gl0jnOO9Lcpr7NJ4=')
})

test('callbacks are held, lost, doubled and kept from going beyond loopback', async () => {
  const settings = (change: object) => kling.sim('POST', 'settings', change)
  await settings({ klingCallbacks: 'end', webhooks: 'held' })
  await create('held', `${base}/held`)
  await endAll()
  expect(callsOf('/held')).toHaveLength(0)
  await kling.sim('POST', 'webhooks', {})
  expect(callsOf('/held')).toHaveLength(1)
  await settings({ webhooks: 'auto', doubleRate: 1 })
  await create('double', `${base}/double`)
  await endAll()
  expect(callsOf('/double')).toHaveLength(2)
  await settings({ doubleRate: 0, loseRate: 1 })
  await create('lost', `${base}/lost`)
  await endAll()
  expect(callsOf('/lost')).toHaveLength(0)
  await settings({ loseRate: 0 })
  await create('far', 'https://example.com/kling')
  await endAll()
  expect(await kling.sim('GET', 'webhooks?state=blocked')).toHaveLength(1)
  await settings({ klingCallbacks: 'all' })
})

test('a task that ends before it is processed has only its end to tell', async () => {
  // Nothing goes out before the end, and the clock goes back so that the processing is still to come by then.
  await kling.sim('POST', 'settings', { webhooks: 'held' })
  const made = await create('quick', `${base}/quick`, { prompt: '[hold]' })
  await kling.pass(-60_000)
  await kling.sim('POST', `jobs/${made.body.data.task_id}`, { status: 'failed' })
  await kling.pass(120_000)
  await kling.sim('POST', 'settings', { webhooks: 'auto' })
  await kling.sim('POST', 'webhooks', {})
  expect(callsOf('/quick').map(({ body }) => body.task_status)).toEqual(['failed'])
})

test('an element id stays a whole integer in a callback', async () => {
  await kling.call('POST', '/v1/general/advanced-custom-elements', {
    name: 'whole',
    body: {
      element_name: 'Ann',
      element_description: 'a woman',
      callback_url: `${base}/whole`,
    },
  })
  await waitFor('/whole', 1)
  await endAll()
  expect(callsOf('/whole')).toHaveLength(2)
  expect(callsOf('/whole').at(-1)?.text).toMatch(/"element_id":\d{18}[,}]/)
})
