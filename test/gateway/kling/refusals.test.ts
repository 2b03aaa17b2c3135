/** What a refusal of Kling parks, and where the creation goes on. */
import { expect, test } from 'vitest'
import { gatewaysOfTests } from '../../support/gateways-of-tests.ts'
import {
  addKling,
  held,
  IMAGES,
  klingRequests,
  T2V,
  TEXT2VIDEO,
  withLongTasks,
} from '../../support/scenes/kling.ts'

const openGateway = withLongTasks(gatewaysOfTests())
const SPEECH = { text: 'Hello', voice_id: 'oversea_male1', voice_language: 'en' }

test('concurrency that others use up sends a creation on to the next account, and parks nothing', async () => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann', { sim: { concurrency: 0 } })
  await addKling(gateway, 'bob')
  for (let index = 0; index < 4; index += 1) {
    const answer = await gateway.post(T2V, TEXT2VIDEO)
    expect(answer.headers.get('x-gateway-account')).toBe('bob@example.com')
  }
  const { available } = (await (await gateway.fetch('/v1/kling/scheduler/available')).json()) as {
    available: object[]
  }
  expect(available).toContainEqual({
    email: 'ann@example.com',
    maxJobs: 5,
    executing: 0,
    available: 5,
  })
})

test('a pack that is used up parks the account for what it pays, and for nothing else', async () => {
  const gateway = await openGateway()
  const ann = await addKling(gateway, 'ann', { sim: { units: { video: 0 } } })
  await addKling(gateway, 'bob')
  const named = { 'X-Gateway-Account': ann }
  const refused = await gateway.post(T2V, TEXT2VIDEO, named)
  expect([refused.status, await refused.json()]).toMatchObject([429, { code: 1102 }])
  const view = await (await gateway.fetch(`/v1/kling/accounts/${ann}`)).json()
  expect(view).toMatchObject({ parked: [{ scope: 'meter:video', reason: 'credit' }] })
  for (let index = 0; index < 4; index += 1) {
    const answer = await gateway.post(T2V, TEXT2VIDEO)
    expect(answer.headers.get('x-gateway-account')).toBe('bob@example.com')
  }
  expect((await gateway.post(IMAGES, { ...TEXT2VIDEO, n: 2 }, named)).status).toBe(200)
})

test.each([
  [1100, 'all', 'blocked'],
  [1304, 'all', 'blocked'],
])('refusal %i parks the account, and the next one serves', async (code, scope, reason) => {
  const gateway = await openGateway()
  const ann = await addKling(gateway, 'ann')
  await addKling(gateway, 'bob')
  const more = { provider: 'kling', email: ann, refuseWith: code }
  await gateway.sim.control('POST', '/accounts', more)
  const refused = await gateway.post(T2V, TEXT2VIDEO, { 'X-Gateway-Account': ann })
  expect([refused.status, (await refused.json()) as unknown]).toEqual([
    503,
    expect.objectContaining({ code: 5001, message: expect.stringContaining('parked until') }),
  ])
  const view = await (await gateway.fetch(`/v1/kling/accounts/${ann}`)).json()
  expect(view).toMatchObject({ parked: [{ scope, reason }] })
  for (let index = 0; index < 5; index += 1) {
    const answer = await gateway.post(T2V, TEXT2VIDEO)
    expect(answer.headers.get('x-gateway-account')).toBe('bob@example.com')
  }
})

test('a refusal that is the client’s own passes through and frees the slot', async () => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann')
  await addKling(gateway, 'bob')
  await gateway.sim.fault({ match: { method: 'POST' }, effect: { code: 1301 } })
  await gateway.sim.forgetRequests()
  const answer = await gateway.post(T2V, TEXT2VIDEO)
  expect(answer.status).toBe(400)
  expect(answer.headers.get('x-gateway-error')).toBeNull()
  expect(await answer.json()).toMatchObject({ code: 1301 })
  expect(await klingRequests(gateway)).toHaveLength(1)
  expect(await held(gateway)).toBe(0)
})

test('accounts whose video pack is used up are not asked for speech again, so the one that has some serves', async () => {
  const gateway = await openGateway()
  for (const name of ['ann', 'bob', 'cid', 'dan']) {
    const account = await addKling(gateway, name, { sim: { units: { video: 0 } } })
    const effect = { code: 1102 }
    await gateway.sim.fault({ match: { account, path: '/v1/audio/tts' }, effect })
  }
  const rich = await addKling(gateway, 'eve')
  for (const name of ['ann', 'bob', 'cid', 'dan']) {
    const headers = { 'X-Gateway-Account': `${name}@example.com` }
    expect((await gateway.post('/kling/v1/audio/tts', SPEECH, headers)).status).toBe(429)
  }
  await gateway.sim.forgetRequests()
  for (let index = 0; index < 6; index += 1) {
    const answer = await gateway.post('/kling/v1/audio/tts', SPEECH)
    expect([answer.status, answer.headers.get('x-gateway-account')]).toEqual([200, rich])
  }
  expect(await klingRequests(gateway)).toHaveLength(6)
})
