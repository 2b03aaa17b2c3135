/** `maxConcurrent` and `jobsPerDay` of a token hold for what it has in the queue, at the front door. */
import { expect, test } from 'vitest'
import {
  advance,
  clockOf,
  DAY,
  HOUR,
  MINUTE,
  SECOND,
  stopClock,
} from '../../support/clock/clock.ts'
import { until, type Gateway, type GatewayOptions } from '../../support/gateway.ts'
import { gatewaysOfTests } from '../../support/gateways-of-tests.ts'
import { isFull } from '../../support/full.ts'
import { expectLimit, limitedBy, lose } from '../../support/scenes/tokens/limits.ts'

const open = gatewaysOfTests()
const QUEUED = { prefer: 'respond-async' }
const CREATE = { method: 'POST', path: '/v3/videos' }

async function gatewayWith(options: GatewayOptions = {}): Promise<Gateway> {
  const gateway = await open({
    accounts: { a: 9, b: 9 },
    simVars: { JOB_MS: '-1' },
    entry: 'test/support/workers/counting-worker.ts',
    ...options,
  })
  await stopClock(gateway)
  return gateway
}

async function queue(as: Gateway, title: string, more = {}): Promise<string> {
  const answer = await as.createVideo({ title }, { ...QUEUED, ...more })
  const text = await answer.text()
  expect(answer.status, text).toBe(202)
  return (JSON.parse(text) as { data: { video_id: string } }).data.video_id
}

interface Running {
  id: string
  title: string
}

/** What runs at the provider now. */
async function running(gateway: Gateway): Promise<Running[]> {
  const { jobs } = await gateway.sim.state()
  const all = jobs as unknown as (Running & { status: string })[]
  return all.filter(({ status }) => !['completed', 'failed', 'deleted'].includes(status))
}

/** Waits in real time, because objects call each other. No clock is moved, so no alarm rings. */
function runningSoon(gateway: Gateway, prefix: string, count: number): Promise<Running[]> {
  return until(async () => {
    const mine = (await running(gateway)).filter(({ title }) => title.startsWith(prefix))
    expect(mine.length).toBeLessThanOrEqual(count)
    return mine.length === count && mine
  })
}

/** The job ends, and its client polls it. */
async function finish(gateway: Gateway, { id }: Running, status = 'completed'): Promise<void> {
  await gateway.sim.control('POST', `/jobs/${id}`, { status })
  expect((await gateway.fetch(`/heygen/v3/videos/${id}`)).status).toBe(200)
}

/** What an isolate knows of an item grows old only with the clock. */
async function wordOf(as: Gateway, name: string): Promise<string> {
  await advance(as, 2 * SECOND)
  const answer = await as.fetch(`/heygen/v3/videos/${name}`)
  return ((await answer.json()) as { data: { status: string } }).data.status
}

const MANY = isFull ? 200 : 20

test('a token that may run two has two of all that it queued running, and the end of one starts the next at once', async () => {
  const gateway = await gatewayWith()
  const two = await limitedBy(gateway, { maxConcurrent: 2 })
  await Promise.all(Array.from({ length: MANY }, (_, index) => queue(two.as, `two ${index}`)))
  await queue(gateway, 'other 1')
  await queue(gateway, 'other 2')
  await queue(gateway, 'other 3')
  // Nobody is held up by it.
  await runningSoon(gateway, 'other', 3)
  for (let ended = 0; ended < 5; ended += 1) {
    const [one] = await runningSoon(gateway, 'two', 2)
    if (one) await finish(gateway, one, ended === 2 ? 'failed' : 'completed')
  }
  await runningSoon(gateway, 'two', 2)
  const { jobs } = await gateway.sim.state()
  expect(jobs).toHaveLength(3 + 2 + 5)
})

test('what is queued and what is not share one limit', async () => {
  const gateway = await gatewayWith()
  const { as } = await limitedBy(gateway, { maxConcurrent: 2 })
  expect((await as.createVideo({ title: 'direct' })).status).toBe(200)
  const names = [await queue(as, 'queued 1'), await queue(as, 'queued 2')]
  const [first] = await runningSoon(gateway, 'queued', 1)
  await expectLimit(await as.createVideo(), 'maxConcurrent', 2)
  const [direct] = await runningSoon(gateway, 'direct', 1)
  if (direct) await finish(gateway, direct)
  await runningSoon(gateway, 'queued', 2)
  if (first) await finish(gateway, first)
  expect(await wordOf(as, names[0] ?? '')).toBe('completed')
})

test('a refusal of the provider, a cancelled item and a notice that was lost give the share back', async () => {
  const gateway = await gatewayWith()
  const { as } = await limitedBy(gateway, { maxConcurrent: 1 })
  const body = { error: { code: 'content_policy_violation', message: 'Not allowed.' } }
  await gateway.sim.fault({ match: CREATE, times: 1, effect: { status: 400, body } })
  const refused = await queue(as, 'refused')
  await until(async () => (await wordOf(as, refused)) === 'failed')
  await queue(as, 'first')
  const [first] = await runningSoon(gateway, 'first', 1)
  const cancelled = await queue(as, 'cancelled')
  await queue(as, 'second')
  const answer = await as.fetch(`/v1/heygen/queue/${cancelled}`, { method: 'DELETE' })
  expect(answer.status).toBe(204)
  await lose(gateway, ['endShare'])
  if (first) await finish(gateway, first)
  await lose(gateway, [])
  expect(await running(gateway)).toEqual([])
  // The look asks the accounts about what is ten minutes old.
  for (let minutes = 0; minutes < 21; minutes += 1) await advance(gateway, 1 * MINUTE)
  await runningSoon(gateway, 'second', 1)
  expect((await gateway.sim.state()).jobs).toHaveLength(2)
})

