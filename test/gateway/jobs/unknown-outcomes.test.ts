import { afterAll, expect, test } from 'vitest'
import {
  advance,
  CLOCKED,
  HOUR,
  MINUTE,
  SECOND,
  stopClock,
  untilMoved,
} from '../../support/clock/clock.ts'
import { Gate } from '../../support/gate.ts'
import { until, VIDEO, type Gateway, type GatewayOptions } from '../../support/gateway.ts'
import { gatewaysOfTests } from '../../support/gateways-of-tests.ts'
import { testFull } from '../../support/full.ts'

const open = gatewaysOfTests()
const CREATE = { method: 'POST', path: '/v3/videos' }

/** Time passes when a test says so, and jobs end by hand. */
async function gatewayWith(options: GatewayOptions): Promise<Gateway> {
  const gateway = await open({ ...options, entry: CLOCKED, simVars: { JOB_MS: '-1' } })
  await stopClock(gateway)
  return gateway
}

const gate = await Gate.open()
afterAll(() => gate.close())

/** Its calls go through the gate. */
async function gatedWith(
  accounts: Record<string, number>,
  simAccount: Record<string, unknown> = {}
): Promise<Gateway> {
  const gateway = await gatewayWith({ vars: gate.vars })
  gate.target = gateway.sim.url
  for (const [name, maxJobs] of Object.entries(accounts)) {
    await gateway.addAccount(name, maxJobs, simAccount)
  }
  return gateway
}

/** Longer than anything that the alarm does with a job, in steps in which each alarm rings. */
async function passTenMinutes(gateway: Gateway): Promise<void> {
  for (let step = 0; step < 20; step += 1) await advance(gateway, 30 * SECOND)
}

interface JobView {
  jobid: string | null
  status: string
  status_final: boolean
}

async function jobOf(gateway: Gateway, answer: Response): Promise<JobView> {
  const id = answer.headers.get('x-request-id')
  return (await (await gateway.fetch(`/v1/heygen/jobs/${id}`)).json()) as JobView
}

for (const [what, effect] of [
  ['breaks off after it was accepted', { reset: 'after' }],
  ['is answered with broken JSON', { badJson: true }],
] as const) {
  test(`a creation that ${what} is never sent again and is found by its callback id [I4]`, async () => {
    const gateway = await gatewayWith({ accounts: { a: 1, b: 1 } })
    await gateway.sim.fault({ match: CREATE, times: 1, effect })
    const lost = await gateway.createVideo({
      callback_id: 'order-77',
      callback_url: 'https://example.com/hg',
    })
    expect(lost.status).toBe(200)
    const bound = await untilMoved(gateway, async () => {
      const job = await jobOf(gateway, lost)
      return job.jobid !== null && job
    })
    const { jobs } = await gateway.sim.state()
    expect(jobs.map((job) => job.id)).toEqual([bound.jobid])
    expect([bound.status, bound.jobid]).toEqual(['running', lost.headers.get('x-gateway-job')])
    await gateway.sim.finishJobs()
    await untilMoved(gateway, async () => (await jobOf(gateway, lost)).status === 'completed')
    expect(await gateway.heldSlots()).toBe(0)
  })
}

test('ten creations whose answers were lost at once are each found by their own callback id [I4]', async () => {
  const gateway = await gatewayWith({ accounts: { a: 10 } })
  await gateway.sim.fault({ match: CREATE, times: 10, effect: { reset: 'after' } })
  const callbackIds = Array.from({ length: 10 }, (_, index) => `one-of-ten-${index}`)
  const lost = await Promise.all(callbackIds.map((id) => gateway.createVideo({ callback_id: id })))
  const bound = await untilMoved(gateway, async () => {
    const views = await Promise.all(lost.map((answer) => jobOf(gateway, answer)))
    return views.every((view) => view.jobid !== null) && views
  })
  const { jobs } = await gateway.sim.state()
  const started = new Map(jobs.map((job) => [job.callbackId, job.id]))
  expect(bound.map((view) => view.jobid)).toEqual(callbackIds.map((id) => started.get(id)))
  expect(new Set(bound.map((view) => view.status))).toEqual(new Set(['running']))
})

