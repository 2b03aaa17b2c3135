/** Rows that an operator adds without a deploy: they add and never replace, and work as built-in ones. */
import { afterAll, beforeEach, expect, test } from 'vitest'
import { advance, CLOCKED, HOUR, MINUTE, SECOND, stopClock } from '../../support/clock/clock.ts'
import { openGateway, type Gateway } from '../../support/gateway.ts'

const gateway: Gateway = await openGateway({
  accounts: { ann: 3, bob: 3 },
  simVars: { JOB_MS: '-1' },
  entry: CLOCKED,
})
await stopClock(gateway)
afterAll(() => gateway.dispose())

const P = '/v3/unlisted'
const URL = `/heygen${P}`
const BOB = 'bob@example.com'
const by = (answer: Response) => answer.headers.get('x-gateway-account')
const errorOf = (answer: Response) => answer.headers.get('x-gateway-error')
const jobOf = (answer: Response) => answer.headers.get('x-gateway-job') ?? ''
const base = { provider: 'heygen', method: 'POST', path: `${P}/widgets`, kind: 'write-account' }

const CREATES = {
  ...base,
  kind: 'creates-job',
  job: { watch: 'widget', id: '/data/widget_id', ask: `${P}/widgets/{id}` },
}
const STATUS = {
  provider: 'heygen',
  method: 'GET',
  path: `${P}/widgets/{widget_id}`,
  kind: 'job-status',
  pool: 'owner',
  ids: ['widget! path:widget_id'],
  reports: { watch: 'widget', id: 'path:widget_id', done: ['completed'], failed: ['failed'] },
}

async function added(row: object): Promise<string> {
  const answer = await gateway.admin('POST', '/routes', row)
  const view = (await answer.json()) as { id: string }
  if (answer.status !== 201) throw new Error(JSON.stringify(view))
  return view.id
}

async function refusal(row: object): Promise<string> {
  const answer = await gateway.admin('POST', '/routes', row)
  const { error } = (await answer.json()) as { error: string }
  return `${answer.status} ${error}`
}

async function rows(): Promise<{ id: string; path: string }[]> {
  const answer = await gateway.admin('GET', '/routes')
  return ((await answer.json()) as { routes: { id: string; path: string }[] }).routes
}

beforeEach(async () => {
  await gateway.sim.clearFaults()
  for (const { id } of await rows()) await gateway.admin('DELETE', `/routes/${id}`)
  await gateway.sim.finishJobs()
  await advance(gateway, 2 * HOUR)
  expect(await gateway.heldSlots()).toBe(0)
})

test('a creation and its status: slots to the limit, polls at the owner, the alarm settles, the client is told [I2]', async () => {
  await added(CREATES)
  await added(STATUS)
  const made = await Promise.all(
    Array.from({ length: 8 }, () => gateway.post(`${URL}/widgets`, {}))
  )
  const taken = made.filter((one) => one.status === 200)
  expect(taken).toHaveLength(6)
  expect(new Set(made.map(errorOf))).toEqual(new Set([null, 'slots_full']))
  for (const one of taken) {
    const polled = await gateway.fetch(`${URL}/widgets/${jobOf(one)}`)
    expect([polled.status, by(polled)]).toEqual([200, by(one)])
  }
  await advance(gateway, 10 * MINUTE)
  expect(await gateway.heldSlots()).toBe(6)
  await gateway.sim.finishJobs()
  const [first] = taken
  await gateway.fetch(`${URL}/widgets/${jobOf(first as Response)}`)
  expect(await gateway.heldSlots()).toBe(5)
  await advance(gateway, 6 * MINUTE)
  expect(await gateway.heldSlots()).toBe(0)
  for (const name of ['ann', 'bob'])
    expect((await gateway.sim.account(`${name}@example.com`)).maxInFlight).toBe(3)
})

test('a row that is removed leaves its running jobs with what asks about them [I2]', async () => {
  const creates = await added(CREATES)
  const status = await added({
    ...STATUS,
    reports: { ...STATUS.reports, done: ['completed', 'processing'] },
  })
  const made = await gateway.post(`${URL}/widgets`, {})
  expect(await gateway.heldSlots()).toBe(1)
  for (const id of [creates, status]) {
    expect((await gateway.admin('DELETE', `/routes/${id}`)).status).toBe(204)
  }
  expect(await rows()).toEqual([])
  await advance(gateway, 35 * SECOND)
  // By its own row's words it is over; by the usual ones it would go on.
  const told = await gateway.fetch(`/v1/heygen/jobs/${jobOf(made)}`)
  expect(await told.json()).toMatchObject({ status: 'completed' })
  expect(await gateway.heldSlots()).toBe(0)
})

test('without a status row the usual words tell the end', async () => {
  await added(CREATES)
  await gateway.post(`${URL}/widgets`, {})
  await advance(gateway, 35 * SECOND)
  expect(await gateway.heldSlots()).toBe(1)
  await gateway.sim.finishJobs()
  await advance(gateway, 6 * MINUTE)
  expect(await gateway.heldSlots()).toBe(0)
})

