/** Budgets of contract section 8 where HeyGen tells the end: a whole job, and each delivery. */
import { afterAll, expect, test } from 'vitest'
import { until, type Gateway } from '../support/gateway.ts'
import { gatewaysOfFile } from '../support/gateways-of-file.ts'
import { openHooked } from '../support/hooked.ts'
import { Receiver } from '../support/receiver.ts'

const open = gatewaysOfFile()
const receiver = await Receiver.open()
afterAll(() => receiver.close())

/** A job takes 1 s: at this scale five minutes, so the alarm at two minutes is part of the bill. */
const gateway = await openHooked(open, {
  accounts: { a: 5 },
  timeScale: 300,
  simVars: { JOB_MS: '1000' },
  entry: 'test/support/counting-worker.ts',
})

interface Counts {
  kv: number
  requests: number
  rows: number
}

async function counts(at: Gateway): Promise<Counts> {
  return (await (await fetch(`${at.url}/__count`)).json()) as Counts
}

async function isRunning(): Promise<boolean> {
  const answer = await gateway.fetch('/v1/heygen/scheduler')
  return ((await answer.json()) as unknown[]).length > 0
}

/** All alarms of what was before have fired. */
async function quiet(): Promise<void> {
  await until(async () => !(await isRunning()))
  await new Promise((resolve) => setTimeout(resolve, 3000))
  await counts(gateway)
}

/** Creation, alarms, event, and what follows within `forMs`; without the polls of this test. */
async function wholeJob(forMs: number, headers: Record<string, string> = {}): Promise<Counts> {
  const created = await gateway.createVideo({}, headers)
  expect(created.status).toBe(200)
  await new Promise((resolve) => setTimeout(resolve, forMs))
  const settled = await counts(gateway)
  expect(await isRunning()).toBe(false)
  return settled
}

// The first creation looks for its ids on every account, once; after it everything is warm.
await wholeJob(1500)

test('a job from its creation until HeyGen’s event settled it costs at most six requests and seven rows', async () => {
  await quiet()
  const { kv, requests, rows } = await wholeJob(1500)
  expect(kv).toBe(0)
  expect(requests).toBeLessThanOrEqual(6)
  expect(rows).toBeLessThanOrEqual(7)
})

/** Longer than the alarm that guards a delivery waits. */
const UNTIL_ALL_ALARMS_MS = 17_500

test('its delivery costs at most two requests and three rows more, the alarm that guards it included', async () => {
  await quiet()
  const alone = await wholeJob(UNTIL_ALL_ALARMS_MS)
  const told = await wholeJob(UNTIL_ALL_ALARMS_MS, {
    'x-gateway-reply-url': `${receiver.url}/counted`,
  })
  expect(receiver.posts('/counted')).toHaveLength(1)
  expect(told.kv).toBe(0)
  expect(told.requests - alone.requests).toBeLessThanOrEqual(2)
  expect(told.rows - alone.rows).toBeLessThanOrEqual(3)
}, 60_000)
