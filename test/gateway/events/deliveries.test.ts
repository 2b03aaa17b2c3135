/** We call clients: signed, tried again, listed, sent again; and never where we must not. */
import { createHmac } from 'node:crypto'
import { afterAll, expect, test } from 'vitest'
import { Webhook } from 'standardwebhooks'
import { expectSigned, makeCallbackSecret } from '../../support/callback-secret.ts'
import {
  advance,
  CLOCKED,
  DAY,
  HOUR,
  MINUTE,
  SECOND,
  stopped,
  untilMoved,
} from '../../support/clock/clock.ts'
import { until, type Gateway } from '../../support/gateway.ts'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { eventOf, hookOf, openHooked, signed } from '../../support/scenes/hooked.ts'
import { Receiver, type Received } from '../../support/receiver.ts'

const open = gatewaysOfFile()
const receiver = await Receiver.open()
afterAll(() => receiver.close())

const gateway = await openHooked(open, { accounts: { one: 10, two: 10 } })

/** Its clock is moved (test/support/clock/clock.ts): 9 attempts in 24 h. */
const clocked = await openHooked(open, { accounts: { quick: 10 }, entry: CLOCKED })
const quick = await hookOf(clocked, 'quick')
const patient = await Receiver.open()
afterAll(() => patient.close())
patient.answer = ({ path: at }, response) => {
  const n = patient.posts(at).length
  if (at === '/flaky') return n <= 5 ? 500 : 200
  if (at === '/dead') return n <= 9 ? 503 : 200
  if (n === 1) response.writeHead(503, { 'retry-after': '3600' })
  return undefined
}
/** It never answers, which goes on beside the other tests. */
const never = await Receiver.open()
never.answer = () => new Promise(() => {})
afterAll(() => never.close())
const slow = await finish(gateway, { callback_url: `${never.url}/slow` })

type Name = 'flaky' | 'dead' | 'busy'
const jobs: Record<Name, string> = { flaky: '', dead: '', busy: '' }
for (const name of ['flaky', 'dead', 'busy'] as const) {
  const created = await clocked.createVideo({ callback_url: `${patient.url}/${name}` })
  expect(created.status, await created.clone().text()).toBe(200)
  jobs[name] = created.headers.get('x-gateway-job') ?? ''
  const body = eventOf(jobs[name])
  const headers = signed(quick.secret, body)
  expect((await fetch(quick.url, { method: 'POST', body, headers })).status).toBe(204)
  // Until its end is known the attempt goes on, whatever the clock says.
  await untilTried(name, 1)
}
const PLANNED = [10 * SECOND, MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR, 12 * HOUR, DAY]
/** How often each receiver was called by when, counted from the beginning. */
const calls: { flaky: number; dead: number; busy: number }[] = []
/** An attempt may come a tenth of its wait later than planned. */
const afterIt = (at = 0) => (at === 0 ? 0 : at * 1.1 + SECOND)
for (const [index, at] of PLANNED.entries()) {
  await advance(clocked, afterIt(at) - afterIt(PLANNED[index - 1]))
  await untilTried('dead', index + 2)
  await untilTried('flaky', Math.min(index + 2, 6))
  await untilTried('busy', at < HOUR ? 1 : 2)
  const count = (name: string) => patient.posts(`/${name}`).length
  calls.push({ flaky: count('flaky'), dead: count('dead'), busy: count('busy') })
}

async function untilTried(name: Name, times: number): Promise<void> {
  await until(async () => (await deliveryOf(clocked, jobs[name])).attempts.length === times)
}

interface View {
  id: string
  state: string
  reason: string | null
  job: string
  url: string
  nextAttempt: string | null
  created: string
  attempts: { at: string; status: number | null; error: string | null }[]
  body: string
  event: { id: string; type: string }
}

async function finish(at: Gateway, more: object, headers: Record<string, string> = {}) {
  const created = await at.createVideo({ ...more }, headers)
  expect(created.status, await created.clone().text()).toBe(200)
  const id = created.headers.get('x-gateway-job') ?? ''
  await at.sim.control('POST', `/jobs/${id}`, { status: 'completed' })
  return id
}

function heard(at: string, count = 1): Promise<Received[]> {
  return receiver.heard(at, count)
}

async function list(
  at: Gateway,
  query: string
): Promise<{ deliveries: View[]; next: string | null }> {
  const answer = await at.fetch(`/v1/deliveries${query}`)
  expect(answer.status, await answer.clone().text()).toBe(200)
  return (await answer.json()) as { deliveries: View[]; next: string | null }
}

async function deliveryOf(at: Gateway, job: string): Promise<View> {
  const [found] = await until(async () => {
    const { deliveries } = await list(at, `?job=${job}`)
    return deliveries.length > 0 && deliveries
  })
  return (await (await at.fetch(`/v1/deliveries/${found?.id}`)).json()) as View
}

