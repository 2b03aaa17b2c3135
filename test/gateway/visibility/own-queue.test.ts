/** Two own tokens of one tenant whose creations wait in one line: nothing of the other's is shown, changed or told. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { itemIdOf, namesOf } from '#domain/queue/item-name.ts'
import { until, VIDEO, type Gateway } from '../../support/gateway.ts'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { becomes, jobOf, queued } from '../../support/queue/queued.ts'
import { Receiver } from '../../support/receiver.ts'
import { LOOPBACK } from '../../support/scenes/hooked.ts'
import { addKling, T2V, TEXT2VIDEO, withLongTasks } from '../../support/scenes/kling.ts'
import { lose } from '../../support/scenes/tokens/limits.ts'
import { addCustomer, shownOf, startVideo } from '../../support/scenes/tokens/own-tokens.ts'
import type { Customer } from '../../support/scenes/tokens/own-tokens.ts'

const VIDEOS = '/heygen/v3/videos'
const LIP_SYNC = '/kling/v1/videos/lip-sync'
const open = withLongTasks(gatewaysOfFile())
const receiver = await Receiver.open()
afterAll(() => receiver.close())
const agency = await open({ accounts: { alice: 1 }, vars: LOOPBACK })
let a: Customer
let b: Customer
/** The names of what `b` has in line, and of nothing, in the same form. */
const theirs = { heygen: '', kling: '', requestId: '' }
const nobodys = {
  heygen: namesOf(itemIdOf('r', 1_800_000_000_000), 1, { kind: 'hex' })[0] ?? '',
  kling: namesOf(itemIdOf('r', 1_800_000_000_000), 1, { kind: 'decimal' })[0] ?? '',
  requestId: '0195c1a0-5000-7310-9b20-7d6c9b23c1f8',
}

beforeAll(async () => {
  await addKling(agency, 'kim', { maxJobs: 1 })
  a = await addCustomer(agency)
  b = await addCustomer(agency)
  await agency.post('/v2/account', { replyUrl: `${receiver.url}/agency` })
  // The pool is full from here on.
  await startVideo(agency)
  await agency.post(T2V, TEXT2VIDEO)
  const body = { ...VIDEO, title: 'of another customer', callback_url: `${receiver.url}/b` }
  const video = await queued(b.at, VIDEOS, body)
  theirs.heygen = video.names[0] ?? ''
  theirs.requestId = video.headers.get('x-request-id') ?? ''
  theirs.kling = (await queued(b.at, T2V, TEXT2VIDEO)).names[0] ?? ''
})

type Names = typeof theirs
type Asking = (at: Gateway, names: Names) => Promise<Response>

const get =
  (path: (names: Names) => string): Asking =>
  (at, names) =>
    at.fetch(path(names))
const remove =
  (path: (names: Names) => string): Asking =>
  (at, names) =>
    at.fetch(path(names), { method: 'DELETE' })
const speech = (task: string) => ({
  input: { task_id: task, mode: 'text2video', text: 'Hello.', voice_id: 'v' },
})
const CALLS: Record<string, Asking> = {
  'its status': get(({ heygen }) => `${VIDEOS}/${heygen}`),
  'its status at Kling': get(({ kling }) => `${T2V}/${kling}`),
  'its deletion': remove(({ heygen }) => `${VIDEOS}/${heygen}`),
  'its job': get(({ heygen }) => `/v1/heygen/jobs/${heygen}`),
  'its job, by the request': get(({ requestId }) => `/v1/heygen/jobs/${requestId}`),
  'its file': get(({ heygen }) => `/v1/heygen/jobs/${heygen}/file`),
  'its slot': remove(({ heygen }) => `/v1/heygen/scheduler/${heygen}`),
  'its cancellation': remove(({ heygen }) => `/v1/heygen/queue/${heygen}`),
  'its cancellation, by the request': remove(
    ({ requestId }) => `/v1/heygen/queue/${encodeURIComponent(`request:${requestId}`)}`
  ),
  'its task': get(({ kling }) => `/v1/kling/tasks/${kling}`),
  'its deliveries': get(({ heygen }) => `/v1/deliveries?job=${heygen}`),
  'a creation that goes on from it': (at, { kling }) => at.post(LIP_SYNC, speech(kling)),
  'a queued creation that goes on from it': (at, { kling }) =>
    at.post(LIP_SYNC, speech(kling), { prefer: 'respond-async' }),
}