test('a read of an id that nobody has seen is searched by the added row, and a write goes where its id is', async () => {
  await added(STATUS)
  const write = {
    ...base,
    path: `${P}/widgets/{widget_id}/polish`,
    ids: ['widget! path:widget_id'],
  }
  await added(write)
  const outside = await fetch(`${gateway.sim.url}/api.heygen.com${P}/widgets`, {
    method: 'POST',
    headers: { 'x-api-key': 'sk_test_bob', 'content-type': 'application/json' },
    body: '{}',
  })
  const { data } = (await outside.json()) as { data: { widget_id: string } }
  for (const _ of [1, 2, 3, 4]) {
    expect(by(await gateway.fetch(`${URL}/widgets/${data.widget_id}`))).toBe(BOB)
    const written = await gateway.post(`${URL}/widgets/${data.widget_id}/polish`, {})
    expect([written.status, by(written)]).toEqual([200, BOB])
  }
  expect(await gateway.heldSlots()).toBe(0)
})

test('a merged list shows what all accounts have', async () => {
  await added(CREATES)
  await added({
    ...STATUS,
    path: `${P}/widgets`,
    kind: 'read-account',
    pool: 'merge',
    ids: [],
    lists: ['/data/*/widget_id'],
    reports: undefined,
  })
  const made = []
  for (const email of ['ann@example.com', BOB])
    made.push(jobOf(await gateway.post(`${URL}/widgets`, {}, { 'x-gateway-account': email })))
  const listed = (await (await gateway.fetch(`${URL}/widgets`)).json()) as {
    data: { widget_id: string }[]
  }
  const ids = listed.data.map((row) => row.widget_id)
  expect(ids).toEqual(expect.arrayContaining(made))
})

test('a generation that answers in the call holds a slot for the call, and an id in its answer is its own', async () => {
  await added({ ...base, path: `${P}/speech`, kind: 'sync-generation' })
  await added({ ...base, path: `${P}/plain-voices`, creates: ['/data/id'] })
  expect((await gateway.post(`${URL}/speech`, { text: 'x' })).status).toBe(200)
  expect(await gateway.heldSlots()).toBe(0)
  const held = await Promise.all(Array.from({ length: 6 }, () => gateway.createVideo()))
  expect(held.every((one) => one.status === 200)).toBe(true)
  expect((await gateway.post(`${URL}/speech`, { text: 'x' })).status).toBe(429)
  expect((await gateway.post(`${URL}/plain-voices`, {})).status).toBe(200)
})

test.each([
  ['a built-in row', { path: '/v3/videos', kind: 'creates-job', job: null }, 'POST /v3/videos'],
  ['a path that a built-in row matches', { method: 'GET', path: '/v3/videos/new' }, '/v3/videos/{'],
  ['a wider row over built-in ones', { path: '/v3/{anything}' }, 'built-in'],
  ["the gateway's own", { path: '/v1/heygen/accounts' }, '/v1/heygen'],
  ["the gateway's own, by a name", { path: '/v1/{any}/accounts/x/y' }, "gateway's own"],
  ['webhook endpoints', { path: '/v3/webhooks/new-things' }, 'webhook'],
  ['webhook endpoints, by a name', { path: '/v3/{any}/new-things/x' }, ''],
  ['a host', { path: 'https://evil.example/v3/x' }, 'path:'],
  ['two slashes', { path: '//evil.example/v3/x' }, 'path:'],
  ['dots', { path: '/v3/../x' }, 'path:'],
  ['encoding', { path: '/v3/%2e%2e/x' }, 'path:'],
  [
    'a host in what is asked',
    { kind: 'creates-job', job: { ...CREATES.job, ask: '//evil.example/{id}' } },
    'job.ask:',
  ],
])('a row is refused that would take over %s', async (_, change, said) => {
  const told = await refusal({ ...base, ...change })
  expect(told).toMatch(/^400 /)
  expect(told).toContain(said)
  expect(await rows()).toEqual([])
})

test('everything that is wrong is said at once, by its name', async () => {
  const told = await refusal({
    provider: 'heygen',
    method: 'FETCH',
    path: `${P}/x`,
    pool: 'gateway',
    ids: ['thing'],
    upstream: 'https://evil.example',
    job: { watch: 'X', id: 'no-pointer', ask: '/v3/x' },
  })
  for (const name of [
    'method',
    'kind',
    'pool',
    'ids.0',
    'upstream',
    'job.watch',
    'job.id',
    'job.ask',
  ])
    expect(told).toContain(name)
  expect(await refusal({})).toContain('provider, method, path and kind are required')
  expect(await refusal({ ...base, extra: 1, job: { colour: 1 } })).toMatch(
    /Unknown field .*(extra|job\.colour).*(extra|job\.colour)/
  )
  expect(await refusal({ ...base, provider: 'nobody' })).toContain('provider')
  expect(await refusal({ ...base, ids: ['widget! path:widget_id'] })).toContain('widget_id')
})

test('a row twice is a conflict, an unknown one cannot be removed, and a tenant may do neither', async () => {
  await added(base)
  expect(await refusal(base)).toMatch(/^409 /)
  expect(await refusal({ ...base, path: `${P}/{any}` })).toMatch(/^409 /)
  expect((await gateway.admin('DELETE', '/routes/none')).status).toBe(404)
  expect((await gateway.post('/admin/routes', base)).status).toBe(401)
})

test('what is added is in force at once where it was added, and gone at once when it is removed', async () => {
  const id = await added({ ...base, path: `${P}/holograms` })
  await gateway.post(`${URL}/holograms`, {})
  // A plain write takes no slot, and guesses nothing.
  expect(await gateway.heldSlots()).toBe(0)
  await gateway.admin('DELETE', `/routes/${id}`)
  await gateway.post(`${URL}/holograms`, {})
  expect(await gateway.heldSlots()).toBe(1)
})
