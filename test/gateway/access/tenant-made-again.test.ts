/** A tenant that is removed takes its name's past with it: one of the same name shares nothing with it, at once. */
import { afterAll, expect, test } from 'vitest'
import { platform } from '#composition/platform.ts'
import { toStreamToken } from '../../../src/domain/streaming/stream-token.ts'
import { makeVault } from '../../../src/storage/vault.ts'
import { MASTER_KEYS, until, type Gateway } from '../../support/gateway.ts'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { addEndpoint, callNaming, LOOPBACK } from '../../support/scenes/hooked.ts'
import { Receiver } from '../../support/receiver.ts'
import { runIn } from '../../support/sql/sql.ts'
import { testFull } from '../../support/full.ts'

const open = gatewaysOfFile()
const receiver = await Receiver.open()
afterAll(() => receiver.close())
const gateway = await open({
  isAlone: true,
  entry: 'test/support/workers/sql-worker.ts',
  simVars: { JOB_MS: '600000' },
  vars: LOOPBACK,
})

const ADDRESS = `${receiver.url}/hook?k=SECRETQ`
const [kid = '', raw = ''] = MASTER_KEYS.split(':')
const vault = makeVault([{ kid, raw }], platform)
const json = { 'content-type': 'application/json' }

async function tenantNamed(name: string): Promise<Gateway> {
  const { token, tenant } = await gateway.newToken({ tenant: name, name })
  expect(tenant).toBe(name)
  return gateway.as(token)
}

async function remove(name: string): Promise<void> {
  expect((await gateway.admin('DELETE', `/tenants/${name}`)).status).toBe(204)
}

async function bodyOf<T = Record<string, unknown>>(answer: Promise<Response>): Promise<T> {
  return (await (await answer).json()) as T
}

interface Past {
  job: string
  running: string
  request: string
  delivery: string
  pageToken: string
  streamToken: string
}

/** Everything that a tenant may leave behind. */
async function live(tenant: Gateway, account: string): Promise<Past> {
  await tenant.addAccount(account, 5)
  await tenant.addAccount(`${account}-b`, 5)
  await addEndpoint(tenant, ADDRESS)
  expect((await tenant.post('/v1/callback-secret', {})).status).toBe(201)
  expect((await tenant.post('/v2/account', { name: 'Old', replyUrl: ADDRESS })).status).toBe(204)
  const keyed = await tenant.createVideo({}, { 'idempotency-key': 'order-1' })
  expect(keyed.status, await keyed.clone().text()).toBe(200)
  const job = keyed.headers.get('x-gateway-job') ?? ''
  await gateway.sim.finishJobs()
  await tenant.fetch(`/heygen/v3/videos/${job}`)
  const delivery = await until(async () => {
    const { deliveries } = await bodyOf<{ deliveries: { id: string }[] }>(
      tenant.fetch('/v1/deliveries')
    )
    return deliveries[0]?.id
  })
  const running = await tenant.createVideo({ title: 'runs on' })
  for (const id of ['t1', 't2', 't3']) {
    const resource = { account: `${account}@example.com`, resource: 'template', id: account + id }
    await gateway.sim.control('POST', '/resources', resource)
  }
  const { next_token } = await bodyOf<{ next_token: string }>(
    tenant.fetch('/heygen/v3/templates?limit=1')
  )
  const stream = await bodyOf<{ data: { token: string } }>(
    tenant.post('/v1/streaming.create_token', {})
  )
  return {
    job,
    running: running.headers.get('x-gateway-job') ?? '',
    request: keyed.headers.get('x-request-id') ?? '',
    delivery,
    pageToken: next_token,
    streamToken: stream.data.token,
  }
}

