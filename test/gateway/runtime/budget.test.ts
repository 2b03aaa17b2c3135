import { afterAll, expect, test } from 'vitest'
import { advance, clockOf, HOUR, MINUTE, SECOND, stopClock } from '../../support/clock/clock.ts'
import { openGateway, until, VIDEO, type Gateway } from '../../support/gateway.ts'
import { costOf } from '../../support/meter/counts.ts'
import { sceneOf } from '../../support/scenes/legacy/legacy-videos.ts'
import { upload } from '../../support/scenes/uploads.ts'

/**
 * Budgets of contract section 8, counted in the Worker itself (test/support/workers/counting-worker.ts), warm isolate. Its clock
 * stands still: no alarm rings and nothing that the isolate remembers grows old while something is counted, unless the
 * test moves the clock.
 */
const gateway = await openGateway({
  accounts: { a: 4, b: 4 },
  simVars: { JOB_MS: '-1' },
  vars: { LEGACY: 'bridge' },
  entry: 'test/support/workers/counting-worker.ts',
})
afterAll(() => gateway.dispose())
await stopClock(gateway)

const cost = (work: (gateway: Gateway) => Promise<unknown>) => costOf(gateway, () => work(gateway))

const ids: string[] = []
async function create(): Promise<void> {
  const answer = await gateway.createVideo()
  expect(answer.status).toBe(200)
  ids.push(answer.headers.get('x-gateway-job') ?? '')
}

await gateway.fetch('/heygen/v3/users/me')
// The ids of the first creation are looked for on every account, once.
await create()

test('a plain read costs nothing', async () => {
  expect(await cost((one) => one.fetch('/heygen/v3/users/me'))).toEqual({
    kv: 0,
    requests: 0,
    rows: 0,
  })
})

test('a creation costs three requests and two rows, and a third if it sets the alarm', async () => {
  for (let job = 0; job < 3; job += 1) {
    const { kv, requests, rows } = await cost(create)
    expect(kv).toBe(0)
    expect(requests).toBe(3)
    expect(rows).toBeLessThanOrEqual(3)
  }
})

test('a creation of the older API that v3 carries costs what the v3 creation costs, once the look is known', async () => {
  const scene = sceneOf(VIDEO.avatar_id, { use_avatar_iv_model: true })
  const carried = async () => {
    const answer = await gateway.post('/heygen/v2/video/generate', { video_inputs: [scene] })
    expect(answer.status, await answer.clone().text()).toBe(200)
    ids.push(answer.headers.get('x-gateway-job') ?? '')
  }
  await carried()
  const { kv, requests, rows } = await cost(carried)
  expect(kv).toBe(0)
  expect(requests).toBeLessThanOrEqual(3)
  expect(rows).toBeLessThanOrEqual(4)
})

test('an upload costs one request and one row for its home, beside those of its id', async () => {
  for (let file = 0; file < 4; file += 1) {
    const { kv, requests, rows } = await cost(upload)
    expect({ kv, requests, rows }).toEqual({ kv: 0, requests: 2, rows: 2 })
  }
})

test('a poll of a running job costs nothing', async () => {
  expect(await cost((one) => one.fetch(`/heygen/v3/videos/${ids[0]}`))).toEqual({
    kv: 0,
    requests: 0,
    rows: 0,
  })
})

test('the first poll in a fresh isolate costs one request, beside the KV reads of token and accounts; later ones nothing', async () => {
  const poll = (one: Gateway) =>
    one.fetch(`/heygen/v3/videos/${ids[0]}`, { headers: { 'x-isolate': 'fresh' } })
  expect(await cost(poll)).toEqual({ kv: 2, requests: 1, rows: 0 })
  expect(await cost(poll)).toEqual({ kv: 0, requests: 0, rows: 0 })
})

test('the poll that settles a job costs one request and one row, later ones nothing', async () => {
  await gateway.sim.control('POST', `/jobs/${ids[0]}`, { status: 'completed' })
  const poll = (one: Gateway) => one.fetch(`/heygen/v3/videos/${ids[0]}`)
  expect(await cost(poll)).toEqual({ kv: 0, requests: 1, rows: 1 })
  expect(await cost(poll)).toEqual({ kv: 0, requests: 0, rows: 0 })
})

test('a full pool costs a question to each account, then a second of nothing', async () => {
  await gateway.post('/v1/heygen/accounts', { email: 'a@example.com', maxJobs: 1 })
  await gateway.post('/v1/heygen/accounts', { email: 'b@example.com', maxJobs: 1 })
  await until(async () => (await gateway.createVideo()).status === 429)
  await advance(gateway, 1 * SECOND)
  const first = await cost((one) => one.createVideo())
  expect(first).toMatchObject({ kv: 0, rows: 0 })
  expect(first.requests).toBeLessThanOrEqual(2)
  await advance(gateway, 1 * SECOND - 1)
  expect(await cost((one) => one.createVideo())).toEqual({ kv: 0, requests: 0, rows: 0 })
})

