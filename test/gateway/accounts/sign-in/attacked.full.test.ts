/** Sign-ins of users and with answers that nobody expects: nothing of another account changes, and no view breaks. */
import { afterAll, beforeEach, expect, test } from 'vitest'
import { advance, CLOCKED, MINUTE, pass, SECOND, stopClock } from '../../../support/clock/clock.ts'
import { openGateway, until, type Gateway } from '../../../support/gateway.ts'
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
} from '../../../support/scenes/sign-in.ts'

const gateway = await openGateway({
  entry: CLOCKED,
  vars: { ...CLIENT, LEGACY: 'pass' },
  simVars: { JOB_MS: '-1' },
})
await stopClock(gateway)
gateway.secrets.push(...ISSUED)
afterAll(() => gateway.dispose())
beforeEach(async () => {
  await gateway.sim.clearFaults()
  await issuer(gateway, { refuseRefresh: false, refresh: 'rotate', error: null })
})

const TOKEN = { method: 'POST', path: '/v1/oauth/token' }
const ME = '/heygen/v3/users/me'
const OLDER_VIDEO = { video_inputs: [{ character: {}, voice: {} }] }

async function views(tenant: Gateway): Promise<Record<string, Record<string, unknown>>> {
  return (await (await tenant.fetch(ACCOUNTS)).json()) as Record<string, Record<string, unknown>>
}

test('a sign-in whose email names another user changes no account of the user in the browser', async () => {
  const tenant = await tenantOf(gateway)
  const ann = await tenant.addAccount('w-ann', 2)
  const bob = await tenant.addAccount('w-bob', 2)
  const before = await views(tenant)
  const state = await signIn(tenant, ann, { email: bob, maxJobs: 7 })
  expect(state).toMatchObject({
    status: 'failed',
    error: expect.stringContaining(`another user than the one of account ${bob}`) as string,
  })
  expect(await views(tenant)).toEqual(before)
})

test('a sign-in never takes the place of an account that only has the name of its user', async () => {
  const tenant = await tenantOf(gateway)
  await gateway.sim.addAccount('n-bob@example.com', 'sk_test_n-bob')
  const named = { email: 'n-ann@example.com', apiKey: 'sk_test_n-bob', maxJobs: 2 }
  expect((await tenant.post(ACCOUNTS, named)).status).toBe(201)
  const before = await views(tenant)
  const state = await signIn(tenant, 'n-ann@example.com')
  expect(state).toMatchObject({ status: 'failed' })
  expect(await views(tenant)).toEqual(before)
})

test('two users who approve sign-ins of one email at once do not replace each other', async () => {
  const tenant = await tenantOf(gateway)
  const email = 'r-shared@example.com'
  const [one, two] = [await begin(tenant, { email }), await begin(tenant, { email })]
  await approve(gateway, one.user_code, 'r-one@example.com')
  await approve(gateway, two.user_code, 'r-two@example.com')
  const states = [await ended(tenant, one.id), await ended(tenant, two.id)]
  expect(states.map(({ status }) => status).toSorted()).toEqual(['done', 'failed'])
})

for (const [name, expires] of [
  ['huge', 1e15],
  ['text', '3600'],
  ['none', undefined],
  ['negative', -5],
  ['null', null],
  ['a word', 'soon'],
] as const) {
  test(`tokens with an expires_in that is ${name} make an account that can be seen and used`, async () => {
    const tenant = await tenantOf(gateway)
    const email = `e-${name.replace(' ', '-')}@example.com`
    await signIn(tenant, email)
    const body = { ...(await tokensOf(email)), token_type: 'Bearer', expires_in: expires }
    await gateway.sim.fault({ match: TOKEN, times: 1, effect: { status: 200, body } })
    await advance(gateway, 58 * MINUTE)
    expect((await tenant.fetch(ME)).status).toBe(200)
    const view = await tenant.fetch(`${ACCOUNTS}/${email}`)
    expect([view.status, (await tenant.fetch(ACCOUNTS)).status]).toEqual([200, 200])
    expect(await accountOf(tenant, email)).toMatchObject({ email })
  })
}

