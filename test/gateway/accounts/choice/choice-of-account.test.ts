/** Settings, weights and priorities of accounts, at the front door. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ADMIN_TOKEN, openGateway, type Gateway } from '../../../support/gateway.ts'
import { addKling, T2V, TEXT2VIDEO } from '../../../support/scenes/kling.ts'

const gateway = await openGateway()
afterAll(() => gateway.dispose())

interface Line {
  action: string
  subject: string | null
  detail: Record<string, unknown>
}

const change = (by: Gateway, path: string, body: object) =>
  by.fetch(path, {
    method: 'PATCH',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  })
const settingsOf = async (by: Gateway) => (await by.fetch('/v1/heygen/settings')).json()
const setBalance = async (balance: string) => {
  const answer = await change(gateway, '/v1/heygen/settings', { balance })
  expect(answer.status, await answer.clone().text()).toBe(200)
}

/** Where as many videos run as an account has slots. They are ended afterwards. */
async function whereVideosRun(count: number): Promise<string[]> {
  const places: string[] = []
  const ids: string[] = []
  for (let n = 0; n < count; n += 1) {
    const created = await gateway.createVideo()
    expect(created.status).toBe(200)
    places.push(created.headers.get('x-gateway-account')?.split('@')[0] ?? '')
    ids.push(created.headers.get('x-gateway-job') ?? '')
  }
  for (const id of ids) {
    await gateway.sim.control('POST', `/jobs/${id}`, { status: 'completed' })
    await gateway.fetch(`/heygen/v3/videos/${id}`)
  }
  return places
}

beforeAll(async () => {
  for (const name of ['a', 'b', 'c']) await gateway.addAccount(name, 4)
}, 30_000)

test('the settings of a tenant say random until it chooses, and a wrong word is refused by name', async () => {
  expect(await settingsOf(gateway)).toEqual({ balance: 'random' })
  const wrong = await change(gateway, '/v1/heygen/settings', { balance: 'fastest' })
  expect([wrong.status, await wrong.text()]).toEqual([400, expect.stringContaining('balance')])
  const { token } = await gateway.newToken()
  expect(await settingsOf(gateway.as(token))).toEqual({ balance: 'random' })
})

test('priority fills the account with 1 before the one with 5', async () => {
  for (const [name, priority] of [
    ['a', 3],
    ['b', 1],
    ['c', 5],
  ] as const) {
    const changed = await change(gateway, `/v1/heygen/accounts/${name}@example.com`, { priority })
    expect(changed.status, await changed.clone().text()).toBe(200)
    expect(await changed.json()).toMatchObject({ priority, maxJobs: 4 })
  }
  await setBalance('priority')
  expect(await settingsOf(gateway)).toEqual({ balance: 'priority' })
  expect(await whereVideosRun(10)).toEqual([...'bbbbaaaacc'])
})

test('least-used fills all accounts alike', async () => {
  await setBalance('least-used')
  const places = await whereVideosRun(12)
  for (let round = 0; round < 12; round += 3)
    expect(new Set(places.slice(round, round + 3)), `from ${round}`).toEqual(new Set('abc'))
})

test('weights are kept when the credential is replaced, and taken away by null', async () => {
  const at = '/v1/heygen/accounts/c@example.com'
  const added = await gateway.post('/v1/heygen/accounts', {
    email: 'c@example.com',
    apiKey: 'sk_test_c',
    maxJobs: 4,
    weight: 25,
  })
  expect(await added.json()).toMatchObject({ weight: 25, priority: 5 })
  const limited = await gateway.post('/v1/heygen/accounts', {
    email: 'c@example.com',
    maxJobs: 5,
    weight: 30,
  })
  expect(await limited.json()).toMatchObject({ weight: 30, maxJobs: 5 })
  const again = await gateway.post('/v1/heygen/accounts', {
    email: 'c@example.com',
    apiKey: 'sk_test_c',
    maxJobs: 4,
  })
  expect(await again.json()).toMatchObject({ weight: 30, priority: 5, maxJobs: 4 })
  const shown = (await (await change(gateway, at, { weight: null })).json()) as object
  expect(shown).not.toHaveProperty('weight')
  expect(shown).toHaveProperty('priority', 5)
  for (const body of [
    { weight: 0 },
    { weight: 101 },
    { priority: 6 },
    { priority: 1.5 },
    { slots: 1 },
  ])
    expect((await change(gateway, at, body)).status, JSON.stringify(body)).toBe(400)
  expect((await change(gateway, '/v1/heygen/accounts/nobody@example.com', {})).status).toBe(404)
})

