/** The platform gives up an alarm after six failures. Then nothing rings any more, until the object sets an alarm again. */
import { afterEach, expect, test } from 'vitest'
import { advance, MINUTE, SECOND, stopClock } from '../../../support/clock/clock.ts'
import { gatewaysOfFile } from '../../../support/gateways-of-file.ts'

const open = gatewaysOfFile()
/** HeyGen tells nothing: the gateway has no public address. */
const gateway = await open({
  accounts: { a: 3 },
  simVars: { JOB_MS: '-1' },
  entry: 'test/support/workers/counting-worker.ts',
})
await stopClock(gateway)

async function tell(path: string, body?: unknown): Promise<Record<string, number>> {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
  const answer = await fetch(`${gateway.url}${path}`, init)
  return JSON.parse((await answer.text()) || '{}') as Record<string, number>
}

async function create(): Promise<string> {
  const answer = await gateway.createVideo()
  expect(answer.status).toBe(200)
  return answer.headers.get('x-gateway-job') ?? ''
}

async function timesAsked(job: string): Promise<number> {
  const paths = (await gateway.sim.requests()).map(({ path }) => path)
  return paths.filter((path) => path === `/v3/videos/${job}`).length
}

afterEach(async () => {
  await tell('/__lose', [])
  await gateway.sim.finishJobs()
  await gateway.fetch('/v1/heygen/scheduler')
  for (let minutes = 0; minutes < 15; minutes += 5) await advance(gateway, 5 * MINUTE)
  expect(await gateway.heldSlots()).toBe(0)
})

test.each([
  ['awake', []],
  ['evicted', ['/__evict']],
])(
  'the next call on an account that is %s sets an alarm that was given up, and its jobs are asked about [I2]',
  async (_, before) => {
    const job = await create()
    await tell('/__give-up')
    await advance(gateway, 11 * MINUTE)
    expect(await timesAsked(job)).toBe(0)
    for (const path of before) await tell(path)
    // Of all calls on the account, this one looks at jobs that run the least.
    expect((await gateway.fetch('/v1/deliveries')).status).toBe(200)
    await advance(gateway, SECOND)
    expect(await timesAsked(job)).toBe(1)
  }
)

test('an account that is evicted before its jobs are due has its alarm again after the next call [I2]', async () => {
  const job = await create()
  await tell('/__give-up')
  await tell('/__evict')
  expect((await gateway.fetch('/v1/deliveries')).status).toBe(200)
  await advance(gateway, 11 * MINUTE)
  expect(await timesAsked(job)).toBe(1)
})

test.each([
  ['awake', []],
  ['evicted', ['/__evict?all']],
])(
  'the next call on a desk that is %s sets an alarm that was given up, and it releases what it could not reach',
  async (_, before) => {
    const tenant = gateway.as((await gateway.newToken()).token)
    const email = await tenant.addAccount(`left-${before.length}`, 1)
    await tell('/__lose', ['retire'])
    expect((await tenant.fetch(`/v1/heygen/accounts/${email}`, { method: 'DELETE' })).status).toBe(
      204
    )
    await tell('/__give-up')
    await tell('/__lose', [])
    await advance(gateway, 11 * MINUTE)
    for (const path of before) await tell(path)
    await tell('/__methods')
    expect((await tenant.fetch('/v1/audit')).status).toBe(200)
    await advance(gateway, 2 * SECOND)
    expect((await tell('/__methods'))['retire']).toBe(1)
  }
)
