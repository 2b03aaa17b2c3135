import { afterAll, expect, test } from 'vitest'
import { CLOCKED, stopped, untilMoved } from '../../support/clock/clock.ts'
import { openGateway } from '../../support/gateway.ts'

const gateway = await openGateway()
afterAll(() => gateway.dispose())

async function tenant(
  more: Record<string, unknown> = {}
): Promise<(path: string, init?: RequestInit) => Promise<Response>> {
  const { token } = await gateway.newToken(more)
  return (path, init = {}) =>
    gateway.fetch(path, {
      ...init,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        ...(init.headers as object),
      },
    })
}

const ACCOUNTS = '/v1/heygen/accounts'
const post = (body: unknown) => ({ method: 'POST', body: JSON.stringify(body) })

test('the answers of GET /v1/heygen/accounts are the seed’s, byte for byte', async () => {
  const call = await tenant()
  const none = await call(ACCOUNTS)
  expect([none.status, await none.text()]).toEqual([
    404,
    'Configuration not found. To create configuration use POST /accounts.',
  ])
  const unknown = await fetch(gateway.url + ACCOUNTS)
  expect([unknown.status, await unknown.text()]).toEqual([
    401,
    '{"error":"Unauthorized","code":401}',
  ])
  const lapsed = await tenant({ subscription: 'lapsed' })
  const unpaid = await lapsed(ACCOUNTS)
  expect([unpaid.status, await unpaid.text()]).toEqual([
    402,
    '{"error":"Subscription required","code":402}',
  ])
})

test('an account with email and password is logged in and shown exactly as in seed 001', async () => {
  const call = await tenant()
  await gateway.sim.control('POST', '/accounts', {
    email: 'pass@example.com',
    password: 'correct horse',
  })
  const added = await call(
    ACCOUNTS,
    post({ email: 'pass@example.com', password: 'correct horse', maxJobs: 10 })
  )
  expect(added.status).toBe(201)
  const text = await added.text()
  const view = JSON.parse(text) as {
    session: { ExpireTime: number; ExpireTimeUTC: string; space_id: string }
  }
  const { ExpireTime, ExpireTimeUTC, space_id } = view.session
  expect(new Date(ExpireTime).toISOString()).toBe(ExpireTimeUTC)
  expect(text).toBe(
    `{"email":"pass@example.com","session":{"heygen_session":"…secured…","ExpireTime":${ExpireTime},"ExpireTimeUTC":"${ExpireTimeUTC}","access_token":"…secured…","session_token":"…secured…","space_id":"${space_id}","token":"…secured…","username":"pass@example.com","ack_agreement":true,"internal":false,"need_mfa":false},"maxJobs":10,"password":"…secured…"}`
  )
  const all = await call(ACCOUNTS)
  expect([all.status, await all.text()]).toEqual([200, `{"pass@example.com":${text}}`])
  const used = await call('/heygen/v3/users/me')
  expect(used.status).toBe(200)
})

test('a wrong password answers the seed’s 400, a wrong key what is wrong, both without a code', async () => {
  const call = await tenant()
  await gateway.sim.control('POST', '/accounts', { email: 'pass2@example.com', password: 'right' })
  for (const body of [
    { email: 'pass2@example.com', password: 'wrong', maxJobs: 1 },
    { email: 'nobody@example.com', password: 'x', maxJobs: 1 },
  ]) {
    const refused = await call(ACCOUNTS, post(body))
    expect([refused.status, await refused.text()]).toEqual([
      400,
      '{"error":"Account does not exist or password is incorrect"}',
    ])
  }
  const key = { email: 'pass2@example.com', apiKey: 'sk_sim_bad_key', maxJobs: 1 }
  const refused = await call(ACCOUNTS, post(key))
  expect([refused.status, await refused.json()]).toEqual([
    400,
    {
      error: 'HeyGen refuses this API key (401). Check that it is copied whole and not revoked.',
    },
  ])
  expect((await call(ACCOUNTS)).status).toBe(404)
})

