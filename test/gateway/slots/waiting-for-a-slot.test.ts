import { afterAll, expect, test } from 'vitest'
import { openGateway, until } from '../../support/gateway.ts'
import { advance, CLOCKED, clockOf, stopClock } from '../../support/clock/clock.ts'

/** Its clock stands still: whoever waits is woken by a freed slot or by the moved clock, never by looking again. */
const gateway = await openGateway({
  accounts: { a: 1 },
  simVars: { JOB_MS: '600000' },
  entry: CLOCKED,
})
afterAll(() => gateway.dispose())
await stopClock(gateway)

const PATIENT = { prefer: 'wait=20' }
const PATIENT_LONG = { prefer: 'wait=50' }
const jobOf = (answer: Response) => answer.headers.get('x-gateway-job') ?? ''

async function finish(job: string): Promise<void> {
  await gateway.sim.control('POST', `/jobs/${job}`, { status: 'completed' })
  await gateway.fetch(`/heygen/v3/videos/${job}`)
}

/** So many stand in line. */
function inLine(count: number): Promise<boolean> {
  return until(async () => (await clockOf(gateway)).timers === count)
}

test('a client that would rather wait gets its slot when one comes free, first come first served', async () => {
  let running = jobOf(await gateway.createVideo())
  const served: number[] = []
  const waiting: Promise<Response>[] = []
  for (let turn = 0; turn < 3; turn += 1) {
    const one = gateway.createVideo({}, PATIENT)
    waiting.push(one)
    void one.then(() => served.push(turn))
    await inLine(turn + 1)
    await advance(gateway, 1)
  }
  expect((await gateway.createVideo()).status).toBe(429)
  for (let turn = 0; turn < 3; turn += 1) {
    expect(served).toHaveLength(turn)
    await finish(running)
    const answer = await waiting[turn]
    expect(answer?.status).toBe(200)
    expect(served).toEqual([0, 1, 2].slice(0, turn + 1))
    await inLine(2 - turn)
    running = jobOf(answer as Response)
  }
  await finish(running)
  expect((await gateway.sim.account('a@example.com')).maxInFlight).toBe(1)
})

test('a wait that is over answers 429', async () => {
  const running = jobOf(await gateway.createVideo())
  let isOver = false
  const wait = gateway.createVideo({}, { prefer: 'wait=2' }).finally(() => (isOver = true))
  await inLine(1)
  await advance(gateway, 1900)
  await inLine(1)
  expect(isOver).toBe(false)
  await advance(gateway, 100)
  const answer = await wait
  expect([answer.status, answer.headers.get('x-gateway-error')]).toEqual([429, 'slots_full'])
  await finish(running)
})

test('when a hundred wait, the next is told 429 at once', async () => {
  const running = jobOf(await gateway.createVideo())
  const crowd = Array.from({ length: 100 }, () => gateway.createVideo({}, { prefer: 'wait=5' }))
  await inLine(100)
  expect((await gateway.createVideo({}, PATIENT)).status).toBe(429)
  await inLine(100)
  await advance(gateway, 5000)
  const answers = await Promise.all(crowd)
  expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([429]))
  await finish(running)
})

test('a raised limit is room for who waits', async () => {
  const running = [jobOf(await gateway.createVideo())]
  const waiting = gateway.createVideo({}, PATIENT)
  await inLine(1)
  await gateway.post('/v1/heygen/accounts', { email: 'a@example.com', maxJobs: 2 })
  const answer = await waiting
  expect(answer.status).toBe(200)
  running.push(jobOf(answer))
  await gateway.post('/v1/heygen/accounts', { email: 'a@example.com', maxJobs: 1 })
  for (const job of running) await finish(job)
})

test('a slot whose notice got lost is found within thirty seconds [I2]', async () => {
  const deaf = await openGateway({
    accounts: { deaf: 1 },
    simulator: gateway.sim,
    entry: 'test/support/workers/deaf-worker.ts',
  })
  try {
    await stopClock(deaf)
    const job = jobOf(await deaf.createVideo())
    const waiting = deaf.createVideo({}, PATIENT_LONG)
    await until(async () => (await clockOf(deaf)).timers === 1)
    await gateway.sim.control('POST', `/jobs/${job}`, { status: 'completed' })
    await deaf.fetch(`/heygen/v3/videos/${job}`)
    await advance(deaf, 29_000)
    expect((await clockOf(deaf)).timers).toBe(1)
    await advance(deaf, 1000)
    expect((await waiting).status).toBe(200)
  } finally {
    await deaf.dispose()
  }
})