test('the callback secret signs in HeyGen’s way and as Standard Webhooks, and the old one also signs for a day', async () => {
  const first = await makeCallbackSecret(gateway)
  await finish(gateway, { callback_url: `${receiver.url}/signed` })
  const [told] = await heard('/signed')
  expectSigned(told as Received, first)

  const second = await makeCallbackSecret(gateway)
  expect(second).not.toBe(first)
  let round = 0
  const last = await until(async () => {
    const at = `/rotated-${(round += 1)}`
    const job = await finish(gateway, { callback_url: receiver.url + at })
    const [post] = await heard(at)
    expect(JSON.parse(post?.body ?? '')).toMatchObject({ event_data: { video_id: job } })
    const signature = createHmac('sha256', second)
      .update(post?.body ?? '')
      .digest('hex')
    return post?.headers['signature'] === signature && post
  })
  for (const secret of [first, second]) {
    expect(() =>
      new Webhook(secret).verify(last.body, last.headers as Record<string, string>)
    ).not.toThrow()
  }
})

test('only a token with full scope makes callback secrets', async () => {
  const { id: tenant } = (await (await gateway.fetch('/v2/account')).json()) as { id: string }
  const { token } = await gateway.newToken({ tenant, scope: 'use' })
  const headers = { authorization: `Bearer ${token}` }
  const answer = await gateway.fetch('/v1/callback-secret', { method: 'POST', headers })
  expect(answer.status).toBe(403)
})

test('what comes before: the callback in the body, then the header, then the tenant’s default [I3]', async () => {
  const url = (at: string) => `${receiver.url}${at}`
  await gateway.post('/v2/account', { replyUrl: url('/default') })
  await finish(gateway, {})
  await heard('/default')
  const header = { 'x-gateway-reply-url': url('/header'), 'x-gateway-reply-ref': 'my wish #7' }
  await finish(gateway, {}, header)
  const [byHeader] = await heard('/header')
  expect(byHeader?.headers['x-gateway-reply-ref']).toBe('my wish #7')
  await finish(gateway, { callback_url: url('/body') }, header)
  await heard('/body')
  await gateway.post('/v2/account', { replyUrl: '' })
  await finish(gateway, {})
  await new Promise((resolve) => setTimeout(resolve, 400))
  expect(receiver.posts('/default')).toHaveLength(1)
  expect(receiver.posts('/header')).toHaveLength(1)
  expect(receiver.posts('/body')).toHaveLength(1)
})

test('a receiver that fails the first five attempts gets it in the end, each time as the same event [I3]', async () => {
  expect(calls.map(({ flaky }) => flaky)).toEqual([2, 3, 4, 5, 6, 6, 6, 6])
  const posts = patient.posts('/flaky')
  expect(new Set(posts.map((one) => one.headers['webhook-id'])).size).toBe(1)
  expect(new Set(posts.map((one) => one.body)).size).toBe(1)
  const delivery = await deliveryOf(clocked, jobs.flaky)
  expect(delivery.state).toBe('delivered')
  expect(delivery.attempts.map((one) => one.status)).toEqual([500, 500, 500, 500, 500, 200])
  // 10 s, 1 min, 5 min, 30 min, 2 h after the first.
  const offsets = delivery.attempts.map((one) => Date.parse(one.at) - Date.parse(delivery.created))
  for (const [index, offset] of offsets.entries()) {
    expect(offset).toBeGreaterThanOrEqual(PLANNED[index - 1] ?? 0)
  }
})

test('a receiver that never takes it leaves it dead after a day of attempts, with the reason, to be sent again by hand [I3]', async () => {
  expect(calls.map((one) => one.dead)).toEqual([2, 3, 4, 5, 6, 7, 8, 9])
  const dead = await deliveryOf(clocked, jobs.dead)
  expect(dead.state).toBe('dead')
  expect(dead.attempts).toHaveLength(9)
  expect(dead.reason).toContain('503')
  const again = await clocked.fetch(`/v1/deliveries/${dead.id}/retry`, { method: 'POST' })
  expect(again.status).toBe(202)
  const sent = await until(async () => {
    const found = await deliveryOf(clocked, jobs.dead)
    return found.state === 'delivered' && found
  })
  expect(sent.attempts).toHaveLength(10)
  expect(patient.posts('/dead')).toHaveLength(10)
})