/** Nothing of it is seen, and the provider hears nothing. */
async function expectNothingOf(past: Past, tenant: Gateway): Promise<void> {
  await gateway.sim.forgetRequests()
  const me = await tenant.fetch('/heygen/v3/users/me')
  expect([me.status, me.headers.get('x-gateway-account')]).toEqual([404, null])
  expect(await bodyOf(tenant.fetch('/v2/account'))).toMatchObject({
    replyUrl: null,
    accounts: { heygen: { total: 0 }, kling: { total: 0 } },
  })
  expect(await bodyOf(tenant.fetch('/v1/deliveries'))).toMatchObject({ deliveries: [] })
  expect((await tenant.fetch(`/v1/deliveries/${past.delivery}`)).status).toBe(404)
  expect((await tenant.post(`/v1/deliveries/${past.delivery}/retry`, {})).status).toBe(404)
  for (const id of [past.job, past.running, past.request, 'key:order-1']) {
    expect((await tenant.fetch(`/v1/heygen/jobs/${id}`)).status, id).toBe(404)
  }
  expect(await bodyOf(tenant.fetch('/v1/heygen/scheduler'))).toEqual([])
  const forced = `/v1/heygen/scheduler/${past.running}?force=true`
  expect((await tenant.fetch(forced, { method: 'DELETE' })).status).toBe(404)
  const { data } = await bodyOf<{ data: unknown[] }>(tenant.fetch('/v1/webhook/endpoint.list'))
  expect(data).toEqual([])
  for (const path of ['streaming.new', 'streaming.stop']) {
    const headers = { authorization: `Bearer ${past.streamToken}`, ...json }
    const answer = await fetch(`${gateway.url}/v1/${path}`, { method: 'POST', headers, body: '{}' })
    expect(answer.status, path).toBe(401)
  }
  expect(await gateway.sim.requests()).toEqual([])
}

test('a tenant of a name that was removed has nothing of the one before, from the first call on [I5]', async () => {
  const old = await tenantNamed('reuse')
  const past = await live(old, 'acc1')
  await remove('reuse')
  const made = await tenantNamed('reuse')
  await expectNothingOf(past, made)
  expect((await old.fetch('/heygen/v3/users/me')).status).toBe(401)
  expect(await bodyOf(made.fetch('/v2/account'))).toMatchObject({ id: 'reuse' })
})

test('the same provider account, added again under that name, shows nothing of the one before [I5]', async () => {
  const old = await tenantNamed('again')
  const past = await live(old, 'acc2')
  await remove('again')
  const made = await tenantNamed('again')
  await made.addAccount('acc2', 5)
  await made.addAccount('acc2-b', 5)
  const startedNow = async () => {
    const { accounts } = await gateway.sim.state()
    const ours = accounts.filter(({ email }) => email.startsWith('acc2'))
    return ours.reduce((sum, { jobsStarted }) => sum + jobsStarted, 0)
  }
  const started = await startedNow()
  expect(await bodyOf(made.fetch('/v1/heygen/scheduler/available'))).toMatchObject({
    executing: [],
  })
  // The slot of the old one's job is not free, whoever asks.
  expect(await made.heldSlots()).toBe(1)
  for (const id of [past.job, past.running, past.request, 'key:order-1']) {
    expect((await made.fetch(`/v1/heygen/jobs/${id}`)).status, id).toBe(404)
  }
  expect(await bodyOf(made.fetch('/v1/deliveries'))).toMatchObject({ deliveries: [] })
  expect((await made.fetch(`/v1/deliveries/${past.delivery}`)).status).toBe(404)
  const page = `/heygen/v3/templates?limit=1&token=${encodeURIComponent(past.pageToken)}`
  expect((await made.fetch(page)).status).toBe(400)
  const keyed = await made.createVideo({}, { 'idempotency-key': 'order-1' })
  expect([keyed.status, keyed.headers.get('x-gateway-job') === past.job]).toEqual([200, false])
  expect(await startedNow()).toBe(started + 1)
  const headers = { authorization: `Bearer ${past.streamToken}`, ...json }
  const init = { method: 'POST', headers, body: '{}' }
  expect((await fetch(`${gateway.url}/v1/streaming.new`, init)).status).toBe(401)
})

