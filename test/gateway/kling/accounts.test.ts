/** `/v1/kling/accounts`: seed 004 to the letter, and the credentials that Kling has. */
import { expect, test } from 'vitest'
import { gatewaysOfTests } from '../../support/gateways-of-tests.ts'
import {
  addKling,
  keysOf,
  klingRequests,
  makeKling,
  T2V,
  TEXT2VIDEO,
} from '../../support/scenes/kling.ts'

const openGateway = gatewaysOfTests()
const ACCOUNTS = '/v1/kling/accounts'

test('without accounts the answer is the seed’s bare sentence, and without a token its two members', async () => {
  const gateway = await openGateway()
  const none = await gateway.fetch(ACCOUNTS)
  expect([none.status, await none.text()]).toEqual([
    404,
    'Configuration not found. To create configuration use POST /accounts.',
  ])
  const stranger = await fetch(gateway.url + ACCOUNTS)
  expect([stranger.status, await stranger.text()]).toEqual([
    401,
    '{"error":"Unauthorized","code":401}',
  ])
})

test('accounts with a password look as in the seed, member by member [I6]', async () => {
  const gateway = await openGateway()
  await makeKling(gateway, 'ann', { password: 'secret-word' })
  await gateway.sim.fault({
    match: { path: '/account/costs' },
    effect: { status: 200, body: { code: 0, message: 'SUCCEED', data: {} } },
  })
  const body = { email: 'ann@example.com', password: 'secret-word', maxJobs: 8 }
  const added = await gateway.post(ACCOUNTS, body)
  const text = await added.text()
  expect(added.status, text).toBe(201)
  const { session } = JSON.parse(text) as {
    session: { userId: string; ExpireTime: number; ExpireTimeUTC: string }
  }
  expect(session.userId).toMatch(/^\d+$/)
  expect(session.ExpireTime).toBeGreaterThan(Date.now())
  expect(Date.parse(session.ExpireTimeUTC)).toBe(session.ExpireTime)
  const all = await gateway.fetch(ACCOUNTS)
  expect(await all.text()).toBe(
    `{"ann@example.com":{"email":"ann@example.com","session":{"userId":"${session.userId}",` +
      `"ExpireTime":${session.ExpireTime},"ExpireTimeUTC":"${session.ExpireTimeUTC}"},` +
      `"maxJobs":8,"password":"…secured…"}}`
  )
})

test('a web session that the API refuses is not stored, and the answer says what to do instead', async () => {
  const gateway = await openGateway()
  await makeKling(gateway, 'ann', { password: 'secret-word' })
  const body = { email: 'ann@example.com', password: 'secret-word', maxJobs: 8 }
  const added = await gateway.post(ACCOUNTS, body)
  expect(added.status).toBe(400)
  const { error } = (await added.json()) as { error: string }
  expect(error).toContain('refuses the web session')
  expect(error).toContain('accessKey and secretKey')
  expect((await gateway.fetch(ACCOUNTS)).status).toBe(404)
})

test('a wrong password is refused in the seed’s words, a captcha and a second factor with advice', async () => {
  const gateway = await openGateway()
  await makeKling(gateway, 'ann', { password: 'secret-word' })
  await makeKling(gateway, 'bob', { password: 'secret-word', edgeBlock: true })
  await makeKling(gateway, 'cid', { password: 'secret-word', mfa: true })
  const add = async (name: string, password: string) => {
    const body = { email: `${name}@example.com`, password, maxJobs: 1 }
    const answer = await gateway.post(ACCOUNTS, body)
    return [answer.status, await answer.text()]
  }
  expect(await add('ann', 'another-word')).toEqual([
    400,
    '{"error":"Account does not exist or password is incorrect"}',
  ])
  expect(await add('bob', 'secret-word')).toEqual([400, expect.stringContaining('captcha')])
  expect(await add('cid', 'secret-word')).toEqual([400, expect.stringContaining('second factor')])
})