test('a log-in that is met by a second factor or an edge block says to use an API key', async () => {
  const call = await tenant()
  await gateway.sim.control('POST', '/accounts', {
    email: 'mfa@example.com',
    password: 'p',
    mfa: true,
  })
  await gateway.sim.control('POST', '/accounts', {
    email: 'edge@example.com',
    password: 'p',
    edgeBlock: true,
  })
  await gateway.sim.control('POST', '/accounts', {
    email: 'web@example.com',
    password: 'p',
    webSessionRefused: true,
  })
  for (const email of ['mfa@example.com', 'edge@example.com', 'web@example.com']) {
    const refused = await call(ACCOUNTS, post({ email, password: 'p', maxJobs: 1 }))
    expect(refused.status).toBe(400)
    expect(Object.keys((await refused.clone().json()) as object)).toEqual(['error'])
    expect(await refused.text()).toContain('API key')
  }
})

test('a password that is an API key reaches the real API', async () => {
  const call = await tenant()
  const added = await call(
    ACCOUNTS,
    post({ email: 'keyed@example.com', password: 'sk_sim_keyed', maxJobs: 3 })
  )
  expect([added.status, await added.json()]).toEqual([
    201,
    {
      email: 'keyed@example.com',
      session: { username: 'keyed@example.com' },
      maxJobs: 3,
      password: '…secured…',
    },
  ])
})

test('with an API key the email may be left out', async () => {
  const call = await tenant()
  const added = await call(ACCOUNTS, post({ apiKey: 'sk_sim_nomail', maxJobs: 3 }))
  expect(await added.json()).toMatchObject({ email: 'nomail@sim.example', apiKey: '…secured…' })
})

test('a form is as good as JSON, its numbers come as text', async () => {
  const { token } = await gateway.newToken()
  const form = new FormData()
  for (const [name, value] of Object.entries({
    email: 'form@example.com',
    password: 'sk_sim_form',
    maxJobs: '7',
  }))
    form.set(name, value)
  const added = await gateway.fetch(ACCOUNTS, {
    method: 'POST',
    body: form,
    headers: { authorization: `Bearer ${token}` },
  })
  expect([added.status, await added.json()]).toMatchObject([201, { maxJobs: 7 }])
})

test('dryRun proves the credential and stores nothing', async () => {
  const call = await tenant()
  const good = await call(
    ACCOUNTS,
    post({ email: 'dry@example.com', apiKey: 'sk_sim_dry', maxJobs: 1, dryRun: true })
  )
  expect([good.status, await good.json()]).toMatchObject([200, { email: 'dry@example.com' }])
  expect(
    (await call(ACCOUNTS, post({ apiKey: 'sk_sim_badkey', maxJobs: 1, dryRun: true }))).status
  ).toBe(400)
  expect((await call(ACCOUNTS)).status).toBe(404)
})

test('the same account again is an update, under any spelling of its email', async () => {
  const call = await tenant()
  const account = { email: 'Again@Example.com', apiKey: 'sk_sim_again', maxJobs: 2 }
  expect((await call(ACCOUNTS, post(account))).status).toBe(201)
  expect(
    (await call(ACCOUNTS, post({ ...account, email: 'again@example.com', maxJobs: 5 }))).status
  ).toBe(201)
  const limit = await call(ACCOUNTS, post({ email: 'AGAIN@example.com', maxJobs: 4 }))
  expect(limit.status).toBe(200)
  const all = (await (await call(ACCOUNTS)).json()) as Record<string, { maxJobs: number }>
  expect(Object.entries(all).map(([email, view]) => [email, view.maxJobs])).toEqual([
    ['Again@Example.com', 4],
  ])
  for (const spelling of ['again@example.com', 'AGAIN%40EXAMPLE.COM']) {
    expect((await call(`${ACCOUNTS}/${spelling}`)).status).toBe(200)
  }
})