/** Valid tokens of the user, from the issuer itself. */
async function tokensOf(email: string): Promise<{ access_token: string; refresh_token: string }> {
  const at = `${gateway.sim.url}/api2.heygen.com/v1/oauth`
  const post = async (what: string, form: Record<string, string>) =>
    (await (
      await fetch(`${at}/${what}`, { method: 'POST', body: new URLSearchParams(form) })
    ).json()) as Record<string, string>
  const client_id = CLIENT.HEYGEN_OAUTH_CLIENT_ID
  const codes = await post('device_authorization', { client_id })
  await approve(gateway, codes['user_code'] ?? '', email)
  const tokens = await post('token', {
    client_id,
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code: codes['device_code'] ?? '',
  })
  const { access_token = '', refresh_token = '' } = tokens
  return { access_token, refresh_token }
}

test('a page instead of an answer to a poll ends nothing', async () => {
  const tenant = await tenantOf(gateway)
  const begun = await begin(tenant)
  const page = {
    status: 200,
    body: '<html>one moment</html>',
    headers: { 'content-type': 'text/html' },
  }
  await gateway.sim.fault({ match: TOKEN, times: 1, effect: page })
  await advance(gateway, 6 * SECOND)
  expect(await stateOf(tenant, begun.id)).toMatchObject({ status: 'pending' })
  await approve(gateway, begun.user_code, 'page@example.com')
  expect(await ended(tenant, begun.id)).toMatchObject({ status: 'done' })
})

test('invalid_grant once, then good: the account is not parked', async () => {
  const tenant = await tenantOf(gateway)
  const email = 'once@example.com'
  await signIn(tenant, email)
  await advance(gateway, 58 * MINUTE)
  const body = { error: 'invalid_grant' }
  await gateway.sim.fault({ match: TOKEN, times: 1, effect: { status: 400, body } })
  const call = tenant.fetch(ME)
  for (let round = 0; round < 10; round += 1) await advance(gateway, SECOND / 2)
  expect((await call).status).toBe(200)
  expect(await refreshesOf(gateway, email)).toBe(1)
  expect((await accountOf(tenant, email)).parked).toBeUndefined()
})

for (const [status, body] of [
  [500, '<html>'],
  [429, '{"error":"rate_limited"}'],
  [403, '<html>denied</html>'],
  [200, '<html>'],
] as const) {
  test(`a ${status} of the token endpoint (${body}) loses no token`, async () => {
    const tenant = await tenantOf(gateway)
    const email = `t-${status}@example.com`
    await signIn(tenant, email)
    await advance(gateway, 58 * MINUTE)
    await gateway.sim.fault({ match: TOKEN, times: 1, effect: { status, body } })
    expect((await tenant.fetch(ME)).status).toBe(200)
    await advance(gateway, 61 * SECOND)
    expect((await tenant.fetch(ME)).status).toBe(200)
    expect(await refreshesOf(gateway, email)).toBe(1)
    await advance(gateway, 30 * MINUTE)
    expect((await tenant.fetch(ME)).status).toBe(200)
  })
}

test('twenty sign-ins at once: five wait for a person', async () => {
  const tenant = await tenantOf(gateway)
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => tenant.post(SIGN_IN, { maxJobs: 1 }))
  )
  const statuses = answers.map(({ status }) => status)
  expect(statuses.filter((one) => one === 202)).toHaveLength(5)
  expect(statuses.filter((one) => one === 429)).toHaveLength(15)
})

