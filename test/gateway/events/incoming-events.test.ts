/** HeyGen calls us: what settles a job, what is refused, and what changes nothing. */
import { afterAll, beforeEach, expect, test } from 'vitest'
import { CLOCKED, stopped, untilMoved } from '../../support/clock/clock.ts'
import { until, VIDEO } from '../../support/gateway.ts'
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
import { leastSpan, Receiver } from '../../support/receiver.ts'

const open = gatewaysOfFile()
const receiver = await Receiver.open()
afterAll(() => receiver.close())

const gateway = await openHooked(open, { accounts: { one: 5, two: 5 } })
const [one, two] = [await hookOf(gateway, 'one'), await hookOf(gateway, 'two')]
beforeEach(() => gateway.sim.settings({ webhooks: 'auto' }))

/** A running job of the first account whose events HeyGen keeps to itself. */
async function silentJob(more: Record<string, unknown> = {}): Promise<string> {
  await gateway.sim.settings({ webhooks: 'off' })
  const created = await gateway.createVideo(more, { 'x-gateway-account': 'one@example.com' })
  expect(created.status).toBe(200)
  return created.headers.get('x-gateway-job') ?? ''
}

function post(url: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, { method: 'POST', body, headers })
}

async function stateOf(job: string): Promise<string> {
  const answer = await gateway.fetch(`/v1/heygen/jobs/${job}`)
  return ((await answer.json()) as { status: string }).status
}

test('with webhooks on, a job is settled and its client told within a second, without one status call [I2]', async () => {
  const span = await leastSpan(1000, async (n) => {
    const path = `/told-${n}`
    const created = await gateway.createVideo({
      callback_url: receiver.url + path,
      callback_id: 'mine',
    })
    const id = created.headers.get('x-gateway-job') ?? ''
    await gateway.sim.forgetRequests()
    const endedAt = Date.now()
    await gateway.sim.control('POST', `/jobs/${id}`, { status: 'completed' })
    const [told] = await receiver.heard(path)
    expect(JSON.parse(told?.body ?? '')).toMatchObject({
      event_type: 'avatar_video.success',
      event_data: { video_id: id, callback_id: 'mine' },
    })
    expect(await stateOf(id)).toBe('completed')
    expect(await gateway.sim.requests()).toEqual([])
    // The same event came to the account's webhook as well.
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(receiver.posts(path)).toHaveLength(1)
    return (told?.at ?? Infinity) - endedAt
  })
  expect(span).toBeLessThan(1000)
})

test('a second webhook for a settled job changes nothing [I2]', async () => {
  const job = await silentJob({ callback_url: `${receiver.url}/twice` })
  const body = eventOf(job)
  for (const _ of [1, 2, 3]) {
    expect((await post(one.url, body, signed(one.secret, body))).status).toBe(204)
  }
  const failed = eventOf(job, { event_type: 'avatar_video.fail', event_id: 'evt_other' })
  expect((await post(one.url, failed, signed(one.secret, failed))).status).toBe(204)
  expect(await stateOf(job)).toBe('completed')
  await receiver.heard('/twice')
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(receiver.posts('/twice')).toHaveLength(1)
})

test('either name of the signature header is taken', async () => {
  for (const name of ['signature', 'heygen-signature']) {
    const job = await silentJob()
    const body = eventOf(job)
    const { signature = '' } = signed(one.secret, body)
    expect((await post(one.url, body, { [name]: signature.toUpperCase() })).status).toBe(204)
    expect(await stateOf(job)).toBe('completed')
  }
})

