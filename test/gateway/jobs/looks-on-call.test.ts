/** While nobody waits for a job, the alarm asks about it seldom. Whoever asks the gateway makes it look now. */
import { afterAll, expect, test } from 'vitest'
import {
  advance,
  CLOCKED,
  MINUTE,
  SECOND,
  stopClock,
  untilMoved,
} from '../../support/clock/clock.ts'
import { openGateway, until } from '../../support/gateway.ts'

const gateway = await openGateway({
  accounts: { quiet: 1 },
  entry: CLOCKED,
  simVars: { JOB_MS: '-1' },
})
afterAll(() => gateway.dispose())
await stopClock(gateway)

async function create(): Promise<string> {
  const created = await gateway.createVideo()
  expect(created.status).toBe(200)
  return created.headers.get('x-gateway-job') ?? ''
}

async function timesAsked(id: string): Promise<number> {
  const requests = await gateway.sim.requests()
  return requests.filter(({ method, path }) => method === 'GET' && path.endsWith(id)).length
}

async function passMinutes(minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute += 1) await advance(gateway, 1 * MINUTE)
}

// From the first end on, the account knows that nobody is told of ends.
await create()
await gateway.sim.finishJobs()
await passMinutes(6)

test('nobody asks: the slot comes back by the alarm, half a minute after a job of five minutes at the latest [I2]', async () => {
  const id = await create()
  await passMinutes(5)
  expect(await timesAsked(id)).toBe(0)
  await gateway.sim.finishJobs()
  await advance(gateway, 30 * SECOND)
  expect(await timesAsked(id)).toBe(1)
  expect(await (await gateway.fetch('/v1/heygen/scheduler')).json()).toEqual([])
})

test('a creation that finds the account full makes it look, and the slot is there seconds later [I2]', async () => {
  const id = await create()
  await gateway.sim.finishJobs()
  await passMinutes(2)
  expect(await timesAsked(id)).toBe(0)
  expect((await gateway.createVideo()).status).toBe(429)
  const isGranted = async () => (await gateway.createVideo()).status === 200
  await untilMoved(gateway, isGranted, 5 * SECOND, 1 * SECOND)
  await gateway.sim.finishJobs()
  await passMinutes(6)
})

for (const [what, path] of [
  ['the list of slots', '/v1/heygen/scheduler/available'],
  ['the list of jobs', '/v1/heygen/jobs'],
  ['the pool', '/v1/pool'],
]) {
  test(`${what} makes the account look, and shows the end when it is asked for again`, async () => {
    const id = await create()
    await gateway.sim.finishJobs()
    await passMinutes(1)
    expect(await timesAsked(id)).toBe(0)
    await gateway.fetch(path ?? '')
    const isOver = async () => {
      const job = await (await gateway.fetch(`/v1/heygen/jobs/${id}`)).json()
      return (job as { status: string }).status === 'completed'
    }
    await until(isOver)
  })
}

test('however many calls ask, a running job is asked about once a round, and no sooner than its pauses say', async () => {
  const id = await create()
  await passMinutes(1)
  const view = () => gateway.fetch('/v1/heygen/scheduler')
  await Promise.all(Array.from({ length: 10 }, view))
  await until(async () => (await timesAsked(id)) === 1)
  for (let call = 0; call < 5; call += 1) {
    await advance(gateway, 10 * SECOND)
    await view()
  }
  expect(await timesAsked(id)).toBe(1)
  await advance(gateway, 15 * SECOND)
  await view()
  await until(async () => (await timesAsked(id)) === 2)
  await gateway.sim.finishJobs()
  await passMinutes(6)
})