test('several keys of one provider account are one account [I5]', async () => {
  const [one, other] = [await tenant(), await tenant()]
  await gateway.sim.control('POST', '/accounts', {
    email: 'twokeys@example.com',
    apiKeys: ['sk_test_first', 'sk_test_second'],
  })
  expect(
    (await one(ACCOUNTS, post({ email: 'x@example.com', apiKey: 'sk_test_first', maxJobs: 1 })))
      .status
  ).toBe(201)
  for (const call of [one, other]) {
    const second = await call(
      ACCOUNTS,
      post({ email: 'y@example.com', apiKey: 'sk_test_second', maxJobs: 1 })
    )
    expect([second.status, second.headers.get('x-gateway-error')]).toEqual([409, 'account_exists'])
  }
  expect(
    (await one(ACCOUNTS, post({ email: 'x@example.com', apiKey: 'sk_test_second', maxJobs: 2 })))
      .status
  ).toBe(201)
  expect((await one(`${ACCOUNTS}/x@example.com`, { method: 'DELETE' })).status).toBe(204)
  expect(
    (await other(ACCOUNTS, post({ email: 'y@example.com', apiKey: 'sk_test_first', maxJobs: 1 })))
      .status
  ).toBe(201)
})

test('accounts posted at the same moment all survive', async () => {
  const call = await tenant()
  const names = Array.from({ length: 12 }, (_, index) => `many${index}`)
  const added = await Promise.all(
    names.map((name) =>
      call(ACCOUNTS, post({ email: `${name}@example.com`, apiKey: `sk_sim_${name}`, maxJobs: 1 }))
    )
  )
  expect(added.map((answer) => answer.status)).toEqual(names.map(() => 201))
  const all = (await (await call(ACCOUNTS)).json()) as object
  expect(Object.keys(all).sort()).toEqual(names.map((name) => `${name}@example.com`).sort())
})

test('a removed account is gone at once, and its neighbours stay', async () => {
  const call = await tenant()
  for (const name of ['stay', 'leave'])
    await call(
      ACCOUNTS,
      post({ email: `${name}@example.com`, apiKey: `sk_sim_${name}`, maxJobs: 1 })
    )
  const removed = await call(`${ACCOUNTS}/leave@example.com`, { method: 'DELETE' })
  expect([removed.status, await removed.text()]).toEqual([204, ''])
  const gone = await call(`${ACCOUNTS}/leave@example.com`)
  expect([gone.status, await gone.text()]).toEqual([
    404,
    'Account configuration not found. To create configuration use POST /accounts.',
  ])
  expect((await call(`${ACCOUNTS}/leave@example.com`, { method: 'DELETE' })).status).toBe(404)
  expect(Object.keys((await (await call(ACCOUNTS)).json()) as object)).toEqual(['stay@example.com'])
})

test('a network error never counts as a bad key', async () => {
  const call = await tenant()
  await call(ACCOUNTS, post({ email: 'net@example.com', apiKey: 'sk_sim_net', maxJobs: 1 }))
  await gateway.sim.fault({ match: { path: '/v3/users/me' }, effect: { status: 503 } })
  const unsure = await call(
    ACCOUNTS,
    post({ email: 'net@example.com', apiKey: 'sk_sim_net', maxJobs: 9 })
  )
  await gateway.sim.clearFaults()
  expect([unsure.status, unsure.headers.get('x-gateway-error')]).toEqual([
    502,
    'upstream_unreachable',
  ])
  expect(await (await call(`${ACCOUNTS}/net@example.com`)).json()).toMatchObject({ maxJobs: 1 })
})

test('a key that may not read its user is genuine all the same', async () => {
  const call = await tenant()
  await gateway.sim.control('POST', '/accounts', {
    email: 'narrow@example.com',
    apiKeys: ['sk_test_narrow'],
    scopes: ['video:read'],
  })
  const added = await call(
    ACCOUNTS,
    post({ email: 'narrow@example.com', apiKey: 'sk_test_narrow', maxJobs: 1 })
  )
  expect(added.status).toBe(201)
  const nameless = await call(ACCOUNTS, post({ apiKey: 'sk_test_narrow', maxJobs: 1 }))
  expect([nameless.status, await nameless.json()]).toMatchObject([
    400,
    { error: expect.stringContaining('email') as string },
  ])
})

