/**
 * The object of an account was evicted while its jobs ran: what was only in its memory is gone. A bind is only in memory; the
 * tenant's desk has the record (decision 0049).
 */
import { afterAll, afterEach, expect, test } from 'vitest'
import { isTimedId } from '#domain/text/time-ordered-id.ts'
import { advance, MINUTE, stopClock } from '../../../support/clock/clock.ts'
import { until, type Gateway } from '../../../support/gateway.ts'
import { gatewaysOfFile } from '../../../support/gateways-of-file.ts'
import { eventOf, hookOf, openHooked, signed } from '../../../support/scenes/hooked.ts'
import { Receiver } from '../../../support/receiver.ts'

const open = gatewaysOfFile()
const receiver = await Receiver.open()
afterAll(() => receiver.close())

const entry = 'test/support/workers/counting-worker.ts'
const simVars = { JOB_MS: '-1' }
const hooked = await openHooked(open, { accounts: { a: 3 }, simVars, entry })
/** HeyGen tells nothing: the gateway has no public address. */
const untold = await open({ accounts: { b: 3 }, simVars, entry })
for (const gateway of [hooked, untold]) await stopClock(gateway)

const evict = (gateway: Gateway) => fetch(`${gateway.url}/__evict`, { method: 'POST' })

function lose(gateway: Gateway, ...methods: string[]): Promise<Response> {
  return fetch(`${gateway.url}/__lose`, { method: 'POST', body: JSON.stringify(methods) })
}

async function countsOf(gateway: Gateway): Promise<{ requests: number; rows: number }> {
  return (await (await fetch(`${gateway.url}/__count`)).json()) as never
}

async function create(gateway: Gateway, more: object = {}): Promise<string> {
  const answer = await gateway.createVideo({ ...more })
  expect(answer.status).toBe(200)
  return answer.headers.get('x-gateway-job') ?? ''
}

async function end(gateway: Gateway, job: string): Promise<void> {
  await gateway.sim.control('POST', `/jobs/${job}`, { status: 'completed' })
}

/** The ids of the running jobs, as the scheduler shows them. */
async function running(gateway: Gateway): Promise<string[]> {
  const answer = await gateway.fetch('/v1/heygen/scheduler')
  const jobs = (await answer.json()) as { id: string }[]
  return jobs.map(({ id }) => (isTimedId(id) ? 'unbound' : id))
}

async function stateOf(gateway: Gateway, job: string): Promise<string> {
  const answer = await gateway.fetch(`/v1/heygen/jobs/${job}`)
  return ((await answer.json()) as { status: string }).status
}

async function listsRead(gateway: Gateway): Promise<string[]> {
  const paths = (await gateway.sim.requests()).map(({ path }) => path)
  return paths.filter((path) => path.includes('list') || path === '/v3/videos')
}

afterEach(async () => {
  for (const gateway of [hooked, untold]) {
    await lose(gateway)
    await gateway.sim.finishJobs()
    for (let minutes = 0; minutes < 15; minutes += 5) await advance(gateway, 5 * MINUTE)
    expect(await running(gateway)).toEqual([])
  }
})

test('HeyGen’s event ends a job that ran while its account’s object was evicted, for one request more [I2, I3]', async () => {
  await end(hooked, await create(hooked))
  await hooked.fetch('/heygen/v3/users/me')
  const whole = async (isEvicted: boolean) => {
    await countsOf(hooked)
    const job = await create(hooked)
    if (isEvicted) await evict(hooked)
    await end(hooked, job)
    const counts = await countsOf(hooked)
    expect(await stateOf(hooked, job)).toBe('completed')
    return counts
  }
  const usual = await whole(false)
  const evicted = await whole(true)
  expect(evicted.requests).toBe(usual.requests + 1)
  expect(evicted.rows).toBe(usual.rows)
})

