/** Accounts' objects have copies of the secrets that sign deliveries. A rotation of master keys waits for them. */
import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { MINUTE } from '../../support/clock/clock.ts'
import { addEndpoint, hookOf } from '../../support/scenes/hooked.ts'
import { Receiver } from '../../support/receiver.ts'
import { createOn, finish, K1, K2, Rotating } from '../../support/scenes/rotation.ts'

let receiver: Receiver
let rotating: Rotating
let secret = ''
const it = () => rotating.gateway

beforeAll(async () => {
  receiver = await Receiver.open()
  rotating = await Rotating.open(receiver, K1, 'test/support/workers/events/pushes-worker.ts')
  await it().addAccount('a', 9, { examples: false })
  await hookOf(it(), 'a')
  await addEndpoint(it(), `${receiver.url}/endpoint`)
  const shown = await it().fetch('/heygen/v1/webhook/endpoint.list')
  const { data } = (await shown.json()) as { data: { secret: string }[] }
  secret = data[0]?.secret ?? ''
})
afterAll(async () => {
  await rotating.dispose()
  await receiver.close()
})

async function pushesAre(manner: object): Promise<void> {
  await fetch(`${it().url}/__pushes`, { method: 'POST', body: JSON.stringify(manner) })
}

test('while an account has not taken the secrets of the new key, no pass is clean', async () => {
  await rotating.openWith(`${K2},${K1}`)
  await pushesAre({ isLost: true })
  expect(await rotating.reseal()).toMatchObject({ resealed: { endpointSecrets: 1 } })
  await rotating.advance(11 * MINUTE)
  expect(await rotating.reseal()).toMatchObject({
    status: 'waiting',
    resealed: {},
    waitsFor: { copies: 1 },
  })
  await pushesAre({})
  await rotating.advance(11 * MINUTE)
  expect(await rotating.reseal()).toMatchObject({ status: 'aging', waitsFor: { copies: 0 } })
})

test('without the old key, a delivery to an endpoint is signed from the copy [I6]', async () => {
  await rotating.openWith(K2)
  const created = await createOn(it(), 'a')
  await finish(it(), created.headers.get('x-gateway-job') ?? '')
  const [told] = await receiver.heard('/endpoint')
  const signature = createHmac('sha256', secret)
    .update(told?.body ?? '')
    .digest('hex')
  expect(told?.headers['signature']).toBe(signature)
})
