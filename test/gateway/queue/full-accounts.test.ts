/** The provider has less room than the gateway thinks, for instance because jobs run that did not come through it. */
import { afterAll, expect, test } from 'vitest'
import { advance, CLOCKED, clockOf, pass, SECOND, stopped } from '../../support/clock/clock.ts'
import { openGateway, until, type Gateway } from '../../support/gateway.ts'
import { queueVideo, startedTitles } from '../../support/queue/videos.ts'
import { addKling, T2V, TEXT2VIDEO } from '../../support/scenes/kling.ts'

const shared = await stopped(openGateway({ entry: CLOCKED }))
afterAll(() => shared.dispose())

const JOBS = 8

async function creationsOf(email: string): Promise<number[]> {
  const all = await shared.sim.requests()
  const own = all.filter(({ account, method }) => account === email && method === 'POST')
  return own.flatMap(({ status, path }) => (/videos/.test(path) ? [status] : []))
}

/** Ends what runs, again and again, until all of the line has started. What is sent takes time of the machine, and none of the clock. */
async function expectAllStart(gateway: Gateway, provider: string, email: string): Promise<void> {
  await until(async () => {
    await gateway.sim.control('POST', '/finish', { provider })
    await pass(gateway, 31 * SECOND)
    await until(async () => (await clockOf(gateway)).calls === 0)
    const { accounts } = await gateway.sim.state()
    const own = accounts.find((one) => one.email === email && one.provider === provider)
    return own?.jobsStarted === JOBS
  })
}

test('an account that Kling calls full is sent one creation for each freed slot, and not each that waits', async () => {
  const gateway = shared.as((await shared.newToken()).token)
  const email = await addKling(gateway, 'full', { maxJobs: 5, sim: { concurrency: 1 } })
  for (let n = 0; n < JOBS; n += 1) {
    const answer = await gateway.post(T2V, TEXT2VIDEO, { prefer: 'respond-async' })
    expect(answer.status).toBe(202)
  }
  await until(async () => (await creationsOf(email)).length >= 2)
  await pass(gateway, 4 * SECOND)
  // One runs, and at most as many are refused as are sent at once, on a busy machine before the first answer comes.
  expect((await creationsOf(email)).length).toBeLessThanOrEqual(1 + 4)
  await expectAllStart(gateway, 'kling', email)
  expect((await creationsOf(email)).length).toBeLessThanOrEqual(1 + 4 + 3 * JOBS)
})

test('an account that HeyGen calls full with 429 puts creations back, and each of them runs in the end', async () => {
  const gateway = shared.as((await shared.newToken()).token)
  const email = await gateway.addAccount('outside', 5, { concurrency: 1 })
  for (let n = 0; n < JOBS; n += 1) await queueVideo(gateway, `h${n}`)
  await until(async () => (await creationsOf(email)).includes(429))
  await expectAllStart(gateway, 'heygen', email)
  const titles = (await startedTitles(gateway)).filter((title) => title.startsWith('h'))
  expect(new Set(titles).size).toBe(JOBS)
})

test('a creation of a queueing token joins what waits, although a slot is free, and the provider is not asked', async () => {
  const { token } = await shared.newToken({ whenFull: 'queue' })
  const gateway = shared.as(token)
  const email = await addKling(gateway, 'joins', { maxJobs: 5, sim: { concurrency: 1 } })
  const first = await gateway.post(T2V, TEXT2VIDEO)
  expect(first.headers.get('x-gateway-queue-place')).toBeNull()
  await gateway.post(T2V, TEXT2VIDEO, { prefer: 'respond-async' })
  await until(async () => (await creationsOf(email)).includes(429))
  await until(async () => {
    const line = await (await gateway.fetch('/v1/kling/queue')).json()
    const { waiting, starting } = line as { waiting: number; starting: number }
    return waiting === 1 && starting === 0
  })
  // Of two that came in one ms either may be first.
  await advance(gateway, SECOND)
  const before = (await creationsOf(email)).length
  const joined = await gateway.post(T2V, TEXT2VIDEO)
  expect(joined.status).toBe(200)
  expect(joined.headers.get('x-gateway-queue-place')).toBe('2')
  expect((await creationsOf(email)).length).toBe(before)
})

test('where every account is full at the provider and not here, a queueing token is answered 200, and a client that would wait 202', async () => {
  const { token } = await shared.newToken({ whenFull: 'queue' })
  const gateway = shared.as(token)
  for (const name of ['one', 'two']) {
    await gateway.addAccount(`outside-${name}`, 5, { concurrency: 1 })
    await gateway.createVideo()
  }
  const video = await gateway.createVideo()
  expect([video.status, await video.json()]).toMatchObject([200, { data: { status: 'waiting' } }])
  await addKling(gateway, 'outside', { maxJobs: 5, sim: { concurrency: 1 } })
  await gateway.post(T2V, TEXT2VIDEO)
  const task = await gateway.post(T2V, TEXT2VIDEO, { prefer: 'respond-async, wait=5' })
  expect([task.status, await task.json()]).toMatchObject([202, { code: 0 }])
  for (const answer of [video, task]) expect(answer.headers.get('x-gateway-queue-place')).toBe('1')
})
