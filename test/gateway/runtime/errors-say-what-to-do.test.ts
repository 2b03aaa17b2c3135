/** What somebody meets who uses the gateway for the first time: answers that say what is wrong and what to do instead. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ADMIN_TOKEN, until, VIDEO } from '../../support/gateway.ts'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { runWorker } from '../../../scripts/lib/run-worker.ts'

const open = gatewaysOfFile()
const gateway = await open({ accounts: { alice: 2 }, simVars: { JOB_MS: '600000' } })
const ACCOUNTS = '/v1/heygen/accounts'

async function said(answer: Response | Promise<Response>): Promise<[number, string]> {
  const { status } = await answer
  const body = (await (await answer).json()) as {
    error?: string | { message: string }
    message?: string
  }
  const text = typeof body.error === 'string' ? body.error : (body.error?.message ?? body.message)
  return [status, text ?? '']
}

const bare = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(gateway.url + path, { method, headers })

test('the root names the product, its version and where to read on', async () => {
  const answer = await bare('/')
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  expect(await answer.json()).toMatchObject({
    name: 'heygen-gateway',
    version,
    openapi: '/openapi.json',
    health: '/healthz',
  })
})

test('healthz is 503 and names the setting when nothing can be served, and the log says so once', async () => {
  const logs: string[] = []
  const common = { config: 'wrangler.toml', name: 'gateway' }
  const worker = await runWorker({
    ...common,
    vars: { ADMIN_TOKEN, MASTER_KEYS: '' },
    onLog: ({ message }) => logs.push(message),
  })
  try {
    for (let n = 0; n < 3; n += 1) {
      const answer = await fetch(`${worker.url}/healthz`)
      expect(answer.status).toBe(503)
      expect(await answer.json()).toMatchObject({
        ok: false,
        error: expect.stringContaining('MASTER_KEYS'),
      })
    }
    expect((await fetch(`${worker.url}/v1/heygen/accounts`)).status).toBe(500)
    await until(async () => logs.some((line) => line.includes('"status":500')))
    expect(logs.filter((line) => line.includes('setting_invalid'))).toHaveLength(1)
    expect(logs.find((line) => line.includes('setting_invalid'))).toContain('MASTER_KEYS')
    expect((await fetch(worker.url)).status).toBe(200)
  } finally {
    await worker.dispose()
  }
  const good = await bare('/healthz')
  expect([good.status, await good.json()]).toEqual([200, { ok: true }])
})

test('a wrong API key is called so; the seed’s sentence is for passwords', async () => {
  const [status, text] = await said(gateway.post(ACCOUNTS, { apiKey: 'sk_wrong', maxJobs: 3 }))
  expect(status).toBe(400)
  expect(text).toContain('API key')
  expect(text).not.toContain('password')
  const kling = {
    email: 'k@example.com',
    accessKey: 'a'.repeat(20),
    secretKey: 'b'.repeat(20),
    maxJobs: 3,
  }
  expect((await said(gateway.post('/v1/kling/accounts', kling)))[1]).toContain(
    'accessKey and secretKey'
  )
  const password = { email: 'nobody@example.com', password: 'x', maxJobs: 1 }
  expect(await said(gateway.post(ACCOUNTS, password))).toEqual([
    400,
    'Account does not exist or password is incorrect',
  ])
})

test.each([
  ['no token', {}, /hgw_.*Authorization: Bearer.*X-Api-Key/],
  ['no Bearer', { authorization: 'hgw_x' }, /Bearer/],
  ['Bearer in X-Api-Key', { 'x-api-key': 'Bearer hgw_x' }, /without.*Bearer/],
  ['a key of the provider', { 'x-api-key': 'sk_V2_mine' }, /provider.*\/v1\/heygen\/accounts/],
  ['a token cut short', { authorization: 'Bearer hgw_abc' }, /whole/],
] as const)('on a drop-in path %s is told which header wants what', async (_, headers, wanted) => {
  const answer = await bare('/heygen/v3/users/me', headers)
  expect(answer.headers.get('www-authenticate')).toContain('Bearer')
  const [status, text] = await said(answer)
  expect(status).toBe(401)
  expect(text).toMatch(wanted)
  expect(text).not.toContain('sk_V2_mine')
})

test('a token that nobody made is called unknown, on every family of paths', async () => {
  const { id, token } = await gateway.newToken()
  await gateway.admin('DELETE', `/tokens/${id}`)
  for (const path of [
    '/heygen/v1/user/me',
    '/heygen/v2/avatars',
    '/v3/videos',
    '/kling/v1/videos/text2video',
  ])
    expect((await said(bare(path, { authorization: `Bearer ${token}` })))[1]).toMatch(/removed/)
})

test('on our own paths the body of a 401 is the seed’s, and a header says more', async () => {
  const answer = await bare(ACCOUNTS, { 'x-api-key': gateway.token })
  expect(await answer.clone().text()).toBe('{"error":"Unauthorized","code":401}')
  expect(answer.headers.get('x-gateway-hint')).toContain('Authorization: Bearer')
  const { headers } = await bare('/admin/tokens')
  expect(headers.get('x-gateway-hint')).toContain('ADMIN_TOKEN')
})

test('all that a body lacks and all that nobody knows is named at once', async () => {
  expect(await said(gateway.post(ACCOUNTS, {}))).toEqual([
    400,
    'maxJobs and one of apiKey, password are required',
  ])
  expect(await said(gateway.post(ACCOUNTS, { email: 'a@b.c', maxjobs: 4, more: 1 }))).toEqual([
    400,
    'maxJobs is required. Unknown field maxjobs, more',
  ])
  expect(await said(gateway.post(ACCOUNTS, { apiKey: 5, email: 'no' }))).toEqual([
    400,
    expect.stringMatching(/^email: is not an email address\. apiKey: .*\. maxJobs is required$/),
  ])
  expect(await said(gateway.post(ACCOUNTS, { apiKey: '', maxJobs: 3 }))).toEqual([
    400,
    'one of apiKey, password (empty: apiKey) is required',
  ])
  expect(await said(gateway.admin('POST', '/tokens', { name: '' }))).toEqual([400, 'name is empty'])
})

test('what is wrong is said without the words of a library', async () => {
  const token = { name: 5, scope: 'all', expiresAt: 'soon' }
  expect(await said(gateway.admin('POST', '/tokens', token))).toEqual([
    400,
    'name: must be text. scope: must be one of full, use. expiresAt: must be a time such as 2026-11-28T12:00:00Z',
  ])
  expect(await said(gateway.admin('POST', '/tokens', { name: 'n'.repeat(201) }))).toEqual([
    400,
    'name: must have at most 200 characters',
  ])
  expect(await said(gateway.post(ACCOUNTS, []))).toEqual([
    400,
    'The body must be a JSON object or a form',
  ])
  expect(await said(gateway.fetch('/v1/heygen/jobs?state=foo&since=today'))).toEqual([
    400,
    'state: must be one of running, ended. since: must be a time such as 2026-11-28T12:00:00Z',
  ])
  expect(await said(gateway.fetch('/v1/usage?since=2026-02-30'))).toEqual([
    400,
    'since: must be a day such as 2026-11-28',
  ])
})

test.each([0, -1, 5.5, 'five', null, 11, true, '11'])(
  'maxJobs %s is refused in one and the same sentence',
  async (maxJobs) => {
    const sentence = 'maxJobs: must be an integer from 1 to 10'
    expect(await said(gateway.post(ACCOUNTS, { apiKey: 'sk_test_x', maxJobs }))).toEqual([
      400,
      sentence,
    ])
  }
)

test('numbers and flags as text are taken from JSON as from forms', async () => {
  await gateway.sim.addAccount('texts@example.com', 'sk_test_texts')
  const body = { email: 'texts@example.com', apiKey: 'sk_test_texts', maxJobs: '5', dryRun: 'true' }
  const answer = await gateway.post(ACCOUNTS, body)
  expect([answer.status, await answer.json()]).toMatchObject([200, { maxJobs: 5 }])
})

test('a method that a path of ours does not have is a 405 with those that it has', async () => {
  const asked: [string, string, string][] = [
    ['PUT', `${ACCOUNTS}/alice@example.com`, 'DELETE, GET, HEAD, PATCH'],
    ['DELETE', ACCOUNTS, 'GET, HEAD, POST'],
    ['GET', '/v1/kling/videos/text2video', 'POST'],
    ['GET', '/v1/heygen/scheduler/x', 'DELETE'],
    ['PUT', '/v2/account', 'GET, HEAD, POST'],
    ['POST', '/v1/deliveries', 'GET, HEAD'],
  ]
  for (const [method, path, allow] of asked) {
    const answer = await gateway.fetch(path, { method })
    expect([answer.status, answer.headers.get('allow')], `${method} ${path}`).toEqual([405, allow])
    expect(await answer.json()).toMatchObject({ code: 405, error: expect.stringContaining(allow) })
  }
  const admin = await gateway.admin('PUT', '/tokens')
  expect([admin.status, admin.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST'])
  expect((await gateway.fetch('/v1/heygen/nothing')).status).toBe(404)
  expect((await bare(ACCOUNTS, {}, 'DELETE')).status).toBe(401)
})

test('a token that would be dead when it is made is refused', async () => {
  const form = { name: 'late', expiresAt: '2020-01-01T00:00:00Z' }
  expect(await said(gateway.admin('POST', '/tokens', form))).toEqual([
    400,
    'expiresAt: is in the past',
  ])
})

test('a tenant’s id with a typing error makes no tenant; a name of one’s own does', async () => {
  const form = { name: 'x', tenant: 'tnt_0000000000000000' }
  const [status, text] = await said(gateway.admin('POST', '/tokens', form))
  expect(status).toBe(404)
  expect(text).toContain('tnt_0000000000000000')
  const { tenant } = await gateway.newToken()
  expect((await gateway.newToken({ tenant })).tenant).toBe(tenant)
  expect((await gateway.newToken({ tenant: 'customer-1' })).tenant).toBe('customer-1')
  const before = (await (await gateway.admin('GET', '/tenants')).json()) as {
    tenants: { id: string }[]
  }
  expect(before.tenants.map((one) => one.id)).not.toContain('tnt_0000000000000000')
})

test('one token is shown by its id', async () => {
  const { id, tenant, token } = await gateway.newToken({ name: 'shown' })
  const answer = await gateway.admin('GET', `/tokens/${id}`)
  const text = await answer.text()
  expect(JSON.parse(text)).toMatchObject({ id, tenant, name: 'shown', scope: 'full' })
  expect(text).not.toContain(token)
  expect((await gateway.admin('GET', '/tokens/tok_nobody')).status).toBe(404)
})

test('an account that is there under another email is named; another tenant’s is not [I5]', async () => {
  const again = { email: 'second@example.com', apiKey: 'sk_test_alice', maxJobs: 2 }
  const [status, text] = await said(gateway.post(ACCOUNTS, again))
  expect(status).toBe(409)
  expect(text).toContain('alice@example.com')
  const { token } = await gateway.newToken()
  const [, vague] = await said(gateway.as(token).post(ACCOUNTS, again))
  expect(vague).not.toContain('alice')
})

test('a change of the limit that ends a parking says so', async () => {
  const { token } = await gateway.newToken()
  const other = gateway.as(token)
  const email = await other.addAccount('parked', 2)
  await gateway.sim.fault({
    match: { path: '/v3/videos', account: email },
    times: 1,
    effect: { status: 429, headers: { 'retry-after': '50' } },
  })
  await other.createVideo()
  const shown = await (await other.fetch(`${ACCOUNTS}/${email}`)).json()
  expect(shown).toMatchObject({ parked: [{ reason: 'busy' }] })
  const changed = await (await other.post(ACCOUNTS, { email, maxJobs: 3 })).json()
  expect(changed).toMatchObject({ maxJobs: 3, unparked: [{ reason: 'busy' }] })
  expect(changed).not.toHaveProperty('parked')
})

test('a base URL that stands twice is said to, and nothing goes up', async () => {
  await gateway.sim.forgetRequests()
  for (const path of [
    '/heygen/heygen/v3/videos',
    '/heygen/v1/heygen/accounts',
    '/kling/kling/v1/x',
  ]) {
    const [status, text] = await said(gateway.fetch(path))
    expect(status, path).toBe(404)
    expect(text).toContain('twice')
  }
  expect(await gateway.sim.requests()).toEqual([])
})

test('Prefer: wait that is honoured is said to be, as it was understood', async () => {
  const waited = await gateway.fetch('/heygen/v3/users/me', { headers: { prefer: 'wait=600' } })
  expect(waited.headers.get('preference-applied')).toBeNull()
  const created = await gateway.createVideo({}, { prefer: 'wait=600' })
  expect(created.headers.get('preference-applied')).toBe('wait=60')
  const odd = await gateway.createVideo({ title: 'b' }, { prefer: 'wait=abc' })
  expect(odd.headers.get('preference-applied')).toBeNull()
  const full = await gateway.post('/heygen/v3/videos', VIDEO, { prefer: 'wait=1' })
  expect([full.status, full.headers.get('preference-applied')]).toEqual([429, 'wait=1'])
})
