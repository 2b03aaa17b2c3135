/** Who changed what, when and from where. */
import { afterAll, expect, test } from 'vitest'
import { advance, CLOCKED, DAY } from '../../support/clock/clock.ts'
import { openGateway, type Gateway } from '../../support/gateway.ts'
import { callNaming, LOOPBACK } from '../../support/scenes/hooked.ts'
import { Receiver } from '../../support/receiver.ts'

const receiver = await Receiver.open()
const gateway = await openGateway({
  entry: CLOCKED,
  simVars: { JOB_MS: '-1' },
  vars: LOOPBACK,
})
afterAll(async () => {
  await gateway.dispose()
  await receiver.close()
})

interface Line {
  id: string
  at: string
  by: string
  from: string | null
  requestId: string
  action: string
  tenant: string | null
  provider: string | null
  subject: string | null
  detail: Record<string, unknown>
}

interface Page {
  lines: Line[]
  next: string | null
}

/** Cloudflare says where a call came from. */
const FROM = { 'cf-connecting-ip': '192.0.2.7' }

async function own(as: Gateway): Promise<Page> {
  const answer = await as.fetch('/v1/audit')
  expect(answer.status, await answer.clone().text()).toBe(200)
  return (await answer.json()) as Page
}

async function all(query = ''): Promise<Page> {
  const answer = await gateway.admin('GET', `/audit${query}`)
  expect(answer.status, await answer.clone().text()).toBe(200)
  return (await answer.json()) as Page
}

/** A tenant that has done everything that can be done once. */
const made = await gateway.newToken({ tenant: 'busy', name: 'first' })
const busy = gateway.as(made.token)
const spare = await gateway.newToken({ tenant: 'busy', scope: 'use' })
await gateway.admin('PATCH', `/tokens/${spare.id}`, {
  name: 'renamed',
  expiresAt: '2099-01-01T00:00:00Z',
})
await gateway.sim.addAccount('b@example.com', 'sk_test_b')
const accounts = '/v1/heygen/accounts'
await busy.post(accounts, { email: 'b@example.com', apiKey: 'sk_test_b', maxJobs: 2 }, FROM)
await busy.post(accounts, { email: 'b@example.com', maxJobs: 3 })
await busy.post(accounts, { email: 'b@example.com', apiKey: 'sk_test_b', maxJobs: 3 })
await busy.post(accounts, { email: 'b@example.com', apiKey: 'sk_test_b', maxJobs: 1, dryRun: true })
const { secret } = (await (await busy.post('/v1/callback-secret', {})).json()) as { secret: string }
const url = `${receiver.url}/hook?token=CANARYINURL`
const added = await callNaming(() => busy.post('/heygen/v3/webhooks/endpoints', { url }))
const { data: endpoint } = (await added.json()) as { data: { endpoint_id: string; secret: string } }
const endpoints = `/heygen/v3/webhooks/endpoints/${endpoint.endpoint_id}`
await busy.post(`${endpoints}/rotate-secret`, {})
await busy.fetch(endpoints, { method: 'DELETE' })
const job = (await busy.createVideo()).headers.get('x-gateway-job') ?? ''
await busy.fetch(`/v1/heygen/scheduler/${job}?force=true`, { method: 'DELETE' })
await busy.post(`${accounts}/b@example.com/unpark`, {})
await busy.post('/v2/account', { name: 'Busy Ltd', replyUrl: `${receiver.url}/r?key=CANARYINURL` })
await busy.fetch(`${accounts}/b@example.com`, { method: 'DELETE' })
await gateway.admin('DELETE', `/tokens/${spare.id}`)

test('every change leaves one line that says who, from where and what', async () => {
  const { lines } = await all('?tenant=busy')
  const told = lines
    .map(({ action, by, subject, provider }) => ({ action, by, subject, provider }))
    .toReversed()
  const operator = (action: string, subject: string) => ({
    action,
    by: 'operator',
    subject,
    provider: null,
  })
  const token = (action: string, subject: string | null, provider: string | null = 'heygen') => ({
    action,
    by: made.id,
    subject,
    provider,
  })
  expect(told).toEqual([
    operator('tenant.created', 'busy'),
    operator('token.created', made.id),
    operator('token.created', spare.id),
    operator('token.changed', spare.id),
    token('account.added', 'b@example.com'),
    token('account.limit_changed', 'b@example.com'),
    token('account.updated', 'b@example.com'),
    token('callback_secret.made', null, null),
    token('endpoint.added', endpoint.endpoint_id),
    token('endpoint.secret_rotated', endpoint.endpoint_id),
    token('endpoint.removed', endpoint.endpoint_id),
    token('job.forced', job),
    token('account.unparked', 'b@example.com'),
    token('tenant.changed', 'busy', null),
    token('account.removed', 'b@example.com'),
    operator('token.removed', spare.id),
  ])
  const line = lines.find(({ action }) => action === 'account.added')
  expect(line).toMatchObject({ tenant: 'busy', from: '192.0.2.7', detail: { maxJobs: 2 } })
  expect(line?.requestId).toMatch(/^[0-9a-f-]{36}$/)
  expect(lines.find(({ action }) => action === 'token.changed')?.detail).toEqual({
    name: 'renamed',
    expiresAt: Date.parse('2099-01-01T00:00:00Z'),
  })
  expect(lines.find(({ action }) => action === 'account.limit_changed')?.detail).toEqual({
    maxJobs: 3,
    maxJobsBefore: 2,
  })
})

