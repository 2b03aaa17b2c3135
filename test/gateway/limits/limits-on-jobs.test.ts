/** `maxConcurrent` and `jobsPerDay` of a token: they hold, they name themselves, and what they count comes back. */
import { expect, test } from 'vitest'
import {
  advance,
  clockOf,
  DAY,
  HOUR,
  MINUTE,
  pass,
  SECOND,
  stopClock,
} from '../../support/clock/clock.ts'
import { type Gateway, type GatewayOptions } from '../../support/gateway.ts'
import { gatewaysOfTests } from '../../support/gateways-of-tests.ts'
import { isFull } from '../../support/full.ts'
import { acceptedSoon, expectLimit, limitedBy, lose } from '../../support/scenes/tokens/limits.ts'

const open = gatewaysOfTests()
const CREATE = { method: 'POST', path: '/v3/videos' }

/** Jobs end by hand, time passes by hand, and calls to objects can be lost. */
async function gatewayWith(options: GatewayOptions = {}): Promise<Gateway> {
  const gateway = await open({
    accounts: { a: 4, b: 4 },
    simVars: { JOB_MS: '-1' },
    entry: 'test/support/workers/counting-worker.ts',
    ...options,
  })
  await stopClock(gateway)
  return gateway
}

const jobOf = (answer: Response) => answer.headers.get('x-gateway-job') ?? ''

async function started(gateway: Gateway): Promise<number> {
  const { accounts } = await gateway.sim.state()
  return accounts.reduce((sum, one) => sum + one.jobsStarted, 0)
}

async function created(as: Gateway): Promise<string> {
  const answer = await as.createVideo()
  expect(answer.status, await answer.clone().text()).toBe(200)
  return jobOf(answer)
}

/** The client polls until the job is over. */
async function finish(gateway: Gateway, jobs: readonly string[]): Promise<void> {
  for (const id of jobs) {
    await gateway.sim.control('POST', `/jobs/${id}`, { status: 'completed' })
    expect((await gateway.fetch(`/heygen/v3/videos/${id}`)).status).toBe(200)
  }
}

const startsAgain = async (as: Gateway) => jobOf(await acceptedSoon(as, () => as.createVideo()))

const ROUNDS = isFull ? 4 : 1

test('two tokens’ limits hold under 50 parallel clients, and a third token of the tenant is not held up', async () => {
  const gateway = await gatewayWith()
  const three = await limitedBy(gateway, { maxConcurrent: 3 })
  const two = await limitedBy(gateway, { maxConcurrent: 2, scope: 'use' })
  for (let round = 1; round <= ROUNDS; round += 1) {
    const before = await started(gateway)
    const crowd = Array.from({ length: 50 }, (_, index) => (index % 2 ? three : two))
    const answers = await Promise.all(
      crowd.map(async (one) => [one, await one.as.createVideo()] as const)
    )
    const ids: string[] = []
    for (const [one, limit] of [
      [three, 3],
      [two, 2],
    ] as const) {
      const mine = answers.flatMap(([whose, answer]) => (whose === one ? [answer] : []))
      const taken = mine.filter(({ status }) => status === 200)
      expect(taken).toHaveLength(limit)
      ids.push(...taken.map(jobOf))
      for (const answer of mine.filter(({ status }) => status !== 200)) {
        const seconds = await expectLimit(answer, 'maxConcurrent', limit)
        expect(seconds).toBeGreaterThanOrEqual(5)
        expect(seconds).toBeLessThanOrEqual(59)
      }
    }
    ids.push(await created(gateway))
    expect(await started(gateway)).toBe(before + 6)
    await finish(gateway, ids)
    // One slot for each that has ended, and no more.
    for (const [one, limit] of [
      [three, 3],
      [two, 2],
    ] as const) {
      const again: string[] = [await startsAgain(one.as)]
      while (again.length < limit) again.push(await startsAgain(one.as))
      await advance(gateway, 1 * SECOND)
      await expectLimit(await one.as.createVideo(), 'maxConcurrent', limit)
      await finish(gateway, again)
      await advance(gateway, 2 * SECOND)
    }
  }
})

