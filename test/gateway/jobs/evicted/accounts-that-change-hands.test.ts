/**
 * An account changes hands while one of its leases is still unbound: it is added under another email, or by another tenant. The desk
 * that the lease came from knows the job, and on which account it is.
 */
import { afterEach, expect, test } from 'vitest'
import { isTimedId } from '#domain/text/time-ordered-id.ts'
import { advance, MINUTE, stopClock } from '../../../support/clock/clock.ts'
import type { Gateway } from '../../../support/gateway.ts'
import { gatewaysOfFile } from '../../../support/gateways-of-file.ts'

const open = gatewaysOfFile()
/** HeyGen tells nothing: the gateway has no public address. */
const gateway = await open({
  simVars: { JOB_MS: '-1' },
  entry: 'test/support/workers/counting-worker.ts',
})
await stopClock(gateway)

const ACCOUNTS = '/v1/heygen/accounts'

function lose(...methods: string[]): Promise<Response> {
  return fetch(`${gateway.url}/__lose`, { method: 'POST', body: JSON.stringify(methods) })
}

/** The account's object forgets what it has only in memory. From now on the desk can be asked. */
async function evict(): Promise<void> {
  await lose('bind')
  await fetch(`${gateway.url}/__evict`, { method: 'POST' })
}

async function newTenant(): Promise<Gateway> {
  return gateway.as((await gateway.newToken()).token)
}

/** Creates a job whose account's object never hears of it, and cannot ask for it. */
async function createUnbound(tenant: Gateway): Promise<string> {
  await lose('bind', 'jobsOf', 'madeBy')
  return create(tenant)
}

async function create(tenant: Gateway): Promise<string> {
  const answer = await tenant.createVideo()
  expect(answer.status).toBe(200)
  return answer.headers.get('x-gateway-job') ?? ''
}

async function remove(tenant: Gateway, email: string): Promise<void> {
  expect((await tenant.fetch(`${ACCOUNTS}/${email}`, { method: 'DELETE' })).status).toBe(204)
}

async function add(tenant: Gateway, key: string, email: string): Promise<void> {
  const answer = await tenant.post(ACCOUNTS, { email, apiKey: `sk_test_${key}`, maxJobs: 1 })
  expect(answer.status).toBe(201)
}

async function stateOf(tenant: Gateway, job: string): Promise<string> {
  const answer = await tenant.fetch(`/v1/heygen/jobs/${job}`)
  return ((await answer.json()) as { status: string }).status
}

/** The ids of the running jobs, as the scheduler shows them. */
async function running(tenant: Gateway): Promise<string[]> {
  const jobs = (await (await tenant.fetch('/v1/heygen/scheduler')).json()) as { id: string }[]
  return jobs.map(({ id }) => (isTimedId(id) ? 'unbound' : id))
}

async function wait(minutes: number): Promise<void> {
  for (let n = 0; n < minutes; n += 1) await advance(gateway, MINUTE)
}

afterEach(async () => {
  await lose()
  await gateway.sim.clearFaults()
  await gateway.sim.finishJobs()
  await wait(12)
})

test('an account that was added again under another email still has its job and its slot [I1, I3]', async () => {
  const tenant = await newTenant()
  await tenant.addAccount('moved', 1)
  const job = await createUnbound(tenant)
  await remove(tenant, 'moved@example.com')
  await add(tenant, 'moved', 'other@example.com')
  await evict()
  expect(await running(tenant)).toEqual([job])
  await wait(12)
  expect((await tenant.createVideo()).status).toBe(429)
  await gateway.sim.finishJobs()
  await wait(12)
  expect(await stateOf(tenant, job)).toBe('completed')
})

test('a job of the tenant that had the account before keeps its slot under another tenant’s email, and its end is known [I1, I3]', async () => {
  const [before, after] = [await newTenant(), await newTenant()]
  await before.addAccount('sold', 1)
  const job = await createUnbound(before)
  await remove(before, 'sold@example.com')
  await add(after, 'sold', 'bought@example.com')
  await evict()
  await wait(12)
  expect((await after.createVideo()).status).toBe(429)
  expect(await stateOf(before, job)).toBe('running')
  await gateway.sim.finishJobs()
  await wait(12)
  expect(await stateOf(before, job)).toBe('completed')
  expect(await after.heldSlots()).toBe(0)
})

test('a refused creation’s slot is not bound to the job that another account made of it, though it has that account’s email by now [I2, I3]', async () => {
  const [before, after] = [await newTenant(), await newTenant()]
  const emails = [await before.addAccount('left', 1), await before.addAccount('stays', 1)]
  const refusal = { status: 429, body: { error: { code: 'rate_limit_exceeded', message: 'no' } } }
  await lose('release', 'jobsOf', 'madeBy')
  await gateway.sim.fault({ match: { method: 'POST' }, times: 1, effect: refusal })
  const answer = await before.createVideo()
  const job = answer.headers.get('x-gateway-job') ?? ''
  const email = answer.headers.get('x-gateway-account') ?? ''
  const [refused = ''] = emails.filter((one) => one !== email)
  await remove(before, refused)
  await add(after, refused.split('@')[0] ?? '', email)
  await evict()
  await gateway.sim.forgetRequests()
  await wait(12)
  expect(await after.heldSlots()).toBe(0)
  expect(await stateOf(before, job)).toBe('running')
  const asked = (await gateway.sim.requests()).filter(({ path }) => path.endsWith(job))
  expect(asked.map(({ account }) => account)).not.toContain(refused)
})
