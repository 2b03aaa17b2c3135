import { expect, test } from 'vitest'
import { until, type Gateway } from '../../support/gateway.ts'
import { gatewaysOfTests } from '../../support/gateways-of-tests.ts'
import { testFull } from '../../support/full.ts'

const gatewayWith = gatewaysOfTests()

const LONG = { simVars: { JOB_MS: '600000' } }
const on = (
  account: string,
  effect: Record<string, unknown>,
  match: Record<string, unknown> = {}
) => ({
  match: { account: `${account}@example.com`, ...match },
  effect,
})
const v3 = (code: string) => ({ error: { code, message: code, param: null, doc_url: null } })

async function parkedOf(
  gateway: Gateway,
  name: string
): Promise<{ reason: string; until: string }[]> {
  const view = await gateway.fetch(`/v1/heygen/accounts/${name}@example.com`)
  return ((await view.json()) as { parked?: { reason: string; until: string }[] }).parked ?? []
}

/**
 * Creations that `b` serves, until one came to `a` before or a question about its ids had `a` parked: accounts are drawn
 * at random. Their slots are freed, so that `b` has room for all.
 */
async function createUntilRefusedByA(gateway: Gateway): Promise<void> {
  await gateway.sim.forgetRequests()
  for (let round = 0; round < 100; round += 1) {
    const created = await gateway.createVideo()
    expect([created.status, created.headers.get('x-gateway-account')]).toEqual([
      200,
      'b@example.com',
    ])
    const path = `/v1/heygen/scheduler/${created.headers.get('x-gateway-job')}?force=true`
    expect((await gateway.fetch(path, { method: 'DELETE' })).status).toBe(204)
    const seen = await gateway.sim.requests()
    if (seen.some((one) => one.method === 'POST' && one.account === 'a@example.com')) return
    if ((await parkedOf(gateway, 'a')).length > 0) return
  }
  throw new Error('no creation came to a')
}

// Of its kind in `npm test`: accounts/what-a-limit-parks.test.ts
testFull(
  'a creation that one account refuses with 429 goes to another, and the first is parked until Retry-After',
  async () => {
    const gateway = await gatewayWith({ accounts: { a: 9, b: 9 }, ...LONG })
    const busy = { status: 429, body: v3('rate_limit_exceeded'), headers: { 'retry-after': '40' } }
    await gateway.sim.fault(on('a', busy, { method: 'POST' }))
    const began = Date.now()
    await createUntilRefusedByA(gateway)
    const [parking] = await parkedOf(gateway, 'a')
    const parkedUntil = Date.parse(parking?.until ?? '')
    expect(parking?.reason).toBe('busy')
    expect(parkedUntil).toBeGreaterThanOrEqual(began + 40_000)
    expect(parkedUntil).toBeLessThanOrEqual(Date.now() + 40_000)
    for (let round = 0; round < 8; round += 1) {
      const created = await gateway.createVideo()
      expect([created.status, created.headers.get('x-gateway-account')]).toEqual([
        200,
        'b@example.com',
      ])
    }
    expect(await gateway.heldSlots()).toBe(8)
  }
)

test('an account whose key is refused is parked and shows why; a new key ends it', async () => {
  const gateway = await gatewayWith({ accounts: { a: 9, b: 9 }, ...LONG })
  await gateway.sim.fault(on('a', { status: 401, body: v3('unauthorized') }))
  await createUntilRefusedByA(gateway)
  for (let round = 0; round < 6; round += 1) {
    expect((await gateway.createVideo()).headers.get('x-gateway-account')).toBe('b@example.com')
    const read = await gateway.fetch('/heygen/v2/voices/locales')
    expect([read.status, read.headers.get('x-gateway-account')]).toEqual([200, 'b@example.com'])
  }
  expect((await parkedOf(gateway, 'a')).map((one) => one.reason)).toEqual(['credential'])
  await gateway.sim.clearFaults()
  await gateway.post('/v1/heygen/accounts', {
    email: 'a@example.com',
    apiKey: 'sk_test_a',
    maxJobs: 9,
  })
  expect(await parkedOf(gateway, 'a')).toEqual([])
})

test('the last account is parked like any other, and the answer says so and until when', async () => {
  const gateway = await gatewayWith({ accounts: { a: 9 }, ...LONG })
  await gateway.sim.fault(on('a', { status: 401, body: v3('unauthorized') }))
  for (const call of [() => gateway.createVideo(), () => gateway.fetch('/heygen/v3/users/me')]) {
    const answer = await call()
    expect([answer.status, answer.headers.get('x-gateway-error')]).toEqual([
      503,
      'account_unavailable',
    ])
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await answer.text()).toContain('a@example.com is parked until 20')
  }
  expect(await gateway.heldSlots()).toBe(0)
})

