/**
 * What the line costs beside the creation (contract section 8): counted in the Worker itself, with a clock that stands still, as in
 * test/gateway/runtime/budget.test.ts.
 */
import { afterAll, expect, test } from 'vitest'
import { advance, clockOf, MINUTE, SECOND, stopClock } from '../../support/clock/clock.ts'
import { openGateway, until } from '../../support/gateway.ts'
import { costOf, type Counts } from '../../support/meter/counts.ts'
import { queueVideo, startedTitles } from '../../support/queue/videos.ts'
import { eventOf, hookOf, LOOPBACK, signed } from '../../support/scenes/hooked.ts'

const gateway = await openGateway({
  accounts: { a: 3 },
  vars: LOOPBACK,
  simVars: { JOB_MS: '-1' },
  entry: 'test/support/workers/counting-worker.ts',
})
afterAll(() => gateway.dispose())
const hook = await hookOf(gateway, 'a')
await stopClock(gateway)

async function cost(what: () => Promise<unknown>): Promise<Counts & { methods: object }> {
  // What came before may still be under way.
  await until(async () => (await clockOf(gateway)).calls === 0)
  await fetch(`${gateway.url}/__methods`)
  const counts = await costOf(gateway, async () => {
    await what()
    await until(async () => (await clockOf(gateway)).calls === 0)
  })
  return { ...counts, methods: (await (await fetch(`${gateway.url}/__methods`)).json()) as object }
}

/** HeyGen's event about the job with this title. */
async function tell(title: string): Promise<void> {
  const job = (await gateway.sim.state()).jobs.find((one) => 'title' in one && one.title === title)
  const body = eventOf(job?.id ?? '')
  const headers = signed(hook.secret, body)
  expect((await fetch(hook.url, { method: 'POST', body, headers })).status).toBe(204)
}

const isStarted = async (title: string) => (await startedTitles(gateway)).includes(title)

await gateway.createVideo({ title: 'before' })
await tell('before')
await advance(gateway, MINUTE)

test('a direct creation and its end cost what they cost without a line', async () => {
  const direct = await cost(async () => {
    await gateway.createVideo({ title: 'direct' })
    await tell('direct')
  })
  expect(direct.requests).toBeLessThanOrEqual(4)
  expect(direct.rows).toBeLessThanOrEqual(4)
})

test('queueing a job costs at most three requests and three rows beside its creation', async () => {
  for (const title of ['q1', 'q2', 'q3']) {
    await queueVideo(gateway, title)
    await until(() => isStarted(title))
  }
  const jobs = 20
  const whole = await cost(async () => {
    for (let n = 0; n < jobs; n += 1) {
      await queueVideo(gateway, `busy${n}`)
      await advance(gateway, 1)
    }
    for (const title of ['q1', 'q2', 'q3']) await tell(title)
    for (let n = 0; n < jobs; n += 1) {
      await until(() => isStarted(`busy${n}`))
      await tell(`busy${n}`)
    }
  })
  expect(whole.kv).toBe(0)
  expect(whole.requests / jobs).toBeLessThanOrEqual(4 + 3)
  expect(whole.rows / jobs).toBeLessThanOrEqual(4 + 3)
})

test('an item that comes alone to an idle account costs at most seven requests and seven rows with its end', async () => {
  await advance(gateway, MINUTE)
  await advance(gateway, 10 * MINUTE)
  const alone = await cost(async () => {
    await queueVideo(gateway, 'alone')
    await until(() => isStarted('alone'))
    await tell('alone')
  })
  expect(alone.requests).toBeLessThanOrEqual(7)
  expect(alone.rows).toBeLessThanOrEqual(7 + 3)
})

test('a tenant that never queues pays nothing for the line: a creation costs three requests and at most three rows', async () => {
  const other = gateway.as((await gateway.newToken()).token)
  await other.addAccount('never', 9)
  await other.createVideo()
  await advance(gateway, SECOND)
  const plain = await cost(async () => {
    expect((await other.createVideo()).status).toBe(200)
  })
  expect(plain.requests).toBe(3)
  expect(plain.rows).toBeLessThanOrEqual(3)
})

test('a poll of what waits asks the desk at most once in its time, and a poll of what runs asks nobody', async () => {
  for (let n = 0; n < 3; n += 1) await queueVideo(gateway, `full${n}`)
  await until(() => isStarted('full2'))
  const name = await queueVideo(gateway, 'polled')
  await gateway.fetch(`/heygen/v3/videos/${name}`)
  const polls = await cost(async () => {
    for (let n = 0; n < 20; n += 1) await gateway.fetch(`/heygen/v3/videos/${name}`)
  })
  expect(polls).toMatchObject({ kv: 0, requests: 0, rows: 0 })
})