test('a session is renewed before it ends, once, however many calls need it', async () => {
  const call = await tenant()
  const email = 'renew@example.com'
  const lasting = (sessionSeconds: number) =>
    gateway.sim.control('POST', '/accounts', { email, password: 'p', sessionSeconds })
  // The provider's clock is an hour behind: by ours the session lasts two seconds, there it goes on all the time.
  const behindMs = 3600_000
  await gateway.sim.control('POST', '/clock', { advanceMs: -behindMs })
  await lasting(behindMs / 1000 + 2)
  const added = await call(ACCOUNTS, post({ email, password: 'p', maxJobs: 1 }))
  const { session } = (await added.json()) as { session: { ExpireTime: number } }
  expect((await gateway.sim.account(email)).logins).toBe(1)
  // Just before its end, within the last tenth. Later is as good: the provider still takes the old one.
  await new Promise((resolve) => setTimeout(resolve, session.ExpireTime - 60 - Date.now()))
  // The next one does not end during the test.
  await lasting(2 * (behindMs / 1000))
  const answers = await Promise.all(Array.from({ length: 20 }, () => call('/heygen/v3/users/me')))
  await gateway.sim.control('POST', '/clock', { advanceMs: behindMs })
  expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 200))
  expect((await gateway.sim.account(email)).logins).toBe(2)
})

test('a use token may use accounts but not change them', async () => {
  const owner = await gateway.newToken()
  const user = await gateway.newToken({ tenant: owner.tenant, scope: 'use' })
  const as = (token: string, init: RequestInit = {}) =>
    gateway.fetch(ACCOUNTS, {
      ...init,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    })
  const body = post({ apiKey: 'sk_sim_scoped', maxJobs: 1 })
  const refused = await as(user.token, body)
  expect([refused.status, refused.headers.get('x-gateway-error')]).toEqual([403, 'forbidden'])
  expect((await as(owner.token, body)).status).toBe(201)
  expect((await as(user.token)).status).toBe(200)
  expect(
    (
      await gateway.fetch(`${ACCOUNTS}/scoped@sim.example`, {
        method: 'DELETE',
        headers: { authorization: `Bearer ${user.token}` },
      })
    ).status
  ).toBe(403)
})

test('tenants do not see each other: what is not yours answers like what does not exist [I5]', async () => {
  const [mine, theirs] = [await tenant(), await tenant()]
  await mine(ACCOUNTS, post({ email: 'mine@example.com', apiKey: 'sk_sim_mine', maxJobs: 1 }))
  await theirs(ACCOUNTS, post({ email: 'theirs@example.com', apiKey: 'sk_sim_theirs', maxJobs: 1 }))
  const created = await mine(
    '/heygen/v3/videos',
    post({
      type: 'avatar',
      avatar_id: 'Abigail_expressive_2024112501',
      script: 'x',
      voice_id: '1bd001e7e50f421d891986aad5158bc8',
    })
  )
  const job = created.headers.get('x-gateway-job')
  const same = async (path: string, invented: string, init?: RequestInit) => {
    const [real, fake] = await Promise.all([theirs(path, init), theirs(invented, init)])
    expect(real.status).toBe(fake.status)
    const hide = (text: string) =>
      text.replaceAll(String(job), 'ID').replaceAll('f'.repeat(32), 'ID')
    expect(hide(await real.text())).toBe(hide(await fake.text()))
  }
  await same(`${ACCOUNTS}/mine@example.com`, `${ACCOUNTS}/nobody@example.com`)
  await same(`${ACCOUNTS}/mine@example.com`, `${ACCOUNTS}/nobody@example.com`, { method: 'DELETE' })
  await same(`/v1/heygen/jobs/${job}`, `/v1/heygen/jobs/${'f'.repeat(32)}`)
  await same(
    `/v1/heygen/scheduler/${job}?force=true`,
    `/v1/heygen/scheduler/${'f'.repeat(32)}?force=true`,
    { method: 'DELETE' }
  )
  await same(`/heygen/v3/videos/${job}`, `/heygen/v3/videos/${'f'.repeat(32)}`)
  expect(await (await theirs('/v1/heygen/scheduler')).json()).toEqual([])
})