test.each(Object.entries(CALLS))(
  'of another token’s item an own token learns as of none: %s [I5]',
  async (_, ask) => {
    const { at } = await addCustomer(agency)
    const seen = await ask(at, theirs)
    const none = await ask(at, nobodys)
    const shown = await shownOf(seen, theirs.heygen, theirs.kling, theirs.requestId)
    expect(shown).toEqual(await shownOf(none, nobodys.heygen, nobodys.kling, nobodys.requestId))
    expect(JSON.stringify(shown)).not.toContain('of another customer')
    expect(await jobOf(b.at, theirs.heygen)).toMatchObject({ status: 'queued' })
    expect(await jobOf(b.at, theirs.kling, 'kling')).toMatchObject({ status: 'queued' })
  }
)

test('an own token lists its own items alone, without an account, and cancels them [I5]', async () => {
  const { at, id } = await addCustomer(agency)
  const [name = ''] = (await queued(at, VIDEOS, VIDEO)).names
  const text = await (await at.fetch(`/v1/heygen/queue?token=${b.id}`)).text()
  const page = JSON.parse(text) as { waiting: number; items: unknown[]; tokens: unknown[] }
  expect(page).toMatchObject({ waiting: 1, starting: 0, tokens: [{ token: id, waiting: 1 }] })
  expect(page.items).toEqual([expect.objectContaining({ id: name, token: id, account: null })])
  for (const needle of ['@example.com', theirs.heygen, b.id]) expect(text).not.toContain(needle)
  const cancelled = await at.fetch(`/v1/heygen/queue/${name}`, { method: 'DELETE' })
  expect(cancelled.status).toBe(204)
  expect(await (await at.fetch('/v1/heygen/queue')).json()).toMatchObject({ waiting: 0, items: [] })
  const whole = await agency.fetch('/v1/heygen/queue')
  expect(await whole.text()).toContain(theirs.heygen)
})

test('an own token with the scope full cancels no item of another, and pauses nothing [I5]', async () => {
  const { at } = await addCustomer(agency, { scope: 'full' })
  const cancel = await at.fetch(`/v1/heygen/queue/${theirs.heygen}`, { method: 'DELETE' })
  expect(cancel.status).toBe(404)
  for (const what of ['pause', 'resume'])
    expect((await at.post(`/v1/heygen/queue/${what}`, {})).status).toBe(403)
  expect(await jobOf(b.at, theirs.heygen)).toMatchObject({ status: 'queued' })
})

test('two own tokens queue under one key and one task name, and each has its own item [I5]', async () => {
  const key = { 'idempotency-key': 'the-same-key-of-both' }
  const named = { ...TEXT2VIDEO, external_task_id: 'chapter-1' }
  const names = []
  for (const { at } of [a, b]) {
    const first = await queued(at, VIDEOS, VIDEO, key)
    expect((await queued(at, VIDEOS, VIDEO, key)).names).toEqual(first.names)
    const task = await queued(at, T2V, named)
    expect(JSON.stringify(task.json)).not.toContain('tenant')
    const byName = await (await at.fetch(`${T2V}/chapter-1`)).json()
    expect(byName).toMatchObject({ data: { task_id: task.names[0], task_status: 'submitted' } })
    expect((await at.post(T2V, named, { prefer: 'respond-async' })).status).toBe(400)
    names.push(...first.names, ...task.names)
  }
  expect(new Set(names).size).toBe(4)
  const third = await addCustomer(agency)
  const unknown = await third.at.fetch(`${T2V}/chapter-9`)
  expect(await shownOf(await third.at.fetch(`${T2V}/chapter-1`), 'chapter-1')).toEqual(
    await shownOf(unknown, 'chapter-9')
  )
})

test('a creation of an own token that finds all accounts full is queued as its own, if the token wants that [I5]', async () => {
  const { at } = await addCustomer(agency, { whenFull: 'queue' })
  const name = await startVideo(at)
  expect(await jobOf(at, name)).toMatchObject({ status: 'queued', email: null })
  expect((await at.fetch(`${VIDEOS}/${name}`)).status).toBe(200)
  expect((await b.at.fetch(`${VIDEOS}/${name}`)).status).toBe(404)
})