// Of its kind in `npm test`: this file: a tenant of a name that was removed
testFull(
  'a name goes round as often as one likes, and is always shown as it was given',
  async () => {
    for (const round of [1, 2, 3]) {
      const made = await tenantNamed('round')
      const answer = await made.fetch('/v1/heygen/accounts')
      expect([answer.status, round], await answer.text()).toEqual([404, round])
      await made.addAccount(`round${round}`, 1)
      const added = await callEndpoint(made)
      expect(added).toMatchObject({ data: { username: 'round' } })
      const { tenants } = await bodyOf<{ tenants: { id: string; tokens: number }[] }>(
        gateway.admin('GET', '/tenants')
      )
      expect(tenants.filter(({ id }) => id.startsWith('round'))).toMatchObject([
        { id: 'round', tokens: 1 },
      ])
      const { tokens } = await bodyOf<{ tokens: { id: string; tenant: string; name: string }[] }>(
        gateway.admin('GET', '/tokens')
      )
      const [token] = tokens.filter(({ name }) => name === 'round')
      expect(token).toMatchObject({ tenant: 'round' })
      const changed = gateway.admin('PATCH', `/tokens/${token?.id}`, { name: 'round' })
      expect(await bodyOf(changed)).toMatchObject({ tenant: 'round' })
      // A second token of the same tenant sees what the first has.
      const second = await tenantNamed('round')
      expect(await bodyOf(second.fetch('/v1/heygen/accounts'))).toHaveProperty([
        `round${round}@example.com`,
      ])
      await remove('round')
    }
    expect((await gateway.admin('DELETE', '/tenants/round')).status).toBe(404)
    expect((await gateway.admin('DELETE', '/tenants/round~2')).status).toBe(404)
  }
)

async function callEndpoint(tenant: Gateway): Promise<unknown> {
  const form = { url: ADDRESS, events: ['avatar_video.success'] }
  return bodyOf(callNaming(() => tenant.post('/v1/webhook/endpoint.add', form)))
}

// Of its kind in `npm test`: this file: a tenant of a name that was removed
testFull(
  'a name that was removed before names were remembered shares nothing either [I5]',
  async () => {
    const old = await tenantNamed('elder')
    const past = await live(old, 'acc3')
    await remove('elder')
    // As a registrar of before left it: of the name nothing is known, and its desk was left open.
    await runIn(gateway, 'TENANT_DESK', '@registrar', 'DELETE FROM tenant_past')
    await runIn(gateway, 'TENANT_DESK', 'heygen:elder', 'DELETE FROM closing')
    const made = await tenantNamed('elder')
    await expectNothingOf(past, made)
  }
)

test('a stream token of before, which names no maker, goes on until its tenant is removed', async () => {
  const old = await tenantNamed('streams')
  await old.addAccount('acc5', 1)
  const record = {
    provider: 'heygen',
    tenant: 'streams',
    email: 'acc5@example.com',
    token: 'theirs',
    endsAt: Date.now() + 86_400_000,
  }
  const sealed = await vault.seal('stream-token/heygen', JSON.stringify(record))
  const headers = { authorization: `Bearer ${toStreamToken(sealed)}`, ...json }
  const say = async () => {
    await gateway.sim.forgetRequests()
    const init = { method: 'POST', headers, body: '{"session_id":"nobody"}' }
    await fetch(`${gateway.url}/v1/streaming.task`, init)
    return (await gateway.sim.requests()).filter(({ path }) => path === '/v1/streaming.task').length
  }
  expect(await say()).toBe(1)
  await remove('streams')
  expect(await say()).toBe(0)
  const made = await tenantNamed('streams')
  await made.addAccount('acc5', 1)
  expect(await say()).toBe(0)
})

test('what a tenant has uploaded is counted no more once it is removed', async () => {
  const old = await tenantNamed('uploader')
  const body = Uint8Array.from([1, 2, 3])
  const headers = { 'content-type': 'image/png' }
  expect((await old.fetch('/v1/kling/assets', { method: 'POST', headers, body })).status).toBe(200)
  const counted = () =>
    runIn(gateway, 'TENANT_DESK', 'kling:uploader', 'SELECT token FROM uploaded')
  expect(await counted()).toHaveLength(1)
  await remove('uploader')
  expect(await counted()).toEqual([])
})
