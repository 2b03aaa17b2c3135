/** Master keys change while creations wait in the line: their bodies are sealed. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { MINUTE, SECOND } from '../../support/clock/clock.ts'
import { until } from '../../support/gateway.ts'
import { queueVideo, startedTitles, wordOf } from '../../support/queue/started.ts'
import { Receiver } from '../../support/receiver.ts'
import { K1, K2, Rotating } from '../../support/scenes/rotation.ts'

let rotating: Rotating
let receiver: Receiver
let names: string[]
const it = () => rotating.gateway

beforeAll(async () => {
  receiver = await Receiver.open()
  rotating = await Rotating.open(receiver)
  await it().addAccount('rotated', 1)
  await queueVideo(it(), 'runs')
  await until(async () => (await startedTitles(it())).length === 1)
  names = [await queueVideo(it(), 'next'), await queueVideo(it(), 'last')]
})
afterAll(async () => {
  await rotating.dispose()
  await receiver.close()
})

test('a key that is taken out too early ends nothing that waits: it goes on when the key is back', async () => {
  await rotating.openWith(K2)
  // Without the key nobody can ask whether the job has ended. So its slot is freed by hand.
  const [job] = (await it().sim.state()).jobs
  const free = `/v1/heygen/scheduler/${job?.id}?force=true`
  expect((await it().fetch(free, { method: 'DELETE' })).status).toBe(204)
  for (let n = 0; n < 8; n += 1) await rotating.advance(30 * SECOND)
  expect(await startedTitles(it())).toEqual(['runs'])
  await rotating.openWith(`${K2},${K1}`)
  for (const name of names) expect(await wordOf(it(), name)).not.toBe('failed')
})

test('bodies that wait are sealed anew, and start when the old key is gone [I6]', async () => {
  const pass = await rotating.reseal()
  expect(pass.resealed['queuedBodies']).toBeGreaterThanOrEqual(1)
  await rotating.openWith(K2)
  for (let n = 0; n < 30 && (await startedTitles(it())).length < 3; n += 1) {
    await it().sim.finishJobs()
    await rotating.advance(MINUTE)
  }
  expect((await startedTitles(it())).toSorted()).toEqual(['last', 'next', 'runs'])
})
