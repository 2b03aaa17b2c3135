/** Accounts by sign-in (docs/rfc/0005-sign-in.md): added by a person in a browser, used, renewed, ended. */
import { afterAll, beforeEach, expect, test } from 'vitest'
import { advance, CLOCKED, MINUTE, pass, SECOND, stopClock } from '../../support/clock/clock.ts'
import { openGateway } from '../../support/gateway.ts'
import {
  accountOf,
  ACCOUNTS,
  approve,
  begin,
  CLIENT,
  countsOf,
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
beforeEach(() => issuer(gateway, { refuseRefresh: false, deviceSeconds: 900 }))

test('a person approves in a browser, and the account is there, shown with what a sign-in has', async () => {
  const tenant = await tenantOf(gateway)
  const begun = await begin(tenant, { maxJobs: 2 })
  expect(begun).toMatchObject({ status: 'pending', expires_in: 900, interval: 5 })
  expect(begun.verification_uri_complete).toContain(begun.user_code)
  await advance(gateway, 6 * SECOND)
  expect(await stateOf(tenant, begun.id)).toMatchObject({
    status: 'pending',
    user_code: begun.user_code,
    verification_uri: begun.verification_uri,
  })
  await approve(gateway, begun.user_code, 'ann@example.com')
  const done = await ended(tenant, begun.id)
  const view = await (await tenant.fetch(ACCOUNTS)).json()
  const { ExpireTime } = done.account?.session ?? { ExpireTime: 0 }
  expect([done.status, view]).toEqual([
    'done',
    {
      'ann@example.com': {
        email: 'ann@example.com',
        session: {
          ExpireTime,
          ExpireTimeUTC: new Date(ExpireTime).toISOString(),
          access_token: '…secured…',
          refresh_token: '…secured…',
          username: 'ann@example.com',
        },
        maxJobs: 2,
        billing: { v3: 'web plan (sign-in)' },
      },
    },
  ])
  expect((await tenant.createVideo()).status).toBe(200)
  const carried = await tenant.fetch('/heygen/v2/avatars')
  expect([carried.status, carried.headers.get('x-gateway-carried')]).toEqual([
    200,
    expect.stringContaining('/v3/') as string,
  ])
  const older = await tenant.fetch('/heygen/v2/of-no-table')
  expect([older.status, await older.text()]).toEqual([
    403,
    expect.stringContaining("or add the account's apiKey too") as string,
  ])
})

test('fifty calls at the end of a token renew it once, and all are served', async () => {
  const tenant = await tenantOf(gateway)
  await signIn(tenant, 'fifty@example.com')
  await advance(gateway, 58 * MINUTE)
  const calls = await Promise.all(
    Array.from({ length: 50 }, () => tenant.fetch('/heygen/v3/users/me'))
  )
  expect(calls.map(({ status }) => status)).toEqual(calls.map(() => 200))
  expect(await refreshesOf(gateway, 'fifty@example.com')).toBe(1)
})

test('a refused renewal parks the account and keeps its jobs; signing in again ends that', async () => {
  const tenant = await tenantOf(gateway)
  const email = 'refused@example.com'
  await signIn(tenant, email)
  const job = (await tenant.createVideo()).headers.get('x-gateway-job')
  await issuer(gateway, { refuseRefresh: true })
  await advance(gateway, 58 * MINUTE)
  await tenant.fetch('/heygen/v3/users/me')
  const parked = await accountOf(tenant, email)
  expect(parked.parked).toMatchObject([{ scope: 'all', reason: 'credential' }])
  expect(parked.error).toMatch(/HeyGen has ended the sign-in of this account\. Sign in again/)
  const refused = await tenant.createVideo()
  expect([refused.status, refused.headers.get('x-gateway-error')]).toEqual([
    503,
    'account_unavailable',
  ])
  expect(await tenant.heldSlots()).toBe(1)
  const again = await signIn(tenant, email, { maxJobs: 3 })
  expect(again.account?.parked).toBeUndefined()
  expect(await tenant.heldSlots()).toBe(1)
  const status = await tenant.fetch(`/heygen/v3/videos/${job}`)
  expect([status.status, status.headers.get('x-gateway-account')]).toEqual([200, email])
  await gateway.sim.finishJobs()
  await tenant.fetch(`/heygen/v3/videos/${job}`)
  expect(await tenant.heldSlots()).toBe(0)
})

test('a key and a sign-in of one HeyGen user are one account, and no call changes its pot', async () => {
  const tenant = await tenantOf(gateway)
  const email = await tenant.addAccount('both', 3)
  const done = await signIn(tenant, email, { email: 'other-name@example.com' })
  expect([done.status, done.account]).toMatchObject([
    'done',
    {
      email,
      billing: { v3: 'web plan (sign-in)', 'v1, v2 and uploads': 'API wallet (API key)' },
      apiKey: '…secured…',
    },
  ])
  expect(Object.keys((await (await tenant.fetch(ACCOUNTS)).json()) as object)).toEqual([email])
  const byKey = async (path: string) => {
    await gateway.sim.forgetRequests()
    const { status } = await tenant.fetch(path)
    const sent = (await gateway.sim.requests()).find(({ host }) => host === 'api')
    return [status, sent?.headers['x-api-key'] !== undefined]
  }
  expect(await byKey('/heygen/v3/users/me')).toEqual([200, false])
  expect(await byKey('/heygen/v2/user/remaining_quota')).toEqual([200, true])
  await issuer(gateway, { refuseRefresh: true })
  await advance(gateway, 61 * MINUTE)
  const ended = await tenant.fetch('/heygen/v3/users/me')
  expect([ended.status, ended.headers.get('x-gateway-error')]).toEqual([503, 'account_unavailable'])
  expect((await accountOf(tenant, email)).parked).toMatchObject([{ scope: 'key:oauth' }])
  expect(await byKey('/heygen/v2/user/remaining_quota')).toEqual([200, true])
})

test('another tenant cannot see a sign-in, and what was made of it is its own [I5]', async () => {
  const [mine, theirs] = [await tenantOf(gateway), await tenantOf(gateway)]
  const begun = await begin(mine)
  for (const method of ['GET', 'DELETE']) {
    const answer = await theirs.fetch(`${SIGN_IN}/${begun.id}`, { method })
    const unknown = await theirs.fetch(`${SIGN_IN}/nothing`, { method })
    expect(answer.status).toBe(404)
    expect(await answer.text()).toBe(await unknown.text())
  }
  const use = await gateway.newToken({ tenant: 'sign-in-scopes' })
  const weak = gateway.as((await gateway.newToken({ tenant: use.tenant, scope: 'use' })).token)
  expect((await weak.post(SIGN_IN, { maxJobs: 1 })).status).toBe(403)
  expect((await mine.fetch(`${SIGN_IN}/${begun.id}`, { method: 'DELETE' })).status).toBe(204)
  expect(await stateOf(mine, begun.id)).toMatchObject({ status: 'cancelled' })
})

test('a sign-in that was refused, cancelled or left alone says which, and adds nothing', async () => {
  const tenant = await tenantOf(gateway)
  await issuer(gateway, { deviceSeconds: 30 })
  const [denied, cancelled, expired] = [
    await begin(tenant),
    await begin(tenant),
    await begin(tenant),
  ]
  await issuer(gateway, { deny: denied.user_code })
  const gone = await tenant.fetch(`${SIGN_IN}/${cancelled.id}`, { method: 'DELETE' })
  expect(gone.status).toBe(204)
  await approve(gateway, cancelled.user_code, 'cancelled@example.com')
  expect(await ended(tenant, denied.id)).toEqual({
    id: denied.id,
    status: 'denied',
    error: 'The person refused. Start a new sign-in.',
  })
  expect(await ended(tenant, expired.id)).toMatchObject({ status: 'expired' })
  expect(await stateOf(tenant, cancelled.id)).toMatchObject({ status: 'cancelled' })
  expect((await tenant.fetch(ACCOUNTS)).status).toBe(404)
})

test('the gateway asks as slowly as it is told, and a sixth sign-in at once is refused', async () => {
  const tenant = await tenantOf(gateway)
  const [slow] = [
    await begin(tenant),
    ...(await Promise.all([1, 2, 3, 4].map(() => begin(tenant)))),
  ]
  const sixth = await tenant.post(SIGN_IN, { maxJobs: 1 })
  expect([sixth.status, await sixth.json()]).toMatchObject([
    429,
    { error: expect.stringContaining('5 sign-ins wait for a person already') as string },
  ])
  await issuer(gateway, { slowDowns: 5 })
  const { polls, tooFast } = await countsOf(gateway)
  await pass(gateway, MINUTE, { stepMs: 5 * SECOND })
  const after = await countsOf(gateway)
  // Each is told once to slow down: asked at 5 s, then every 10 s.
  expect(after.tooFast).toBe(tooFast)
  expect(after.polls - polls).toBe(5 * 6)
  expect(await stateOf(tenant, slow.id)).toMatchObject({ status: 'pending', interval: 10 })
})
