import { afterAll, beforeEach, expect, test } from 'vitest'
import { oneOfEach } from '../../support/full.ts'
import { ALL, pardonAll, parkedOf, parkedScopes } from '../../support/scenes/blamed.ts'
import { advance, CLOCKED, MINUTE, SECOND, stopClock } from '../../support/clock/clock.ts'
import { openGateway } from '../../support/gateway.ts'
import {
  addKling,
  keysOf,
  klingRequests,
  makeKling,
  TEXT2VIDEO,
} from '../../support/scenes/kling.ts'

/** Who is at fault at Kling (decision 0028): three accounts, each with a key pair and an API key, all good. */
const gateway = await openGateway({ simVars: { JOB_MS: '1' }, entry: CLOCKED })
afterAll(() => gateway.dispose())
await stopClock(gateway)
for (const name of ALL) await addKling(gateway, name, { maxJobs: 9 })

const T2V = '/kling/v1/videos/text2video'
const IMAGES = '/kling/v1/images/generations'
const SPEECH = { text: 'Hello', voice_id: 'oversea_male1', voice_language: 'en' }
const FULL = { video: null, image: null, try_on: null }

beforeEach(async () => {
  for (const name of ALL) await makeKling(gateway, name, { refuseWith: null, units: FULL })
  await advance(gateway, 6 * MINUTE)
  await pardonAll(gateway, 'kling')
  await gateway.sim.forgetRequests()
})

const named = (name: string) => ({ 'x-gateway-account': `${name}@example.com` })
const parked = () => parkedScopes(gateway, 'kling')
const makeTask = (headers: Record<string, string> = {}, more: object = {}) =>
  gateway.post(T2V, { ...TEXT2VIDEO, ...more }, headers)

async function proofs(name: string): Promise<number> {
  const seen = await klingRequests(gateway)
  const email = `${name}@example.com`
  return seen.filter(({ path, account }) => path === '/account/costs' && account === email).length
}

async function expectAllServe(): Promise<void> {
  for (const name of ALL) {
    expect((await makeTask(named(name))).status).toBe(200)
    const read = await gateway.fetch(`${T2V}?pageNum=1&pageSize=1`, { headers: named(name) })
    expect(read.status).toBe(200)
  }
}

/** Codes 1000 to 1004 are about the credential, 1101 and 1102 about money. */
function kindOfCode(code: number): string {
  if (code < 1100) return 'credential'
  return code === 1101 || code === 1102 ? 'money' : String(code)
}

test.each(oneOfEach([1000, 1001, 1002, 1003, 1004, 1100, 1304, 1101, 1102], kindOfCode))(
  'refusal %i of one creation takes no account out, and Kling’s own answer is given',
  async (code) => {
    await gateway.sim.fault({
      match: { method: 'POST', path: '/v1/videos/text2video' },
      effect: { code },
    })
    for (const name of [...ALL, ...ALL, undefined]) {
      const answer = await makeTask(name === undefined ? {} : named(name))
      expect(await answer.json()).toMatchObject({ code })
      expect(answer.headers.get('x-gateway-error')).toBeNull()
    }
    for (const name of ALL) expect(await proofs(name)).toBe(1)
    expect(await parked()).toEqual([])
    await gateway.sim.clearFaults()
    await expectAllServe()
  }
)

test.each([1002, 1100])('refusal %i of one read takes no account out either', async (code) => {
  await gateway.sim.fault({
    match: { method: 'GET', path: '/v1/general/to-come' },
    effect: { code },
  })
  for (const name of [...ALL, ...ALL]) {
    const answer = await gateway.fetch('/kling/v1/general/to-come', { headers: named(name) })
    expect(await answer.json()).toMatchObject({ code })
  }
  expect(await parked()).toEqual([])
})