const FORGERIES: [string, (body: string) => [string, string, Record<string, string>]][] = [
  ['an unsigned one', (body) => [one.url, body, {}]],
  ['one signed with another secret', (body) => [one.url, body, signed('whsec_guess', body)]],
  ['one signed with an empty secret', (body) => [one.url, body, signed('', body)]],
  ['one with an empty signature', (body) => [one.url, body, { signature: '' }]],
  [
    'one with a signature that is no hex',
    (body) => [one.url, body, { signature: 'zz'.repeat(32) }],
  ],
  ['a truncated one', (body) => [one.url, body.slice(0, -1), signed(one.secret, body)]],
  ['one with a byte more', (body) => [one.url, `${body} `, signed(one.secret, body)]],
  ['another account’s, at our address', (body) => [one.url, body, signed(two.secret, body)]],
  ['ours, at another account’s address', (body) => [two.url, body, signed(one.secret, body)]],
  [
    'one at an address that was changed',
    (body) => [`${one.url.slice(0, -2)}AA`, body, signed(one.secret, body)],
  ],
  [
    'one at an address that was made up',
    (body) => [`${gateway.url}/webhooks/heygen/k1.aaaa.bbbb`, body, signed(one.secret, body)],
  ],
  [
    'one at a callback address made of the webhook’s',
    (body) => [one.url.replace('/webhooks/', '/callbacks/'), body, signed(one.secret, body)],
  ],
  [
    'one for a provider that is not there',
    (body) => [one.url.replace('/heygen/', '/nobody/'), body, signed(one.secret, body)],
  ],
]

test.each(FORGERIES)('%s gets 401 and changes nothing [I2]', async (_, forge) => {
  const job = await silentJob()
  const [url, body, headers] = forge(eventOf(job))
  const answer = await post(url, body, headers)
  expect(answer.status).toBe(401)
  expect(await answer.json()).toEqual({ error: 'Unauthorized', code: 401 })
  expect(await stateOf(job)).toBe('running')
  await gateway.fetch(`/v1/heygen/scheduler/${job}?force=true`, { method: 'DELETE' })
})

test('what is signed but says nothing that we know is answered with 2xx and changes nothing', async () => {
  const job = await silentJob()
  const odd = [
    '{}',
    'not json',
    '[]',
    '"text"',
    eventOf('nobody-knows-this-one'),
    eventOf(job, { event_type: 'avatar_video_gif.success' }),
    eventOf(job, { event_type: 'something.new.entirely' }),
    eventOf(job, { event_data: null }),
    eventOf(job, { event_data: { video_id: 7 } }),
    eventOf(job, { event_type: 7 }),
  ]
  for (const body of odd) {
    expect((await post(one.url, body, signed(one.secret, body))).status, body).toBe(204)
  }
  expect(await stateOf(job)).toBe('running')
})

test('the time in a header is not signed, so nothing is refused by it', async () => {
  const job = await silentJob()
  const body = eventOf(job)
  const headers = { ...signed(one.secret, body), 'heygen-timestamp': '1' }
  expect((await post(one.url, body, headers)).status).toBe(204)
  expect(await stateOf(job)).toBe('completed')
})

test.each(['2026-01-01T00:00:00Z', '1970-01-01T00:00:00Z', '2026-11-28T07:27:19', 'yesterday'])(
  'a signed event ends its job whatever its clock says: %s',
  async (created_at) => {
    const job = await silentJob()
    const body = eventOf(job, { created_at })
    expect((await post(one.url, body, signed(one.secret, body))).status).toBe(204)
    expect(await stateOf(job)).toBe('completed')
  }
)

test('an event of the older form, without id and time, settles as well', async () => {
  const job = await silentJob({ callback_url: `${receiver.url}/older` })
  const body = JSON.stringify({
    event_type: 'avatar_video.fail',
    event_data: { video_id: job, msg: 'no voice', callback_id: null },
  })
  expect((await post(one.url, body, signed(one.secret, body))).status).toBe(204)
  expect(await stateOf(job)).toBe('failed')
  const [told] = await receiver.heard('/older')
  expect(told?.body).toBe(body)
  expect(told?.headers['webhook-id']).toMatch(/^evt_[0-9a-f]{32}$/)
})

test('bodies over a mebibyte are refused, GET and OPTIONS answered at once without asking anybody', async () => {
  const big = JSON.stringify({ text: 'x'.repeat(1024 * 1024) })
  expect((await post(one.url, big, signed(one.secret, big))).status).toBe(413)
  await gateway.sim.forgetRequests()
  for (const method of ['GET', 'OPTIONS']) {
    const span = await leastSpan(500, async () => {
      const began = Date.now()
      const answer = await fetch(one.url, { method })
      expect(answer.status).toBe(204)
      return Date.now() - began
    })
    expect(span).toBeLessThan(500)
  }
  expect(await gateway.sim.requests()).toEqual([])
})

