/** Alerts: told when something is wrong, and when it is over, by signed deliveries. */
import { afterAll, expect, test } from 'vitest'
import { expectSigned } from '../../support/callback-secret.ts'
import {
  advance,
  CLOCKED,
  DAY,
  HOUR,
  MINUTE,
  pass,
  SECOND,
  stopClock,
} from '../../support/clock/clock.ts'
import { until, type Gateway } from '../../support/gateway.ts'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import type { PoolAccount } from '../../../src/domain/live/pool-account.ts'
import { Receiver } from '../../support/receiver.ts'
import {
  addAlert,
  addOperatorAlert,
  bodyIn,
  saidAt,
  untilSaid,
} from '../../support/scenes/alerts.ts'
import { eventOf, hookOf, LOOPBACK, signed } from '../../support/scenes/hooked.ts'

const open = gatewaysOfFile()
const receiver = await Receiver.open()
afterAll(() => receiver.close())

const NAMES = ['key', 'credit', 'letter', 'left', 'hook', 'money', 'pool', 'line']
/** Each test has a tenant with one account of the same name, and alerts at `/<name>`. The operator's are at `/operator`. */
const gateway = await open({
  simVars: { JOB_MS: '-1' },
  vars: LOOPBACK,
  entry: CLOCKED,
})
await stopClock(gateway)
const tenants: Record<string, Gateway> = {}
const secrets: Record<string, string> = {}
for (const name of NAMES) {
  const { token } = await gateway.newToken({ tenant: `of-${name}` })
  tenants[name] = gateway.as(token)
  await tenants[name].addAccount(name, 1)
  const more = name === 'money' ? { balanceBelow: 20 } : {}
  secrets[name] = (await addAlert(tenants[name], `${receiver.url}/${name}`, more)).secret
}
const operator = await addOperatorAlert(gateway, `${receiver.url}/operator`, {
  events: ['credential_dead', 'dead_letter'],
})

function tenant(name: string): Gateway {
  const found = tenants[name]
  if (!found) throw new Error(name)
  return found
}

const account = (name: string, more: Record<string, unknown>) =>
  gateway.sim.addAccount(`${name}@example.com`, `sk_test_${name}`, more)

test('a credential that the provider refuses twice is told to the tenant and the operator, signed, and its replacement too', async () => {
  const it = tenant('key')
  await gateway.sim.addAccount('key@example.com', 'sk_test_other')
  expect((await it.createVideo()).status).toBe(503)
  expect(saidAt(receiver, '/key')).toEqual([])
  await advance(gateway, 61 * SECOND)
  await untilSaid(receiver, '/key', ['credential_dead raised key'])
  await untilSaid(receiver, '/operator', ['credential_dead raised key'])
  const [told] = receiver.posts('/key')
  const [operators] = receiver.posts('/operator')
  if (!told || !operators) throw new Error('nothing came')
  expectSigned(told, secrets['key'] ?? '')
  expectSigned(operators, operator.secret)
  expect(bodyIn(told)).toMatchObject({
    type: 'gateway.alert',
    tenant: 'of-key',
    provider: 'heygen',
    account: 'key@example.com',
    detail: { reason: 'credential', scope: 'all' },
  })
  expect(bodyIn(operators)).toMatchObject({ tenant: 'of-key', account: 'key@example.com' })
  const mended = await it.post('/v1/heygen/accounts', {
    email: 'key@example.com',
    apiKey: 'sk_test_other',
    maxJobs: 1,
  })
  expect(mended.ok).toBe(true)
  await untilSaid(receiver, '/key', ['credential_dead recovered key'], 1)
  await untilSaid(receiver, '/operator', ['credential_dead recovered key'], 1)
})

test("a tenant sees its own alerts among its deliveries, and nothing of the operator's [I5]", async () => {
  const answer = await tenant('key').fetch('/v1/deliveries')
  const { deliveries } = (await answer.json()) as { deliveries: Record<string, unknown>[] }
  expect(deliveries.map(({ url }) => url)).toEqual([`${receiver.url}/…`, `${receiver.url}/…`])
  expect(deliveries[0]).toMatchObject({ state: 'delivered', event: { type: 'gateway.alert' } })
  const id = String(receiver.posts('/operator')[0]?.headers['x-gateway-delivery'])
  expect(id).toContain(operator.id)
  for (const path of [`/v1/deliveries/${id}`, `/v1/deliveries/${id}/retry`]) {
    const method = path.endsWith('retry') ? 'POST' : 'GET'
    expect((await tenant('key').fetch(path, { method })).status).toBe(404)
  }
  const own = await tenant('key').fetch('/v1/alerts')
  expect(await own.text()).not.toContain(operator.id)
  expect((await tenant('key').fetch(`/v1/alerts/${operator.id}`)).status).toBe(404)
})

