/** What limits cost (contract section 8), counted in the Worker itself. Nothing grows old while something is counted. */
import { afterAll, expect, test } from 'vitest'
import { stopClock } from '../../support/clock/clock.ts'
import { openGateway, type Gateway } from '../../support/gateway.ts'
import { costOf, type Counts } from '../../support/meter/counts.ts'
import { expectLimit, limitedBy } from '../../support/scenes/tokens/limits.ts'

const gateway = await openGateway({
  accounts: { a: 40 },
  simVars: { JOB_MS: '-1' },
  vars: { HEYGEN_MAX_JOBS: '50' },
  entry: 'test/support/workers/counting-worker.ts',
})
afterAll(() => gateway.dispose())
await stopClock(gateway)

const cost = (work: () => Promise<unknown>) => costOf(gateway, work)

const NOTHING = { kv: 0, requests: 0, rows: 0 }

async function creationAndEnd(as: Gateway): Promise<{ creation: Counts; end: Counts }> {
  let id = ''
  const creation = await cost(async () => {
    const answer = await as.createVideo()
    expect(answer.status, await answer.clone().text()).toBe(200)
    id = answer.headers.get('x-gateway-job') ?? ''
  })
  await gateway.sim.control('POST', `/jobs/${id}`, { status: 'completed' })
  const end = await cost(() => as.fetch(`/heygen/v3/videos/${id}`))
  return { creation, end }
}

/** After the first one, which sets the alarm and fills the caches. */
async function warm(as: Gateway): Promise<{ creation: Counts; end: Counts }> {
  await creationAndEnd(as)
  await creationAndEnd(as)
  return creationAndEnd(as)
}

test('a token without limits costs nothing more, also beside tokens that have some', async () => {
  const before = await warm(gateway)
  const limited = await limitedBy(gateway, { maxConcurrent: 5, jobsPerDay: 100 })
  await warm(limited.as)
  expect(await warm(gateway)).toEqual(before)
  const weighed = await limitedBy(gateway, {
    weight: 5,
    maxPriority: 1,
    maxQueued: 10,
    routes: ['jobs', 'read'],
    requestsPerMinute: 1200,
    whenFull: 'refuse',
  })
  expect(await warm(weighed.as)).toEqual(before)
})

test('a limit on jobs costs one request and one row at a creation, and the same at the end', async () => {
  const free = await warm(gateway)
  const limited = await limitedBy(gateway, { maxConcurrent: 5, jobsPerDay: 100 })
  const { creation, end } = await warm(limited.as)
  const more = ({ kv, requests, rows }: Counts) => ({ kv, requests: requests + 1, rows: rows + 1 })
  expect({ creation, end }).toEqual({ creation: more(free.creation), end: more(free.end) })
})

test('a refusal by a limit costs one request and no row, and the next one in that second nothing', async () => {
  const { as } = await limitedBy(gateway, { maxConcurrent: 1 })
  expect((await as.createVideo()).status).toBe(200)
  const refused = async () => void (await expectLimit(await as.createVideo(), 'maxConcurrent', 1))
  expect(await cost(refused)).toEqual({ kv: 0, requests: 1, rows: 0 })
  expect(await cost(refused)).toEqual(NOTHING)
})

test('a limit on requests costs nothing', async () => {
  const { as } = await limitedBy(gateway, { requestsPerMinute: 30 })
  await as.fetch('/heygen/v3/users/me')
  expect(await cost(() => as.fetch('/heygen/v3/users/me'))).toEqual(NOTHING)
})
