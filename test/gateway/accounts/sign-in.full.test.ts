/** What can go wrong with a sign-in and with its renewals, one by one (docs/rfc/0005-sign-in.md). */
import { afterAll, beforeEach, expect, test } from 'vitest'
import { advance, CLOCKED, MINUTE, SECOND, stopClock } from '../../support/clock/clock.ts'
import { openGateway } from '../../support/gateway.ts'
import {
  accountOf,
  ACCOUNTS,
  approve,
  begin,
  CLIENT,
  ended,
  ISSUED,
  issuer,
  refreshesOf,
  SIGN_IN,
  signIn,
  stateOf,
  tenantOf,
} from '../../support/scenes/sign-in.ts'

const gateway = await openGateway({ entry: CLOCKED, vars: CLIENT, simVars: { JOB_MS: '-1' } })
await stopClock(gateway)
gateway.secrets.push(...ISSUED)
afterAll(() => gateway.dispose())
beforeEach(async () => {
  await gateway.sim.clearFaults()
  await issuer(gateway, { refuseRefresh: false, refresh: 'rotate', error: null })
})

const TOKEN = { method: 'POST', path: '/v1/oauth/token' }
const ME = '/heygen/v3/users/me'

test('an approved grant whose answer was lost says that it may have been approved', async () => {
  const tenant = await tenantOf(gateway)
  const begun = await begin(tenant)
  await approve(gateway, begun.user_code, 'lost@example.com')
  await gateway.sim.fault({ match: TOKEN, times: 1, effect: { reset: 'after' } })
  expect(await ended(tenant, begun.id)).toMatchObject({
    status: 'failed',
    error: expect.stringContaining('If you have approved it, the answer was lost') as string,
  })
  expect((await tenant.fetch(ACCOUNTS)).status).toBe(404)
})

test('network errors and 5xx while it waits make it slower and end nothing', async () => {
  const tenant = await tenantOf(gateway)
  const begun = await begin(tenant)
  await gateway.sim.fault({ match: TOKEN, times: 1, effect: { reset: 'before' } })
  await gateway.sim.fault({ match: TOKEN, times: 1, effect: { status: 503 } })
  await advance(gateway, 20 * SECOND)
  await advance(gateway, 20 * SECOND)
  expect(await stateOf(tenant, begun.id)).toMatchObject({ status: 'pending', interval: 20 })
  await approve(gateway, begun.user_code, 'patient@example.com')
  expect(await ended(tenant, begun.id)).toMatchObject({ status: 'done' })
})

test('an account that cannot be proved yet is saved later, with the tokens that were stored', async () => {
  const tenant = await tenantOf(gateway)
  const begun = await begin(tenant)
  await approve(gateway, begun.user_code, 'later@example.com')
  await gateway.sim.fault({ match: { path: '/v3/users/me' }, times: 2, effect: { status: 500 } })
  await advance(gateway, 6 * SECOND)
  expect(await stateOf(tenant, begun.id)).toEqual({ id: begun.id, status: 'pending' })
  const tooLate = await tenant.fetch(`${SIGN_IN}/${begun.id}`, { method: 'DELETE' })
  expect(tooLate.status).toBe(409)
  expect(await ended(tenant, begun.id)).toMatchObject({ status: 'done' })
})

test('signed in as another user than the email names, nothing changes', async () => {
  const tenant = await tenantOf(gateway)
  await signIn(tenant, 'right@example.com')
  const before = await accountOf(tenant, 'right@example.com')
  const wrong = await signIn(tenant, 'wrong@example.com', { email: 'right@example.com' })
  expect(wrong).toMatchObject({
    status: 'failed',
    error: expect.stringContaining(
      'another user than the one of account right@example.com'
    ) as string,
  })
  expect(await accountOf(tenant, 'right@example.com')).toEqual(before)
})

