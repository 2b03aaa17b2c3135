/** Webhook endpoints of clients: HeyGen's calls and answers, kept by the gateway, told of every account's events. */
import { createHmac } from 'node:crypto'
import { afterAll, expect, test } from 'vitest'
import {
  findDifferences,
  HTTP_ROWS,
  isOwn,
  nameOf,
  pathOf,
} from '../../support/catalogue/catalogue.ts'
import { advance, CLOCKED, MINUTE } from '../../support/clock/clock.ts'
import { until, type Gateway } from '../../support/gateway.ts'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { addEndpoint, callNaming, openHooked } from '../../support/scenes/hooked.ts'
import { Receiver, type Received } from '../../support/receiver.ts'

const open = gatewaysOfFile()
const receiver = await Receiver.open()
afterAll(() => receiver.close())

const gateway = await openHooked(open, { accounts: { ann: 5, bob: 5 } })

/** HeyGen's envelopes, as far as these tests look into them. */
interface Body {
  data: unknown
  error?: unknown
  code?: number
  message?: string
  has_more?: boolean
  next_token?: string | null
}

interface Endpoint {
  endpoint_id: string
  url: string
  events: string[] | null
  secret: string | null
  status: string
}

async function call(
  method: string,
  path: string,
  body?: unknown,
  token?: string
): Promise<{ status: number; body: Body }> {
  const answer = await callNaming(() =>
    gateway.fetch(`/heygen${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
    })
  )
  return { status: answer.status, body: (await answer.json()) as Body }
}

async function add(path: string, more: Record<string, unknown> = {}): Promise<Endpoint> {
  const body = { url: `${receiver.url}${path}`, ...more }
  const added = await call('POST', '/v3/webhooks/endpoints', body)
  expect(added.status, JSON.stringify(added.body)).toBe(200)
  return added.body.data as Endpoint
}

/** A finished video of an account, through the gateway. */
async function finishVideo(one: Gateway, email: string, status = 'completed'): Promise<string> {
  const created = await one.createVideo({}, { 'x-gateway-account': email })
  const id = created.headers.get('x-gateway-job') ?? ''
  await one.sim.control('POST', `/jobs/${id}`, { status })
  return id
}

function heard(path: string, count: number): Promise<Received[]> {
  return receiver.heard(path, count)
}

const OWN = HTTP_ROWS.filter(isOwn).map((row) => ({ name: nameOf(row), row }))

test.each(OWN)(
  '$name is answered by the gateway as documented, without a call upstream',
  async ({ row }) => {
    const { endpoint_id: id } = await add('/rows')
    await gateway.sim.forgetRequests()
    const path = pathOf(row)
      .replace(/endpoints\/[^/]+/, `endpoints/${id}`)
      .replace(/endpoint_id=[^&]+/, `endpoint_id=${id}`)
    const example = row.requestExample as Record<string, unknown> | null
    const body = example && {
      ...example,
      ...('url' in example ? { url: `${receiver.url}/rows` } : {}),
      ...('endpoint_id' in example ? { endpoint_id: id } : {}),
    }
    const answer = await call(row.method, path, body ?? undefined)
    expect(answer.status, JSON.stringify(answer.body)).toBe(row.successStatus)
    expect(findDifferences(row.responseExample, answer.body, '')).toEqual([])
    expect(await gateway.sim.requests()).toEqual([])
  }
)

test('an event of any account reaches an endpoint once, in HeyGen’s own bytes and signature [I3]', async () => {
  const { secret } = await add('/all')
  const ids = [
    await finishVideo(gateway, 'ann@example.com'),
    await finishVideo(gateway, 'bob@example.com', 'failed'),
  ]
  const events = await heard('/all', 2)
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(receiver.posts('/all')).toHaveLength(2)
  for (const { headers, body } of events) {
    const event = JSON.parse(body) as { event_id: string; event_data: { video_id: string } }
    expect(ids).toContain(event.event_data.video_id)
    // The whole text of the secret is the key, and the signature is hex over the raw body.
    const signature = createHmac('sha256', String(secret)).update(body).digest('hex')
    expect(headers).toMatchObject({
      signature,
      'heygen-signature': signature,
      'heygen-event-id': event.event_id,
    })
  }
  const sent = await gateway.sim.control<{ body: string; url: string }[]>('GET', '/webhooks')
  const own = new Set(sent.map((one) => one.body))
  for (const { body } of events) expect(own.has(body)).toBe(true)
})

test('an endpoint hears only the events and the video that it asked for', async () => {
  await add('/fails', { events: ['avatar_video.fail'] })
  const watched = (await gateway.createVideo()).headers.get('x-gateway-job') ?? ''
  await add('/one', { entity_id: watched })
  await finishVideo(gateway, 'ann@example.com')
  const failed = await finishVideo(gateway, 'ann@example.com', 'failed')
  await gateway.sim.control('POST', `/jobs/${watched}`, { status: 'completed' })
  const [[fail], [one]] = await Promise.all([heard('/fails', 1), heard('/one', 1)])
  expect(JSON.parse(fail?.body ?? '')).toMatchObject({ event_data: { video_id: failed } })
  expect(JSON.parse(one?.body ?? '')).toMatchObject({ event_data: { video_id: watched } })
  expect(receiver.posts('/fails')).toHaveLength(1)
  expect(receiver.posts('/one')).toHaveLength(1)
})

test('a job that was made outside the gateway is an event too', async () => {
  await add('/outside')
  const made = await gateway.sim.control<{ id: string }>('POST', '/jobs', {
    account: 'ann@example.com',
    durationMs: 10,
  })
  const [event] = await heard('/outside', 1)
  expect(JSON.parse(event?.body ?? '')).toMatchObject({ event_data: { video_id: made.id } })
})

test('an endpoint that was changed, switched off, or removed hears what it then should', async () => {
  const { endpoint_id: id } = await add('/before')
  const path = `/v3/webhooks/endpoints/${id}`
  const moved = await call('PATCH', path, { url: `${receiver.url}/after`, events: null })
  expect(moved.body.data).toMatchObject({
    url: `${receiver.url}/after`,
    secret: null,
    events: null,
  })
  await finishVideo(gateway, 'ann@example.com')
  await heard('/after', 1)
  await call('PATCH', path, { status: 'disabled' })
  await finishVideo(gateway, 'ann@example.com')
  await call('PATCH', path, { status: 'enabled' })
  expect((await call('DELETE', path)).status).toBe(200)
  await finishVideo(gateway, 'ann@example.com')
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect(receiver.posts('/before')).toHaveLength(0)
  expect(receiver.posts('/after')).toHaveLength(1)
  const gone = await call('PATCH', path, { events: null })
  expect(gone).toMatchObject({ status: 404, body: { error: { code: 'webhook_not_found' } } })
})

test('what is still owed to an endpoint that was switched off is not sent, and can be sent once it is on again [I3]', async () => {
  const clocked = await openHooked(open, { accounts: { off: 2 }, entry: CLOCKED })
  receiver.answer = ({ path }) =>
    path === '/off' && receiver.posts('/off').length === 1 ? 500 : undefined
  const { endpoint_id: id } = await addEndpoint(clocked, `${receiver.url}/off`)
  const turn = (status: string) =>
    callNaming(() =>
      clocked.fetch(`/heygen/v3/webhooks/endpoints/${id}`, {
        method: 'PATCH',
        body: JSON.stringify({ status }),
        headers: { 'content-type': 'application/json' },
      })
    )
  const owed = async () => {
    const answer = await clocked.fetch('/v1/deliveries')
    return ((await answer.json()) as { deliveries: Record<string, unknown>[] }).deliveries[0]
  }
  await finishVideo(clocked, 'off@example.com')
  await until(async () => (await owed())?.['attempts'] === 1)
  expect((await turn('disabled')).status).toBe(200)
  await advance(clocked, MINUTE)
  const dead = await until(async () => {
    const one = await owed()
    return one?.['state'] === 'dead' && one
  })
  expect(dead).toMatchObject({ reason: 'the endpoint is switched off' })
  expect(receiver.posts('/off')).toHaveLength(1)
  expect((await turn('enabled')).status).toBe(200)
  // At once: what the object read of the endpoint a moment ago does not count.
  await clocked.fetch(`/v1/deliveries/${String(dead['id'])}/retry`, { method: 'POST' })
  await until(async () => (await owed())?.['state'] === 'delivered')
  expect(receiver.posts('/off')).toHaveLength(2)
  receiver.answer = () => undefined
})

test('a rotated secret signs from then on', async () => {
  const { endpoint_id: id, secret } = await add('/rotated')
  const rotated = await call('POST', `/v3/webhooks/endpoints/${id}/rotate-secret`, {})
  const { secret: fresh } = rotated.body.data as { secret: string }
  expect(fresh).toMatch(/^whsec_/)
  expect(fresh).not.toBe(secret)
  await finishVideo(gateway, 'ann@example.com')
  const [event] = await heard('/rotated', 1)
  const signature = createHmac('sha256', fresh)
    .update(event?.body ?? '')
    .digest('hex')
  expect(event?.headers['signature']).toBe(signature)
})

test('secrets are shown when they are made, and by the older list to who may change endpoints', async () => {
  const { secret } = await add('/shown')
  const v3 = await call('GET', '/v3/webhooks/endpoints?limit=100')
  expect((v3.body.data as Endpoint[]).every((one) => one.secret === null)).toBe(true)
  const v1 = await call('GET', '/v1/webhook/endpoint.list')
  expect((v1.body.data as Endpoint[]).map((one) => one.secret)).toContain(secret)
})

test('endpoints of another tenant, and changes by a token that may only use, are refused [I5]', async () => {
  const { endpoint_id: id } = await add('/mine')
  const other = await gateway.newToken()
  const path = `/v3/webhooks/endpoints/${id}`
  expect((await call('DELETE', path, undefined, other.token)).status).toBe(404)
  const listed = await call('GET', '/v3/webhooks/endpoints', undefined, other.token)
  expect(listed.body.data).toEqual([])
  const { id: mine } = (await (await gateway.fetch('/v2/account')).json()) as { id: string }
  const user = await gateway.newToken({ tenant: mine, scope: 'use' })
  expect((await call('DELETE', path, undefined, user.token)).status).toBe(403)
  const old = await call('GET', '/v1/webhook/endpoint.list', undefined, user.token)
  expect((old.body.data as Endpoint[]).every((one) => one.secret === null)).toBe(true)
})

test('a list of endpoints has pages', async () => {
  const seen: string[] = []
  let token: string | null = ''
  while (token !== null) {
    const next: string = token === '' ? '' : `&token=${encodeURIComponent(token)}`
    const { body } = await call('GET', `/v3/webhooks/endpoints?limit=3${next}`)
    seen.push(...(body.data as Endpoint[]).map((one) => one.endpoint_id))
    expect(body.has_more).toBe(body.next_token !== null)
    token = body.next_token as string | null
  }
  const { body } = await call('GET', '/v3/webhooks/endpoints?limit=100')
  expect(seen).toEqual((body.data as Endpoint[]).map((one) => one.endpoint_id))
  expect(seen.length).toBeGreaterThan(3)
})

test('a list goes on although the endpoint where its page ended was removed', async () => {
  const { body: whole } = await call('GET', '/v3/webhooks/endpoints')
  const before = (whole.data as Endpoint[]).map((one) => one.endpoint_id)
  const made = [await add('/page-a'), await add('/page-b')].map((one) => one.endpoint_id)
  const limit = before.length + 1
  const { body: first } = await call('GET', `/v3/webhooks/endpoints?limit=${limit}`)
  expect((first.data as Endpoint[]).at(-1)?.endpoint_id).toBe(made[0])
  expect((await call('DELETE', `/v3/webhooks/endpoints/${made[0]}`)).status).toBe(200)
  const token = encodeURIComponent(String(first.next_token))
  const rest = await call('GET', `/v3/webhooks/endpoints?limit=${limit}&token=${token}`)
  expect(rest.status, JSON.stringify(rest.body)).toBe(200)
  expect((rest.body.data as Endpoint[]).map((one) => one.endpoint_id)).toEqual([made[1]])
})

test.each([
  ['no url', {}, 'url'],
  ['a private address', { url: 'https://10.0.0.1/x' }, 'url'],
  ['an unknown event', { url: '{receiver}/x', events: ['avatar_video.done'] }, 'avatar_video.done'],
  ['events that are no list', { url: '{receiver}/x', events: 'all' }, 'events'],
  ['an entity that is no text', { url: '{receiver}/x', entity_id: 7 }, 'entity_id'],
])('%s is refused by a message that names it', async (_, body, named) => {
  const text = JSON.stringify(body).replace('{receiver}', receiver.url)
  for (const path of ['/v3/webhooks/endpoints', '/v1/webhook/endpoint.add']) {
    const answer = await call('POST', path, JSON.parse(text))
    expect(answer.status).toBe(400)
    expect(JSON.stringify(answer.body)).toContain(named)
  }
})

test('an address that does not answer OPTIONS within a second is refused as HeyGen refuses it', async () => {
  const slow = await Receiver.open()
  slow.answer = () => new Promise(() => {})
  try {
    const url = `${slow.url}/x`
    const v1 = await gateway.post('/heygen/v1/webhook/endpoint.add', { url })
    expect(v1.status).toBe(400)
    expect(await v1.json()).toMatchObject({
      code: 400542,
      message: expect.stringContaining('Url of this webhook endpoint is invalid'),
    })
    const v3 = await gateway.post('/heygen/v3/webhooks/endpoints', { url })
    expect(((await v3.json()) as Body).error).toMatchObject({
      code: 'invalid_parameter',
      param: 'url',
    })
  } finally {
    await slow.close()
  }
})

test('the history shows the events of all accounts, with pages and filters', async () => {
  const failed = await finishVideo(gateway, 'bob@example.com', 'failed')
  const ids: string[] = []
  let token: string | null = ''
  while (token !== null) {
    const next: string = token === '' ? '' : `&token=${encodeURIComponent(token)}`
    const { body } = await call('GET', `/v3/webhooks/events?limit=4${next}`)
    ids.push(...(body.data as { event_id: string }[]).map((one) => one.event_id))
    token = body.next_token as string | null
  }
  expect(new Set(ids).size).toBe(ids.length)
  const all = (await call('GET', '/v3/webhooks/events?limit=100')).body.data as unknown[]
  expect(all.length).toBeGreaterThan(4)
  expect(ids).toHaveLength(all.length)
  const one = await call(
    'GET',
    `/v3/webhooks/events?event_type=avatar_video.fail&entity_id=${failed}`
  )
  expect(one.body.data).toMatchObject([{ event_data: { video_id: failed } }])
})