test('a token with the scope use reads the settings and changes nothing', async () => {
  const tenant = 'chooses'
  const full = gateway.as((await gateway.newToken({ tenant })).token)
  const use = gateway.as((await gateway.newToken({ tenant, scope: 'use' })).token)
  await full.addAccount('d', 1)
  expect((await change(use, '/v1/heygen/settings', { balance: 'priority' })).status).toBe(403)
  expect((await change(use, '/v1/heygen/accounts/d@example.com', { weight: 1 })).status).toBe(403)
  expect(await settingsOf(use)).toEqual({ balance: 'random' })
})

test('each change of a setting leaves a line in the audit, with what was before', async () => {
  const { lines } = (await (await gateway.fetch('/v1/audit?limit=100')).json()) as { lines: Line[] }
  const of = (action: string) => lines.filter((line) => line.action === action)
  expect(of('settings.changed').map(({ detail }) => detail)).toEqual([
    { balance: 'least-used', balanceBefore: 'priority' },
    { balance: 'priority', balanceBefore: null },
  ])
  expect(of('account.choice_changed')[0]).toMatchObject({
    subject: 'c@example.com',
    detail: { weight: null, priority: 5, weightBefore: 30, priorityBefore: 5 },
  })
  expect(of('account.updated').map(({ detail }) => detail['weight'])).toContain(25)
})

test('settings, weights and priorities are in an export, and an import replaces none', async () => {
  const { tenant, token } = await gateway.newToken({ tenant: 'moves' })
  const mover = gateway.as(token)
  await mover.addAccount('m', 1)
  await change(mover, '/v1/heygen/accounts/m@example.com', { weight: 40, priority: 2 })
  await change(mover, '/v1/heygen/settings', { balance: 'priority' })
  const exported = await (await gateway.admin('GET', `/export?tenant=${tenant}`)).text()
  const here = await importOf(exported)
  expect(here.skipped.map(({ what }) => what)).toContain('settings')
  expect((await gateway.admin('DELETE', `/tenants/${tenant}`)).status).toBe(204)
  const other = await openGateway({ simulator: gateway.sim })
  try {
    const added = await importOf(exported, other)
    expect(added.added).toMatchObject({ accounts: 1, settings: 1 })
    const there = other.as(token)
    expect(await settingsOf(there)).toEqual({ balance: 'priority' })
    const shown = await (await there.fetch('/v1/heygen/accounts/m@example.com')).json()
    expect(shown).toMatchObject({ weight: 40, priority: 2 })
  } finally {
    await other.dispose()
  }
})

interface Report {
  added: Record<string, number>
  skipped: { what: string }[]
}

async function importOf(text: string, into = gateway): Promise<Report> {
  const answer = await fetch(`${into.url}/admin/import`, {
    method: 'POST',
    body: text,
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
  })
  expect(answer.status, await answer.clone().text()).toBe(200)
  return (await answer.json()) as Report
}

interface Pooled {
  email: string
  provider: string
  balance?: { amount: number }
  lastsAboutHours?: number
}

test('a balance lasts about so many hours where the provider tells it and what jobs took; else it is not told', async () => {
  const email = await addKling(gateway, 'rich')
  const pooled = async () => {
    const { accounts } = (await (await gateway.fetch('/v1/pool')).json()) as { accounts: Pooled[] }
    return accounts
  }
  await gateway.fetch(`/v1/kling/accounts/${email}/test`, { method: 'POST' })
  const before = (await pooled()).find((one) => one.email === email)
  expect(before?.balance?.amount).toBeGreaterThan(0)
  // No job has told its price yet.
  expect(before).not.toHaveProperty('lastsAboutHours')
  // HeyGen tells no price of a job.
  await gateway.fetch('/v1/heygen/accounts/a@example.com/test', { method: 'POST' })
  for (const one of (await pooled()).filter(({ provider }) => provider === 'heygen'))
    expect(one).not.toHaveProperty('lastsAboutHours')

  const created = await gateway.post(T2V, TEXT2VIDEO)
  const id = created.headers.get('x-gateway-job') ?? ''
  await gateway.sim.control('POST', `/jobs/${id}`, { status: 'completed' })
  await gateway.fetch(`${T2V}/${id}`)
  const rows = (await (await gateway.fetch('/v1/usage')).json()) as {
    rows: { provider: string; credits: number }[]
  }
  const credits = rows.rows.find(({ provider }) => provider === 'kling')?.credits ?? 0
  const after = (await pooled()).find((one) => one.email === email)
  expect(after?.lastsAboutHours).toBe(
    Math.round(((after?.balance?.amount ?? 0) / credits) * 240) / 10
  )
})