test('an account without credit is out for creations and still reads', async () => {
  const gateway = await gatewayWith({ accounts: { a: 9, b: 9 }, ...LONG })
  await gateway.sim.addAccount('a@example.com', 'sk_test_a', { credits: 0 })
  await createUntilRefusedByA(gateway)
  for (let round = 0; round < 6; round += 1) {
    expect((await gateway.createVideo()).headers.get('x-gateway-account')).toBe('b@example.com')
  }
  expect((await parkedOf(gateway, 'a')).map((one) => one.reason)).toEqual(['credit'])
  const read = await gateway.fetch('/heygen/v3/users/me', {
    headers: { 'x-gateway-account': 'a@example.com' },
  })
  expect(read.status).toBe(200)
})

test('a job that fails for want of credit parks its account, which has none, when it is polled', async () => {
  const gateway = await gatewayWith({ accounts: { a: 9 }, simVars: { JOB_MS: '1' } })
  const created = await gateway.post('/heygen/v2/videos', {
    avatar_id: 'Abigail_expressive_2024112501',
    script: 'Hi',
    voice_id: '1bd001e7e50f421d891986aad5158bc8',
    title: '[nocredit]',
  })
  await gateway.sim.addAccount('a@example.com', 'sk_test_a', { credits: 0 })
  await until(async () => {
    await gateway.fetch(
      `/heygen/v1/video_status.get?video_id=${created.headers.get('x-gateway-job')}`
    )
    return (await parkedOf(gateway, 'a')).some((one) => one.reason === 'credit')
  })
})

test('a plan that lacks a feature parks nothing: another account is tried, or the refusal passes through', async () => {
  const gateway = await gatewayWith({ accounts: { a: 9, b: 9 }, ...LONG })
  const lacking = { status: 402, body: v3('plan_upgrade_required') }
  await gateway.sim.fault(on('a', lacking, { method: 'POST' }))
  await createUntilRefusedByA(gateway)
  for (let round = 0; round < 6; round += 1) {
    expect((await gateway.createVideo()).headers.get('x-gateway-account')).toBe('b@example.com')
  }
  await gateway.sim.fault(on('b', lacking, { method: 'POST' }))
  const refused = await gateway.createVideo()
  expect([refused.status, await refused.json()]).toEqual([402, v3('plan_upgrade_required')])
  expect(refused.headers.get('x-gateway-error')).toBeNull()
  expect([...(await parkedOf(gateway, 'a')), ...(await parkedOf(gateway, 'b'))]).toEqual([])
  expect(await gateway.heldSlots()).toBe(6)
})

test('the caller’s own mistake passes through byte for byte and holds no slot', async () => {
  const gateway = await gatewayWith({ accounts: { a: 1 }, ...LONG })
  const answer = await gateway.post('/heygen/v3/videos', { type: 'avatar', avatar_id: 7 })
  expect(answer.status).toBe(400)
  expect(answer.headers.get('x-gateway-error')).toBeNull()
  expect(await gateway.heldSlots()).toBe(0)
})

test('one request parks at most one account', async () => {
  const gateway = await gatewayWith({ accounts: { a: 9, b: 9, c: 9 }, ...LONG })
  await gateway.sim.fault({ effect: { status: 401, body: v3('unauthorized') } })
  expect((await gateway.createVideo()).status).toBe(503)
  const parked = await Promise.all(['a', 'b', 'c'].map((name) => parkedOf(gateway, name)))
  expect(parked.flat()).toHaveLength(1)
})

test('a plain GET that meets a broken account tries another', async () => {
  const gateway = await gatewayWith({ accounts: { a: 9, b: 9, c: 9 } })
  await gateway.sim.fault(on('a', { status: 502 }))
  await gateway.sim.fault(on('b', { reset: 'before' }))
  for (let round = 0; round < 10; round += 1) {
    const read = await gateway.fetch('/heygen/v2/voices/locales')
    expect([read.status, read.headers.get('x-gateway-account')]).toEqual([200, 'c@example.com'])
  }
})

test('a write is sent once, whatever it meets [I4]', async () => {
  const gateway = await gatewayWith({ accounts: { a: 9, b: 9 } })
  await gateway.sim.fault({
    match: { method: 'POST' },
    effect: { status: 502, body: { oops: true } },
  })
  await gateway.sim.forgetRequests()
  const answer = await gateway.post('/heygen/v1/folders/create', {
    name: 'Clients',
    project_type: 'video',
  })
  expect([answer.status, await answer.json()]).toEqual([502, { oops: true }])
  expect(await gateway.sim.requests()).toHaveLength(1)
})

test('a daily trial limit parks videos and nothing else', async () => {
  const gateway = await gatewayWith({ accounts: { a: 9 }, ...LONG })
  await gateway.sim.addAccount('a@example.com', 'sk_test_a', { trialDailyLimit: 0 })
  expect((await gateway.createVideo()).status).toBe(503)
  const clip = await gateway.post('/heygen/v3/ai-clipping', {
    video: { type: 'url', url: 'https://example.com/long.mp4' },
    title: 'Clips',
  })
  expect(clip.status).toBe(202)
})