test.each(['apiKey', 'pair', 'both'] as const)(
  'an account with %s is proved with its packs, and shows no secret',
  async (kind) => {
    const gateway = await openGateway()
    await addKling(gateway, 'ann', { kind, maxJobs: 50 })
    const proofs = (await klingRequests(gateway)).filter((one) => one.path === '/account/costs')
    expect(proofs).toHaveLength(kind === 'both' ? 2 : 1)
    const text = await (await gateway.fetch(ACCOUNTS)).text()
    const secured = {
      apiKey: '"apiKey":"…secured…"',
      pair: '"accessKey":"…secured…","secretKey":"…secured…"',
      both: '"accessKey":"…secured…","secretKey":"…secured…","apiKey":"…secured…"',
    }[kind]
    expect(text).toBe(
      `{"ann@example.com":{"email":"ann@example.com","session":{"userId":"ann@example.com"},` +
        `"maxJobs":50,${secured}}}`
    )
  }
)

test('a good API key does not make up for a bad pair, nor the keys of two accounts for one', async () => {
  const gateway = await openGateway()
  await makeKling(gateway, 'ann')
  await makeKling(gateway, 'bob')
  const { apiKey, accessKey, secretKey } = keysOf('ann')
  const add = async (fields: object) => {
    const body = { email: 'ann@example.com', maxJobs: 1, ...fields }
    const answer = await gateway.post(ACCOUNTS, body)
    return [answer.status, await answer.json()]
  }
  expect(await add({ apiKey, accessKey, secretKey: 'wrong' })).toEqual([
    400,
    { error: expect.stringMatching(/^Kling refuses accessKey and secretKey .*belong together/) },
  ])
  expect(await add({ apiKey: 'wrong', accessKey, secretKey })).toEqual([
    400,
    { error: expect.stringMatching(/^Kling refuses apiKey .*copied whole/) },
  ])
  expect(await add({ apiKey: 'wrong' })).toEqual([
    400,
    { error: expect.stringMatching(/^Kling refuses apiKey/) },
  ])
  expect(await add({ accessKey })).toEqual([400, { error: 'secretKey is required', code: 400 }])
  expect(await add({ apiKey: keysOf('bob').apiKey, accessKey, secretKey })).toEqual([
    400,
    { error: 'The API key and the key pair belong to different accounts' },
  ])
})

test('a key pair may stand in the place of the password', async () => {
  const gateway = await openGateway()
  await makeKling(gateway, 'ann')
  const { accessKey, secretKey } = keysOf('ann-of-somewhere')
  await gateway.sim.control('POST', '/accounts', {
    provider: 'kling',
    email: 'ann@example.com',
    accessKey,
    secretKey,
  })
  const body = { email: 'ann@example.com', password: `${accessKey}|${secretKey}`, maxJobs: 3 }
  const added = await gateway.post(ACCOUNTS, body)
  expect([added.status, await added.text()]).toEqual([
    201,
    '{"email":"ann@example.com","session":{"userId":"ann@example.com"},"maxJobs":3,"password":"…secured…"}',
  ])
})

test('an account of another region is proved and called at that region’s host', async () => {
  const gateway = await openGateway()
  await makeKling(gateway, 'ann', { region: 'beijing' })
  const { apiKey } = keysOf('ann')
  const body = { email: 'ann@example.com', apiKey, maxJobs: 3 }
  expect((await gateway.post(ACCOUNTS, body)).status).toBe(400)
  const added = await gateway.post(ACCOUNTS, { ...body, region: 'beijing' })
  expect([added.status, await added.json()]).toEqual([
    201,
    expect.objectContaining({ region: 'beijing' }),
  ])
  await gateway.sim.forgetRequests()
  const listed = await gateway.fetch('/kling/v1/videos/text2video')
  expect(listed.status).toBe(200)
  expect((await klingRequests(gateway)).map((one) => one.host)).toEqual(['kling-beijing'])
})

test('maxJobs goes from 1 to 50', async () => {
  const gateway = await openGateway()
  await makeKling(gateway, 'ann')
  const { apiKey } = keysOf('ann')
  const add = async (maxJobs: number) => {
    const answer = await gateway.post(ACCOUNTS, { email: 'ann@example.com', apiKey, maxJobs })
    return answer.status
  }
  expect(await add(0)).toBe(400)
  expect(await add(51)).toBe(400)
  expect(await add(50)).toBe(201)
  expect(await add(1)).toBe(201)
})