test('an event on the callback address of a creation ends its job after an eviction, without a question to the desk [I3]', async () => {
  const callback = `${receiver.url}/ticket`
  const job = await create(hooked, { callback_url: callback })
  await evict(hooked)
  // What comes by the webhook asks the desk. It fails, so only the callback can tell.
  await lose(hooked, 'jobsOf')
  await end(hooked, job)
  await until(async () => receiver.posts('/ticket').length > 0)
  await lose(hooked)
  expect(await stateOf(hooked, job)).toBe('completed')
  expect(new Set(receiver.posts('/ticket').map((one) => one.headers['webhook-id'])).size).toBe(1)
})

test('a poll ends a job that ran while its account’s object was evicted [I2]', async () => {
  const job = await create(untold)
  await evict(untold)
  await end(untold, job)
  await untold.fetch(`/heygen/v3/videos/${job}`)
  expect(await running(untold)).toEqual([])
  expect(await stateOf(untold, job)).toBe('completed')
})

test('the alarm asks about a job by its id after an eviction, and looks in no list [I2]', async () => {
  const job = await create(untold)
  await evict(untold)
  await end(untold, job)
  await untold.sim.forgetRequests()
  for (let minutes = 0; minutes < 15; minutes += 5) await advance(untold, 5 * MINUTE)
  expect(await stateOf(untold, job)).toBe('completed')
  expect(await listsRead(untold)).toEqual([])
})

test('an evicted account shows its running jobs under their ids, and stops their tracking by id', async () => {
  const jobs = [await create(untold), await create(untold)]
  await evict(untold)
  expect(new Set(await running(untold))).toEqual(new Set(jobs))
  await evict(untold)
  const path = `/v1/heygen/scheduler/${jobs[0]}?force=true`
  expect((await untold.fetch(path, { method: 'DELETE' })).ok).toBe(true)
  expect(await running(untold)).toEqual([jobs[1]])
})

test('an account that is evicted after each step never grants more slots than it has [I1]', async () => {
  const statuses: number[] = []
  for (let n = 0; n < 5; n += 1) {
    statuses.push((await untold.createVideo()).status)
    await evict(untold)
  }
  expect(statuses).toEqual([200, 200, 200, 429, 429])
  const [first = ''] = await running(untold)
  await end(untold, first)
  await untold.fetch(`/heygen/v3/videos/${first}`)
  // Its row is over, and is used again. A crash must not make it a running lease again.
  await evict(untold)
  expect(await untold.heldSlots()).toBe(2)
  await create(untold)
  await evict(untold)
  expect(await untold.heldSlots()).toBe(3)
})

test('the other jobs of one creation keep their slots when some have ended before an eviction [I1]', async () => {
  const created = await untold.post('/heygen/v3/video-translations', {
    video: { type: 'url', url: 'https://example.com/in.mp4' },
    output_languages: ['Spanish', 'French', 'German'],
  })
  const jobs = (created.headers.get('x-gateway-job') ?? '').split(',')
  await end(untold, jobs[1] ?? '')
  await untold.fetch(`/heygen/v3/video-translations/${jobs[1]}`)
  await evict(untold)
  expect(new Set(await running(untold))).toEqual(new Set([jobs[0], jobs[2]]))
  expect(await stateOf(untold, jobs[1] ?? '')).toBe('completed')
})

test('an account that was saved again with its email in capitals keeps its jobs and slots after an eviction [I1, I2]', async () => {
  const again = { email: 'B@EXAMPLE.COM', apiKey: 'sk_test_b', maxJobs: 3 }
  expect((await untold.post('/v1/heygen/accounts', again)).ok).toBe(true)
  const job = await create(untold)
  await evict(untold)
  for (let minutes = 0; minutes < 8; minutes += 1) await advance(untold, MINUTE)
  expect(await running(untold)).toEqual([job])
})