test('an event that comes before its creation has answered settles the job when it has [I3]', async () => {
  await gateway.sim.settings({ earlyRate: 1 })
  try {
    const created = await gateway.createVideo({ callback_url: `${receiver.url}/early` })
    expect(created.status).toBe(200)
    const job = created.headers.get('x-gateway-job') ?? ''
    await until(async () => (await stateOf(job)) === 'completed')
    await receiver.heard('/early')
    const plain = await gateway.createVideo()
    const other = plain.headers.get('x-gateway-job') ?? ''
    await until(async () => (await stateOf(other)) === 'completed')
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(receiver.posts('/early')).toHaveLength(1)
  } finally {
    await gateway.sim.settings({ earlyRate: 0 })
  }
})

test('a callback proves which job a creation became whose answer was lost [I4]', async () => {
  // Nothing else tells it.
  await gateway.sim.settings({ keyMode: 'ignores' })
  await gateway.sim.fault({
    match: { method: 'POST', path: '/v3/videos' },
    times: 1,
    effect: { reset: 'after' },
  })
  const lost = await gateway.createVideo({ callback_url: `${receiver.url}/lost` })
  await gateway.sim.settings({ keyMode: 'key-first' })
  expect(lost.status).toBe(424)
  const requestId = lost.headers.get('x-request-id') ?? ''
  await gateway.sim.finishJobs()
  await receiver.heard('/lost')
  const found = await gateway.fetch(`/v1/heygen/jobs/${requestId}`)
  const job = (await found.json()) as { status: string; jobid: string }
  expect(job.status).toBe('completed')
  expect(JSON.parse(receiver.posts('/lost')[0]?.body ?? '')).toMatchObject({
    event_data: { video_id: job.jobid },
  })
})

test('after a poll has settled a job, its late event is not told again [I3]', async () => {
  await addEndpoint(gateway, `${receiver.url}/late`)
  const job = await silentJob()
  await gateway.sim.control('POST', `/jobs/${job}`, { status: 'completed' })
  await gateway.fetch(`/heygen/v3/videos/${job}`)
  const [told] = await receiver.heard('/late')
  const built = JSON.parse(told?.body ?? '') as Record<string, unknown>
  expect(built).toMatchObject({
    event_type: 'avatar_video.success',
    event_data: { video_id: job, url: expect.stringMatching(/^http/) as string },
  })
  const body = eventOf(job)
  for (const _ of [1, 2]) {
    expect((await post(one.url, body, signed(one.secret, body))).status).toBe(204)
  }
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(receiver.posts('/late')).toHaveLength(1)
})

test('an event that nobody could wait for any longer and the end of the job found later have one id [I3]', async () => {
  const scaled = await stopped(openHooked(open, { accounts: { slow: 2 }, entry: CLOCKED }))
  await addEndpoint(scaled, `${receiver.url}/expired`)
  await scaled.sim.fault({
    match: { method: 'POST', path: '/v3/videos' },
    effect: { reset: 'before' },
  })
  await scaled.sim.fault({ match: { method: 'GET', path: '/v3/videos' }, effect: { status: 503 } })
  const own = `${receiver.url}/expired-own`
  const lost = await scaled.createVideo({ callback_id: 'slow' }, { 'x-gateway-reply-url': own })
  expect(lost.status).toBe(424)
  // The creation never arrived, so what became of it is made by hand.
  await scaled.sim.control('POST', '/jobs', {
    account: 'slow@example.com',
    title: VIDEO.title,
    callbackId: 'slow',
  })
  await scaled.sim.finishJobs()
  await untilMoved(scaled, async () => receiver.posts('/expired').length > 0)
  await scaled.sim.clearFaults()
  const requestId = lost.headers.get('x-request-id') ?? ''
  await untilMoved(scaled, async () => {
    const found = await scaled.fetch(`/v1/heygen/jobs/${requestId}`)
    return ((await found.json()) as { status: string }).status === 'completed'
  })
  await receiver.heard('/expired-own')
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(receiver.posts('/expired')).toHaveLength(1)
  const ids = receiver.posts().filter((one) => one.path.startsWith('/expired'))
  expect(new Set(ids.map((one) => one.headers['webhook-id'])).size).toBe(1)
})