test('no secret stands in it [I6]', async () => {
  const text = JSON.stringify([await all(), await own(busy)])
  for (const canary of [
    'CANARYINURL',
    'sk_test_',
    secret,
    endpoint.secret,
    made.token,
    'whsec_',
    'hgw_',
    'k1.',
  ])
    expect(text).not.toContain(canary)
})

test('a tenant reads its own lines alone, and with a full token alone [I5]', async () => {
  const other = gateway.as((await gateway.newToken({ tenant: 'other' })).token)
  const foreign = (await own(other)).lines
  expect(foreign.map(({ action, tenant }) => [action, tenant])).toEqual([
    ['token.created', 'other'],
    ['tenant.created', 'other'],
  ])
  const mine = (await own(busy)).lines
  expect(mine.map(({ id }) => id)).toEqual((await all('?tenant=busy')).lines.map(({ id }) => id))
  expect(mine.filter(({ by, from }) => by === 'operator' && from !== null)).toEqual([])
  const use = gateway.as((await gateway.newToken({ tenant: 'busy2', scope: 'use' })).token)
  expect((await use.fetch('/v1/audit')).status).toBe(403)
  expect((await busy.fetch('/admin/audit')).status).toBe(401)
})

test('everything about the audit path is the gateway’s own: its shape of errors, its methods, and no provider hears of it', async () => {
  await gateway.sim.forgetRequests()
  const use = gateway.as((await gateway.newToken({ tenant: 'shapes', scope: 'use' })).token)
  const bare = await fetch(`${gateway.url}/v1/audit`)
  expect([bare.status, await bare.json()]).toEqual([401, { error: 'Unauthorized', code: 401 }])
  expect(await (await use.fetch('/v1/audit')).json()).toEqual({
    error: expect.stringContaining('scope full') as string,
    code: 403,
  })
  const asKey = await fetch(`${gateway.url}/v1/audit`, { headers: { 'x-api-key': use.token } })
  expect([asKey.status, await asKey.json()]).toEqual([401, { error: 'Unauthorized', code: 401 }])
  for (const method of ['POST', 'PUT', 'DELETE']) {
    const answer = await use.fetch('/v1/audit', { method })
    expect([method, answer.status, answer.headers.get('allow')]).toEqual([method, 405, 'GET, HEAD'])
  }
  expect((await use.fetch('/v1/audit/x')).status).toBe(404)
  expect(await gateway.sim.requests()).toEqual([])
})

test('pages follow on each other, and a time says where to begin', async () => {
  const whole = (await all()).lines
  const seen: Line[] = []
  let cursor: string | null = null
  do {
    const page: Page = await all(`?limit=4${cursor === null ? '' : `&cursor=${cursor}`}`)
    expect(page.lines.length).toBeLessThanOrEqual(4)
    seen.push(...page.lines)
    cursor = page.next
  } while (cursor !== null)
  expect(seen).toEqual(whole)
  const since = whole[5]?.at ?? ''
  const late = (await all(`?since=${encodeURIComponent(since)}`)).lines
  // None is missed whose request came before that time and whose change was made after it.
  expect(late).toEqual(whole.filter(({ at }) => at >= since))
  expect(late.every(({ at }) => at >= since)).toBe(true)
  expect((await gateway.admin('GET', '/audit?cursor=%25%25')).status).toBe(400)
})

test('what a removed tenant did can still be read by the operator', async () => {
  const gone = await gateway.newToken({ tenant: 'gone' })
  await gateway.as(gone.token).post('/v1/callback-secret', {})
  await gateway.admin('DELETE', '/tenants/gone')
  const { lines } = await all('?tenant=gone')
  expect(lines.map(({ action }) => action)).toEqual([
    'tenant.removed',
    'callback_secret.made',
    'token.created',
    'tenant.created',
  ])
})

test('after 90 days a line is gone', async () => {
  await advance(gateway, 89 * DAY)
  expect((await all('?tenant=busy')).lines.length).toBe(16)
  await advance(gateway, 2 * DAY)
  expect((await all()).lines).toEqual([])
})