test('410 ends it, a redirect is not followed, a slow answer is none [I3]', async () => {
  const other = await Receiver.open()
  try {
    receiver.answer = ({ path: at }) => (at === '/gone' ? 410 : undefined)
    const gone = await finish(gateway, { callback_url: `${receiver.url}/gone` })
    expect(
      await until(async () => {
        const found = await deliveryOf(gateway, gone)
        return found.state === 'dead' && found
      })
    ).toMatchObject({ state: 'dead', attempts: [{ status: 410 }] })
    receiver.answer = ({ path: at }, response) => {
      if (at === '/moved') response.writeHead(307, { location: `${other.url}/there` })
      return undefined
    }
    const moved = await finish(gateway, { callback_url: `${receiver.url}/moved` })
    const found = await until(async () => {
      const one = await deliveryOf(gateway, moved)
      return one.attempts.length > 0 && one
    })
    expect(found.attempts[0]).toMatchObject({ status: 307 })
    expect(found.state).toBe('pending')
    expect(other.received).toEqual([])
    const late = await until(async () => {
      const one = await deliveryOf(gateway, slow)
      return one.attempts.length > 0 && one
    })
    expect(late.attempts[0]).toMatchObject({ status: null, error: 'no answer within 10 s' })
  } finally {
    receiver.answer = () => undefined
    await other.close()
  }
})

test('Retry-After is honoured', async () => {
  // By the schedule it would be sent again after ten seconds, a minute, five and thirty; it asks for an hour.
  expect(calls.map(({ busy }) => busy)).toEqual([1, 1, 1, 1, 2, 2, 2, 2])
  const { attempts } = await deliveryOf(clocked, jobs.busy)
  const [first = 0, second = 0] = attempts.map((one) => Date.parse(one.at))
  expect(second - first).toBeGreaterThanOrEqual(HOUR)
})

test('a slow and a dead receiver do not delay the others [I3]', async () => {
  const dead = await Receiver.open()
  let givenUp = 0
  dead.answer = (_, response) => {
    response.once('close', () => (givenUp += 1))
    return new Promise(() => {})
  }
  try {
    const held = await openHooked(open, { accounts: { busy: 10 }, simulator: gateway.sim })
    const create = async (callback_url: string) => {
      const created = await held.createVideo({ callback_url })
      expect(created.status, await created.clone().text()).toBe(200)
      return created.headers.get('x-gateway-job') ?? ''
    }
    const end = (job: string) => held.sim.control('POST', `/jobs/${job}`, { status: 'completed' })
    const six = Array.from({ length: 6 }, () => create(`${dead.url}/hangs`))
    const three = Array.from({ length: 3 }, () => create(`${receiver.url}/lively`))
    const [hanging, lively] = [await Promise.all(six), await Promise.all(three)]
    await Promise.all(hanging.map(end))
    await until(async () => dead.posts().length >= 4)
    await Promise.all(lively.map(end))
    await heard('/lively', 3)
    // Each of the four is given up after ten seconds; whoever waited for them would come after that.
    expect(givenUp).toBe(0)
  } finally {
    await dead.close()
  }
})

test('deliveries are listed newest first, by state, job and time, in pages, and each tenant sees its own', async () => {
  const made: string[] = []
  // What other tests still owe may be delivered at any moment.
  const since = new Date().toISOString()
  for (let index = 0; index < 5; index += 1) {
    const email = index % 2 ? 'one@example.com' : 'two@example.com'
    made.unshift(
      await finish(
        gateway,
        { callback_url: `${receiver.url}/pages` },
        { 'x-gateway-account': email }
      )
    )
  }
  const all = await until(async () => {
    const { deliveries } = await list(gateway, `?limit=100&state=delivered&since=${since}`)
    return deliveries.length >= 5 && deliveries
  })
  expect(all.map((one) => one.job)).toEqual(made)
  const seen: View[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const page: { deliveries: View[]; next: string | null } = await list(
      gateway,
      `?limit=2&state=delivered&since=${since}${cursor === '' ? '' : `&cursor=${cursor}`}`
    )
    seen.push(...page.deliveries)
    cursor = page.next
  }
  expect(seen.map((one) => one.id)).toEqual(all.map((one) => one.id))
  const [job = ''] = made
  expect((await list(gateway, `?job=${job}`)).deliveries).toHaveLength(1)
  expect((await list(gateway, '?since=2099-01-01T00:00:00Z')).deliveries).toEqual([])
  expect((await list(gateway, '?until=2020-01-01T00:00:00Z')).deliveries).toEqual([])
  for (const query of [
    '?state=lost',
    '?limit=0',
    '?since=yesterday',
    '?cursor=%20',
    '?status=dead',
  ]) {
    expect((await gateway.fetch(`/v1/deliveries${query}`)).status, query).toBe(400)
  }
  const other = await gateway.newToken()
  const headers = { authorization: `Bearer ${other.token}` }
  const mine = all[0]?.id ?? ''
  for (const at of [`/v1/deliveries/${mine}`, '/v1/deliveries/none']) {
    expect((await gateway.fetch(at, { headers })).status).toBe(404)
  }
  const retry = await gateway.fetch(`/v1/deliveries/${mine}/retry`, { method: 'POST', headers })
  expect(retry.status).toBe(404)
  const empty = await gateway.fetch('/v1/deliveries', { headers })
  expect(await empty.json()).toEqual({ deliveries: [], next: null })
})