test('an account without credit is told at once, in the form of each chat, and once a day at most', async () => {
  const it = tenant('credit')
  for (const form of ['slack', 'discord'])
    await addAlert(it, `${receiver.url}/credit/${form}`, { form, events: ['account_parked'] })
  await account('credit', { credits: 0 })
  expect((await it.createVideo()).status).toBe(402)
  await untilSaid(receiver, '/credit', ['account_parked raised credit'])
  const [slack] = await receiver.heard('/credit/slack')
  const [discord] = await receiver.heard('/credit/discord')
  const start = 'Account `credit@example.com` (`heygen`, tenant `of-credit`) is parked until '
  const { text, ...slackRest } = JSON.parse(slack?.body ?? '') as { text: string }
  expect([text.startsWith(start), slackRest]).toEqual([true, {}])
  const { content, ...rest } = JSON.parse(discord?.body ?? '') as { content: string }
  expect([content.startsWith(start), rest]).toEqual([true, { allowed_mentions: { parse: [] } }])
  const unpark = () => it.fetch('/v1/heygen/accounts/credit@example.com/unpark', { method: 'POST' })
  await unpark()
  await untilSaid(receiver, '/credit', ['account_parked recovered credit'], 1)
  expect((await it.createVideo()).status).toBe(402)
  await unpark()
  await advance(gateway, 1 * HOUR)
  expect(saidAt(receiver, '/credit')).toHaveLength(2)
})

test('a delivery that was given up is told, and when it was sent again and accepted, that too', async () => {
  const it = tenant('letter')
  const hook = await hookOf(it, 'letter')
  const created = await it.createVideo({ callback_url: `${receiver.url}/gone` })
  const body = eventOf(created.headers.get('x-gateway-job') ?? '')
  receiver.answer = ({ path }) => (path === '/gone' ? 410 : 200)
  await fetch(hook.url, { method: 'POST', body, headers: signed(hook.secret, body) })
  await untilSaid(receiver, '/letter', ['dead_letter raised letter'])
  await untilSaid(receiver, '/operator', ['dead_letter raised letter'], 2)
  expect(bodyIn(receiver.posts('/letter')[0] ?? fail()).detail).toMatchObject({
    detail: `${new URL(receiver.url).host}: the receiver answered 410`,
    count: 1,
  })
  receiver.answer = () => 200
  const dead = await it.fetch('/v1/deliveries?state=dead')
  const [first] = ((await dead.json()) as { deliveries: { id: string }[] }).deliveries
  expect((await it.fetch(`/v1/deliveries/${first?.id}/retry`, { method: 'POST' })).status).toBe(202)
  await untilSaid(receiver, '/letter', ['dead_letter recovered letter'], 1)
})

test('an alert about a delivery of a removed account does not name the account of its next tenant [I5]', async () => {
  const it = tenant('left')
  await advance(gateway, 1 * MINUTE)
  const hook = await hookOf(it, 'left')
  const created = await it.createVideo({ callback_url: `${receiver.url}/late` })
  const body = eventOf(created.headers.get('x-gateway-job') ?? '')
  receiver.answer = ({ path }) => (path === '/late' ? 500 : 200)
  await fetch(hook.url, { method: 'POST', body, headers: signed(hook.secret, body) })
  await receiver.heard('/late')
  await it.fetch('/v1/heygen/accounts/left@example.com', { method: 'DELETE' })
  const next = gateway.as((await gateway.newToken({ tenant: 'of-next' })).token)
  const theirs = { email: 'next@example.com', apiKey: 'sk_test_left', maxJobs: 1 }
  expect((await next.post('/v1/heygen/accounts', theirs)).status).toBe(201)
  const shown = (await (await next.fetch('/v1/pool')).json()) as { accounts: PoolAccount[] }
  expect(shown.accounts).toMatchObject([{ deliveries: { pending: 0, dead: 0 } }])
  receiver.answer = ({ path }) => (path === '/late' ? 410 : 200)
  await advance(gateway, 1 * HOUR)
  const [told] = await receiver.heard('/left')
  receiver.answer = () => 200
  expect(bodyIn(told ?? fail())).toMatchObject({ kind: 'dead_letter', account: null })
  expect(told?.body).not.toContain('next@example.com')
})