test('an event that names a job without ending it makes the account ask', async () => {
  const job = await silentJob()
  await gateway.sim.control('POST', `/jobs/${job}`, { status: 'completed' })
  const body = eventOf(job, { event_type: 'avatar_video_new_thing.success' })
  expect((await post(one.url, body, signed(one.secret, body))).status).toBe(204)
  await until(async () => (await stateOf(job)) === 'completed')
})

test('a job that failed for want of credit parks its account, which has none, when its event says so', async () => {
  const poor = await openHooked(open, { accounts: { poor: 2 } })
  const created = await poor.createVideo()
  const job = created.headers.get('x-gateway-job') ?? ''
  const hook = await hookOf(poor, 'poor')
  const body = eventOf(job, {
    event_type: 'avatar_video.fail',
    event_data: { video_id: job, msg: 'MOVIO_PAYMENT_INSUFFICIENT_CREDIT' },
  })
  await poor.sim.addAccount('poor@example.com', 'sk_test_poor', { credits: 0 })
  expect((await post(hook.url, body, signed(hook.secret, body))).status).toBe(204)
  const view = await (await poor.fetch('/v1/heygen/accounts')).text()
  expect(view).toContain('parked')
})

test('a webhook that was removed at HeyGen is registered again when the account is touched', async () => {
  const before = await hookOf(gateway, 'two')
  await fetch(`${gateway.sim.url}/api.heygen.com/v3/webhooks/endpoints/${before.id}`, {
    method: 'DELETE',
    headers: { 'x-api-key': 'sk_test_two' },
  })
  await gateway.post('/v1/heygen/accounts', { email: 'two@example.com', maxJobs: 4 })
  const after = await hookOf(gateway, 'two')
  expect(after.id).not.toBe(before.id)
  await gateway.post('/v1/heygen/accounts', { email: 'two@example.com', maxJobs: 5 })
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect((await endpointsOf(gateway, 'two')).map((endpoint) => endpoint.id)).toEqual([after.id])
  // What HeyGen signed for the earlier one may still be on its way.
  await gateway.sim.settings({ webhooks: 'off' })
  const created = await gateway.createVideo({}, { 'x-gateway-account': 'two@example.com' })
  const job = created.headers.get('x-gateway-job') ?? ''
  const body = eventOf(job)
  expect((await post(before.url, body, signed(before.secret, body))).status).toBe(204)
  expect(await stateOf(job)).toBe('completed')
})

test('a registration that fails is shown in the account, tried again, and the account works meanwhile', async () => {
  const scaled = await stopped(open({ vars: LOOPBACK, entry: CLOCKED }))
  for (const path of ['/v3/webhooks/endpoints', '/v1/webhook/endpoint.add']) {
    await scaled.sim.fault({ match: { method: 'POST', path }, effect: { status: 500 } })
  }
  const email = await scaled.addAccount('late', 2)
  const shown = await untilMoved(scaled, async () => {
    const view = (await (await scaled.fetch(`/v1/heygen/accounts/${email}`)).json()) as {
      webhook?: { error: string; retry: string }
    }
    return view.webhook
  })
  expect(shown.error).toContain('HeyGen answered 500')
  expect((await scaled.createVideo()).status).toBe(200)
  await scaled.sim.clearFaults()
  await untilMoved(scaled, async () => (await endpointsOf(scaled, 'late')).length > 0)
  await hookOf(scaled, 'late')
  await untilMoved(scaled, async () => {
    const view = await (await scaled.fetch(`/v1/heygen/accounts/${email}`)).text()
    return !view.includes('webhook')
  })
})

test('where v3 has no webhooks, the older calls register ours', async () => {
  const old = await open({ vars: LOOPBACK })
  await old.sim.fault({ match: { path: '/v3/webhooks' }, effect: { status: 404 } })
  await old.addAccount('old', 2)
  const hook = await hookOf(old, 'old')
  const created = await old.createVideo()
  const job = created.headers.get('x-gateway-job') ?? ''
  const body = eventOf(job)
  expect((await post(hook.url, body, signed(hook.secret, body))).status).toBe(204)
  expect(await old.heldSlots()).toBe(0)
})