test('a HeyGen user that another tenant has stays with that tenant [I5]', async () => {
  const [mine, theirs] = [await tenantOf(gateway), await tenantOf(gateway)]
  await signIn(mine, 'claimed@example.com')
  expect(await signIn(theirs, 'claimed@example.com')).toMatchObject({
    status: 'failed',
    error: expect.stringContaining('already been added') as string,
  })
  expect((await theirs.fetch(ACCOUNTS)).status).toBe(404)
  expect((await mine.fetch(ME)).status).toBe(200)
})

test('a key that is added to a sign-in joins it, and a changed limit keeps both', async () => {
  const tenant = await tenantOf(gateway)
  const email = 'joined@example.com'
  await signIn(tenant, email)
  await gateway.sim.addAccount(email, 'sk_test_joined')
  const added = await tenant.post(ACCOUNTS, { apiKey: 'sk_test_joined', maxJobs: 2 })
  expect(await added.json()).toMatchObject({ email, apiKey: '…secured…', maxJobs: 2 })
  await tenant.post(ACCOUNTS, { email, maxJobs: 4 })
  expect(await accountOf(tenant, email)).toMatchObject({
    maxJobs: 4,
    billing: { v3: 'web plan (sign-in)', 'v1, v2 and uploads': 'API wallet (API key)' },
  })
  await advance(gateway, 58 * MINUTE)
  expect((await tenant.fetch(ME)).status).toBe(200)
  expect(await refreshesOf(gateway, email)).toBe(1)
})

test('a limit that changes during a renewal never puts the old tokens back', async () => {
  const tenant = await tenantOf(gateway)
  const email = 'racing@example.com'
  await signIn(tenant, email)
  for (let round = 1; round <= 5; round += 1) {
    await advance(gateway, 58 * MINUTE)
    await Promise.all([
      tenant.fetch(ME),
      tenant.post(ACCOUNTS, { email, maxJobs: round }),
      tenant.fetch(ME),
      tenant.post(ACCOUNTS, { email, maxJobs: round }),
    ])
    expect(await refreshesOf(gateway, email)).toBe(round)
    expect(await accountOf(tenant, email)).toMatchObject({ maxJobs: round })
    expect((await tenant.fetch(ME)).status).toBe(200)
  }
})

for (const refresh of ['same', 'none'] as const) {
  test(`a renewal without a new refresh token (${refresh}) keeps the old one`, async () => {
    const tenant = await tenantOf(gateway)
    const email = `keeps-${refresh}@example.com`
    await signIn(tenant, email)
    await issuer(gateway, { refresh })
    for (const round of [1, 2]) {
      await advance(gateway, 58 * MINUTE)
      expect((await tenant.fetch(ME)).status).toBe(200)
      expect(await refreshesOf(gateway, email)).toBe(round)
    }
  })
}

test('a 401 renews the token first, once for fifty calls, and each is repeated with the newer one', async () => {
  const tenant = await tenantOf(gateway)
  const email = 'revoked@example.com'
  await signIn(tenant, email)
  await advance(gateway, 10 * MINUTE)
  await issuer(gateway, { end: email, only: 'access' })
  const answers = await Promise.all([
    ...Array.from({ length: 50 }, () => tenant.fetch(ME)),
    tenant.createVideo(),
  ])
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
  expect(await refreshesOf(gateway, email)).toBe(1)
})

test('a call that is refused with a good token renews it once a minute at most, and parks nothing', async () => {
  const tenant = await tenantOf(gateway)
  const email = 'feature@example.com'
  await signIn(tenant, email)
  await advance(gateway, 10 * MINUTE)
  const body = { error: { code: 'unauthorized', message: 'not for you' } }
  const match = { path: '/v3/voices', account: email }
  await gateway.sim.fault({ match, effect: { status: 401, body } })
  for (let round = 0; round < 3; round += 1) {
    expect((await tenant.fetch('/heygen/v3/voices')).status).toBe(401)
  }
  expect(await refreshesOf(gateway, email)).toBe(1)
  expect((await accountOf(tenant, email)).parked).toBeUndefined()
})

