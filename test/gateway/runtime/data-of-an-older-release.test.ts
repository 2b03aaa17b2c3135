/**
 * A data folder that the gateway of commit 30a41a3 left, before storage had a version (test/fixtures/make-data-folder.ts).
 * Its clock stands at that moment.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import fixture from '../../fixtures/data-30a41a3.json'
import { advance, HOUR, MINUTE } from '../../support/clock/clock.ts'
import { openGateway, until, type Gateway } from '../../support/gateway.ts'
import { callNaming, LOOPBACK } from '../../support/scenes/hooked.ts'
import { Receiver } from '../../support/receiver.ts'
import { Simulator } from '../../support/simulator.ts'

const { facts, files } = fixture
const folder = mkdtempSync(path.join(tmpdir(), 'heygen-gateway-test-'))
for (const [name, packed] of Object.entries(files)) {
  const file = path.join(folder, name)
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, gunzipSync(Buffer.from(packed, 'base64')))
}

const receiver = await Receiver.open()
const simulator = await Simulator.start({ vars: { JOB_MS: '-1' } })
for (const name of ['a', 'b']) await simulator.addAccount(`${name}@example.com`, `sk_test_${name}`)
for (const { job: id } of facts.running)
  await simulator.control('POST', '/jobs', { account: 'a@example.com', id })
await simulator.control('POST', '/resources', {
  account: 'b@example.com',
  resource: 'template',
  id: facts.template,
})

async function open(): Promise<Gateway> {
  const gateway = await openGateway({
    simulator,
    persist: folder,
    vars: LOOPBACK,
    entry: 'test/support/workers/fixture-worker.ts',
  })
  gateway.token = facts.token
  return gateway
}

const gateway = await open()
afterAll(async () => {
  await gateway.dispose()
  await simulator.dispose()
  await receiver.close()
  rmSync(folder, { recursive: true, force: true })
})

async function job(name: string): Promise<Record<string, unknown>> {
  const answer = await gateway.fetch(`/v1/heygen/jobs/${name}`)
  expect([name, answer.status]).toEqual([name, 200])
  return (await answer.json()) as Record<string, unknown>
}

test('slots that jobs of before hold are held [I1]', async () => {
  expect(await gateway.heldSlots()).toBe(2)
  const one = await gateway.createVideo({}, { 'x-gateway-account': 'a@example.com' })
  const other = await gateway.createVideo({}, { 'x-gateway-account': 'a@example.com' })
  expect([one.status, other.status]).toEqual([200, 429])
  await simulator.control('POST', `/jobs/${one.headers.get('x-gateway-job')}`, { status: 'failed' })
  await gateway.fetch(`/heygen/v3/videos/${one.headers.get('x-gateway-job')}`)
})

test('a job that ended before is known by its id, its request’s id and its key', async () => {
  for (const name of [facts.ended.job, facts.ended.request, `key:${facts.key}`])
    expect(await job(name)).toMatchObject({ status: 'completed' })
})

test('a key of before is replayed and starts nothing [I4]', async () => {
  const before = (await simulator.state()).jobs.length
  const again = await gateway.createVideo({}, { 'idempotency-key': facts.key })
  expect(again.status).toBe(200)
  expect(again.headers.get('x-gateway-job')).toBe(facts.ended.job)
  expect((await simulator.state()).jobs).toHaveLength(before)
})

test('an id that was known to be one account’s is not looked for again', async () => {
  const before = (await simulator.requests()).length
  const answer = await gateway.fetch(`/heygen/v3/templates/${facts.template}`)
  expect(answer.headers.get('x-gateway-account')).toBe('b@example.com')
  expect((await simulator.requests()).length - before).toBe(1)
})

test('a delivery that was owed is delivered, and its endpoint is there [I3]', async () => {
  const change = { url: `${receiver.url}/hook` }
  const changed = await callNaming(() =>
    gateway.fetch(`/heygen/v3/webhooks/endpoints/${facts.endpoint}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(change),
    })
  )
  expect(changed.status).toBe(200)
  for (let minutes = 0; minutes < 2; minutes += 1) await advance(gateway, MINUTE)
  await until(async () => receiver.posts('/hook').some((one) => one.body.includes(facts.ended.job)))
  const list = await gateway.fetch('/v1/deliveries?state=delivered')
  const { deliveries } = (await list.json()) as { deliveries: { job: string; id: string }[] }
  const mine = deliveries.find((one) => one.job === facts.ended.job)
  expect(mine?.id).toContain(facts.delivery)
  const full = (await (await gateway.fetch(`/v1/deliveries/${mine?.id}`)).json()) as object
  expect(full).toMatchObject({ attempts: [{ status: 500 }, { status: 200 }] })
})

test('a job that was running ends, its slot is free and its end is told [I2]', async () => {
  for (const { job: id } of facts.running)
    await simulator.control('POST', `/jobs/${id}`, { status: 'completed' })
  await advance(gateway, HOUR)
  await until(async () => (await gateway.heldSlots()) === 0)
  for (const { job: id, request } of facts.running) {
    expect(await job(request)).toMatchObject({ status: 'completed' })
    await until(async () => receiver.posts('/hook').some((one) => one.body.includes(id)))
  }
})
