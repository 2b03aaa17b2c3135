/** More of avatars.test.ts: outcomes that are not known. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openGateway, until, type Gateway } from '../../../support/gateway.ts'
import {
  addGroup,
  call,
  creationsSent,
  paid,
} from '../../../support/scenes/legacy/legacy-avatars.ts'

let gateway: Gateway

beforeAll(async () => {
  const vars = { LEGACY: 'bridge' }
  gateway = await openGateway({ accounts: { alice: 5 }, simAccount: { sunset: true }, vars })
  await addGroup(gateway.sim, 'alice', 'group-a', [{ id: 'look-a' }])
})
afterAll(() => gateway.dispose())

const post = (path: string, body: unknown) => call(gateway, 'POST', `/v2${path}`, body)

test('a repeat of a creation whose answer was lost makes nothing, and answers as the older API does', async () => {
  await gateway.sim.fault({
    match: { method: 'POST', path: '/v3/avatars' },
    times: 1,
    effect: { reset: 'after' },
  })
  const body = { name: 'Ana', image_key: 'old/key.png' }
  const first = await post('/photo_avatar/avatar_group/create', body)
  console.log(first.status, JSON.stringify(first.body))
  const again = await post('/photo_avatar/avatar_group/create', body)
  console.log(again.status, again.headers.get('x-gateway-joined'), JSON.stringify(again.body))
  console.log((await paid(gateway.sim)).usd, (await creationsSent(gateway.sim)).length)
})

test('a lost answer in the middle of several pictures: no picture is made twice', async () => {
  await gateway.sim.forgetRequests()
  await gateway.sim.control('DELETE', '/bill')
  await gateway.sim.fault({
    match: { method: 'POST', path: '/v3/avatars' },
    times: 1,
    effect: { latencyMs: 1 },
  })
  await gateway.sim.fault({
    match: { method: 'POST', path: '/v3/avatars' },
    times: 1,
    effect: { reset: 'after' },
  })
  const body = { name: 'Ana', group_id: 'group-a', image_keys: ['old/k1.png', 'old/k2.png'] }
  const first = await post('/photo_avatar/avatar_group/add', body)
  console.log(first.status, JSON.stringify(first.body))
  const again = await post('/photo_avatar/avatar_group/add', body)
  console.log(again.status, again.headers.get('x-gateway-joined'), JSON.stringify(again.body))
  console.log((await paid(gateway.sim)).usd, (await creationsSent(gateway.sim)).length)
})
