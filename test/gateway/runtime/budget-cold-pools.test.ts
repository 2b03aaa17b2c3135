import { afterAll, expect, test } from 'vitest'
import { advance, SECOND, stopClock } from '../../support/clock/clock.ts'
import { isFull } from '../../support/full.ts'
import { openGateway, VIDEO } from '../../support/gateway.ts'

/**
 * What a creation costs in a large pool of which nine in ten accounts are full (contract section 8), when the isolate knows it, does
 * not know it any more, or does not know it yet.
 */
const [POOL, OCCUPIED] = isFull ? [100, 90] : [30, 27]
const gateway = await openGateway({
  simVars: { JOB_MS: '-1' },
  entry: 'test/support/workers/counting-worker.ts',
})
afterAll(() => gateway.dispose())
await stopClock(gateway)

const isolate = (name: string) => ({ 'x-isolate': name })
const names = Array.from({ length: POOL }, (_, at) => `pool${at}`)
for (const [at, name] of names.entries()) await gateway.addAccount(name, at < OCCUPIED ? 1 : 10)
for (const name of names.slice(0, OCCUPIED)) {
  const headers = { 'x-gateway-account': `${name}@example.com`, ...isolate('first') }
  expect((await gateway.createVideo({}, headers)).status).toBe(200)
}

interface Counts {
  requests: number
  rows: number
}

async function counted(work: () => Promise<Response>): Promise<Counts> {
  await fetch(`${gateway.url}/__count`)
  const answer = await work()
  expect(answer.status, await answer.clone().text()).toBe(200)
  return (await (await fetch(`${gateway.url}/__count`)).json()) as Counts
}

const JOBS = 8

/** The mean cost of the next creations in this isolate. */
async function costIn(name: string): Promise<Counts> {
  // Who owns what the creation names is asked once; that is a cost of its own.
  const poll = `/heygen/v3/avatars/looks/${VIDEO.avatar_id}`
  await gateway.fetch(poll, { headers: isolate(name) })
  const sum: Counts = { requests: 0, rows: 0 }
  for (let job = 0; job < JOBS; job += 1) {
    const { requests, rows } = await counted(() => gateway.createVideo({}, isolate(name)))
    sum.requests += requests
    sum.rows += rows
  }
  return { requests: sum.requests / JOBS, rows: sum.rows / JOBS }
}

test('in the isolate that filled them a creation costs at most six requests on average', async () => {
  const { requests, rows } = await costIn('first')
  expect(requests).toBeLessThanOrEqual(6)
  expect(rows).toBeLessThanOrEqual(4)
})

test('in a fresh isolate a creation costs at most six requests on average, if another isolate has met the full accounts', async () => {
  const { requests, rows } = await costIn('second')
  expect(requests).toBeLessThanOrEqual(6)
  expect(rows).toBeLessThanOrEqual(4)
})

test('after a quiet minute a creation costs at most six requests on average', async () => {
  await advance(gateway, 61 * SECOND)
  const { requests, rows } = await costIn('second')
  expect(requests).toBeLessThanOrEqual(6)
  expect(rows).toBeLessThanOrEqual(4)
})
