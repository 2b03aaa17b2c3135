import { afterAll, expect, test } from 'vitest'
import { openGateway, until } from '../support/gateway.ts'

const gateway = await openGateway({ accounts: { a: 1 }, simVars: { JOB_MS: '600000' } })
afterAll(() => gateway.dispose())

const PATIENT = { prefer: 'wait=20' }
const jobOf = (answer: Response) => answer.headers.get('x-gateway-job') ?? ''

async function finish(job: string): Promise<void> {
  await gateway.sim.control('POST', `/jobs/${job}`, { status: 'completed' })
  await gateway.fetch(`/heygen/v3/videos/${job}`)
}

test('a client that would rather wait gets its slot when one comes free, first come first served', async () => {
  let running = jobOf(await gateway.createVideo())
  const served: number[] = []
  const waiting: Promise<Response>[] = []
  for (let turn = 0; turn < 3; turn += 1) {
    const one = gateway.createVideo({}, PATIENT)
    waiting.push(one)
    void one.then(() => served.push(turn))
    await new Promise((resolve) => setTimeout(resolve, 150))
  }
  expect((await gateway.createVideo()).status).toBe(429)
  for (let turn = 0; turn < 3; turn += 1) {
    expect(served).toHaveLength(turn)
    const freedAt = Date.now()
    await finish(running)
    await until(async () => served.length === turn + 1)
    expect(Date.now() - freedAt).toBeLessThan(2000)
    const answer = await waiting[turn]
    expect(answer?.status).toBe(200)
    running = jobOf(answer as Response)
  }
  expect(served).toEqual([0, 1, 2])
  await finish(running)
  expect((await gateway.sim.account('a@example.com')).maxInFlight).toBe(1)
})

test('a wait that is over answers 429', async () => {
  const running = jobOf(await gateway.createVideo())
  const started = Date.now()
  const answer = await gateway.createVideo({}, { prefer: 'wait=1' })
  expect([answer.status, answer.headers.get('x-gateway-error')]).toEqual([429, 'slots_full'])
  expect(Date.now() - started).toBeGreaterThanOrEqual(950)
  expect(Date.now() - started).toBeLessThan(3000)
  await finish(running)
})

test('when a hundred wait, the next is told 429 at once', async () => {
  const running = jobOf(await gateway.createVideo())
  const crowd = Array.from({ length: 100 }, () => gateway.createVideo({}, { prefer: 'wait=5' }))
  await new Promise((resolve) => setTimeout(resolve, 1500))
  const started = Date.now()
  expect((await gateway.createVideo({}, PATIENT)).status).toBe(429)
  expect(Date.now() - started).toBeLessThan(1500)
  const answers = await Promise.all(crowd)
  expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([429]))
  await finish(running)
})