test('while the issuer is away the same token is tried again, and nothing is sent with an ended one', async () => {
  const tenant = await tenantOf(gateway)
  const email = 'away@example.com'
  await signIn(tenant, email)
  await gateway.sim.fault({ match: TOKEN, effect: { status: 503 } })
  await advance(gateway, 58 * MINUTE)
  expect((await tenant.fetch(ME)).status).toBe(200)
  await advance(gateway, 3 * MINUTE)
  await gateway.sim.forgetRequests()
  const read = await tenant.fetch(ME)
  expect([read.status, read.headers.get('x-gateway-error')]).toEqual([503, 'account_unavailable'])
  const created = await tenant.createVideo()
  expect([created.status, created.headers.get('x-gateway-error')]).toEqual([
    503,
    'account_unavailable',
  ])
  expect((await gateway.sim.requests()).filter(({ host }) => host === 'api')).toEqual([])
  expect(await tenant.heldSlots()).toBe(0)
  const { parked } = await accountOf(tenant, email)
  expect(parked).toMatchObject([{ detail: 'its sign-in could not be renewed just now' }])
  await gateway.sim.clearFaults()
  await advance(gateway, 2 * MINUTE)
  expect((await tenant.createVideo()).status).toBe(200)
  expect((await accountOf(tenant, email)).parked).toBeUndefined()
})

test('a client that HeyGen refuses is the operator’s error: said in the parking and in the log', async () => {
  const tenant = await tenantOf(gateway)
  const email = 'client@example.com'
  await signIn(tenant, email)
  await issuer(gateway, { error: 'invalid_client' })
  await advance(gateway, 58 * MINUTE)
  await tenant.fetch(ME)
  const { parked } = await accountOf(tenant, email)
  expect(parked?.[0]?.detail).toMatch(/invalid_client.*HEYGEN_OAUTH_CLIENT_ID.*oauth:register/)
  const told = gateway.logs.find((line) => line.includes('sign_in_client_refused'))
  expect(JSON.parse(told ?? '{}')).toMatchObject({ level: 'error' })
  const anew = await tenant.post(SIGN_IN, { maxJobs: 1 })
  expect([anew.status, await anew.text()]).toEqual([501, expect.stringContaining('invalid_client')])
  // Corrected, it comes back by itself.
  await issuer(gateway, { error: null })
  await advance(gateway, 2 * MINUTE)
  await advance(gateway, 6 * MINUTE)
  expect((await tenant.fetch(ME)).status).toBe(200)
})

test('who started a sign-in stands in the audit with the account that it made', async () => {
  const tenant = await tenantOf(gateway)
  // Lines of one moment have no order.
  await advance(gateway, SECOND)
  await signIn(tenant, 'audited@example.com')
  const { lines } = (await (await tenant.fetch('/v1/audit')).json()) as {
    lines: { action: string; by: string; subject: string; detail: object }[]
  }
  const [added, begun] = lines
  expect(lines.map(({ action }) => action)).toEqual([
    'account.added',
    'sign_in.begun',
    ...lines.slice(2).map(({ action }) => action),
  ])
  expect(added).toMatchObject({
    by: begun?.by,
    subject: 'audited@example.com',
    detail: { credential: 'oauth' },
  })
})

test('a removed tenant’s sign-in makes no account', async () => {
  const made = await gateway.newToken({ tenant: 'leaves-early' })
  const tenant = gateway.as(made.token)
  const begun = await begin(tenant)
  await gateway.admin('DELETE', '/tenants/leaves-early')
  await approve(gateway, begun.user_code, 'leaver@example.com')
  await advance(gateway, MINUTE)
  const other = await tenantOf(gateway)
  expect(await signIn(other, 'leaver@example.com')).toMatchObject({ status: 'done' })
})