test('a share whose Worker died comes back ten minutes later, and no running job is forgotten for it', async () => {
  const gateway = await gatewayWith()
  const { as } = await limitedBy(gateway, { maxConcurrent: 2 })
  const running = await created(as)
  // What a Worker leaves that died between its share and the slot.
  await lose(gateway, ['acquire', 'endShare'])
  expect((await as.createVideo()).status).not.toBe(200)
  await lose(gateway, [])
  await advance(gateway, 9 * MINUTE)
  await expectLimit(await as.createVideo(), 'maxConcurrent', 2)
  await advance(gateway, 2 * MINUTE)
  // An account that cannot be asked may have the job.
  await lose(gateway, ['limitedLeases'])
  await expectLimit(await as.createVideo(), 'maxConcurrent', 2)
  await lose(gateway, [])
  await advance(gateway, 2 * MINUTE)
  await created(as)
  await advance(gateway, 2 * MINUTE)
  await expectLimit(await as.createVideo(), 'maxConcurrent', 2)
  await finish(gateway, [running])
  await startsAgain(as)
})

test('an end whose notice was lost comes back, after a restart of every object, too', async () => {
  const gateway = await gatewayWith()
  const { as } = await limitedBy(gateway, { maxConcurrent: 1 })
  const job = await created(as)
  await fetch(`${gateway.url}/__evict?all`)
  await advance(gateway, 1 * SECOND)
  await expectLimit(await as.createVideo(), 'maxConcurrent', 1)
  await lose(gateway, ['endShare'])
  await finish(gateway, [job])
  await advance(gateway, 1 * SECOND)
  await expectLimit(await as.createVideo(), 'maxConcurrent', 1)
  await lose(gateway, [])
  await fetch(`${gateway.url}/__evict?all`)
  await advance(gateway, 10 * MINUTE)
  await created(as)
})

test('a day is UTC, and its 429 says the true seconds and asks clients not to repeat', async () => {
  const gateway = await gatewayWith()
  const { as, id } = await limitedBy(gateway, { jobsPerDay: 2 })
  const { now } = await clockOf(gateway)
  const midnight = (Math.floor(now / DAY) + 2) * DAY
  await advance(gateway, midnight - now - 2 * HOUR - 500)
  await finish(gateway, [await created(as), await created(as)])
  const { now: later } = await clockOf(gateway)
  const refused = await as.createVideo()
  expect(await expectLimit(refused, 'jobsPerDay', 2)).toBe(Math.ceil((midnight - later) / 1000))
  expect(refused.headers.get('x-should-retry')).toBe('false')
  expect(refused.headers.get('x-gateway-limit')).toContain(new Date(midnight).toISOString())
  await advance(gateway, midnight - later - 1)
  expect(await expectLimit(await as.createVideo(), 'jobsPerDay', 2)).toBe(1)
  await advance(gateway, 2 * SECOND)
  await created(as)
  await created(as)
  await advance(gateway, 1 * SECOND)
  await expectLimit(await as.createVideo(), 'jobsPerDay', 2)
  // A higher limit acts at once on the Worker that set it.
  expect((await gateway.admin('PATCH', `/tokens/${id}`, { jobsPerDay: 3 })).status).toBe(200)
  await created(as)
  await expectLimit(await as.createVideo(), 'jobsPerDay', 3)
  expect((await gateway.admin('PATCH', `/tokens/${id}`, { jobsPerDay: null })).status).toBe(200)
  await created(as)
})

test('what certainly started nothing is given back: a refusal of the provider, a full pool', async () => {
  const gateway = await gatewayWith({ accounts: { a: 1 } })
  const { as } = await limitedBy(gateway, { maxConcurrent: 1, jobsPerDay: 1 })
  await gateway.sim.fault({ match: CREATE, times: 1, effect: { status: 400 } })
  expect((await as.createVideo()).status).toBe(400)
  const other = await created(gateway)
  const full = await as.createVideo()
  expect([full.status, full.headers.get('x-gateway-error')]).toEqual([429, 'slots_full'])
  await finish(gateway, [other])
  await startsAgain(as)
  expect(await started(gateway)).toBe(2)
})

test('a creation of unknown outcome counts until it was found that nothing ran, and its day stays spent', async () => {
  const gateway = await gatewayWith()
  const { as } = await limitedBy(gateway, { maxConcurrent: 1, jobsPerDay: 2 })
  await gateway.sim.fault({ match: CREATE, times: 1, effect: { reset: 'before' } })
  const lost = await as.createVideo({ title: 'lost' })
  expect(lost.headers.get('x-gateway-error')).toBe('outcome_unknown')
  await expectLimit(await as.createVideo(), 'maxConcurrent', 1)
  await pass(gateway, 6 * MINUTE)
  await created(as)
  await advance(gateway, 1 * SECOND)
  await expectLimit(await as.createVideo(), 'jobsPerDay', 2)
})
