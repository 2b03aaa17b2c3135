/** The log: a line for each request and for each thing that an operator must hear of, with the same ids in all, and no secret. */
import { expect, test } from 'vitest'
import { ADMIN_TOKEN, openGateway, until, VIDEO, type Gateway } from '../../support/gateway.ts'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import {
  addEndpoint,
  callNaming,
  endpointsOf,
  hookOf,
  openHooked,
} from '../../support/scenes/hooked.ts'
import { Receiver } from '../../support/receiver.ts'
import { testFull } from '../../support/full.ts'

const open = gatewaysOfFile()

type Line = Record<string, unknown> & { event: string; level: string }

function lines(gateway: Gateway): Line[] {
  return gateway.logs
    .flatMap((text) => text.split('\n'))
    .flatMap((text) => {
      try {
        return [JSON.parse(text) as Line]
      } catch {
        return []
      }
    })
}

/** The line of one request. The log comes by another way than the answer. */
function lineOf(gateway: Gateway, answer: Response): Promise<Line> {
  const requestId = answer.headers.get('x-request-id')
  return lineWith(gateway, { event: 'request', requestId })
}

function lineWith(gateway: Gateway, wanted: Record<string, unknown>): Promise<Line> {
  return until(async () =>
    lines(gateway).find((line) =>
      Object.entries(wanted).every(([name, value]) => line[name] === value)
    )
  )
}

const gateway = await openHooked(open, { accounts: { one: 1 } })

test('a request leaves one line that says who called what, what came of it, where and how long it took', async () => {
  const { id: token, tenant, token: text } = await gateway.newToken()
  const other = gateway.as(text)
  await other.addAccount('logged', 2)
  const created = await other.createVideo()
  const job = created.headers.get('x-gateway-job')
  const line = await lineOf(gateway, created)
  expect(line).toMatchObject({
    event: 'request',
    level: 'info',
    tenant,
    token,
    method: 'POST',
    route: '/heygen/v3/videos',
    status: 200,
    account: 'logged@example.com',
    job,
  })
  expect(line['code']).toBeUndefined()
  expect(line['upstreamMs']).toBeTypeOf('number')
  expect(line['ownMs']).toBeTypeOf('number')
  const polled = await lineOf(gateway, await other.fetch(`/heygen/v3/videos/${job}`))
  expect(polled).toMatchObject({ route: '/heygen/v3/videos/{video_id}', status: 200, tenant })
  const own = await lineOf(gateway, await other.fetch(`/v1/heygen/jobs/${job}`))
  expect(own).toMatchObject({ route: '/v1/heygen/jobs/{id}', status: 200 })
  const requestIds = [line, polled, own].map((one) => one['requestId'])
  expect(
    lines(gateway).filter((one) => one.event === 'request' && requestIds.includes(one['requestId']))
  ).toHaveLength(3)
})

test('a request that is refused leaves its status and our code, as a warning', async () => {
  const wrong = await gateway.fetch('/v1/heygen/accounts', {
    headers: { authorization: 'Bearer x' },
  })
  expect(await lineOf(gateway, wrong)).toMatchObject({
    level: 'warn',
    status: 401,
    code: 'unauthorized',
    route: '/v1/heygen/accounts',
  })
  const unknown = await gateway.fetch('/heygen/v9/anything/at/all')
  expect(await lineOf(gateway, unknown)).toMatchObject({ route: '/heygen/*' })
  const { token } = await gateway.newToken()
  const full = gateway.as(token)
  await full.addAccount('small', 1)
  expect((await full.createVideo()).status).toBe(200)
  expect(await lineOf(gateway, await full.createVideo())).toMatchObject({
    level: 'warn',
    status: 429,
    code: 'slots_full',
  })
})

test('the upstream time is the part that HeyGen took', async () => {
  await gateway.sim.fault({ match: { path: '/v3/users/me' }, effect: { latencyMs: 300 } })
  // A busy machine can make the gateway's own part as long, but not each time.
  await until(async () => {
    const line = await lineOf(gateway, await gateway.fetch('/heygen/v3/users/me'))
    expect(line['upstreamMs']).toBeGreaterThanOrEqual(290)
    return Number(line['ownMs']) < Number(line['upstreamMs'])
  })
  await gateway.sim.clearFaults()
})

test('the end of a job leaves a line with its outcome, tenant, account, request and job', async () => {
  const { token, tenant } = await gateway.newToken()
  const other = gateway.as(token)
  const account = await other.addAccount('ending', 2)
  // A job that ends before HeyGen has the webhook is heard of minutes later.
  await hookOf(gateway, 'ending')
  const created = await other.createVideo()
  const job = created.headers.get('x-gateway-job') ?? ''
  await gateway.sim.control('POST', `/jobs/${job}`, { status: 'completed' })
  const line = await lineWith(gateway, { event: 'job_ended', job })
  expect(line).toMatchObject({
    level: 'info',
    provider: 'heygen',
    tenant,
    account,
    requestId: created.headers.get('x-request-id'),
    route: 'POST /v3/videos',
    outcome: 'completed',
  })
  expect(line['seconds']).toBeTypeOf('number')
})

