/** Shares by weight, over HTTP. Which shares the order gives in general: test/domain/queue/shares.test.ts. */
import { expect, test } from 'vitest'
import { CLOCKED, MINUTE, stopped } from '../../../support/clock/clock.ts'
import { gatewaysOfTests } from '../../../support/gateways-of-tests.ts'
import { testFull } from '../../../support/full.ts'
import { PlayedJobs, queueTitles } from '../../../support/queue/played-jobs.ts'
import { openHooked } from '../../../support/scenes/hooked.ts'
import { limitedBy } from '../../../support/scenes/tokens/limits.ts'

const open = gatewaysOfTests()
const titles = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${name}${index}`)

/** The share of a token with weight 3 in the starts while it and one with weight 1 both have more waiting. */
async function shareOfA(accounts: Record<string, number>, each: number): Promise<number> {
  const gateway = await stopped(
    openHooked(open, { accounts, entry: CLOCKED, simVars: { JOB_MS: '-1' } })
  )
  const a = (await limitedBy(gateway, { weight: 3 })).as
  const b = (await limitedBy(gateway, { weight: 1 })).as
  const slots = Object.values(accounts).reduce((sum, count) => sum + count, 0)
  // What does not queue fills the pool, so that both have more waiting from the first end on.
  for (let slot = 0; slot < slots; slot += 1)
    expect((await gateway.createVideo({ title: 'before' })).status).toBe(200)
  const jobs = new PlayedJobs(gateway, () => MINUTE)
  await jobs.started(slots)
  await queueTitles(b, titles('b', each))
  await queueTitles(a, titles('a', each))
  const isDone = () => jobs.starts.filter(({ title }) => title.startsWith('a')).length === each
  while (!isDone()) await jobs.play(jobs.starts.length + 1)
  const seen = jobs.starts.slice(slots)
  expect(seen.filter(({ title }) => title.startsWith('b')).length).toBeLessThan(each)
  return each / seen.length
}

test('of two tokens that both have more waiting, one with weight 3 to 1 has 75 ± 5 % of the starts', async () => {
  const share = await shareOfA({ x: 2, y: 1 }, 45)
  expect(share).toBeGreaterThanOrEqual(0.7)
  expect(share).toBeLessThanOrEqual(0.8)
})

testFull(
  'over 400 starts of the heavier token on three accounts of three, weights 3 to 1 are 75 ± 5 % of the starts',
  async () => {
    const share = await shareOfA({ x: 3, y: 3, z: 3 }, 400)
    console.log(`share of A: ${share}`)
    expect(share).toBeGreaterThanOrEqual(0.7)
    expect(share).toBeLessThanOrEqual(0.8)
  },
  400_000
)
