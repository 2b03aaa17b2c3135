/** What stays in the tables of both objects when an account or a tenant was removed: what docs/storage.md says, and nothing else. */
import { afterAll, expect, test } from 'vitest'
import { advance, DAY, MINUTE, untilMoved } from '../../support/clock/clock.ts'
import { until, type Gateway } from '../../support/gateway.ts'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { addEndpoint, eventOf, hookOf, LOOPBACK, signed } from '../../support/scenes/hooked.ts'
import { Receiver } from '../../support/receiver.ts'
import { objectsOf, runIn } from '../../support/sql/sql.ts'

const open = gatewaysOfFile()
const receiver = await Receiver.open()
afterAll(() => receiver.close())
const gateway = await open({
  isAlone: true,
  entry: 'test/support/workers/sql-worker.ts',
  simVars: { JOB_MS: '-1' },
  vars: LOOPBACK,
})

type Binding = 'ACCOUNT_SLOTS' | 'TENANT_DESK'

/** The tables that have rows. */
async function filled(binding: Binding, object: string): Promise<string[]> {
  const sql =
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'"
  const names = (await runIn(gateway, binding, object, sql)).map(({ name }) => String(name))
  const counts = names.map((name) =>
    runIn(gateway, binding, object, `SELECT COUNT(*) AS n FROM "${name}"`)
  )
  const all = await Promise.all(counts)
  return names.filter((_, index) => Number(all[index]?.[0]?.['n']) > 0).toSorted()
}

/** Leaves a row wherever a tenant may leave one. */
async function live(tenant: Gateway, name: string): Promise<void> {
  await tenant.addAccount(name, 2)
  const { url, secret } = await hookOf(tenant, name)
  await addEndpoint(tenant, `${receiver.url}/hook`)
  expect((await tenant.post('/v1/callback-secret', {})).status).toBe(201)
  const alert = { kind: 'webhook', url: `${receiver.url}/alert` }
  await tenant.post('/v1/alerts', alert)
  expect((await tenant.createVideo({}, { 'idempotency-key': 'one' })).status).toBe(200)
  await gateway.sim.finishJobs()
  // An event about no job of ours.
  const body = eventOf(`${name}-other`)
  expect((await fetch(url, { method: 'POST', body, headers: signed(secret, body) })).ok).toBe(true)
  await until(async () => (await tenant.heldSlots()) === 0)
  const refusal = { status: 429, body: { error: { code: 'rate_limit_exceeded', message: 'no' } } }
  await gateway.sim.fault({ match: { method: 'POST' }, times: 1, effect: refusal })
  await tenant.createVideo()
  const test = await tenant.post(`/v1/heygen/accounts/${name}@example.com/test`, {})
  expect(test.status).toBe(200)
  await until(async () => receiver.posts('/hook').length >= 2)
}

async function accountOf(desk: string): Promise<string> {
  const [row] = await runIn(gateway, 'TENANT_DESK', desk, 'SELECT record FROM account')
  return (JSON.parse(String(row?.['record'])) as { key: string }).key
}

test('a removed account leaves its ended jobs and deliveries for a month, its usage for 90 days, and then only that it was there [I6]', async () => {
  await live(gateway, 'gone')
  const { desk } = await objectsOf(gateway)
  const key = await accountOf(desk)
  const before = await filled('ACCOUNT_SLOTS', key)
  for (const table of ['account', 'parking', 'proof', 'hook', 'balance', 'news', 'targets'])
    expect(before).toContain(table)
  await gateway.fetch('/v1/heygen/accounts/gone@example.com', { method: 'DELETE' })
  const isWiped = async () => {
    const [row] = await runIn(gateway, 'ACCOUNT_SLOTS', key, 'SELECT record FROM account')
    return row?.['record'] === null
  }
  await untilMoved(gateway, isWiped, 2 * DAY)
  const past = ['account', 'ended_job', 'outgoing', 'schema', 'usage_mark']
  expect(await filled('ACCOUNT_SLOTS', key)).toEqual(past)
  for (let days = 0; days < 32; days += 1) await advance(gateway, DAY)
  // Who used what can still be asked for, so the desk still knows the object.
  const used = ['account', 'schema', 'usage', 'usage_mark']
  expect(await filled('ACCOUNT_SLOTS', key)).toEqual(used)
  expect(await filled('TENANT_DESK', desk)).toContain('former')
  for (let days = 32; days < 93; days += 1) await advance(gateway, DAY)
  expect(await filled('ACCOUNT_SLOTS', key)).toEqual(['account', 'schema', 'usage_mark'])
  expect(await filled('TENANT_DESK', desk)).not.toContain('former')
})

test('a removed tenant leaves its audit, also when calls that were under way write after it [I5]', async () => {
  const { token, tenant: id } = await gateway.newToken({ tenant: 'closed' })
  await live(gateway.as(token), 'closed')
  const desk = `heygen:${id}`
  const key = await accountOf(desk)
  const insert = 'INSERT INTO refused (account, at, until) VALUES (?, 1, 1e15)'
  await runIn(gateway, 'TENANT_DESK', desk, insert, [key])
  expect((await gateway.admin('DELETE', `/tenants/${id}`)).status).toBe(204)
  const late = `INSERT INTO job_owner (span, id, email, request_id, place, start, learned_at)
    VALUES (1, 'late', 'closed@example.com', 'r', 0, '{}', 1)`
  await advance(gateway, MINUTE)
  await runIn(gateway, 'TENANT_DESK', desk, late)
  for (let minutes = 0; minutes < 12; minutes += 1) await advance(gateway, MINUTE)
  const left = ['audit', 'closing', 'copy', 'pruning', 'schema']
  expect(await filled('TENANT_DESK', desk)).toEqual(left)
  const isWiped = async () => !(await filled('ACCOUNT_SLOTS', key)).includes('hook')
  await untilMoved(gateway, isWiped, 2 * DAY)
  const past = ['account', 'ended_job', 'outgoing', 'schema', 'usage_mark']
  expect(await filled('ACCOUNT_SLOTS', key)).toEqual(past)
})

test('an account that is gone is not parked by a call that was under way', async () => {
  const { token, tenant: id } = await gateway.newToken({ tenant: 'late' })
  const it = gateway.as(token)
  await it.addAccount('late', 2)
  const key = await accountOf(`heygen:${id}`)
  const tooFast = { status: 429, body: { error: { code: 'rate_limit_exceeded', message: 'no' } } }
  const effect = { ...tooFast, latencyMs: 1500 }
  await gateway.sim.fault({ match: { path: '/v3/voices' }, times: 1, effect })
  const reading = it.fetch('/heygen/v3/voices')
  await until(async () =>
    (await gateway.sim.requests()).some(({ path }) => path.startsWith('/v3/voices'))
  )
  await it.fetch('/v1/heygen/accounts/late@example.com', { method: 'DELETE' })
  const left = ['account', 'schema', 'usage_mark']
  await until(async () => String(await filled('ACCOUNT_SLOTS', key)) === String(left))
  await reading.then((answer) => answer.text())
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(await filled('ACCOUNT_SLOTS', key)).toEqual(left)
})
