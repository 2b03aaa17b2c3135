/** What alerts cost while nothing is wrong: nothing, also where somebody has asked for them. */
import { afterAll, expect, test } from 'vitest'
import { advance, HOUR, MINUTE, SECOND, stopClock } from '../../support/clock/clock.ts'
import { openGateway, until } from '../../support/gateway.ts'
import { addAlert, addOperatorAlert } from '../../support/scenes/alerts.ts'
import { LOOPBACK } from '../../support/scenes/hooked.ts'

const gateway = await openGateway({
  accounts: { a: 4 },
  simVars: { JOB_MS: '-1' },
  vars: LOOPBACK,
  entry: 'test/support/workers/counting-worker.ts',
})
afterAll(() => gateway.dispose())
await stopClock(gateway)

interface Counts {
  kv: number
  requests: number
  rows: number
}

/** A whole job that is polled once, with its alarms. */
async function jobCost(): Promise<{ counts: Counts; methods: Record<string, number> }> {
  await advance(gateway, 2 * HOUR)
  await gateway.fetch('/heygen/v3/users/me')
  await fetch(`${gateway.url}/__count`)
  await fetch(`${gateway.url}/__methods`)
  const created = await gateway.createVideo()
  expect(created.status).toBe(200)
  await gateway.sim.finishJobs()
  await gateway.fetch(`/heygen/v3/videos/${created.headers.get('x-gateway-job')}`)
  await until(async () =>
    (await gateway.sim.state()).jobs.every(({ status }) => status === 'completed')
  )
  await advance(gateway, 30 * SECOND)
  await advance(gateway, 10 * MINUTE)
  const counts = (await (await fetch(`${gateway.url}/__count`)).json()) as Counts
  const methods = (await (await fetch(`${gateway.url}/__methods`)).json()) as Record<string, number>
  return { counts, methods }
}

await jobCost()
const before = await jobCost()
const KINDS = [
  'account_parked',
  'credential_dead',
  'dead_letter',
  'webhook_missing',
  'pool_full',
  'queue_old',
]

test('a job costs no row and no request more when somebody has asked for alerts', async () => {
  await addAlert(gateway, 'http://127.0.0.1:9/x', { events: KINDS })
  await addOperatorAlert(gateway, 'http://127.0.0.1:9/y', { events: KINDS })
  const after = await jobCost()
  expect(after.counts).toEqual(before.counts)
  expect(after.methods).toEqual(before.methods)
})

test('balances cost one question to the registrar and one read an hour, and only where somebody asked for them', async () => {
  await addOperatorAlert(gateway, 'http://127.0.0.1:9/z', { events: ['balance_low'] })
  await gateway.sim.forgetRequests()
  const first = await jobCost()
  expect(first.methods['alertsFor']).toBe(1)
  const reads = (await gateway.sim.requests()).filter(({ path }) => path === '/v3/users/me')
  // One of them is the client's own.
  expect(reads).toHaveLength(2)
  expect(first.counts.requests).toBe(before.counts.requests + 1)
})
