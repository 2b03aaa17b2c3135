/** A person asks whether an account works now, and what that changes. */
import { afterAll, beforeEach, expect, test } from 'vitest'
import { advance, CLOCKED, SECOND, stopClock } from '../../support/clock/clock.ts'
import { openGateway } from '../../support/gateway.ts'
import { parkedScopes, pardonAll, proofsOf, v3 } from '../../support/scenes/blamed.ts'
import { addKling, keysOf, makeKling } from '../../support/scenes/kling.ts'
import { operatorCall } from '../../support/scenes/operator.ts'

const gateway = await openGateway({
  entry: CLOCKED,
  accounts: { a: 2, b: 2, c: 2 },
  simVars: { JOB_MS: '-1' },
})
afterAll(() => gateway.dispose())
await stopClock(gateway)

const PATH = '/v1/heygen/accounts/a@example.com/test'

interface Tested {
  ok: boolean
  at: string
  ms: number
  status?: number
  error?: string
  balance?: { amount: number; unit: string }
  lifted: string[]
  parked: { scope: string; reason: string }[]
}

async function tryIt(path = PATH): Promise<Tested> {
  const answer = await gateway.post(path, {})
  expect(answer.status, await answer.clone().text()).toBe(200)
  return (await answer.json()) as Tested
}

async function auditOf(action: string): Promise<Record<string, unknown>[]> {
  const answer = await gateway.fetch('/v1/audit?limit=500')
  const { lines } = (await answer.json()) as { lines: Record<string, unknown>[] }
  return lines.filter((line) => line['action'] === action)
}

function keyOfA(key = 'sk_test_a') {
  return gateway.sim.addAccount('a@example.com', key)
}

beforeEach(async () => {
  await keyOfA()
  await pardonAll(gateway)
  await advance(gateway, 10 * SECOND)
  await gateway.sim.forgetRequests()
})

test('a good account is said to be good, with its balance, and nothing changes', async () => {
  const before = await auditOf('account.tested')
  const tested = await tryIt()
  expect(tested).toMatchObject({ ok: true, status: 200, lifted: [], parked: [] })
  expect(tested).not.toHaveProperty('error')
  expect(tested.balance?.unit).toBeTypeOf('string')
  expect(await auditOf('account.tested')).toEqual(before)
})

test('a refused credential parks the account, is said in words, and one audit line tells it', async () => {
  const before = await auditOf('account.tested')
  await keyOfA('sk_test_other')
  const tested = await tryIt()
  expect(tested).toMatchObject({ ok: false, status: 401, lifted: [] })
  expect(tested.error).toContain('refuses the credential')
  expect(tested.parked).toMatchObject([{ scope: 'all', reason: 'credential' }])
  expect(await parkedScopes(gateway)).toEqual(['a all'])
  await advance(gateway, 6 * SECOND)
  expect((await tryIt()).ok).toBe(false)
  const lines = await auditOf('account.tested')
  expect(lines.length).toBe(before.length + 1)
  expect(lines[0]).toMatchObject({ subject: 'a@example.com', detail: { parked: ['all'] } })
})

test('a good answer ends the parking for a bad credential at once, and one for another reason stays', async () => {
  await keyOfA('sk_test_other')
  await tryIt()
  await gateway.sim.fault({
    match: { path: '/v3/videos', method: 'POST', account: 'a@example.com' },
    times: 1,
    effect: { status: 429, body: v3('rate_limit_exceeded') },
  })
  await keyOfA()
  await advance(gateway, 6 * SECOND)
  const tested = await tryIt()
  expect(tested).toMatchObject({ ok: true, lifted: ['all'], parked: [] })
  const onA = { 'x-gateway-account': 'a@example.com' }
  expect((await gateway.createVideo({}, onA)).status).toBe(429)
  const scopes = await parkedScopes(gateway)
  expect(scopes.length).toBe(1)
  await advance(gateway, 6 * SECOND)
  const again = await tryIt()
  expect(again).toMatchObject({ ok: true, lifted: [] })
  expect(again.parked.length).toBe(1)
  expect(await parkedScopes(gateway)).toEqual(scopes)
})

test('many tests at once and within five seconds ask the provider once', async () => {
  const answers = await Promise.all(Array.from({ length: 6 }, () => tryIt()))
  expect(new Set(answers.map(({ at }) => at)).size).toBe(1)
  await advance(gateway, 4 * SECOND)
  expect((await tryIt()).at).toBe(answers[0]?.at)
  const asked = await proofsOf(gateway, 'a')
  // The test, and the free read of the balance.
  expect(asked).toBeLessThanOrEqual(2)
  await advance(gateway, 2 * SECOND)
  expect((await tryIt()).at).not.toBe(answers[0]?.at)
  expect(await proofsOf(gateway, 'a')).toBeGreaterThan(asked)
})

test('a provider that does not answer changes nothing, and the words say so', async () => {
  await gateway.sim.fault({ match: { path: '/v3/users/me' }, effect: { status: 503 } })
  const tested = await tryIt()
  expect(tested).toMatchObject({ ok: false, status: 503, parked: [] })
  expect(tested.error).toContain('Nothing was changed')
  expect(await parkedScopes(gateway)).toEqual([])
})

test('each credential of an account is tested, and the bad one is named', async () => {
  await addKling(gateway, 'k')
  const { accessKey } = keysOf('k')
  await makeKling(gateway, 'k', { accessKey, secretKey: 'another-secret-key-0000' })
  const path = '/v1/kling/accounts/k@example.com/test'
  const tested = await tryIt(path)
  expect(tested.ok).toBe(false)
  expect(tested.error).toMatch(/^accessKey: /)
  expect(tested.parked).toMatchObject([{ scope: 'key:accessKey' }])
  await makeKling(gateway, 'k')
  await advance(gateway, 6 * SECOND)
  expect(await tryIt(path)).toMatchObject({ ok: true, lifted: ['key:accessKey'], parked: [] })
})

test('a token that may only use cannot test, an unknown account is 404, and the operator may test', async () => {
  const { id } = (await (await gateway.fetch('/v2/account')).json()) as { id: string }
  const use = gateway.as((await gateway.newToken({ tenant: id, scope: 'use' })).token)
  expect((await use.post(PATH, {})).status).toBe(403)
  expect((await gateway.post('/v1/heygen/accounts/no@example.com/test', {})).status).toBe(404)
  const stranger = gateway.as((await gateway.newToken({ tenant: 'stranger' })).token)
  expect((await stranger.post(PATH, {})).status).toBe(404)
  await keyOfA('sk_test_other')
  const answer = await operatorCall(gateway, id)('POST', PATH)
  expect(await answer.json()).toMatchObject({ ok: false })
  expect((await auditOf('account.tested'))[0]).toMatchObject({ by: 'operator' })
})
