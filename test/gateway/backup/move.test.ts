/** A gateway's tenants, tokens and accounts go to another gateway with the same master keys. */
import { afterAll, expect, test } from 'vitest'
import {
  ADMIN_TOKEN,
  MASTER_KEYS,
  openGateway,
  until,
  type Gateway,
} from '../../support/gateway.ts'
import { makeCallbackSecret } from '../../support/callback-secret.ts'
import {
  addEndpoint,
  callNaming,
  endpointsOf,
  hookOf,
  LOOPBACK,
} from '../../support/scenes/hooked.ts'
import { addKling, sign, TEXT2VIDEO } from '../../support/scenes/kling.ts'
import { Receiver } from '../../support/receiver.ts'

interface Skipped {
  what: string
  name: string
  tenant?: string
  provider?: string
  why: string
}
interface Report {
  added: Record<string, number>
  skipped: Skipped[]
  skippedInAll: number
}

const receiver = await Receiver.open()
const a = await openGateway({ vars: LOOPBACK, simVars: { JOB_MS: '300' } })
const b = await openGateway({ vars: LOOPBACK, simulator: a.sim })
afterAll(async () => {
  await b.dispose()
  await a.dispose()
  await receiver.close()
})

const pair = (await (
  await a.admin('POST', '/tokens', { name: 'first', tenant: 'acme' })
).json()) as { id: string; token: string; accessKey: string; secretKey: string }
const acme = a.as(pair.token)
const reader = await a.newToken({ tenant: 'acme', scope: 'use' })
const customer = await a.newToken({ tenant: 'acme', sees: 'own', grants: ['a-look'] })
await acme.addAccount('alice', 2)
await hookOf(acme, 'alice')
await addKling(acme, 'kim')
const endpoint = await addEndpoint(acme, `${receiver.url}/acme`)
const callbackSecret = await makeCallbackSecret(acme)
const own = await callNaming(() =>
  acme.post('/v1/alerts', { url: `${receiver.url}/alert`, form: 'generic' })
)
const ofAll = await callNaming(() =>
  a.admin('POST', '/alerts', { url: `${receiver.url}/all`, form: 'slack' })
)
expect([own.status, ofAll.status]).toEqual([201, 201])
const { secret: alertSecret } = (await own.json()) as { secret: string }
const replyUrl = `${receiver.url}/reply`
const replied = await callNaming(() => acme.post('/v2/account', { replyUrl }))
expect(replied.status, await replied.clone().text()).toBe(204)
const globex = a.as((await a.newToken({ tenant: 'globex' })).token)
await globex.addAccount('bob', 1)
await a.admin('POST', '/routes', {
  provider: 'heygen',
  method: 'GET',
  path: '/v3/holograms',
  kind: 'read-account',
})

async function exported(gateway = a, query = ''): Promise<string> {
  const answer = await gateway.admin('GET', `/export${query}`)
  expect(answer.status, await answer.clone().text()).toBe(200)
  return answer.text()
}

function send(gateway: Gateway, body: string): Promise<Response> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
  return fetch(`${gateway.url}/admin/import`, { method: 'POST', headers, body })
}

async function imported(gateway: Gateway, body: string): Promise<Report> {
  const answer = await send(gateway, body)
  expect(answer.status, await answer.clone().text()).toBe(200)
  return (await answer.json()) as Report
}

/** The tokens of A, called at B. */
const acmeAtB = b.as(acme.token)
const globexAtB = b.as(globex.token)
const text = await exported()

test('an export shows no secret unsealed [I6]', async () => {
  const secrets = [
    pair.token,
    pair.secretKey,
    'sk_test_alice',
    callbackSecret,
    alertSecret,
    ADMIN_TOKEN,
  ]
  const names = ['acme', 'alice@example.com', receiver.url]
  for (const secret of [...secrets, ...names, MASTER_KEYS.slice(3)])
    expect(text.includes(secret), secret.slice(0, 8)).toBe(false)
  expect(text).toMatch(/^k1\.[\w+/]{16}\.[\w+/=]+$/)
})

test('only the operator can export and import', async () => {
  expect((await a.fetch('/admin/export')).status).toBe(401)
  expect((await a.fetch('/admin/import', { method: 'POST', body: text })).status).toBe(401)
})

test('a text that is damaged, or of another kind, changes nothing and says why', async () => {
  const at = text.length - 40
  const flipped = text[at] === 'A' ? 'B' : 'A'
  const cases: [string, RegExp][] = [
    [text.slice(0, at) + flipped + text.slice(at + 1), /It is damaged/],
    [text.slice(0, -400), /It is damaged/],
    [text.replace(/^k1\./, 'k9.'), /master key k9, which is not in MASTER_KEYS/],
    ['', /not an export/],
    ['{"version":1}', /not an export/],
  ]
  for (const [body, why] of cases) {
    const answer = await send(b, body)
    expect(answer.status).toBe(400)
    expect(((await answer.json()) as { error: string }).error).toMatch(why)
  }
  const { tenants } = (await (await b.admin('GET', '/tenants')).json()) as { tenants: unknown[] }
  expect(tenants).toHaveLength(1)
})

