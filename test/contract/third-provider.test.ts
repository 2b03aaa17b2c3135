/** A third provider takes one folder and one line: tried with one that is thrown away (docs/adding-a-provider.md). */
import { afterAll, expect, test } from 'vitest'
import { expectSigned, makeCallbackSecret } from '../support/callback-secret.ts'
import { advance, CLOCKED, SECOND } from '../support/clock/clock.ts'
import { until, type Gateway } from '../support/gateway.ts'
import { gatewaysOfFile } from '../support/gateways-of-file.ts'
import { LOOPBACK } from '../support/scenes/hooked.ts'
import { Receiver } from '../support/receiver.ts'
import { DemoUpstream } from '../support/throwaway-provider/upstream.ts'
import { accountOf, errorOf, jobOf } from './tenant.ts'

const upstream = await DemoUpstream.open()
const receiver = await Receiver.open()
afterAll(async () => {
  upstream.close()
  await receiver.close()
})
const open = gatewaysOfFile()
const gateway = await open({
  providers: 'test/support/throwaway-provider/providers.ts',
  entry: CLOCKED,
  vars: { ...LOOPBACK, HEYGEN_ORIGIN: upstream.url },
})
gateway.secrets.push('demo_key_')

/** A tenant with accounts of these limits. */
async function tenantWith(limits: Record<string, number>): Promise<Gateway> {
  const tenant = gateway.as((await gateway.newToken()).token)
  for (const [name, maxJobs] of Object.entries(limits)) {
    const account = { email: `${name}@example.com`, apiKey: `demo_key_${name}`, maxJobs }
    const added = await tenant.post('/v1/demo/accounts', account)
    expect(added.status, await added.clone().text()).toBe(201)
    expect(await added.json()).toMatchObject({ apiKey: '…secured…', maxJobs })
  }
  return tenant
}

/** All clocks, until it is so. */
async function untilMoved(what: () => Promise<boolean>): Promise<void> {
  for (let step = 0; !(await what()); step += 1) {
    expect(step).toBeLessThan(100)
    upstream.aheadMs += 15 * SECOND
    await advance(gateway, 15 * SECOND)
  }
}

const create = (at: Gateway, body: object = {}, headers: Record<string, string> = {}) =>
  at.post('/demo/jobs', body, headers)

test('a credential is proved before it is kept, and limits have the provider’s ceiling', async () => {
  const tenant = gateway.as((await gateway.newToken()).token)
  const add = async (fields: object) =>
    (await tenant.post('/v1/demo/accounts', { email: 'x@example.com', maxJobs: 1, ...fields }))
      .status
  expect(await add({ apiKey: 'wrong' })).toBe(400)
  expect(await add({})).toBe(404)
  expect(await add({ apiKey: 'demo_key_x', maxJobs: 6 })).toBe(400)
  expect((await tenant.fetch('/v1/demo/accounts')).status).toBe(404)
})

test('a storm fills every slot exactly; a status answer or the alarm gives each back [I1, I2]', async () => {
  const tenant = await tenantWith({ a: 1, b: 2 })
  const answers = await Promise.all(Array.from({ length: 30 }, () => create(tenant)))
  const made = answers.filter(({ status }) => status === 201)
  const full = answers.filter(({ status }) => status === 429)
  expect([made.length, full.length]).toEqual([3, 27])
  for (const answer of full) {
    expect(errorOf(answer)).toBe('slots_full')
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(5)
    expect(await answer.json()).toEqual({ oops: expect.stringContaining('taken') as string })
  }
  upstream.end('finished')
  await untilMoved(async () => (await tenant.heldSlots('demo')) === 0)
  const [again] = [await create(tenant)]
  upstream.end('broken')
  const asked = await tenant.fetch(`/demo/jobs/${jobOf(again)}`)
  expect([asked.status, accountOf(asked)]).toEqual([200, accountOf(again)])
  const job = await tenant.fetch(`/v1/demo/jobs/${jobOf(again)}`)
  expect(await job.json()).toMatchObject({ jobid: jobOf(again), status: 'failed' })
  expect([upstream.maxInFlight.get('demo_key_a'), upstream.maxInFlight.get('demo_key_b')]).toEqual([
    1, 2,
  ])
})

test('lists are merged, jobs are found at their owner, and what is another tenant’s is not there [I5]', async () => {
  const tenant = await tenantWith({ c: 5, d: 5 })
  const ids: string[] = []
  for (const name of ['c', 'd', 'c', 'd']) {
    ids.push(jobOf(await create(tenant, {}, { 'x-gateway-account': `${name}@example.com` })))
  }
  const list = (await (await tenant.fetch('/demo/jobs')).json()) as { jobs: { id: string }[] }
  expect(list.jobs.map(({ id }) => id).toSorted()).toEqual(ids.toSorted())
  const other = await tenantWith({ e: 5 })
  const stranger = await other.fetch(`/demo/jobs/${ids[0]}`)
  expect([stranger.status, await stranger.json()]).toEqual([404, { oops: 'no such job' }])
  upstream.end('finished')
})

test('a lost answer is never sent again, and its job is found and followed to its end [I4]', async () => {
  const tenant = await tenantWith({ f: 1, g: 1 })
  const before = upstream.creations
  upstream.losesNext = true
  const key = { 'idempotency-key': 'k' }
  const lost = await create(tenant, { ref: 'mine' }, key)
  expect([lost.status, errorOf(lost)]).toEqual([200, null])
  const again = await create(tenant, { ref: 'mine' }, key)
  expect([again.status, await again.json()]).toEqual([200, await lost.json()])
  expect(upstream.creations).toBe(before + 1)
  const id = upstream.jobs.at(-1)?.id
  const job = async () =>
    (await (await tenant.fetch('/v1/demo/jobs/key:k')).json()) as { jobid: string; status: string }
  await untilMoved(async () => (await job()).jobid === id)
  upstream.end('finished')
  await untilMoved(async () => (await job()).status === 'completed')
  expect(await tenant.heldSlots('demo')).toBe(0)
})

test('an end is told to whoever asked, signed, although the provider has no events [I3]', async () => {
  const tenant = await tenantWith({ h: 5 })
  const secret = await makeCallbackSecret(tenant)
  for (const [end, status] of [
    ['finished', 'completed'],
    ['broken', 'failed'],
  ] as const) {
    const url = `${receiver.url}/${status}`
    const id = jobOf(await create(tenant, {}, { 'x-gateway-reply-url': url }))
    upstream.end(end)
    await untilMoved(async () => (await tenant.heldSlots('demo')) === 0)
    const told = await until(async () => receiver.posts(`/${status}`)[0])
    expect(JSON.parse(told.body)).toMatchObject({
      event_type: `job.${status}`,
      event_data: { job_id: id, status },
    })
    expectSigned(told, secret)
  }
})

test('its accounts are served, and the others serve as before', async () => {
  expect((await gateway.fetch('/v1/demo/scheduler')).status).toBe(200)
  expect((await gateway.fetch('/v1/heygen/scheduler')).status).toBe(200)
  expect((await gateway.fetch('/v1/kling/scheduler')).status).toBe(200)
})