test('a creation of unknown outcome and a job that is given up as lost are told as warnings', async () => {
  const { token, tenant } = await gateway.newToken()
  const other = gateway.as(token)
  const account = await other.addAccount('unsure', 2)
  await gateway.sim.fault({
    match: { path: '/v3/videos', method: 'POST' },
    times: 1,
    effect: { status: 500 },
  })
  const created = await other.createVideo()
  expect(created.status).toBe(424)
  const requestId = created.headers.get('x-request-id')
  expect(await lineWith(gateway, { event: 'outcome_unknown', requestId })).toMatchObject({
    level: 'warn',
    tenant,
    account,
  })
  const running = await other.createVideo({ title: 'another' })
  const job = running.headers.get('x-gateway-job') ?? ''
  await other.fetch(`/v1/heygen/accounts/${account}?now=true`, { method: 'DELETE' })
  expect(await lineWith(gateway, { event: 'job_ended', job })).toMatchObject({
    level: 'warn',
    outcome: 'lost',
    tenant,
  })
})

test('a delivery that is given up, a refused key and changed tokens leave a line', async () => {
  const receiver = await Receiver.open()
  receiver.answer = () => 410
  const { id: token, token: text, tenant } = await gateway.newToken({ name: 'changing' })
  const other = gateway.as(text)
  const account = await other.addAccount('telling', 2)
  const callback = { callback_url: `${receiver.url}/gone` }
  const created = await callNaming(() => other.createVideo(callback))
  const job = created.headers.get('x-gateway-job') ?? ''
  await gateway.sim.control('POST', `/jobs/${job}`, { status: 'completed' })
  expect(await lineWith(gateway, { event: 'delivery_given_up', job })).toMatchObject({
    level: 'error',
    tenant,
    account,
    requestId: created.headers.get('x-request-id'),
    reason: expect.stringContaining('410'),
  })
  const refused = await other.post('/v1/heygen/accounts', { apiKey: 'sk_wrong', maxJobs: 1 })
  const requestId = refused.headers.get('x-request-id')
  expect(await lineWith(gateway, { event: 'credential_refused', requestId })).toMatchObject({
    level: 'warn',
    provider: 'heygen',
    tenant,
  })
  await gateway.admin('PATCH', `/tokens/${token}`, { scope: 'use' })
  await gateway.admin('DELETE', `/tokens/${token}`)
  for (const event of ['token_made', 'token_changed', 'token_removed'])
    expect(await lineWith(gateway, { event, changed: token })).toMatchObject({ tenant })
  await receiver.close()
})

// Of its kind in `npm test`: access/no-secret-is-shown.test.ts
testFull(
  'no line of a long story holds a token, key, hook id, ticket, or text of a body [I6]',
  async () => {
    const story = await openHooked(openGateway, { accounts: { teller: 4, second: 4 } })
    try {
      await tell(story)
      await until(async () => lines(story).filter((line) => line.event === 'request').length > 20)
      const hooks = await endpointsOf(story, 'teller')
      const asked = await story.sim.requests()
      const urls = asked.flatMap(
        (one) => /https?:[^"\\ ]+\/(?:webhooks|callbacks)\/[^"\\ ]+/g.exec(one.body ?? '') ?? []
      )
      const hidden = [
        ...story.secrets,
        ...hooks.map((hook) => hook.secret),
        ...[...hooks.map((hook) => hook.url), ...urls].map((url) => url.split('/').at(-1) ?? ''),
        'script-canary',
        'query-canary',
        'key-canary',
      ].filter((text) => text.length > 3)
      expect(hidden.length).toBeGreaterThan(10)
      for (const line of story.logs)
        for (const secret of hidden)
          expect(line.includes(secret), `${secret} in ${line}`).toBe(false)
    } finally {
      await story.dispose()
    }
  }
)

async function tell(story: Gateway): Promise<void> {
  const receiver = await Receiver.open()
  const { token } = await story.newToken()
  const secret = await story.fetch('/v1/callback-secret', { method: 'POST' })
  story.secrets.push(((await secret.json()) as { secret: string }).secret)
  await addEndpoint(story, `${receiver.url}/endpoint`)
  for (const script of ['script-canary one', 'script-canary two']) {
    const created = await story.createVideo(
      { script, callback_url: receiver.url },
      { 'idempotency-key': `key-canary-${script.at(-1)}` }
    )
    expect(created.status, await created.clone().text()).toBe(200)
    const job = created.headers.get('x-gateway-job') ?? ''
    await story.fetch(`/heygen/v3/videos/${job}?x=query-canary`)
    await story.sim.control('POST', `/jobs/${job}`, { status: 'completed' })
  }
  for (const path of ['/webhooks/heygen/k1.made.up', '/callbacks/heygen/k1.made.up'])
    await story.post(path, { event_type: 'x' })
  await story.fetch('/v1/heygen/accounts', { headers: { authorization: `Bearer ${token}x` } })
  await story.fetch('/heygen/v3/videos', { headers: { 'x-api-key': 'sk_sim_nobody' } })
  await story.post('/v1/heygen/accounts', { apiKey: 'sk_test_nobody', maxJobs: 1 })
  await story.admin('GET', '/tokens')
  await fetch(`${story.url}/admin/tokens`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}y` } })
  await story.post('/heygen/v1/streaming.create_token', {})
  for (const path of [
    '/v1/deliveries',
    '/v1/heygen/jobs',
    '/v2/account',
    '/nothing',
    '/v1/nothing',
  ])
    await story.fetch(path)
  await until(async () => receiver.received.length > 1)
  await story.post('/heygen/v3/videos', { ...VIDEO, avatar_id: 'nobody' })
  await receiver.close()
}
