/** HeyGen ends its older API while creations are under way, known under a key, or of unknown outcome. */
import { afterAll, beforeEach, expect, test } from 'vitest'
import { CLOCKED, MINUTE, pass, stopClock, untilMoved } from '../../support/clock/clock.ts'
import { testFull } from '../../support/full.ts'
import { openGateway, type Gateway } from '../../support/gateway.ts'
import { Receiver } from '../../support/receiver.ts'
import { LOOPBACK } from '../../support/scenes/hooked.ts'
import { sceneOf } from '../../support/scenes/legacy/legacy-videos.ts'

const receiver = await Receiver.open()
const gateway = await openGateway({ entry: CLOCKED, vars: LOOPBACK, simVars: { JOB_MS: '-1' } })
await stopClock(gateway)
afterAll(async () => {
  await gateway.dispose()
  await receiver.close()
})

const GENERATE = '/heygen/v2/video/generate'
const LIST = '/heygen/v1/video.list'
let own: Gateway
let email = ''
let number = 0

/** Each test has a tenant with one account, which still has the older API. */
beforeEach(async () => {
  number += 1
  await gateway.sim.clearFaults()
  own = gateway.as((await gateway.newToken()).token)
  email = await own.addAccount(`ann${number}`, 3)
})

const body = (more: object = {}) => ({
  video_inputs: [sceneOf('Abigail_expressive_2024112501')],
  ...more,
})
const generate = (more: object = {}, headers: Record<string, string> = {}) =>
  own.post(GENERATE, body(more), headers)
const sunset = (how: unknown) => gateway.sim.control('POST', '/accounts', { email, sunset: how })
const started = async () => (await gateway.sim.account(email)).jobsStarted
const jobOf = (answer: Response) => answer.headers.get('x-gateway-job')
const isCarried = (answer: Response) => answer.headers.has('x-gateway-carried')
const key = (text: string) => ({ 'idempotency-key': text })

/** Two free questions, ten minutes apart. */
async function end(): Promise<void> {
  await sunset('404-json')
  expect((await own.fetch(LIST)).status).toBe(404)
  await pass(gateway, 12 * MINUTE)
  expect(isCarried(await own.fetch(LIST))).toBe(true)
}

test('a key under which v2 made a video replays it after HeyGen has ended v2, and starts nothing [I4]', async () => {
  const first = await generate({}, key('order'))
  expect([first.status, isCarried(first)]).toEqual([200, false])
  const text = await first.text()
  await end()
  const again = await generate({}, key('order'))
  expect([again.status, await again.text(), jobOf(again)]).toEqual([200, text, jobOf(first)])
  expect([await started(), await own.heldSlots()]).toEqual([1, 1])
})

test('a v2 creation of unknown outcome, repeated after HeyGen has ended v2, joins it and starts nothing [I4]', async () => {
  await sunset('404-json')
  expect((await own.fetch(LIST)).status).toBe(404)
  await sunset(false)
  await pass(gateway, 6 * MINUTE)
  const { sim } = gateway
  await sim.fault({ match: { path: '/v2/video/generate' }, times: 1, effect: { reset: 'after' } })
  for (const path of ['/v1/video.list', '/v3/videos'])
    await sim.fault({ match: { method: 'GET', path }, effect: { status: 503 } })
  const first = await generate({ title: 'Lost' })
  expect([first.status, isCarried(first), await started()]).toEqual([424, false, 1])
  await sunset('404-json')
  await pass(gateway, 5 * MINUTE)
  await sim.clearFaults()
  const again = await generate({ title: 'Lost' })
  expect(again.headers.get('x-gateway-joined')).toBe(first.headers.get('x-request-id'))
  expect([again.status, await started()]).toEqual([424, 1])
})

test('a creation that HeyGen answers with 410 is carried at once: one job, one slot, also under a key [I1, I4]', async () => {
  await sunset('410')
  const first = await generate({}, key('gone'))
  expect([first.status, isCarried(first)]).toEqual([200, true])
  const again = await generate({}, key('gone'))
  expect([again.status, await again.text()]).toEqual([200, await first.text()])
  expect([await started(), await own.heldSlots()]).toEqual([1, 1])
  const other = await generate()
  expect([other.status, isCarried(other)]).toEqual([200, true])
  expect([await started(), await own.heldSlots()]).toEqual([2, 2])
})

test('a video that v2 made is polled as before after HeyGen has ended v1, its end is told once, and its slot comes back [I2, I3]', async () => {
  const target = `/told-${number}`
  const first = await generate({ callback_url: receiver.url + target, callback_id: 'mine' })
  const id = jobOf(first)
  await end()
  const poll = async () => {
    const answer = await own.fetch(`/heygen/v1/video_status.get?video_id=${id}`)
    expect([answer.status, isCarried(answer)]).toEqual([200, true])
    return ((await answer.json()) as { data: { status: string } }).data.status
  }
  expect(['pending', 'waiting', 'processing']).toContain(await poll())
  expect(await own.heldSlots()).toBe(1)
  await gateway.sim.finishJobs()
  await untilMoved(own, async () => (await own.heldSlots()) === 0)
  const [told] = await receiver.heard(target)
  expect(JSON.parse(told?.body ?? '')).toMatchObject({
    event_type: 'avatar_video.success',
    event_data: { video_id: id, callback_id: 'mine' },
  })
  expect(await poll()).toBe('completed')
  await pass(gateway, 10 * MINUTE)
  expect(receiver.posts(target)).toHaveLength(1)
})

// Its kind in npm test: the test above.
testFull(
  'a video that v2 made keeps its slot while it runs and gives it back, also if no event comes and nobody polls [I1, I2]',
  async () => {
    await gateway.sim.settings({ webhooks: 'off' })
    await generate()
    await end()
    await pass(gateway, 60 * MINUTE)
    expect(await own.heldSlots()).toBe(1)
    await gateway.sim.finishJobs()
    await untilMoved(own, async () => (await own.heldSlots()) === 0)
    await gateway.sim.settings({ webhooks: 'auto' })
  }
)