// Of its kind in `npm test`: jobs/search-for-lost-creations.test.ts
testFull(
  'a likely match holds the slot until that job ends and is never called the client’s [I1]',
  async () => {
    const gateway = await gatewayWith({ accounts: { a: 1 } })
    await gateway.sim.settings({ keyMode: 'ignores' })
    await gateway.sim.fault({ match: CREATE, times: 1, effect: { reset: 'after' } })
    const lost = await gateway.createVideo({ title: 'Only a title' })
    await passTenMinutes(gateway)
    expect(await jobOf(gateway, lost)).toMatchObject({
      status: 'outcome_unknown',
      status_final: false,
    })
    expect((await gateway.createVideo()).status).toBe(429)
    await gateway.sim.finishJobs()
    await untilMoved(gateway, async () => (await jobOf(gateway, lost)).status_final)
    expect(await jobOf(gateway, lost)).toMatchObject({ status: 'outcome_unknown' })
    expect(await gateway.heldSlots()).toBe(0)
  }
)

/** A photo that the examples of every account have. */
const PHOTO = '4f0c2d5b9e3a47d1a6c8e7b2f1903d5c'

test('the slot of a creation without a status of its own comes back when its time is over [I2]', async () => {
  const gateway = await gatewayWith({ accounts: { a: 1 }, simAccount: { examples: true } })
  const path = '/v2/photo_avatar/add_sound_effect'
  await gateway.sim.fault({ match: { method: 'POST', path }, times: 1, effect: { reset: 'after' } })
  const lost = await gateway.post(`/heygen${path}`, { id: PHOTO })
  expect([lost.status, lost.headers.get('x-gateway-error')]).toEqual([424, 'outcome_unknown'])
  await advance(gateway, 90 * SECOND)
  expect(await gateway.heldSlots()).toBe(1)
  await advance(gateway, 9 * SECOND)
  expect(await gateway.heldSlots()).toBe(0)
})

test('a call that goes to a second account late holds its slot there until it is over', async () => {
  const gateway = await gatedWith({ a: 1, b: 1 }, { examples: true })
  const path = '/v2/photo_avatar/add_sound_effect'
  const [first, second] = [gate.hold('POST', path), gate.hold('POST', path)]
  const made = gateway.post(`/heygen${path}`, { id: PHOTO })
  await first.arrived
  await advance(gateway, 80 * SECOND)
  first.refuse(429)
  await second.arrived
  // Later than a slot taken at the beginning would have lasted.
  await advance(gateway, 80 * SECOND)
  expect(await gateway.heldSlots()).toBe(1)
  second.pass()
  expect((await made).status).toBe(200)
  expect(await gateway.heldSlots()).toBe(0)
})

// Of its kind in `npm test`: creations/lost-answers.test.ts
testFull(
  'a lost run of an agent holds its slot until the session rests, and is named nowhere',
  async () => {
    const gateway = await gatewayWith({ accounts: { a: 1 } })
    const opened = await gateway.post('/heygen/v3/video-agents', { prompt: 'A video' })
    const { data } = (await opened.json()) as { data: { session_id: string } }
    await gateway.sim.finishJobs()
    await untilMoved(gateway, async () => (await gateway.heldSlots()) === 0)
    const path = `/v3/video-agents/${data.session_id}`
    await gateway.sim.fault({
      match: { method: 'POST', path },
      times: 1,
      effect: { reset: 'after' },
    })
    const lost = await gateway.post(`/heygen${path}`, { message: 'Make it longer' })
    expect([lost.status, lost.headers.get('x-gateway-error')]).toEqual([424, 'outcome_unknown'])
    await passTenMinutes(gateway)
    expect(await gateway.heldSlots()).toBe(1)
    expect(await jobOf(gateway, lost)).toMatchObject({ jobid: null, status: 'outcome_unknown' })
    await gateway.sim.finishJobs()
    await untilMoved(gateway, async () => (await gateway.heldSlots()) === 0)
  }
)