test('an own token reads its own usage alone, without accounts [I5]', async () => {
  const mine = await a.at.fetch('/v1/usage')
  expect(mine.status).toBe(200)
  expect(await mine.text()).not.toContain('@example.com')
  const refusals = await Promise.all(
    [b.id, 'tok_none'].map((id) => a.at.fetch(`/v1/usage?token=${id}`))
  )
  const [theirUsage, none] = await Promise.all(refusals.map((one) => shownOf(one)))
  expect(theirUsage).toEqual(none)
  expect(refusals[0]?.status).toBe(403)
})

test('an own token learns of no pause that names an account or another token [I5]', async () => {
  const pause = (body: object) => agency.post('/v1/heygen/queue/pause', body)
  expect((await pause({ account: 'alice@example.com' })).status).toBe(200)
  expect((await pause({ token: b.id })).status).toBe(200)
  const listed = await a.at.fetch('/v1/heygen/queue')
  expect(listed.status).toBe(200)
  expect(await listed.json()).toMatchObject({ paused: [] })
})

test('the usage of an own token has one row for what several accounts did, so it does not tell how many there are [I5]', async () => {
  const pool = await open({ accounts: { alice: 1, bob: 1 } })
  const { at } = await addCustomer(pool)
  const videos = [await startVideo(at), await startVideo(at)]
  await pool.sim.finishJobs()
  for (const video of videos) await at.fetch(`${VIDEOS}/${video}`)
  const rows = await until(async () => {
    const read = (await (await at.fetch('/v1/usage')).json()) as { rows: { jobs: number }[] }
    return read.rows.reduce((sum, { jobs }) => sum + jobs, 0) === 2 && read.rows
  })
  expect(rows).toMatchObject([{ jobs: 2, account: null }])
})

test('usage that lacks accounts tells an own token neither how many they are nor whose [I5]', async () => {
  const entry = 'test/support/workers/counting-worker.ts'
  const pool = await open({ accounts: { alice: 1, bob: 1 }, entry })
  const { at } = await addCustomer(pool)
  await lose(pool, ['usage'])
  expect(await (await at.fetch('/v1/usage')).json()).toMatchObject({
    isWhole: false,
    missing: [{ tenant: '', provider: 'heygen', email: null }],
  })
})

test('an item of an own token starts as its own job: polled, listed and told under its name, and to nobody else [I3, I5]', async () => {
  const pool = await open({ accounts: { alice: 1 }, vars: LOOPBACK })
  await pool.post('/v2/account', { replyUrl: `${receiver.url}/tenant` })
  const [one, other] = [await addCustomer(pool), await addCustomer(pool)]
  await one.at.post('/v2/account', { replyUrl: `${receiver.url}/one` })
  await other.at.post('/v2/account', { replyUrl: `${receiver.url}/other` })
  const first = await startVideo(other.at)
  const [name = ''] = (await queued(one.at, VIDEOS, VIDEO)).names
  const [cancelled = ''] = (await queued(one.at, VIDEOS, VIDEO)).names
  expect((await one.at.fetch(`${VIDEOS}/${cancelled}`, { method: 'DELETE' })).status).toBe(200)
  await pool.sim.finishJobs()
  await other.at.fetch(`${VIDEOS}/${first}`)
  const { providerJob = '', email } = await becomes(one.at, name, 'running')
  expect(email).toBeNull()
  const listed = await (await one.at.fetch(VIDEOS)).json()
  expect(listed).toMatchObject({ data: [{ id: name }] })
  expect(await (await other.at.fetch(VIDEOS)).text()).not.toContain(providerJob)
  for (const id of [name, providerJob])
    expect((await other.at.fetch(`${VIDEOS}/${id}`)).status).toBe(404)
  await pool.sim.finishJobs()
  await one.at.fetch(`${VIDEOS}/${name}`)
  for (const id of [name, cancelled])
    await until(async () => receiver.posts('/one').find(({ body }) => body.includes(id)))
  await until(async () => receiver.posts('/other').find(({ body }) => body.includes(first)))
  expect(receiver.posts('/other')).toHaveLength(1)
  expect(receiver.posts('/tenant')).toEqual([])
  const jobs = await (await other.at.fetch('/v1/heygen/jobs?limit=50')).text()
  for (const id of [name, cancelled, providerJob]) expect(jobs).not.toContain(id)
  const own = await (await one.at.fetch('/v1/heygen/jobs?limit=50')).text()
  for (const id of [name, cancelled]) expect(own).toContain(id)
})