test('an alert that its receiver refuses for good raises no alert', async () => {
  const it = tenant('letter')
  receiver.answer = ({ path }) => (path === '/refusing' ? 410 : 200)
  await addAlert(it, `${receiver.url}/refusing`)
  await account('letter', { credits: 0 })
  expect((await it.createVideo()).status).toBe(402)
  await receiver.heard('/refusing')
  await until(async () => {
    const listed = await it.fetch('/v1/deliveries?state=dead')
    return ((await listed.json()) as { deliveries: unknown[] }).deliveries.length > 0
  })
  // The parking for credit ends by itself after half an hour.
  await advance(gateway, 1 * HOUR)
  const after = ['account_parked raised letter', 'account_parked recovered letter']
  await untilSaid(receiver, '/letter', after, 2)
  receiver.answer = () => undefined
})

test('a webhook that cannot be registered is told after three failures, and when it is registered', async () => {
  const it = tenant('hook')
  await gateway.sim.fault({
    match: { path: '/v3/webhooks/endpoints', method: 'POST' },
    effect: { status: 500 },
  })
  await gateway.sim.addAccount('hook2@example.com', 'sk_test_hook2')
  const more = { email: 'hook2@example.com', apiKey: 'sk_test_hook2', maxJobs: 1 }
  expect((await it.post('/v1/heygen/accounts', more)).status).toBe(201)
  await pass(gateway, 2 * MINUTE)
  expect(saidAt(receiver, '/hook')).toEqual([])
  await pass(gateway, 3 * MINUTE)
  await untilSaid(receiver, '/hook', ['webhook_missing raised hook2'])
  await gateway.sim.clearFaults()
  await advance(gateway, 1 * HOUR)
  await untilSaid(receiver, '/hook', ['webhook_missing recovered hook2'], 1)
})

test('a low balance is told after a job, and within an hour when it was filled up', async () => {
  const it = tenant('money')
  await account('money', { credits: 30 })
  await run(it)
  await advance(gateway, 2 * HOUR)
  expect(saidAt(receiver, '/money')).toEqual([])
  await account('money', { credits: 15 })
  await run(it)
  await untilSaid(receiver, '/money', ['balance_low raised money'])
  expect(bodyIn(receiver.posts('/money')[0] ?? fail()).detail).toMatchObject({ unit: 'usd' })
  await account('money', { credits: 100 })
  await advance(gateway, 1 * HOUR)
  await untilSaid(receiver, '/money', ['balance_low recovered money'], 1)
})

async function run(it: Gateway): Promise<void> {
  const created = await it.createVideo()
  expect(created.status).toBe(200)
  await gateway.sim.finishJobs()
  await it.fetch(`/heygen/v3/videos/${created.headers.get('x-gateway-job')}`)
  await until(async () => (await it.heldSlots()) === 0)
}

test('a pool that refuses calls for ten minutes is told, and after five minutes without', async () => {
  const it = tenant('pool')
  expect((await it.createVideo()).status).toBe(200)
  for (let minute = 0; minute < 10; minute += 1) {
    expect((await it.createVideo()).status).toBe(429)
    await advance(gateway, 1 * MINUTE)
  }
  expect(saidAt(receiver, '/pool')).toEqual([])
  expect((await it.createVideo()).status).toBe(429)
  await untilSaid(receiver, '/pool', ['pool_full raised pool'])
  await advance(gateway, 4 * MINUTE)
  expect(saidAt(receiver, '/pool')).toHaveLength(1)
  await advance(gateway, 1 * MINUTE)
  await untilSaid(receiver, '/pool', ['pool_full recovered pool'], 1)
  await advance(gateway, 2 * DAY)
  expect(saidAt(receiver, '/pool')).toHaveLength(2)
})

test('a queued creation that waits for too long is told, and when it has started', async () => {
  const it = tenant('line')
  expect((await it.post('/v1/heygen/queue/pause', {})).status).toBe(200)
  const queued = await it.createVideo({}, { prefer: 'respond-async' })
  expect(queued.status).toBe(202)
  await pass(gateway, 49 * MINUTE)
  expect(saidAt(receiver, '/line')).toEqual([])
  await pass(gateway, 25 * MINUTE)
  await untilSaid(receiver, '/line', ['queue_old raised pool'])
  const [told] = receiver.posts('/line')
  const { detail, text } = bodyIn(told ?? fail())
  expect(text).toContain(`has waited since ${String(detail['since'])}`)
  await it.post('/v1/heygen/queue/resume', {})
  await pass(gateway, 6 * MINUTE)
  await untilSaid(receiver, '/line', ['queue_old recovered pool'], 1)
  await advance(gateway, 1 * DAY)
  expect(saidAt(receiver, '/line')).toHaveLength(2)
})

function fail(): never {
  throw new Error('nothing came')
}