test('a job whose tracking was ended tells nobody', async () => {
  const created = await gateway.createVideo({ callback_url: `${receiver.url}/silent` })
  const job = created.headers.get('x-gateway-job') ?? ''
  await gateway.fetch(`/v1/heygen/scheduler/${job}`, { method: 'DELETE' })
  await gateway.sim.control('POST', `/jobs/${job}`, { status: 'completed' })
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect(receiver.posts('/silent')).toEqual([])
})

test('a delivery that comes back to a gateway is refused', async () => {
  const hook = await hookOf(gateway, 'one')
  for (const at of ['/heygen/v3/users/me', '/v1/deliveries', new URL(hook.url).pathname]) {
    const answer = await gateway.fetch(at, { headers: { 'x-gateway-hop': '1' } })
    expect(answer.status, at).toBe(508)
    expect(answer.headers.get('x-gateway-error')).toBe('loop_detected')
  }
  await finish(gateway, { callback_url: `${receiver.url}/hop` })
  const [told] = await heard('/hop')
  expect(told?.headers['x-gateway-hop']).toBeDefined()
})

const FORBIDDEN = [
  'http://example.com/x',
  'https://user:pass@example.com/x',
  'https://127.0.0.1/x',
  'https://localhost/x',
  'https://2130706433/x',
  'https://0x7f.1/x',
  'https://[::ffff:127.0.0.1]/x',
  'https://169.254.169.254/latest/meta-data',
  'https://metadata.google.internal/x',
  'https://printer.local/x',
  'https://10.1.2.3/x',
  'https://192.168.0.1.nip.io/x',
  'ftp://example.com/x',
  'file:///etc/passwd',
  'javascript:alert(1)',
  'nonsense',
  'https://',
]

test('a callback that must not be called is refused by name wherever it may be given, and no slot is taken', async () => {
  const strict = await open({ accounts: { strict: 2 } })
  const own = [strict.url, `${strict.url}/heygen/v3/videos`, 'http://127.0.0.1:1/x']
  await strict.sim.forgetRequests()
  for (const url of [...FORBIDDEN, ...own]) {
    const inBody = await strict.createVideo({ callback_url: url })
    expect(inBody.status, url).toBe(400)
    expect(await inBody.text(), url).toContain('callback_url')
    const inHeader = await strict.createVideo({}, { 'x-gateway-reply-url': url })
    expect(inHeader.status, url).toBe(400)
    expect(await inHeader.text(), url).toContain('X-Gateway-Reply-Url')
    const asDefault = await strict.post('/v2/account', { replyUrl: url })
    expect(asDefault.status, url).toBe(400)
    expect(await asDefault.text(), url).toContain('replyUrl')
    const endpoint = await strict.post('/heygen/v3/webhooks/endpoints', { url })
    expect(endpoint.status, url).toBe(400)
  }
  expect(await strict.sim.requests()).toEqual([])
  expect(await strict.heldSlots()).toBe(0)
  const notText = await strict.createVideo({ callback_url: 7 })
  expect(notText.status).toBe(400)
  const long = await strict.createVideo({}, { 'x-gateway-reply-ref': 'x'.repeat(1025) })
  expect(long.status).toBe(400)
})

test('even in development our own address is no callback', async () => {
  for (const url of [gateway.url, gateway.url.replace('127.0.0.1', 'localhost')]) {
    expect((await gateway.createVideo({ callback_url: `${url}/x` })).status).toBe(400)
  }
})

test('where HeyGen could not call us the callback is not sent up, and the alarm tells the client [I3]', async () => {
  // Our own origin is http on loopback and may not be called; the client's is public.
  const strict = await stopped(open({ accounts: { alone: 2 }, entry: CLOCKED }))
  const created = await strict.createVideo({ callback_url: 'https://client.example.com/cb' })
  expect(created.status).toBe(200)
  const job = created.headers.get('x-gateway-job') ?? ''
  const sent = (await strict.sim.requests()).find((one) => one.method === 'POST')
  const up = JSON.parse(sent?.body ?? '{}') as Record<string, unknown>
  expect(up).not.toHaveProperty('callback_url')
  await strict.sim.finishJobs()
  const delivery = await untilMoved(strict, async () => {
    const { deliveries } = await list(strict, `?job=${job}`)
    return deliveries[0]
  })
  expect(delivery).toMatchObject({ url: 'https://client.example.com/cb' })
  expect(await strict.sim.control('GET', '/webhooks')).toEqual([])
})