test('older calls of a mixed pool go by the key alone, and an account without one says what it lacks', async () => {
  const tenant = await tenantOf(gateway)
  const oauth = 'm-oauth@example.com'
  await signIn(tenant, oauth)
  const lacks = async (path: string, headers = {}) => {
    const answer = await tenant.fetch(path, { headers })
    const says = (await answer.text()).includes("or add the account's apiKey too")
    return [answer.status, says]
  }
  for (const path of ['/heygen/v2/avatars', '/heygen/v1/voice.list', '/heygen/v2/video/generate'])
    expect(await lacks(path)).toEqual([403, true])
  const key = await tenant.addAccount('m-key', 9)
  expect(await lacks('/heygen/v2/avatars', { 'x-gateway-account': oauth })).toEqual([403, true])
  const named = await tenant.fetch(ME, { headers: { 'x-gateway-account': oauth } })
  expect(named.status).toBe(200)
  await gateway.sim.forgetRequests()
  for (let round = 0; round < 6; round += 1) {
    expect((await tenant.fetch('/heygen/v2/avatars')).status).toBe(200)
    const made = await tenant.post('/heygen/v2/video/generate', OLDER_VIDEO)
    expect([made.status, made.headers.get('x-gateway-account')]).toEqual([200, key])
  }
  const sent = (await gateway.sim.requests()).filter(({ host }) => host === 'api')
  const byTheSignIn = sent.filter(({ headers }) => headers['x-api-key'] === undefined)
  expect(byTheSignIn.filter(({ path }) => !path.startsWith('/v3/'))).toEqual([])
})

test('a method or a body that the paths do not take is refused in words', async () => {
  const tenant = await tenantOf(gateway)
  for (const [method, path, body, status] of [
    ['GET', SIGN_IN, undefined, 404],
    ['DELETE', SIGN_IN, undefined, 404],
    ['PUT', SIGN_IN, '{}', 405],
    ['POST', `${SIGN_IN}/abc`, '{}', 405],
    ['POST', SIGN_IN, '{', 400],
    ['POST', SIGN_IN, '[]', 400],
    ['POST', SIGN_IN, '{"maxJobs":0}', 400],
    ['POST', SIGN_IN, '{"maxJobs":2,"dryRun":true}', 400],
    ['GET', `${SIGN_IN}/${'x'.repeat(3000)}`, undefined, 404],
    ['GET', `${SIGN_IN}/%00`, undefined, 400],
  ] as const) {
    const headers = { 'content-type': 'application/json' }
    const init = { method, ...(body === undefined ? {} : { body, headers }) }
    expect([method, path, (await tenant.fetch(path, init)).status]).toEqual([method, path, status])
  }
})

test('a key that is added to a parked sign-in serves its own paths at once', async () => {
  const tenant = await tenantOf(gateway)
  const email = 'p-both@example.com'
  await signIn(tenant, email)
  await issuer(gateway, { refuseRefresh: true })
  await advance(gateway, 61 * MINUTE)
  await tenant.fetch(ME)
  expect((await accountOf(tenant, email)).parked).toMatchObject([{ scope: 'all' }])
  await gateway.sim.addAccount(email, 'sk_test_p-both')
  expect((await tenant.post(ACCOUNTS, { apiKey: 'sk_test_p-both', maxJobs: 2 })).status).toBe(201)
  expect((await tenant.fetch('/heygen/v2/user/remaining_quota')).status).toBe(200)
  expect((await tenant.fetch(ME)).status).toBe(503)
  expect((await tenant.fetch('/heygen/v2/user/remaining_quota')).status).toBe(200)
  expect((await accountOf(tenant, email)).parked).toMatchObject([{ scope: 'key:oauth' }])
  await issuer(gateway, { refuseRefresh: false })
  await signIn(tenant, email)
  expect((await tenant.fetch(ME)).status).toBe(200)
  expect((await accountOf(tenant, email)).parked).toBeUndefined()
})

test('an account that is removed while its user signs in again is added anew, once', async () => {
  const tenant = await tenantOf(gateway)
  const email = 'd-again@example.com'
  await signIn(tenant, email)
  const begun = await begin(tenant)
  expect((await tenant.fetch(`${ACCOUNTS}/${email}`, { method: 'DELETE' })).status).toBe(204)
  await approve(gateway, begun.user_code, email)
  expect(await ended(tenant, begun.id)).toMatchObject({ status: 'done', account: { email } })
  expect((await tenant.fetch(ME)).status).toBe(200)
})

