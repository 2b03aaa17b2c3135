/** `/v1/usage` and `/admin/usage`, at the front door. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ADMIN_TOKEN, openGateway, until, VIDEO, type Gateway } from '../../support/gateway.ts'
import { addKling, T2V, TEXT2VIDEO } from '../../support/scenes/kling.ts'
import { call, newStreamToken, openSession } from '../../support/scenes/streaming.ts'

const gateway = await openGateway({ accounts: { a: 5, b: 5 } })
afterAll(() => gateway.dispose())

interface Row {
  tenant?: string
  day: string
  provider: string
  account: string | null
  token: string | null
  route: string
  outcome: string
  jobs: number
  failures: number
  [value: string]: string | number | null | undefined
}

async function usageOf(by: Gateway, query = ''): Promise<Row[]> {
  const answer = await by.fetch(`/v1/usage${query}`)
  expect(answer.status, await answer.clone().text()).toBe(200)
  const { rows, isWhole } = (await answer.json()) as { rows: Row[]; isWhole: boolean }
  expect(isWhole).toBe(true)
  return rows
}

/** Makes a video and ends it. */
async function makeVideo(by: Gateway, account: string, status = 'completed'): Promise<void> {
  const pin = { 'x-gateway-account': `${account}@example.com` }
  const created = await by.createVideo({}, pin)
  expect(created.status, await created.clone().text()).toBe(200)
  const id = created.headers.get('x-gateway-job') ?? ''
  await gateway.sim.control('POST', `/jobs/${id}`, { status })
  await by.fetch(`/heygen/v3/videos/${id}`)
}

const today = () => new Date().toISOString().slice(0, 10)
const countsOf = (rows: Row[]) =>
  rows.map(({ token, account, outcome, jobs, failures }) => [
    token,
    account,
    outcome,
    jobs,
    failures,
  ])

let full: { id: string; as: Gateway }
let use: { id: string; as: Gateway }
const tenant = 'agency'

beforeAll(async () => {
  const made = async (scope: string) => {
    const { id, token } = await gateway.newToken({ scope, tenant })
    return { id, as: gateway.as(token) }
  }
  full = await made('full')
  use = await made('use')
  await full.as.addAccount('c', 5)
  await full.as.addAccount('d', 5)
  await makeVideo(full.as, 'c')
  await makeVideo(use.as, 'c')
  await makeVideo(use.as, 'c')
  await makeVideo(use.as, 'd', 'failed')
}, 60_000)

test('usage counts jobs and failures by token, account, route and outcome, with waiting and rendering times', async () => {
  const rows = await usageOf(full.as)
  expect(new Set(countsOf(rows))).toEqual(
    new Set([
      [full.id, 'c@example.com', 'completed', 1, 0],
      [use.id, 'c@example.com', 'completed', 2, 0],
      [use.id, 'd@example.com', 'failed', 1, 1],
    ])
  )
  for (const row of rows) {
    expect(row).toMatchObject({ day: today(), provider: 'heygen', route: 'POST /v3/videos' })
    expect(row['waitedP50Ms']).toBeGreaterThanOrEqual(0)
    expect(row['tookP90Ms']).toBeGreaterThan(0)
  }
})

test('What nothing tells is null, and never 0', async () => {
  const failed = (await usageOf(full.as)).find(({ outcome }) => outcome === 'failed')
  expect(failed).toMatchObject({ seconds: null, secondsJobs: 0, credits: null, creditsJobs: 0 })
  // HeyGen tells how long a video is, and no price.
  const done = (await usageOf(full.as)).find(({ outcome }) => outcome === 'completed')
  expect(done).toMatchObject({ credits: null, secondsJobs: done?.jobs })
  expect(done?.['seconds']).toBeGreaterThan(0)
})