test('one account shows its balance, and stays readable when Kling does not answer', async () => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann', { kind: 'pair' })
  const one = await gateway.fetch(`${ACCOUNTS}/ann@example.com`)
  const view = (await one.json()) as { balance: { points: object[]; total: number } }
  expect(view.balance.points.length).toBeGreaterThan(0)
  expect(view.balance.points[0]).toEqual({
    orderId: expect.any(String),
    type: expect.any(String),
    amount: expect.any(Number),
    balance: expect.any(Number),
    startTime: expect.any(Number),
    endTime: expect.any(Number),
  })
  await gateway.sim.fault({ match: { path: '/account/costs' }, effect: { status: 500 } })
  const alone = await gateway.fetch(`${ACCOUNTS}/ann@example.com`)
  expect(alone.status).toBe(200)
  expect(await alone.json()).not.toHaveProperty('balance')
})

test('a removed account is gone, and an unknown one is told in a sentence', async () => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann')
  const removed = await gateway.fetch(`${ACCOUNTS}/ann@example.com`, { method: 'DELETE' })
  expect([removed.status, await removed.text()]).toEqual([204, ''])
  const unknown = await gateway.fetch(`${ACCOUNTS}/ann@example.com`)
  expect([unknown.status, await unknown.text()]).toEqual([
    404,
    'Account configuration not found. To create configuration use POST /accounts.',
  ])
  expect((await gateway.fetch('/kling/v1/videos/text2video')).status).toBe(404)
})

test('accounts of one provider are none of the other', async () => {
  const gateway = await openGateway({ accounts: { ann: 3 } })
  await addKling(gateway, 'bob')
  const emails = async (provider: string) =>
    Object.keys((await (await gateway.fetch(`/v1/${provider}/accounts`)).json()) as object)
  expect(await emails('heygen')).toEqual(['ann@example.com'])
  expect(await emails('kling')).toEqual(['bob@example.com'])
})

test('a webhook secret that was cut off is refused, not kept', async () => {
  const gateway = await openGateway()
  const email = await makeKling(gateway, 'ann')
  const add = async (webhookSecret: string) => {
    const answer = await gateway.post(ACCOUNTS, {
      email,
      maxJobs: 1,
      ...keysOf('ann'),
      webhookSecret,
    })
    return [answer.status, await answer.text()]
  }
  expect(await add('whsec_dGVzdHNlY')).toEqual([400, expect.stringContaining('webhookSecret')])
  expect(await add('whsec_dGVzdHNlY3')).toEqual([201, expect.stringContaining('webhookSecret')])
  expect(await add('whsec_dGVzdHNlY3I=')).toEqual([201, expect.any(String)])
})

test('both kinds of keys are proved although Kling answers the question about packs once a second', async () => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann', { kind: 'both', sim: { costsPerSecond: 1 } })
  await gateway.sim.fault({ match: { path: '/account/costs' }, effect: { code: 1302 } })
  const email = await makeKling(gateway, 'bob')
  const never = await gateway.post(ACCOUNTS, { email, maxJobs: 1, ...keysOf('bob') })
  expect([never.status, await never.json()]).toEqual([
    502,
    { error: 'Kling answered 429; nothing was changed', code: 502 },
  ])
})

test('an account that gets another kind of key beside its own stays the same account, with the slots that are taken', async () => {
  const gateway = await openGateway()
  const email = await addKling(gateway, 'ann', { kind: 'apiKey', maxJobs: 2 })
  for (let index = 0; index < 2; index += 1) {
    expect((await gateway.post(T2V, TEXT2VIDEO)).status).toBe(200)
  }
  const both = { email, maxJobs: 2, ...keysOf('ann') }
  expect((await gateway.post('/v1/kling/accounts', both)).ok).toBe(true)
  expect((await gateway.post(T2V, TEXT2VIDEO)).status).toBe(429)
  const { apiKey } = keysOf('ann')
  expect((await gateway.post('/v1/kling/accounts', { email, maxJobs: 2, apiKey })).ok).toBe(true)
  expect((await gateway.post(T2V, TEXT2VIDEO)).status).toBe(429)
})

test('an account that has two kinds of keys is not added again by one of them under another email', async () => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann', { kind: 'both' })
  const { apiKey, accessKey, secretKey } = keysOf('ann')
  for (const keys of [{ apiKey }, { accessKey, secretKey }]) {
    const again = { email: 'other@example.com', maxJobs: 2, ...keys }
    expect((await gateway.post('/v1/kling/accounts', again)).status).toBe(409)
  }
})