test('an import adds everything once, and a repeated one changes nothing', async () => {
  expect(await imported(b, text)).toEqual({
    // A has the tenant of its own test token, too. Both desks of a tenant have the callback secret.
    added: {
      tenants: 3,
      tokens: 5,
      accounts: 3,
      endpoints: 1,
      callbackSecrets: 2,
      routes: 1,
      alerts: 2,
    },
    skipped: [],
    skippedInAll: 0,
  })
  const again = await imported(b, text)
  expect([again.added, again.skippedInAll]).toEqual([{}, 17])
  expect(new Set(again.skipped.map(({ why }) => why))).toEqual(new Set(['It is here already.']))
})

test('tokens work at the other gateway as they did, with their scope, tenant and key pair', async () => {
  expect((await acmeAtB.fetch('/v1/heygen/accounts')).status).toBe(200)
  const refused = await b.as(reader.token).post('/v1/callback-secret', {})
  expect(refused.status).toBe(403)
  const shown = (await (await acmeAtB.fetch('/v2/account')).json()) as { replyUrl: string }
  expect(shown.replyUrl).toBe(replyUrl)
  const signedToken = await sign(pair.accessKey, pair.secretKey)
  const headers = { authorization: `Bearer ${signedToken}` }
  const signedCall = await acmeAtB.fetch('/kling/v1/videos/text2video', { headers })
  expect([401, 403]).not.toContain(signedCall.status)
  const { alerts: heard } = (await (await acmeAtB.fetch('/v1/alerts')).json()) as {
    alerts: object[]
  }
  expect(heard).toMatchObject([{ form: 'generic' }])
  const { routes } = (await (await b.admin('GET', '/routes')).json()) as { routes: object[] }
  expect(routes).toMatchObject([{ path: '/v3/holograms' }])
})

test('an imported account is parked: nothing is asked at the provider until it is unparked [I1]', async () => {
  await a.sim.forgetRequests()
  const views = (await (await acmeAtB.fetch('/v1/heygen/accounts')).json()) as Record<
    string,
    object
  >
  expect(views['alice@example.com']).toMatchObject({
    error: expect.stringMatching(/^Parked: it was imported/) as string,
    parked: [{ scope: 'all', reason: 'imported' }],
    maxJobs: 2,
  })
  const calls: [string, () => Promise<Response>][] = [
    ['a creation', () => acmeAtB.createVideo()],
    [
      'a creation on it',
      () => acmeAtB.createVideo({}, { 'x-gateway-account': 'alice@example.com' }),
    ],
    ['a list', () => acmeAtB.fetch('/heygen/v3/videos')],
    ['a read', () => acmeAtB.fetch('/heygen/v3/users/me')],
    [
      'a read on it',
      () =>
        acmeAtB.fetch('/heygen/v3/users/me', {
          headers: { 'x-gateway-account': 'alice@example.com' },
        }),
    ],
    ['a creation at Kling', () => acmeAtB.post('/kling/v1/videos/text2video', TEXT2VIDEO)],
  ]
  for (const [what, call] of calls) {
    const answer = await call()
    expect([what, answer.status]).toEqual([what, 503])
    expect(await answer.text(), what).toContain('it was imported')
  }
  await acmeAtB.fetch('/v1/heygen/accounts/alice@example.com')
  // A new limit is no decision about the other gateway.
  await acmeAtB.post('/v1/heygen/accounts', { email: 'alice@example.com', maxJobs: 1 })
  expect((await acmeAtB.createVideo()).status).toBe(503)
  const asked = (await a.sim.requests()).map(({ path }) => path)
  expect(asked).toEqual([])
  expect(await endpointsOf(a, 'alice')).toHaveLength(1)
})

test('the whole move: accounts go, then run here, with the same endpoints and secrets', async () => {
  const unparked = await acmeAtB.post('/v1/heygen/accounts/alice@example.com/unpark', {})
  expect(unparked.status).toBe(200)
  expect(await unparked.json()).not.toHaveProperty('parked')
  // B takes A's webhook away when it has its own. A, which gives the account up, takes nothing of B's.
  const isOfB = async () => {
    const urls = (await endpointsOf(a, 'alice')).map(({ url }) => url.startsWith(b.url))
    return urls.length === 1 && urls[0]
  }
  await until(isOfB)
  await acme.fetch('/v1/heygen/accounts/alice@example.com?now=true', { method: 'DELETE' })
  await hookOf(acmeAtB, 'alice')
  expect(await isOfB()).toBe(true)
  const made = await acmeAtB.createVideo()
  expect(made.status, await made.clone().text()).toBe(200)
  const job = made.headers.get('x-gateway-job') ?? ''
  const told = await until(async () =>
    receiver.posts('/acme').find(({ body }) => body.includes(job))
  )
  expect(told.body).toContain('avatar_video.success')
  expect(endpoint.endpoint_id).toBeTruthy()
  // The other tenant's account is still parked.
  expect((await globexAtB.createVideo()).status).toBe(503)
})