test('what Kling tells of a task is added up: seconds and units', async () => {
  await addKling(full.as, 'k')
  const created = await full.as.post(T2V, TEXT2VIDEO)
  const id = created.headers.get('x-gateway-job') ?? ''
  await gateway.sim.control('POST', `/jobs/${id}`, { status: 'completed' })
  await full.as.fetch(`${T2V}/${id}`)
  const [row] = (await usageOf(full.as)).filter(({ provider }) => provider === 'kling')
  expect(row).toMatchObject({ jobs: 1, secondsJobs: 1, creditsJobs: 1, seconds: 5.041 })
  expect(row?.['credits']).toBeGreaterThan(0)
})

test('a token with the scope use sees its own usage, and one with full the tenant or one token [I5]', async () => {
  const own = await usageOf(use.as)
  expect(new Set(own.map(({ token }) => token))).toEqual(new Set([use.id]))
  expect(await usageOf(use.as, `?token=${use.id}`)).toEqual(own)
  expect(await usageOf(full.as, `?token=${use.id}`)).toEqual(own)
  expect((await use.as.fetch(`/v1/usage?token=${full.id}`)).status).toBe(403)
})

test('another tenant sees none of it, and the operator all or one tenant [I5]', async () => {
  await makeVideo(gateway, 'a')
  const others = await usageOf(gateway)
  expect(others.every(({ account }) => account === 'a@example.com')).toBe(true)
  const operator = async (query: string) => {
    const answer = await gateway.admin('GET', `/usage${query}`)
    expect(answer.status, await answer.clone().text()).toBe(200)
    return ((await answer.json()) as { rows: Row[] }).rows
  }
  const all = await operator('')
  expect(new Set(all.map((row) => row.tenant)).size).toBe(2)
  const ofOne = (await usageOf(full.as)).map((row) => ({ tenant, ...row }))
  expect(await operator(`?tenant=${tenant}`)).toEqual(ofOne)
  expect(countsOf(await operator(`?token=${full.id}&tenant=${tenant}`))).toEqual(
    countsOf(await usageOf(full.as, `?token=${full.id}`))
  )
  expect((await full.as.fetch('/admin/usage')).status).toBe(401)
})

test('CSV says the same as JSON, by its parameter or by Accept', async () => {
  const rows = await usageOf(full.as)
  const answer = await full.as.fetch('/v1/usage?format=csv')
  expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8')
  const text = await answer.text()
  const [head = '', ...lines] = text.trim().split('\r\n')
  const columns = head.split(',')
  const read = lines.map((line) =>
    Object.fromEntries(
      line.split(',').map((value, at) => [columns[at], value === '' ? null : value])
    )
  )
  const asText = rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [name, value === null ? null : String(value)])
    )
  )
  expect(read).toEqual(asText)
  const byAccept = await full.as.fetch('/v1/usage', { headers: { accept: 'text/csv' } })
  expect(await byAccept.text()).toBe(text)
  const operators = await fetch(`${gateway.url}/admin/usage?format=csv`, {
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
  })
  expect(await operators.text()).toMatch(/^tenant,day,provider,/)
})

test('a file of more tenants than one answer may be about is refused, since it could not say what it lacks', async () => {
  const many = await openGateway()
  let made = { tenant: '' }
  for (let count = 0; count < 400; count += 1) made = await many.newToken()
  const refused = await many.admin('GET', '/usage?format=csv')
  expect([refused.status, refused.headers.get('x-gateway-error')]).toEqual([413, 'too_large'])
  expect(await refused.text()).toContain('Name one')
  expect((await many.admin('GET', `/usage?format=csv&tenant=${made.tenant}`)).status).toBe(200)
  await many.dispose()
})

test('days are UTC and both are included; a bad span is refused by name', async () => {
  expect(await usageOf(full.as, `?since=${today()}&until=${today()}`)).toEqual(
    await usageOf(full.as)
  )
  expect(await usageOf(full.as, '?since=2020-01-01&until=2020-03-01')).toEqual([])
  for (const query of [
    'since=2020-01-02&until=2020-01-01',
    'since=2020-01-01',
    'since=yesterday',
  ]) {
    const answer = await full.as.fetch(`/v1/usage?${query}`)
    expect(answer.status).toBe(400)
    expect(await answer.text()).toContain('since')
  }
})