test('a removed account keeps its webhook until its last job has ended, then it is gone at HeyGen', async () => {
  const leaving = await openHooked(open, { accounts: { gone: 2 } })
  const hook = await hookOf(leaving, 'gone')
  const created = await leaving.createVideo({ callback_url: `${receiver.url}/gone` })
  const job = created.headers.get('x-gateway-job') ?? ''
  await leaving.fetch('/v1/heygen/accounts/gone@example.com', { method: 'DELETE' })
  expect(await endpointsOf(leaving, 'gone')).toHaveLength(1)
  await leaving.sim.control('POST', `/jobs/${job}`, { status: 'completed' })
  await receiver.heard('/gone')
  await until(async () => (await endpointsOf(leaving, 'gone')).length === 0)
  const body = eventOf(job)
  // It is gone there a moment before the gateway has forgotten it.
  await until(async () => (await post(hook.url, body, signed(hook.secret, body))).status === 401)
})

test('what became of a removed account’s jobs and deliveries can still be asked [I3]', async () => {
  const leaving = await openHooked(open, { accounts: { left: 2, stays: 2 } })
  const created = await leaving.createVideo(
    { callback_url: `${receiver.url}/left` },
    { 'x-gateway-account': 'left@example.com' }
  )
  const job = created.headers.get('x-gateway-job') ?? ''
  await leaving.sim.control('POST', `/jobs/${job}`, { status: 'completed' })
  await receiver.heard('/left')
  await leaving.fetch('/v1/heygen/accounts/left@example.com', { method: 'DELETE' })
  const record = await leaving.fetch(`/v1/heygen/jobs/${job}`)
  expect(await record.json()).toMatchObject({ jobid: job, status: 'completed', email: null })
  const deliveries = await until(async () => {
    const list = await leaving.fetch(`/v1/deliveries?job=${job}`)
    const found = (await list.json()) as { deliveries: { id: string; state: string }[] }
    // The receiver has it a moment before it is written down as delivered.
    return found.deliveries.every((each) => each.state === 'delivered') && found.deliveries
  })
  expect(deliveries).toHaveLength(1)
  const again = await leaving.fetch(`/v1/deliveries/${deliveries[0]?.id}/retry`, { method: 'POST' })
  expect(again.status).toBe(202)
  await receiver.heard('/left', 2)
  expect(receiver.posts('/left')).toHaveLength(2)
  const other = await leaving.newToken()
  const headers = { authorization: `Bearer ${other.token}` }
  expect((await leaving.fetch(`/v1/heygen/jobs/${job}`, { headers })).status).toBe(404)
})

test('a call about webhook endpoints that nobody knows never reaches HeyGen’s own', async () => {
  await gateway.sim.forgetRequests()
  const known = ['/v3/webhooks/endpoints/abc', '/v1/webhook/endpoint.show', '/v2/webhooks']
  const encoded = ['/v3/%77ebhooks/all', '/v1/Webhoo%6B/endpoint.list', '/%761/webhook/all']
  for (const path of [...known, ...encoded]) {
    expect((await gateway.fetch(`/heygen${path}`)).status, path).toBe(404)
    expect((await gateway.fetch(path)).status, path).toBe(404)
  }
  expect(await gateway.sim.requests()).toEqual([])
})

test('removed at once, an account’s webhook is gone at once, and its jobs are told as lost [I3]', async () => {
  const leaving = await openHooked(open, { accounts: { now: 2 } })
  await leaving.createVideo({ callback_url: `${receiver.url}/now` })
  await leaving.fetch('/v1/heygen/accounts/now@example.com?now=true', { method: 'DELETE' })
  await until(async () => (await endpointsOf(leaving, 'now')).length === 0)
  const [told] = await receiver.heard('/now')
  expect(JSON.parse(told?.body ?? '')).toMatchObject({ event_type: 'avatar_video.fail' })
  expect(told?.body).toContain('its account was removed')
})