test('a search finds a job in the desk’s record, although its account was saved again with its email in capitals [I1, I2]', async () => {
  const again = { email: 'B@Example.COM', apiKey: 'sk_test_b', maxJobs: 3 }
  expect((await untold.post('/v1/heygen/accounts', again)).ok).toBe(true)
  await lose(untold, 'bind')
  const job = await create(untold)
  await untold.sim.forgetRequests()
  for (let minutes = 0; minutes < 4; minutes += 1) await advance(untold, MINUTE)
  // A call has the account look for it. The account asks its desk before any list.
  await until(async () => (await running(untold)).includes(job))
  expect(await listsRead(untold)).toEqual([])
})

test('a job whose binding never came is bound by the desk’s record after an eviction [I2]', async () => {
  await lose(untold, 'bind')
  const job = await create(untold)
  await evict(untold)
  await lose(untold)
  expect(await running(untold)).toEqual([job])
})

test('a job that the desk could not keep is written by its account’s object [I2]', async () => {
  await lose(untold, 'learn', 'learnJobs')
  const job = await create(untold)
  await lose(untold, 'jobsOf', 'madeBy')
  await evict(untold)
  expect(await running(untold)).toEqual([job])
})

test('a job that was neither bound nor kept is found like that of a lost creation [I1, I2]', async () => {
  await lose(untold, 'bind', 'learn', 'learnJobs', 'noteMade')
  const job = await create(untold)
  await evict(untold)
  expect(await running(untold)).toEqual(['unbound'])
  await lose(untold)
  for (let minutes = 0; minutes < 12; minutes += 1) await advance(untold, MINUTE)
  expect(await running(untold)).toEqual([job])
})

test('an event that came while the desk could not be asked ends its job with the next call that asks it [I2, I3]', async () => {
  const job = await create(hooked)
  await evict(hooked)
  await lose(hooked, 'jobsOf', 'madeBy')
  await end(hooked, job)
  expect(await running(hooked)).toEqual(['unbound'])
  await lose(hooked)
  expect(await running(hooked)).toEqual([])
  expect(await stateOf(hooked, job)).toBe('completed')
})

test('an event that came before its job was found ends the job as soon as a search finds it, though no alarm rings [I2, I3]', async () => {
  const { url, secret } = await hookOf(hooked, 'a')
  await lose(hooked, 'bind', 'learn', 'learnJobs', 'noteMade')
  const job = await create(hooked, { callback_id: 'mine' })
  // HeyGen's list still shows the job as running.
  const body = eventOf(job)
  expect((await fetch(url, { method: 'POST', body, headers: signed(secret, body) })).ok).toBe(true)
  await lose(hooked, 'bind')
  await advance(hooked, 2 * MINUTE)
  await until(async () => (await stateOf(hooked, job)) === 'completed')
  expect(await running(hooked)).toEqual([])
})

test('while the desk cannot be asked, a job keeps its slot and is not taken for lost [I1, I2]', async () => {
  const job = await create(untold)
  await evict(untold)
  await lose(untold, 'jobsOf', 'madeBy')
  await untold.sim.forgetRequests()
  for (let minutes = 0; minutes < 30; minutes += 5) await advance(untold, 5 * MINUTE)
  expect(await running(untold)).toEqual(['unbound'])
  expect(await listsRead(untold)).toEqual([])
  await lose(untold)
  expect(await running(untold)).toEqual([job])
})

test('the jobs of a tenant that was removed are known to their account’s object after an eviction [I2]', async () => {
  const { token } = await untold.newToken({ tenant: 'leaving' })
  const leaving = untold.as(token)
  await leaving.addAccount('leaving', 1)
  const job = await create(leaving)
  await untold.admin('DELETE', '/tenants/leaving')
  await evict(untold)
  await untold.sim.forgetRequests()
  await end(untold, job)
  for (let minutes = 0; minutes < 15; minutes += 5) await advance(untold, 5 * MINUTE)
  const paths = (await untold.sim.requests()).map(({ path }) => path)
  expect(paths).toContain(`/v3/videos/${job}`)
  expect(await listsRead(untold)).toEqual([])
})
