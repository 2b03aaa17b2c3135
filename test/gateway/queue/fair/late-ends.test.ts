/** Events that are lost, late or early while more waits for the slot, over HTTP. */
import { afterEach, expect, test } from 'vitest'
import {
  advance,
  CLOCKED,
  MINUTE,
  SECOND,
  stopped,
  untilMoved,
} from '../../../support/clock/clock.ts'
import { until, type Gateway } from '../../../support/gateway.ts'
import { gatewaysOfTests } from '../../../support/gateways-of-tests.ts'
import { PlayedJobs, queueTitles } from '../../../support/queue/played-jobs.ts'
import { queueVideo, startedTitles, wordOf } from '../../../support/queue/videos.ts'
import { Receiver } from '../../../support/receiver.ts'
import { openHooked } from '../../../support/scenes/hooked.ts'

const open = gatewaysOfTests()
const receivers: Receiver[] = []
afterEach(() => Promise.all(receivers.splice(0).map((receiver) => receiver.close())))

async function openPool(slots: number): Promise<{ gateway: Gateway; receiver: Receiver }> {
  const gateway = await stopped(
    openHooked(open, { accounts: { x: slots }, entry: CLOCKED, simVars: { JOB_MS: '-1' } })
  )
  const receiver = await Receiver.open()
  receivers.push(receiver)
  return { gateway, receiver }
}

interface Told {
  event_id: string
  event_data: { video_id: string }
}

function toldOf(receiver: Receiver, name: string): Told[] {
  const all = receiver.posts('/told').map(({ body }) => JSON.parse(body) as Told)
  return all.filter(({ event_data }) => event_data.video_id === name)
}

test('an event that comes late costs a slot the time of one more job at most, and when it comes it frees nothing and tells nothing again [I1, I3]', async () => {
  const { gateway, receiver } = await openPool(1)
  const jobs = new PlayedJobs(gateway, () => MINUTE)
  const reply = { 'x-gateway-reply-url': `${receiver.url}/told` }
  await queueTitles(gateway, ['first', 'second'])
  await jobs.started(1)
  // From the ends of these the account knows how long a job takes.
  await jobs.play(2)
  const name = await queueVideo(gateway, 'late', reply)
  await jobs.play(3)
  await queueTitles(gateway, ['next', 'last'])
  await gateway.sim.settings({ webhooks: 'held' })
  await jobs.end()
  await gateway.sim.settings({ webhooks: 'auto' })
  await advance(gateway, 45 * SECOND)
  expect(await jobs.look()).toBe(3)
  // Twice the usual time is over in 15 s, and the desk looks every 30 s.
  await untilMoved(gateway, async () => (await jobs.look()) === 4, 45 * SECOND)
  await until(async () => toldOf(receiver, name).length === 1)
  const sent = await gateway.sim.control<{ lastStatus: number }[]>('POST', '/webhooks', {})
  expect(sent.map(({ lastStatus }) => lastStatus)).toEqual([204])
  await advance(gateway, 31 * SECOND)
  expect(await gateway.heldSlots()).toBe(1)
  expect(await jobs.look()).toBe(4)
  expect(toldOf(receiver, name)).toHaveLength(1)
  await jobs.play(5)
  expect(jobs.starts.map(({ title }) => title)).toEqual(['first', 'second', 'late', 'next', 'last'])
  expect((await gateway.sim.account('x@example.com')).maxInFlight).toBe(1)
})

test('an event that comes before the answer to its start ends the queued job under its name, and the next one starts [I3, I4]', async () => {
  const { gateway, receiver } = await openPool(1)
  await queueTitles(gateway, ['first'])
  await until(async () => (await startedTitles(gateway)).length === 1)
  const reply = { 'x-gateway-reply-url': `${receiver.url}/told` }
  const name = await queueVideo(gateway, 'early', reply)
  await advance(gateway, SECOND)
  await queueTitles(gateway, ['next'])
  await gateway.sim.settings({ earlyRate: 1 })
  await gateway.sim.finishJobs()
  await until(async () => (await startedTitles(gateway)).length === 3)
  await until(async () => toldOf(receiver, name).length > 0)
  await advance(gateway, 20 * SECOND)
  expect(await wordOf(gateway, name)).toBe('completed')
  await until(async () => (await gateway.heldSlots()) === 0)
  await advance(gateway, 31 * SECOND)
  expect(toldOf(receiver, name)).toHaveLength(1)
  expect(await startedTitles(gateway)).toEqual(['first', 'early', 'next'])
})