test('an import cannot take over an account of another tenant, nor mix tenants of one name [I5]', async () => {
  const c = await openGateway({ vars: LOOPBACK, simulator: a.sim })
  try {
    // Somebody else has the name and one of the accounts.
    const other = c.as((await c.newToken({ tenant: 'acme' })).token)
    await other.addAccount('bob', 3)
    const { added, skipped } = await imported(c, text)
    expect(added).toEqual({ tenants: 2, tokens: 2, routes: 1, alerts: 1 })
    expect(skipped).toEqual([
      expect.objectContaining({ what: 'tenants', name: 'acme' }),
      expect.objectContaining({ what: 'accounts', name: 'bob@example.com', tenant: 'globex' }),
    ])
    expect((await c.as(acme.token).fetch('/v1/heygen/accounts')).status).toBe(401)
    expect((await other.createVideo()).status).toBe(200)
    // Removed here, its name is free, and the import makes the tenant under another id.
    await c.admin('DELETE', '/tenants/acme')
    const again = await imported(c, text)
    expect(again.added).toMatchObject({
      tenants: 1,
      tokens: 3,
      accounts: 3,
      endpoints: 1,
      alerts: 1,
    })
    const moved = c.as(acme.token)
    await moved.post('/v1/heygen/accounts/alice@example.com/unpark', {})
    expect((await moved.createVideo()).status).toBe(200)
  } finally {
    await c.dispose()
  }
})

test('a tenant that was removed while its job ran, and came back by its export, gets a webhook of its own [I3]', async () => {
  const c = await openGateway({ vars: LOOPBACK, simVars: { JOB_MS: '3600000' } })
  try {
    const { token } = await c.newToken({ tenant: 'initech' })
    const initech = c.as(token)
    await initech.addAccount('dan', 1)
    await hookOf(initech, 'dan')
    const [first] = await endpointsOf(c, 'dan')
    expect((await initech.createVideo()).status).toBe(200)
    const kept = await exported(c, '?tenant=initech')
    await c.admin('DELETE', '/tenants/initech')
    expect((await imported(c, kept)).added).toMatchObject({ accounts: 1, tokens: 1 })
    const path = '/v1/heygen/accounts/dan@example.com/unpark'
    await until(async () => (await initech.post(path, {})).status === 200)
    // The address of the first one names the tenant that was removed.
    await until(async () => {
      const urls = (await endpointsOf(c, 'dan')).map(({ url }) => url)
      return urls.length === 1 && urls[0] !== first?.url
    })
  } finally {
    await c.dispose()
  }
})

test('one tenant can be exported alone', async () => {
  const c = await openGateway({ simulator: a.sim })
  try {
    const alone = await imported(c, await exported(a, '?tenant=globex'))
    expect(alone.added).toEqual({ tenants: 1, tokens: 1, accounts: 1, routes: 1, alerts: 1 })
    expect((await a.admin('GET', '/export?tenant=nobody')).status).toBe(404)
  } finally {
    await c.dispose()
  }
})

test('an import above 16 MiB is refused with what to do instead [I7]', async () => {
  const answer = await send(b, 'x'.repeat(16 * 1024 * 1024 + 1))
  expect(answer.status).toBe(413)
  expect(await answer.text()).toContain('?tenant=')
})

test('each export and import leaves a line in the audit', async () => {
  const lines = async (gateway: Gateway) => {
    const answer = await gateway.admin('GET', '/audit?limit=200')
    return ((await answer.json()) as { lines: { action: string; detail: object }[] }).lines
  }
  const told = (await lines(a)).filter(({ action }) => action === 'export.made')
  expect(told).toMatchObject([
    { detail: { tenants: 1, accounts: 1 } },
    { detail: { tenants: 3, accounts: 3 } },
  ])
  const made = (await lines(b)).filter(({ action }) => action === 'import.made')
  expect(made).toMatchObject([{ detail: { skipped: 17 } }, { detail: { tenants: 3, skipped: 0 } }])
})

test('a token that was removed here does not come back by an import', async () => {
  const removed = b.as(reader.token)
  expect((await removed.fetch('/v1/heygen/accounts')).status).toBe(200)
  expect((await b.admin('DELETE', `/tokens/${reader.id}`)).status).toBe(204)
  const { added, skipped } = await imported(b, text)
  expect((await removed.fetch('/v1/heygen/accounts')).status).toBe(401)
  expect(added).toEqual({})
  expect(skipped).toContainEqual({
    what: 'tokens',
    name: reader.id,
    tenant: 'acme',
    why: 'It was removed here.',
  })
})

test('a token that sees only its own does so at the other gateway, too [I5]', async () => {
  const { tokens } = (await (await b.admin('GET', '/tokens')).json()) as {
    tokens: { id: string; sees: string; grants: string[] }[]
  }
  const moved = tokens.find(({ id }) => id === customer.id)
  expect(moved).toMatchObject({ sees: 'own', grants: ['a-look'] })
  const pool = await b.as(customer.token).fetch('/v1/pool')
  expect(pool.status).toBe(403)
})
