/** Budgets of contract section 8 where HeyGen tells the end: a whole job, and each delivery. */
import { afterAll, expect, test } from 'vitest'
import { advance, clockOf, HOUR, MINUTE, stopClock } from '../../support/clock/clock.ts'
import { until } from '../../support/gateway.ts'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { takeCounts, type Counts } from '../../support/meter/counts.ts'
import { addEndpoint, openHooked } from '../../support/scenes/hooked.ts'
import { Receiver } from '../../support/receiver.ts'

const open = gatewaysOfFile()
const receiver = await Receiver.open()
afterAll(() => receiver.close())

/** Its clock stands still: what rings while something is counted, the test made ring. */
const gateway = await openHooked(open, {
  accounts: { a: 5 },
  simVars: { JOB_MS: '-1' },
  entry: 'test/support/workers/counting-worker.ts',
})
await stopClock(gateway)

/** How often each method of objects was called. */
async function takeMethods(): Promise<Record<string, number>> {
  return (await (await fetch(`${gateway.url}/__methods`)).json()) as Record<string, number>
}

/** All alarms of what was before have rung, and the isolate is warm. */
async function quiet(): Promise<void> {
  await advance(gateway, HOUR)
  await gateway.fetch('/heygen/v3/users/me')
  await takeCounts(gateway)
}

/** A job of five minutes, so that the alarm at two is part of the bill; its event has been heard when this resolves. */
async function wholeJob(headers: Record<string, string> = {}): Promise<void> {
  const created = await gateway.createVideo({}, headers)
  expect(created.status).toBe(200)
  await advance(gateway, 2 * MINUTE)
  await advance(gateway, 3 * MINUTE)
  const id = created.headers.get('x-gateway-job')
  await gateway.sim.control('POST', `/jobs/${id}`, { status: 'completed' })
  const told = await gateway.sim.control<{ state: string }[]>('GET', '/webhooks')
  expect(told.at(-1)?.state).toBe('delivered')
}

async function expectEnded(): Promise<void> {
  expect(await (await gateway.fetch('/v1/heygen/scheduler')).json()).toEqual([])
}

/** Everything that rings because of it; the longest wait of a running job is ten minutes. */
async function untilAllRang(): Promise<void> {
  for (let minutes = 0; minutes < 90; minutes += 5) await advance(gateway, 5 * MINUTE)
}

// The first creation looks for its ids on every account, once; after it everything is warm.
await wholeJob()

test('a job from its creation until HeyGen’s event settled it costs four requests and four rows, of which one is an alarm', async () => {
  await quiet()
  await wholeJob()
  expect(await takeCounts(gateway)).toEqual({ kv: 0, requests: 4, rows: 4 })
  await expectEnded()
})

test('on a busy account a job costs four requests and at most three and a half rows on average', async () => {
  await quiet()
  const running: string[] = []
  const jobs = 20
  for (let n = 0; n < jobs; n += 1) {
    const created = await gateway.createVideo()
    expect(created.status).toBe(200)
    running.push(created.headers.get('x-gateway-job') ?? '')
    await advance(gateway, MINUTE)
    if (running.length < 5) continue
    await gateway.sim.control('POST', `/jobs/${running.shift()}`, { status: 'completed' })
  }
  for (const id of running)
    await gateway.sim.control('POST', `/jobs/${id}`, { status: 'completed' })
  // What the isolate remembers of KV grows old meanwhile.
  const { requests, rows } = await takeCounts(gateway)
  await expectEnded()
  // An alarm rings every ten minutes, however many jobs there are.
  expect(requests / jobs).toBeLessThanOrEqual(4.2)
  expect(rows / jobs).toBeLessThanOrEqual(3.5)
})

/** What a job costs more than one about which nobody is told. */
async function costOfTelling(
  place: string,
  headers: Record<string, string> = {}
): Promise<Counts & { asked: number }> {
  await quiet()
  await takeMethods()
  await wholeJob(headers)
  await until(async () => receiver.posts(place).length > 0)
  // Its answer is on its way back, and that must not be counted as if it never came.
  await until(async () => (await clockOf(gateway)).calls === 0)
  await untilAllRang()
  const told = await takeCounts(gateway)
  const { outlets = 0 } = await takeMethods()
  expect(receiver.posts(place)).toHaveLength(1)
  return {
    kv: told.kv,
    requests: told.requests - alone.requests,
    rows: told.rows - alone.rows,
    asked: outlets,
  }
}

let alone: Counts

test('the end of a job that nobody is told of asks the desk for no targets', async () => {
  await quiet()
  await takeMethods()
  await wholeJob()
  await untilAllRang()
  alone = await takeCounts(gateway)
  expect((await takeMethods())['outlets'] ?? 0).toBe(0)
})

test('a delivery to a job’s own URL, taken at the first attempt, costs no request and one row', async () => {
  const own = { 'x-gateway-reply-url': `${receiver.url}/counted` }
  expect(await costOfTelling('/counted', own)).toEqual({ kv: 0, requests: 0, rows: 1, asked: 0 })
})

test('a delivery to an endpoint, taken at the first attempt, costs no request and one row', async () => {
  const { endpoint_id: id } = await addEndpoint(gateway, `${receiver.url}/endpoint`)
  expect(await costOfTelling('/endpoint')).toEqual({ kv: 0, requests: 0, rows: 1, asked: 0 })
  const twice = await costOfTelling('/both', { 'x-gateway-reply-url': `${receiver.url}/both` })
  expect(twice).toEqual({ kv: 0, requests: 0, rows: 2, asked: 0 })
  await gateway.fetch(`/heygen/v3/webhooks/endpoints/${id}`, { method: 'DELETE' })
})