test("An account's former tenant keeps its usage, also when the account is wiped, and the next one sees none of it [I5]", async () => {
  const first = gateway.as((await gateway.newToken({ tenant: 'first' })).token)
  const next = gateway.as((await gateway.newToken({ tenant: 'next' })).token)
  const email = await first.addAccount('moves', 2)
  await makeVideo(first, 'moves')
  // One that still runs when its account is given up ends as lost.
  expect((await first.createVideo()).status).toBe(200)
  const removed = await first.fetch(`/v1/heygen/accounts/${email}?now=true`, { method: 'DELETE' })
  expect(removed.status).toBe(204)
  const kept = await until(async () => {
    const rows = await usageOf(first)
    return rows.length === 2 && rows
  })
  expect(kept.map(({ account, outcome, jobs }) => [account, outcome, jobs])).toEqual([
    [email, 'completed', 1],
    [email, 'lost', 1],
  ])
  const added = await next.post('/v1/heygen/accounts', {
    email,
    apiKey: 'sk_test_moves',
    maxJobs: 2,
  })
  expect(added.status, await added.clone().text()).toBe(201)
  expect(await usageOf(next)).toEqual([])
  await makeVideo(next, 'moves')
  expect((await usageOf(next)).map(({ jobs }) => jobs)).toEqual([1])
  expect(await usageOf(first)).toEqual(kept)
})

test('a creation that was refused is no job', async () => {
  const before = await usageOf(gateway)
  await gateway.sim.fault({ match: { path: '/v3/videos' }, times: 1, effect: { status: 400 } })
  expect((await gateway.post('/heygen/v3/videos', VIDEO)).status).toBe(400)
  expect(await usageOf(gateway)).toEqual(before)
})

test('a session that a browser opened counts for the token that made its stream token', async () => {
  const { token, id } = await gateway.newToken({ tenant: 'streams', scope: 'use' })
  await gateway.as((await gateway.newToken({ tenant: 'streams' })).token).addAccount('s', 2)
  const as = gateway.as(token)
  const browser = await newStreamToken(as)
  const session = await openSession(as, browser)
  await call(as, browser, '/v1/streaming.stop', { session_id: session })
  const rows = await until(async () => {
    const read = await usageOf(as)
    return read.length > 0 && read
  })
  expect(countsOf(rows)).toEqual([[id, 's@example.com', 'completed', 1, 0]])
})

test('usage names the token also of calls in other forms: useapi.net’s and HeyGen’s older API', async () => {
  const { token, id } = await gateway.newToken({ tenant: 'forms' })
  const as = gateway.as(token)
  await as.addAccount('e', 5)
  await addKling(as, 'n')
  const end = async (created: Response, statusAt: (job: string) => string) => {
    expect(created.status, await created.clone().text()).toBeLessThan(300)
    const job = created.headers.get('x-gateway-job') ?? ''
    await gateway.sim.control('POST', `/jobs/${job}`, { status: 'completed' })
    await as.fetch(statusAt(job))
  }
  const prompt = { prompt: 'A calm sunrise', duration: '5' }
  await end(await as.post('/v1/kling/videos/text2video', prompt), (job) => `/v1/kling/tasks/${job}`)
  const voice = { type: 'text', input_text: 'Hello.', voice_id: VIDEO.voice_id }
  const character = { type: 'avatar', avatar_id: VIDEO.avatar_id }
  await end(
    await as.post('/v2/video/generate', { video_inputs: [{ character, voice }] }),
    (job) => `/v1/video_status.get?video_id=${job}`
  )
  const rows = await usageOf(as)
  expect(rows.map(({ provider, token: by, jobs }) => [provider, by, jobs])).toEqual([
    ['heygen', id, 1],
    ['kling', id, 1],
  ])
})
