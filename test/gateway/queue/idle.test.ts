/** How well the slots are used while more waits, in the product's own time: the clock is moved. */
import { expect, test } from 'vitest'
import { advance, CLOCKED, clockOf, SECOND, stopped } from '../../support/clock/clock.ts'
import { until, type Gateway } from '../../support/gateway.ts'
import { gatewaysOfTests } from '../../support/gateways-of-tests.ts'
import { testFull } from '../../support/full.ts'
import { QUEUED, queueVideo, startedJobs } from '../../support/queue/videos.ts'
import { openHooked } from '../../support/scenes/hooked.ts'

const open = gatewaysOfTests()
const SLOTS = 9
const STEP_MS = 2 * SECOND

async function running(gateway: Gateway): Promise<number> {
  const { accounts } = await gateway.sim.state()
  return accounts.reduce((sum, { inFlight }) => sum + inFlight, 0)
}

/** The share of time in which slots were empty while more waited. Jobs take 40 to 80 s, so slots come free at all times. */
async function idleShare(jobs: number): Promise<number> {
  const gateway = await stopped(
    openHooked(open, {
      accounts: { x: 3, y: 3, z: 3 },
      entry: CLOCKED,
      simVars: { JOB_MS: '60000' },
    })
  )
  for (let n = 0; n < jobs; n += 1)
    await queueVideo(
      gateway,
      `idle${n}`,
      {},
      { script: `Hello [ms=${40_000 + ((n * 7919) % 40_000)}]` }
    )
  let steps = 0
  let used = 0
  for (;;) {
    const started = (await startedJobs(gateway)).length
    if (started >= jobs) break
    // What is not started by then, waits for the clock.
    await until(async () => (await running(gateway)) === SLOTS, 1500).catch(() => undefined)
    await until(async () => (await clockOf(gateway)).calls === 0)
    steps += 1
    used += await running(gateway)
    await advance(gateway, STEP_MS)
  }
  return 1 - used / (steps * SLOTS)
}

test('slots stand idle at most 2 % of the time while anything waits', async () => {
  expect(await idleShare(24)).toBeLessThanOrEqual(0.02)
})

test('where only creations of two jobs wait, slots stand idle only where one is left over', async () => {
  const accounts = { x: 3, y: 3 }
  const gateway = await stopped(
    openHooked(open, { accounts, entry: CLOCKED, simVars: { JOB_MS: '60000' } })
  )
  const wanted = 12
  for (let n = 0; n < wanted; n += 1) {
    const body = {
      video: { type: 'url', url: 'https://files.example.com/v.mp4' },
      output_languages: ['English', 'Dutch'],
      title: `wide${n}`,
    }
    const answer = await gateway.post('/heygen/v3/video-translations', body, QUEUED)
    expect(answer.status, await answer.clone().text()).toBe(202)
  }
  for (;;) {
    const isWhole = async () =>
      (await gateway.sim.state()).accounts.every((one) => one.inFlight === 2)
    // Everything has started, or each account is as full as such creations can make it.
    await until(async () => (await startedJobs(gateway)).length === 2 * wanted || isWhole())
    if ((await startedJobs(gateway)).length === 2 * wanted) break
    await advance(gateway, STEP_MS)
  }
})

testFull(
  'over 200 jobs of 40 to 80 seconds slots stand idle at most 2 % of the time',
  async () => {
    const share = await idleShare(200)
    console.log(`idle: ${share}`)
    expect(share).toBeLessThanOrEqual(0.02)
  },
  500_000
)
