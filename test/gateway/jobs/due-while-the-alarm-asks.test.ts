/** A check that becomes due while the alarm asks about another job is not forgotten, although nobody calls. */
import { afterAll, expect, test } from 'vitest'
import { advance, CLOCKED, MINUTE, SECOND } from '../../support/clock/clock.ts'
import { openGateway } from '../../support/gateway.ts'

const gateway = await openGateway({
  accounts: { a: 2 },
  entry: CLOCKED,
  simVars: { JOB_MS: '-1' },
})
afterAll(() => gateway.dispose())

async function create(): Promise<string> {
  const created = await gateway.createVideo()
  expect(created.status).toBe(200)
  return created.headers.get('x-gateway-job') ?? ''
}

/** How often each job was asked about. */
async function timesAsked(ids: string[]): Promise<number[]> {
  const requests = await gateway.sim.requests()
  const paths = requests.flatMap(({ method, path }) => (method === 'GET' ? [path] : []))
  return ids.map((id) => paths.filter((path) => path.endsWith(id)).length)
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test('a job whose check becomes due while the alarm asks about another is asked about soon, though nobody calls [I2]', async () => {
  const first = await create()
  await pause(4000)
  const jobs = [first, await create()]
  await advance(gateway, 5 * MINUTE)
  await advance(gateway, 10 * SECOND)
  expect(await timesAsked(jobs)).toEqual([1, 1])
  await gateway.sim.finishJobs()
  // The pauses of the two differ by half of what their ages do. So the one becomes due while the other waits for its answer.
  await gateway.sim.fault({ match: { method: 'GET' }, effect: { latencyMs: 4000 } })
  await advance(gateway, 165 * SECOND)
  for (let step = 0; step < 20 && (await timesAsked(jobs)).includes(2) === false; step += 1)
    await advance(gateway, 1 * SECOND)
  await advance(gateway, 5 * MINUTE)
  expect(await timesAsked(jobs)).toEqual([2, 2])
})
