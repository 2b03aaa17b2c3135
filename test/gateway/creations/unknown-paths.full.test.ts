/** Ten made-up endpoints, created and polled at once beside videos: within `maxJobs`, every poll at its owner. */
import { afterAll, expect, test } from 'vitest'
import { advance, CLOCKED, MINUTE, SECOND, stopClock } from '../../support/clock/clock.ts'
import { openGateway } from '../../support/gateway.ts'

const NAMES = ['ann', 'bob', 'cid']
const gateway = await openGateway({
  accounts: Object.fromEntries(NAMES.map((name) => [name, 10])),
  simVars: { JOB_MS: '-1' },
  entry: CLOCKED,
})
await stopClock(gateway)
afterAll(() => gateway.dispose())

const ENDPOINTS = [
  'holograms',
  'accepted-avatars-6',
  'dubbing-jobs',
  'look-packs',
  'accepted-podcasts-live',
  'scene-swaps',
  'realtime-clips',
  'accepted-long-videos',
  'image-edits',
  'motion-transfers',
]
const by = (answer: Response) => answer.headers.get('x-gateway-account')

async function idOf(answer: Response): Promise<string> {
  const { data } = (await answer.json()) as { data: Record<string, string> }
  return Object.entries(data).find(([name]) => /(^|_)id$/.test(name))?.[1] ?? ''
}

test('ten endpoints that are in no table, five rounds each: never more than maxJobs, every poll at its owner [I1, I2]', async () => {
  for (let round = 0; round < 5; round += 1) {
    // Half of the slots are for guesses: as many as fit on every account, whoever is drawn.
    const made = await Promise.all(
      ENDPOINTS.map((kind, index) =>
        gateway.post(
          `/heygen/v3/unlisted/${kind}`,
          { prompt: `${round}` },
          { 'x-gateway-account': `${NAMES[index % 3]}@example.com` }
        )
      )
    )
    expect(made.map((one) => Math.floor(one.status / 100))).toEqual(made.map(() => 2))
    const jobs = await Promise.all(
      made.map(async (one, index) => ({ path: ENDPOINTS[index], id: await idOf(one), by: by(one) }))
    )
    const videos = await Promise.all(Array.from({ length: 40 }, () => gateway.createVideo()))
    expect(videos.filter((one) => one.status === 200)).toHaveLength(20)
    await advance(gateway, 25 * SECOND)
    for (let poll = 0; poll < 3; poll += 1) {
      const polled = await Promise.all(
        jobs.map(({ path, id }) => gateway.fetch(`/heygen/v3/unlisted/${path}/${id}`))
      )
      expect(polled.map((one) => [one.status, by(one)])).toEqual(jobs.map((job) => [200, job.by]))
    }
    await advance(gateway, 5 * MINUTE)
    expect(await gateway.heldSlots()).toBe(30)
    await gateway.sim.finishJobs()
    await Promise.all(
      jobs.map(({ path, id }) => gateway.fetch(`/heygen/v3/unlisted/${path}/${id}`))
    )
    expect(await gateway.heldSlots()).toBe(20)
    for (let minutes = 0; minutes < 30; minutes += 5) await advance(gateway, 5 * MINUTE)
    expect(await gateway.heldSlots()).toBe(0)
  }
  for (const name of NAMES) {
    const { maxInFlight, jobsStarted } = await gateway.sim.account(`${name}@example.com`)
    expect(maxInFlight).toBe(10)
    expect(jobsStarted).toBeGreaterThan(40)
  }
})

test('a hundred creations at once on ten endpoints: never more than maxJobs, each is polled at its owner and every slot comes back [I1, I2]', async () => {
  const before = await gateway.heldSlots()
  expect(before).toBe(0)
  const made = await Promise.all(
    Array.from({ length: 100 }, (_, index) =>
      gateway.post(`/heygen/v3/unlisted/${ENDPOINTS[index % 10]}`, { prompt: `${index}` })
    )
  )
  const taken = made.flatMap((answer, index) => (answer.ok ? [{ answer, index }] : []))
  expect(taken).toHaveLength(15)
  expect(await gateway.heldSlots()).toBe(15)
  for (const { answer, index } of taken) {
    const path = `/heygen/v3/unlisted/${ENDPOINTS[index % 10]}/${await idOf(answer)}`
    expect(by(await gateway.fetch(path))).toBe(by(answer))
  }
  for (const name of NAMES)
    expect((await gateway.sim.account(`${name}@example.com`)).maxInFlight).toBe(10)
  await gateway.sim.finishJobs()
  for (let minutes = 0; minutes < 30; minutes += 5) await advance(gateway, 5 * MINUTE)
  expect(await gateway.heldSlots()).toBe(0)
})