test('a new token works at once, a changed one as changed, and a removed one is dead', async () => {
  const { id, token } = await gateway.newToken()
  const call = () => gateway.fetch('/v2/account', { headers: { authorization: `Bearer ${token}` } })
  expect((await call()).status).toBe(200)
  expect((await gateway.admin('PATCH', `/tokens/${id}`, { subscription: 'lapsed' })).status).toBe(
    200
  )
  expect((await call()).status).toBe(402)
  await gateway.admin('PATCH', `/tokens/${id}`, {
    subscription: 'active',
    expiresAt: '2020-01-01T00:00:00Z',
  })
  expect((await call()).status).toBe(401)
  await gateway.admin('PATCH', `/tokens/${id}`, { expiresAt: null })
  expect((await call()).status).toBe(200)
  expect((await gateway.admin('DELETE', `/tokens/${id}`)).status).toBe(204)
  expect((await call()).status).toBe(401)
  expect((await gateway.admin('DELETE', `/tokens/${id}`)).status).toBe(404)
})

test('the token is shown once and never again [I6]', async () => {
  const { token, tenant: name } = await gateway.newToken()
  const lists = await Promise.all(
    ['/tokens', '/tenants'].map(async (path) => (await gateway.admin('GET', path)).text())
  )
  expect(lists.join(' ')).toContain(name)
  expect(lists.join(' ')).not.toContain(token)
})

test('a removed tenant is gone with its tokens and accounts', async () => {
  const { token, tenant: id } = await gateway.newToken()
  const call = (path: string, init: RequestInit = {}) =>
    gateway.fetch(path, {
      ...init,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    })
  await call(ACCOUNTS, post({ apiKey: 'sk_sim_tenantgone', maxJobs: 1 }))
  expect((await gateway.admin('DELETE', `/tenants/${id}`)).status).toBe(204)
  expect((await call(ACCOUNTS)).status).toBe(401)
  const other = await tenant()
  expect((await other(ACCOUNTS, post({ apiKey: 'sk_sim_tenantgone', maxJobs: 1 }))).status).toBe(
    201
  )
})

test('the platform account tells who the token belongs to, and takes a default replyUrl', async () => {
  const call = await tenant()
  expect(await (await call('/v2/account')).json()).toMatchObject({
    subscriptionIsActive: true,
    replyUrl: null,
  })
  const set = await call('/v2/account', post({ name: 'Ana', replyUrl: 'https://example.com/hook' }))
  expect([set.status, await set.text()]).toEqual([204, ''])
  expect(await (await call('/v2/account')).json()).toMatchObject({
    name: 'Ana',
    replyUrl: 'https://example.com/hook',
  })
  const long = await call(
    '/v2/account',
    post({ replyUrl: `https://example.com/${'x'.repeat(1024)}` })
  )
  expect([long.status, await long.json()]).toEqual([
    400,
    { error: 'replyUrl is too long', code: 400 },
  ])
})

test('a removed account finishes what it started, then forgets its credential [I2]', async () => {
  const own = await stopped(openGateway({ accounts: { r: 1 }, entry: CLOCKED }))
  try {
    expect((await own.createVideo()).status).toBe(200)
    await own.fetch(`${ACCOUNTS}/r@example.com`, { method: 'DELETE' })
    expect((await own.createVideo()).status).toBe(404)
    await own.sim.forgetRequests()
    await untilMoved(own, async () => (await own.sim.requests()).length > 0)
  } finally {
    await own.dispose()
  }
})