for (const [status, body] of [
  [429, { error: 'rate_limited' }],
  [403, { error: 'forbidden' }],
  [200, '<html>'],
] as const) {
  test(`a ${status} while codes are asked for is no fault of the operator's client`, async () => {
    const tenant = await tenantOf(gateway)
    const match = { path: '/v1/oauth/device_authorization' }
    await gateway.sim.fault({ match, times: 1, effect: { status, body } })
    expect((await tenant.post(SIGN_IN, { maxJobs: 1 })).status).toBe(502)
    await begin(tenant)
  })
}

test('a token of less scope neither sees nor cancels a sign-in of its own tenant', async () => {
  const { token, tenant: name } = await gateway.newToken({ tenant: 'sign-in-use' })
  const begun = await begin(gateway.as(token))
  const weak = gateway.as((await gateway.newToken({ tenant: name, scope: 'use' })).token)
  for (const method of ['GET', 'DELETE'])
    expect((await weak.fetch(`${SIGN_IN}/${begun.id}`, { method })).status).toBe(403)
  expect(await stateOf(gateway.as(token), begun.id)).toMatchObject({ status: 'pending' })
})

test('signed in again while the old tokens are being refused, the account has the new ones and is not parked', async () => {
  const tenant = await tenantOf(gateway)
  const email = 'f-again@example.com'
  await signIn(tenant, email)
  await advance(gateway, 10 * MINUTE)
  const begun = await begin(tenant)
  await approve(gateway, begun.user_code, email)
  await advance(gateway, 4.7 * SECOND)
  await issuer(gateway, { refuseRefresh: true })
  await issuer(gateway, { end: email, only: 'access' })
  const call = tenant.fetch(ME)
  await until(async () => (await refreshesOf(gateway, 'f-again@example.com')) === 1)
  await advance(gateway, 0.5 * SECOND)
  expect(await ended(tenant, begun.id)).toMatchObject({ status: 'done' })
  await advance(gateway, SECOND)
  expect([200, 401, 503]).toContain((await call).status)
  expect((await tenant.fetch(ME)).status).toBe(200)
  expect((await accountOf(tenant, email)).parked).toBeUndefined()
  expect(await refreshesOf(gateway, email)).toBe(2)
})

test('two sign-ins that one user approves at once make one account that works', async () => {
  const tenant = await tenantOf(gateway)
  const email = 'g-twice@example.com'
  const [one, two] = [await begin(tenant), await begin(tenant)]
  await approve(gateway, one.user_code, email)
  await approve(gateway, two.user_code, email)
  expect(await ended(tenant, one.id)).toMatchObject({ status: 'done' })
  expect(await ended(tenant, two.id)).toMatchObject({ status: 'done' })
  expect(Object.keys(await views(tenant))).toEqual([email])
  for (let round = 1; round <= 2; round += 1) {
    expect((await tenant.fetch(ME)).status).toBe(200)
    await advance(gateway, 58 * MINUTE)
  }
  expect((await tenant.fetch(ME)).status).toBe(200)
})

test('a job outlives its token: without a call the alarm renews it and sees the end', async () => {
  const tenant = await tenantOf(gateway)
  const email = 'h-job@example.com'
  await signIn(tenant, email)
  expect((await tenant.createVideo()).status).toBe(200)
  await pass(gateway, 130 * MINUTE)
  expect(await tenant.heldSlots()).toBe(1)
  expect(await refreshesOf(gateway, email)).toBeGreaterThanOrEqual(2)
  await issuer(gateway, { refuseRefresh: true })
  await pass(gateway, 120 * MINUTE)
  await gateway.sim.finishJobs()
  await pass(gateway, 10 * MINUTE)
  expect(await tenant.heldSlots()).toBe(1)
  await issuer(gateway, { refuseRefresh: false })
  await signIn(tenant, email)
  await pass(gateway, 30 * MINUTE)
  expect(await tenant.heldSlots()).toBe(0)
})
