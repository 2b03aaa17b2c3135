/** A queued creation is sealed. Its key may be rotated while it waits. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { advance, SECOND } from '../../support/clock/clock.ts'
import { until } from '../../support/gateway.ts'
import { Receiver } from '../../support/receiver.ts'
import { K1, K2, Rotating } from '../../support/scenes/rotation.ts'

let receiver: Receiver
let rotating: Rotating

beforeAll(async () => {
  receiver = await Receiver.open()
  rotating = await Rotating.open(receiver)
})
afterAll(async () => {
  await rotating.dispose()
  await receiver.close()
})

test('what was queued under a former key starts after a pass, when that key is gone', async () => {
  const title = 'queued under the former key'
  await rotating.gateway.addAccount('rotated', 1)
  const running = await rotating.gateway.createVideo({ title: 'runs' })
  expect(running.status, await running.clone().text()).toBe(200)
  const id = running.headers.get('x-gateway-job') ?? ''
  const queued = await rotating.gateway.createVideo({ title }, { prefer: 'respond-async' })
  expect(queued.status, await queued.clone().text()).toBe(202)
  await rotating.openWith(`${K2},${K1}`)
  const { resealed } = await rotating.reseal()
  expect(resealed['queuedBodies']).toBe(1)
  await rotating.openWith(K2)
  const { gateway, simulator } = rotating
  await simulator.control('POST', `/jobs/${id}`, { status: 'completed' })
  expect((await gateway.fetch(`/heygen/v3/videos/${id}`)).status).toBe(200)
  const found = await until(async () => {
    await advance(gateway, 10 * SECOND)
    const { jobs } = await simulator.state()
    return jobs.find((job) => (job as { title?: string }).title === title)
  })
  expect(found.account).toBe('rotated@example.com')
}, 60_000)