test('a job of five minutes that nobody polls and no event tells costs at most six requests and five rows, its alarms included', async () => {
  await gateway.sim.finishJobs()
  await advance(gateway, 1 * HOUR)
  expect(await (await gateway.fetch('/v1/heygen/scheduler')).json()).toEqual([])
  // What the isolate remembers has grown old meanwhile.
  await gateway.fetch('/heygen/v3/users/me')
  const { kv, requests, rows } = await cost(async () => {
    await create()
    for (let minutes = 0; minutes < 5; minutes += 1) await advance(gateway, 1 * MINUTE)
    await gateway.sim.finishJobs()
    await advance(gateway, 30 * SECOND)
  })
  expect(await (await gateway.fetch('/v1/heygen/scheduler')).json()).toEqual([])
  expect(kv).toBe(0)
  expect(requests).toBeLessThanOrEqual(6)
  expect(rows).toBeLessThanOrEqual(5)
})

test('a look that a call causes, and that finds the job running, writes no row', async () => {
  await create()
  await advance(gateway, 1 * MINUTE)
  const asked = async () => (await gateway.sim.requests()).length
  const before = await asked()
  const { rows } = await cost(async () => {
    await gateway.fetch('/v1/heygen/scheduler')
    await until(async () => (await asked()) > before)
    await until(async () => (await clockOf(gateway)).calls === 0)
  })
  expect(rows).toBe(0)
})

test('a creation under an Idempotency-Key costs two requests and two rows more', async () => {
  // A full account that is chosen first costs a question, so none is full.
  for (const name of ['a', 'b'])
    await gateway.post('/v1/heygen/accounts', { email: `${name}@example.com`, maxJobs: 9 })
  await create()
  await cost((one) => one.createVideo({}, { 'idempotency-key': 'warm' }))
  const { kv, requests, rows } = await cost((one) =>
    one.createVideo({}, { 'idempotency-key': 'counted' })
  )
  expect(kv).toBe(0)
  expect(requests).toBeLessThanOrEqual(3 + 2)
  expect(rows).toBeLessThanOrEqual(4 + 2)
})

test('a list costs a row for each private id not seen before, and nothing the second time', async () => {
  for (let index = 0; index < 5; index += 1) {
    const account = index % 2 ? 'a@example.com' : 'b@example.com'
    const resource = { account, resource: 'template', id: `budget-template-${index}` }
    await gateway.sim.control('POST', '/resources', resource)
  }
  const list = (one: Gateway) => one.fetch('/heygen/v3/templates?limit=100')
  expect(await cost(list)).toEqual({ kv: 0, requests: 1, rows: 5 })
  expect(await cost(list)).toEqual({ kv: 0, requests: 0, rows: 0 })
})

test('a refusal with a good key costs a question once a minute, and one that leads on two requests', async () => {
  await gateway.sim.finishJobs()
  await advance(gateway, 5 * MINUTE)
  for (const name of ['a', 'b'])
    await gateway.post('/v1/heygen/accounts', { email: `${name}@example.com`, maxJobs: 9 })
  await create()
  // A path that no row knows: who owns what it names is asked once a minute.
  await gateway.fetch('/heygen/v3/to-come')
  const match = { path: '/v3/to-come' }
  await gateway.sim.fault({ match, effect: { status: 401 } })
  const refuse = (one: Gateway) =>
    one.fetch('/heygen/v3/to-come', { headers: { 'x-gateway-account': 'a@example.com' } })
  expect(await cost(refuse)).toEqual({ kv: 0, requests: 1, rows: 1 })
  expect(await cost(refuse)).toEqual({ kv: 0, requests: 0, rows: 0 })
  // Known to the isolate by now: both are asked for the creation below.
  const plan = { status: 402, body: { error: { code: 'plan_upgrade_required', message: '' } } }
  for (const effect of [plan, { status: 402 }, { status: 403 }]) {
    await gateway.sim.clearFaults()
    await gateway.sim.fault({ match: { method: 'POST', path: '/v3/videos' }, times: 1, effect })
    const { kv, requests, rows } = await cost(create)
    expect(kv).toBe(0)
    expect(requests).toBeLessThanOrEqual(3 + 2)
    expect(rows).toBeLessThanOrEqual(4 + 2)
  }
})
