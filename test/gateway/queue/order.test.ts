/** Who is next, at the front door. The order itself is tried against a slow model in test/domain/queue. */
import { expect, test } from 'vitest'
import { CLOCKED, MINUTE, advance, clockOf, pass, stopped } from '../../support/clock/clock.ts'
import { until, type Gateway } from '../../support/gateway.ts'
import { gatewaysOfTests } from '../../support/gateways-of-tests.ts'
import { testFull } from '../../support/full.ts'
import { queueVideo, startedTitles } from '../../support/queue/videos.ts'
import { playRounds, shareUntilDone } from '../../support/queue/rounds.ts'
import { openHooked } from '../../support/scenes/hooked.ts'
import { limitedBy } from '../../support/scenes/tokens/limits.ts'

const open = gatewaysOfTests()

async function openPool(accounts: Record<string, number>): Promise<Gateway> {
  return stopped(openHooked(open, { accounts, entry: CLOCKED, simVars: { JOB_MS: '-1' } }))
}

async function queueMany(gateway: Gateway, name: string, count: number): Promise<void> {
  for (let from = 0; from < count; from += 20) {
    const all = Array.from({ length: Math.min(20, count - from) }, (_, n) => from + n)
    await Promise.all(all.map((n) => queueVideo(gateway, `${name}${n}`)))
    await advance(gateway, 1)
  }
}

async function shareOfB(slots: number, ofA: number, ofB: number): Promise<number> {
  const names = ['x', 'y', 'z'].slice(0, slots / 3)
  const gateway = await openPool(Object.fromEntries(names.map((name) => [name, 3])))
  const { as: b } = await limitedBy(gateway, {})
  await queueMany(gateway, 'a', ofA)
  await until(async () => (await startedTitles(gateway)).length === slots)
  await queueMany(b, 'b', ofB)
  const titles = await playRounds(gateway, ofA + ofB, slots)
  expect(new Set(titles).size).toBe(ofA + ofB)
  return shareUntilDone(titles, slots, (title) => title.startsWith('b'))
}

test('a token that comes after another one’s long queue has half of the starts until it is done', async () => {
  const share = await shareOfB(3, 36, 12)
  expect(share).toBeGreaterThan(0.4)
  expect(share).toBeLessThan(0.6)
})

testFull(
  '900 queued creations of one token and then 100 of another: the second has 50 ± 5 % of the starts until it is done',
  async () => {
    const share = await shareOfB(9, 900, 100)
    console.log(`share of B: ${share}`)
    expect(share).toBeGreaterThanOrEqual(0.45)
    expect(share).toBeLessThanOrEqual(0.55)
  },
  400_000
)

test('a priority 1 starts before every 3 that has waited less than ten minutes, and after one that has waited twenty', async () => {
  const gateway = await openPool({ x: 1 })
  await queueVideo(gateway, 'first')
  await until(async () => (await startedTitles(gateway)).length === 1)
  await queueVideo(gateway, 'old3')
  await pass(gateway, 21 * MINUTE)
  for (const n of [1, 2, 3]) {
    await queueVideo(gateway, `young3-${n}`)
    await advance(gateway, 1)
  }
  await queueVideo(gateway, 'urgent', { 'x-gateway-priority': '1' })
  const titles = await playRounds(gateway, 6, 1)
  expect(titles).toEqual(['first', 'old3', 'urgent', 'young3-1', 'young3-2', 'young3-3'])
})

test('beside another token’s long line a call that does not wait is refused and told how; one that waits, and one of a token that queues, has one of the next two starts', async () => {
  const gateway = await openPool({ x: 1 })
  await queueMany(gateway, 'a', 12)
  await until(async () => (await startedTitles(gateway)).length === 1)
  const { as: b } = await limitedBy(gateway, {})
  const refused = await b.createVideo({ title: 'refused' })
  expect([refused.status, await refused.text()]).toEqual([
    429,
    expect.stringContaining('Prefer: wait=60'),
  ])
  const waits = b.createVideo({ title: 'waits' }, { prefer: 'wait=50' })
  await until(async () => (await clockOf(gateway)).timers > 0)
  expect((await playRounds(gateway, 3, 1)).slice(1)).toContain('waits')
  expect((await waits).status).toBe(200)
  const { as: c } = await limitedBy(gateway, { whenFull: 'queue' })
  const queued = await c.createVideo({ title: 'unmodified' })
  expect([queued.status, await queued.json()]).toMatchObject([200, { data: { status: 'waiting' } }])
  expect((await playRounds(gateway, 5, 1)).slice(3)).toContain('unmodified')
})

test('what is pinned to a full account holds up nothing else', async () => {
  const gateway = await openPool({ x: 1, y: 1 })
  for (let n = 0; n < 4; n += 1) {
    await queueVideo(gateway, `pinned${n}`, { 'x-gateway-account': 'x@example.com' })
    await advance(gateway, 1)
  }
  await until(async () => (await startedTitles(gateway)).length === 1)
  await queueVideo(gateway, 'free')
  await until(async () => (await startedTitles(gateway)).includes('free'))
  const { jobs } = await gateway.sim.state()
  const free = jobs.find((job) => 'title' in job && job.title === 'free')
  expect(free?.account).toBe('y@example.com')
})
