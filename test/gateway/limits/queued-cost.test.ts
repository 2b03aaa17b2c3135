/** What limits cost a queued creation (contract section 8), counted in the Worker itself, beside one of a token without limits. */
import { afterAll, expect, test } from 'vitest'
import { advance, SECOND, stopClock } from '../../support/clock/clock.ts'
import { openGateway, until, type Gateway } from '../../support/gateway.ts'
import { settledCounts, type Counts } from '../../support/meter/counts.ts'
import { limitedBy } from '../../support/scenes/tokens/limits.ts'

const gateway = await openGateway({
  accounts: { a: 40 },
  simVars: { JOB_MS: '-1' },
  vars: { HEYGEN_MAX_JOBS: '50' },
  entry: 'test/support/workers/counting-worker.ts',
})
afterAll(() => gateway.dispose())
await stopClock(gateway)

interface Job {
  id: string
  status: string
}

async function running(): Promise<Job[]> {
  const { jobs } = await gateway.sim.state()
  return jobs.filter(({ status }) => status !== 'completed')
}

const settled = () => settledCounts(gateway)

/** One queued job, from its creation to its end. */
async function job(as: Gateway): Promise<Counts> {
  await advance(gateway, 1 * SECOND)
  await settled()
  const answer = await as.createVideo({}, { prefer: 'respond-async' })
  expect(answer.status, await answer.clone().text()).toBe(202)
  const [made] = await until(async () => {
    const all = await running()
    return all.length > 0 && all
  })
  const { id = '' } = made ?? {}
  const creation = await settled()
  await gateway.sim.control('POST', `/jobs/${id}`, { status: 'completed' })
  await as.fetch(`/heygen/v3/videos/${id}`)
  const end = await settled()
  return {
    kv: creation.kv + end.kv,
    requests: creation.requests + end.requests,
    rows: creation.rows + end.rows,
  }
}

async function warm(as: Gateway): Promise<Counts> {
  await job(as)
  await job(as)
  return job(as)
}

test('a queued job of a token with limits costs one request and two rows more, and one without costs nothing more', async () => {
  const before = await warm(gateway)
  const { as } = await limitedBy(gateway, { maxConcurrent: 5, jobsPerDay: 100 })
  const { kv, requests, rows } = await warm(as)
  expect(kv).toBe(before.kv)
  expect(requests - before.requests).toBeLessThanOrEqual(1)
  expect(rows - before.rows).toBeLessThanOrEqual(2)
  expect(await warm(gateway)).toEqual(before)
}, 120_000)