test('a revoked key is parked within one call with what it is used for, and comes back by itself', async () => {
  const { accessKey } = keysOf('a')
  await makeKling(gateway, 'a', { accessKey, secretKey: 'another-secret-key-0000' })
  const answer = await makeTask(named('a'))
  expect([answer.status, answer.headers.get('x-gateway-error')]).toEqual([
    503,
    'account_unavailable',
  ])
  expect(await parked()).toEqual(['a key:accessKey'])
  // The API key is good, and so are the calls that go with it.
  const ids = { headers: named('a') }
  expect((await gateway.fetch('/kling/tasks?task_ids=0', ids)).status).toBe(200)
  for (let round = 0; round < 6; round += 1)
    expect((await makeTask()).headers.get('x-gateway-account')).not.toBe('a@example.com')
  await makeKling(gateway, 'a')
  await advance(gateway, 61 * SECOND)
  expect(await parked()).toEqual([])
  expect((await makeTask(named('a'))).status).toBe(200)
})

test.each([
  [1100, 'all', 'blocked'],
  [1304, 'all', 'blocked'],
])(
  'an account that Kling refuses with %i everywhere is parked and comes back by itself',
  async (code, scope, reason) => {
    await makeKling(gateway, 'a', { refuseWith: code })
    expect((await makeTask(named('a'))).status).toBe(503)
    const [parking] = await parkedOf(gateway, 'a', 'kling')
    expect(parking).toMatchObject({ scope, reason })
    await makeKling(gateway, 'a', { refuseWith: null })
    await advance(gateway, 61 * SECOND)
    expect(await parked()).toEqual([])
  }
)

test('where Kling refuses every key, nothing is parked for longer than a minute', async () => {
  await gateway.sim.fault({ effect: { code: 1002 } })
  for (let minute = 0; minute < 6; minute += 1) {
    for (const name of ALL) await makeTask(named(name))
    await advance(gateway, 47 * SECOND)
  }
  await gateway.sim.clearFaults()
  await advance(gateway, 1 * MINUTE + 1 * SECOND)
  expect(await parked()).toEqual([])
  await expectAllServe()
})

test('a pack that is too small for one job still pays smaller ones; an empty one parks what it pays', async () => {
  await makeKling(gateway, 'a', { units: { video: 3 } })
  const dear = await makeTask(named('a'), { duration: '10' })
  expect(await dear.json()).toMatchObject({ code: 1102 })
  expect(await parked()).toEqual([])
  await makeKling(gateway, 'a', { units: { video: 0 } })
  await advance(gateway, 61 * SECOND)
  const empty = await makeTask(named('a'))
  expect(await empty.json()).toMatchObject({ code: 1102 })
  expect(empty.headers.get('x-gateway-parked')).toContain('meter:video; reason=credit; until=20')
  expect(await parked()).toEqual(['a meter:video'])
  expect((await gateway.post(IMAGES, { ...TEXT2VIDEO, n: 1 }, named('a'))).status).toBe(200)
})

test('an account in arrears with no pack that pays is parked for jobs, and still reads', async () => {
  await makeKling(gateway, 'a', { refuseWith: 1101, payment: 'cash' })
  expect(await (await makeTask(named('a'))).json()).toMatchObject({ code: 1101 })
  expect(await parked()).toEqual(['a jobs'])
  const read = await gateway.fetch(`${T2V}?pageNum=1&pageSize=1`, { headers: named('a') })
  expect(read.status).toBe(200)
  await makeKling(gateway, 'a', { refuseWith: null, payment: 'unit' })
})

test('too many calls of speech park speech, a concurrency that is used up parks nothing', async () => {
  await gateway.sim.fault({ match: { path: '/v1/audio/tts' }, effect: { code: 1302 } })
  await gateway.post('/kling/v1/audio/tts', SPEECH, named('a'))
  expect(await parked()).toEqual(['a row:POST /v1/audio/tts'])
  expect((await makeTask(named('a'))).status).toBe(200)
  await gateway.sim.fault({ match: { path: '/v1/videos/text2video' }, effect: { code: 1303 } })
  await makeTask(named('b'))
  expect(await parked()).toEqual(['a row:POST /v1/audio/tts'])
})