test('a token at its limit goes on at once also where its first item waits for a busy account', async () => {
  const gateway = await gatewayWith({ accounts: { a: 1, b: 1 } })
  const { as } = await limitedBy(gateway, { maxConcurrent: 1 })
  const atA = { 'x-gateway-account': 'a@example.com' }
  expect((await gateway.createVideo({ title: 'busy' }, atA)).status).toBe(200)
  await queue(as, 'open 1')
  const [first] = await runningSoon(gateway, 'open', 1)
  // Its account has heard that nothing more waits.
  await until(async () => {
    const line = await (await as.fetch('/v1/heygen/queue')).json()
    return (line as { starting: number }).starting === 0
  })
  await queue(as, 'pinned', atA)
  await queue(as, 'open 2')
  if (first) await finish(gateway, first)
  const [second] = await runningSoon(gateway, 'open', 1)
  expect(second?.title).toBe('open 2')
})

test('a creation of several jobs starts when what a lost notice kept from it is found out', async () => {
  const gateway = await gatewayWith()
  const { as } = await limitedBy(gateway, { maxConcurrent: 3 })
  await queue(as, 'first')
  const [first] = await runningSoon(gateway, 'first', 1)
  await lose(gateway, ['endShare'])
  if (first) await finish(gateway, first)
  await lose(gateway, [])
  const translation = {
    title: 'wide',
    video: { type: 'url', url: 'https://example.com/in.mp4' },
    output_languages: ['Spanish', 'French', 'German'],
  }
  expect((await as.post('/heygen/v3/video-translations', translation, QUEUED)).status).toBe(202)
  expect(await running(gateway)).toEqual([])
  for (let minutes = 0; minutes < 21; minutes += 1) await advance(gateway, 1 * MINUTE)
  await until(async () => (await running(gateway)).length === 3)
})

test('a limit of the day holds the queue up to midnight UTC, and no longer', async () => {
  const gateway = await gatewayWith()
  const { as } = await limitedBy(gateway, { jobsPerDay: 2 })
  const { now } = await clockOf(gateway)
  const midnight = (Math.floor(now / DAY) + 1) * DAY
  if (midnight - now > 2 * HOUR) await advance(gateway, midnight - now - 2 * HOUR)
  for (let made = 0; made < 5; made += 1) await queue(as, `day ${made}`)
  for (const one of await runningSoon(gateway, 'day', 2)) await finish(gateway, one)
  const { now: later } = await clockOf(gateway)
  const end = (Math.floor(later / DAY) + 1) * DAY
  await advance(gateway, end - later - 5 * SECOND)
  expect(await running(gateway)).toEqual([])
  await advance(gateway, 6 * SECOND)
  for (const one of await runningSoon(gateway, 'day', 2)) await finish(gateway, one)
  expect((await gateway.sim.state()).jobs).toHaveLength(4)
})

test('a limit that the operator raises starts what waits for it at once', async () => {
  const gateway = await gatewayWith()
  const { as, id } = await limitedBy(gateway, { maxConcurrent: 1 })
  for (let made = 0; made < 6; made += 1) await queue(as, `more ${made}`)
  await runningSoon(gateway, 'more', 1)
  expect((await gateway.admin('PATCH', `/tokens/${id}`, { maxConcurrent: 4 })).status).toBe(200)
  await runningSoon(gateway, 'more', 4)
  expect((await gateway.admin('PATCH', `/tokens/${id}`, { maxConcurrent: null })).status).toBe(200)
  await runningSoon(gateway, 'more', 6)
})

test('a token that may make no creations any more starts nothing that it has queued, until it may again', async () => {
  const gateway = await gatewayWith({ accounts: { a: 1 } })
  const { as, id } = await limitedBy(gateway, {})
  await queue(as, 'mine 1')
  const [first] = await runningSoon(gateway, 'mine', 1)
  await queue(as, 'mine 2')
  await queue(gateway, 'other')
  const allow = (routes: string[] | null) => gateway.admin('PATCH', `/tokens/${id}`, { routes })
  expect((await allow(['read'])).status).toBe(200)
  if (first) await finish(gateway, first)
  const [other] = await runningSoon(gateway, 'other', 1)
  expect((await running(gateway)).map(({ title }) => title)).toEqual(['other'])
  if (other) await finish(gateway, other)
  expect((await allow(['read', 'jobs'])).status).toBe(200)
  const [second] = await runningSoon(gateway, 'mine', 1)
  expect(second?.title).toBe('mine 2')
})

test('once a token’s removal is answered, nothing that it has queued starts', async () => {
  const gateway = await gatewayWith({ accounts: { a: 1 } })
  const { as, id } = await limitedBy(gateway, {})
  await queue(as, 'mine 1')
  const [first] = await runningSoon(gateway, 'mine', 1)
  const second = await queue(as, 'mine 2')
  expect((await gateway.admin('DELETE', `/tokens/${id}`)).status).toBeLessThan(300)
  if (first) await finish(gateway, first)
  await until(async () => {
    const answer = await gateway.fetch(`/v1/heygen/jobs/${second}`)
    return ((await answer.json()) as { status_final: boolean }).status_final
  })
  expect((await gateway.sim.state()).jobs).toHaveLength(1)
})