// Of its kind in `npm test`: creations/lost-answers.test.ts
testFull(
  'a creation that takes too long is given up, and its job keeps its slot [I1]',
  async () => {
    const gateway = await gatedWith({ a: 1 })
    const held = gate.hold('POST', CREATE.path)
    let isAnswered = false
    const creation = gateway
      .createVideo({ callback_id: 'slow-1' })
      .finally(() => (isAnswered = true))
    await held.arrived
    await advance(gateway, 80 * SECOND)
    expect(isAnswered).toBe(false)
    await advance(gateway, 10 * SECOND)
    const lost = await creation
    expect([lost.status, lost.headers.get('x-gateway-error')]).toEqual([424, 'outcome_unknown'])
    held.pass()
    await until(async () => (await gateway.sim.state()).jobs.length === 1)
    await untilMoved(gateway, async () => (await jobOf(gateway, lost)).status === 'running')
    expect(await gateway.heldSlots()).toBe(1)
    expect((await gateway.sim.account('a@example.com')).maxInFlight).toBe(1)
  }
)

test('while the provider cannot be asked no slot is freed [I1]', async () => {
  const gateway = await gatewayWith({ accounts: { a: 1 } })
  await gateway.createVideo()
  await gateway.sim.finishJobs()
  await gateway.sim.fault({ match: { method: 'GET' }, effect: { status: 503 } })
  await passTenMinutes(gateway)
  const asked = (await gateway.sim.requests()).filter((one) => one.status === 503)
  expect(asked.length).toBeGreaterThan(2)
  expect(await gateway.heldSlots()).toBe(1)
  await gateway.sim.clearFaults()
  await untilMoved(gateway, async () => (await gateway.heldSlots()) === 0)
})

test('a job that the provider no longer knows gives its slot back [I2]', async () => {
  const gateway = await gatewayWith({ accounts: { a: 1 } })
  const created = await gateway.createVideo()
  const id = created.headers.get('x-gateway-job')
  expect((await gateway.fetch(`/heygen/v3/videos/${id}`, { method: 'DELETE' })).status).toBe(200)
  await untilMoved(gateway, async () => (await jobOf(gateway, created)).status === 'gone')
  expect(await gateway.heldSlots()).toBe(0)
})

test('when an older status path is gone, the newer one is asked, and no running job loses its slot [I1]', async () => {
  const gateway = await gatewayWith({ accounts: { a: 1 } })
  for (const status of [404, 410]) {
    await gateway.sim.fault({ match: { path: '/v1/video_status.get' }, effect: { status } })
    const created = await gateway.post('/heygen/v1/video_agent/generate', { prompt: 'A video' })
    expect(created.status).toBe(200)
    await passTenMinutes(gateway)
    expect(await jobOf(gateway, created)).toMatchObject({ status: 'running' })
    await gateway.sim.finishJobs()
    await untilMoved(gateway, async () => (await jobOf(gateway, created)).status === 'completed')
    await gateway.sim.clearFaults()
  }
})

test('a job unheard of for 48 h is settled as lost [I2]', async () => {
  const gateway = await gatewayWith({ accounts: { a: 1 } })
  await gateway.sim.settings({ keyMode: 'ignores' })
  await gateway.sim.fault({ match: CREATE, times: 1, effect: { reset: 'after' } })
  await gateway.sim.fault({ match: { method: 'GET' }, effect: { status: 500 } })
  const created = await gateway.createVideo()
  expect(created.status).toBe(424)
  await advance(gateway, 48 * HOUR - MINUTE)
  expect((await jobOf(gateway, created)).status).toBe('outcome_unknown')
  expect(await gateway.heldSlots()).toBe(1)
  await untilMoved(gateway, async () => (await jobOf(gateway, created)).status === 'lost')
  expect(await gateway.heldSlots()).toBe(0)
})

test('a client that goes away does not stop a creation [I4]', async () => {
  const gateway = await gatedWith({ a: 1 })
  const held = gate.hold('POST', CREATE.path)
  const gone = new AbortController()
  const call = gateway.fetch('/heygen/v3/videos', {
    method: 'POST',
    signal: gone.signal,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(VIDEO),
  })
  await held.arrived
  gone.abort()
  await expect(call).rejects.toThrow()
  held.pass()
  const job = await until(async () => {
    const { running } = (await (await gateway.fetch('/v1/heygen/jobs')).json()) as {
      running: { jobid: string | null }[]
    }
    const { jobs } = await gateway.sim.state()
    return jobs.length === 1 && running[0]?.jobid === jobs[0]?.id && jobs[0]
  })
  expect(job.status).not.toBe('completed')
})
