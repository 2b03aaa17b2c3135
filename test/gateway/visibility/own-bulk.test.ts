/** `POST /v1/{provider}/queue` of own tokens: each item passes the gate of its single call, and the others go on. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until, VIDEO, type Gateway } from '../../support/gateway.ts'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { becomes, endRunning, jobOf } from '../../support/queue/queued.ts'
import { Receiver } from '../../support/receiver.ts'
import { LOOPBACK } from '../../support/scenes/hooked.ts'
import { addKling, T2V, TEXT2VIDEO } from '../../support/scenes/kling.ts'
import { addCustomer, startVideo, type Customer } from '../../support/scenes/tokens/own-tokens.ts'

const VIDEOS = '/heygen/v3/videos'
const UNKNOWN = '9f3c2b7e5a1d4c0e8b6f7a2d1e0c9b99'
const open = gatewaysOfFile()
const receiver = await Receiver.open()
afterAll(() => receiver.close())
const agency = await open({ accounts: { alice: 2, bob: 2 }, vars: LOOPBACK })
let a: Customer
let b: Customer

interface Item {
  id?: string
  error?: string
  code?: string
}

beforeAll(async () => {
  await addKling(agency, 'kim', { maxJobs: 2 })
  a = await addCustomer(agency)
  b = await addCustomer(agency)
  for (const name of ['heygen', 'kling']) await pauseAll(agency, name)
})

const pauseAll = (at: Gateway, name: string) => at.post(`/v1/${name}/queue/pause`, {})

async function put(at: Gateway, items: object[], provider = 'heygen'): Promise<Item[]> {
  const answer = await at.post(`/v1/${provider}/queue`, items)
  expect(answer.status, await answer.clone().text()).toBe(200)
  return ((await answer.json()) as { items: Item[] }).items
}

const video = (more: object = {}, headers: object = {}) => ({
  path: '/v3/videos',
  body: { ...VIDEO, ...more },
  headers,
})
const lipsync = (id: string) => ({
  path: '/v3/lipsyncs',
  body: {
    video: { type: 'url', url: 'https://files.example.com/a.mp4' },
    audio: { type: 'asset_id', asset_id: id },
  },
})

/** The code and the sentence of the item sent by itself. */
async function alone(at: Gateway, { path, body }: { path: string; body: object }): Promise<Item> {
  const answer = await at.post(`/heygen${path}`, body, { prefer: 'respond-async' })
  expect(answer.status).toBeGreaterThanOrEqual(400)
  const said = (await answer.json()) as { error?: { message: string }; message?: string }
  const error = said.error?.message ?? said.message ?? ''
  return { code: answer.headers.get('x-gateway-error') ?? '', error }
}

test('an item of an own token that names what is not its own is refused as its single call is, and the others are queued [I5]', async () => {
  const theirs = await startVideo(b.at)
  const items = [
    video(),
    video({ avatar_id: theirs }),
    video({ avatar_id: UNKNOWN }),
    video({ new_thing_id: theirs }),
    lipsync(theirs),
    lipsync(UNKNOWN),
    { path: '/v1/workflows/nothing/executions', body: {} },
    { path: '/v3/of-a-later-release', body: {} },
    video(),
  ]
  const answers = await put(a.at, items)
  expect(answers[0]?.id).toBeDefined()
  expect(answers.at(-1)?.id).toBeDefined()
  for (const [index, item] of items.slice(1, -1).entries())
    expect(answers[index + 1], item.path).toEqual(await alone(a.at, item))
  expect(answers[1]).toEqual({ error: 'There is no such avatar look.', code: 'not_found' })
  expect(answers[2]).toEqual(answers[1])
  expect(answers[5]).toEqual(answers[4])
  const listed = await (await a.at.fetch('/v1/heygen/queue')).json()
  expect(listed).toMatchObject({ waiting: 2 })
})

test('in bulk an own token may name what is its own, public or granted, and what it has queued itself [I5]', async () => {
  const group = await agency.post('/heygen/v3/avatars', {
    type: 'prompt',
    name: 'of the agency',
    prompt: 'A person in a park',
  })
  const { data } = (await group.json()) as { data: { avatar_item: { id: string } } }
  const look = data.avatar_item.id
  const { at } = await addCustomer(agency, { grants: [look] })
  const task = await at.post(T2V, TEXT2VIDEO, { prefer: 'respond-async' })
  const name = task.headers.get('x-gateway-job') ?? ''
  const lips = {
    path: '/v1/videos/lip-sync',
    body: { input: { task_id: name, mode: 'text2video', text: 'Hello.', voice_id: 'v' } },
  }
  const videos = await put(at, [video({ avatar_id: look }), video()])
  const tasks = await put(at, [lips], 'kling')
  for (const { id, error } of [...videos, ...tasks]) expect(id, error).toBeDefined()
  const others = await put(b.at, [lips], 'kling')
  expect(others[0]).toMatchObject({ code: 'not_found' })
})

test('an own token that names an account in bulk gets the answer for one that there is not [I5]', async () => {
  const named = (email: string) => video({}, { 'X-Gateway-Account': email })
  const [known, none, plain] = await put(a.at, [
    named('alice@example.com'),
    named('nobody@example.com'),
    video(),
  ])
  const [there, away] = ['alice@example.com', 'nobody@example.com']
  expect(known).toEqual({ error: `Account ${there} not found`, code: 'account_not_found' })
  expect(none).toEqual({ error: `Account ${away} not found`, code: 'account_not_found' })
  expect(plain?.id).toBeDefined()
})

test('two own tokens queue in bulk under one key and one task name, and each has its own items [I4, I5]', async () => {
  const keyed = video({}, { 'Idempotency-Key': 'bulk-of-both' })
  const task = {
    path: '/v1/videos/text2video',
    body: { ...TEXT2VIDEO, external_task_id: 'bulk-chapter' },
  }
  const seen = []
  for (const { at } of [a, b, agency.as(agency.token)].map((one) =>
    'at' in one ? one : { at: one }
  )) {
    const [first] = await put(at, [keyed])
    expect(await put(at, [keyed])).toEqual([first])
    const [one, again] = await put(at, [task, task], 'kling')
    expect(one?.id, one?.error).toBeDefined()
    expect(again).toEqual({
      error: 'External_task_id bulk-chapter already exists',
      code: 'conflict',
    })
    const single = await at.post(T2V, task.body, { prefer: 'respond-async' })
    expect(await single.json()).toMatchObject({ message: again?.error })
    seen.push(first?.id, one?.id)
  }
  expect(new Set(seen).size).toBe(6)
})

test('items of an own token that were queued in bulk are its own: polled, listed, told and counted for it alone [I3, I5]', async () => {
  const pool = await open({ accounts: { alice: 5 }, vars: LOOPBACK })
  await pool.post('/v2/account', { replyUrl: `${receiver.url}/tenant` })
  const [one, other] = [await addCustomer(pool), await addCustomer(pool)]
  await one.at.post('/v2/account', { replyUrl: `${receiver.url}/one` })
  await other.at.post('/v2/account', { replyUrl: `${receiver.url}/other` })
  await pauseAll(pool, 'heygen')
  const mine = (await put(one.at, [video(), video()])).map(({ id = '' }) => id)
  const [cancelled = ''] = (await put(one.at, [video()])).map(({ id }) => id)
  const theirs = (await put(other.at, [video()])).map(({ id = '' }) => id)
  for (const id of mine) {
    expect((await one.at.fetch(`${VIDEOS}/${id}`)).status).toBe(200)
    expect((await other.at.fetch(`${VIDEOS}/${id}`)).status).toBe(404)
  }
  for (const [at, status] of [[other.at, 404] as const, [one.at, 204] as const]) {
    const cancel = await at.fetch(`/v1/heygen/queue/${cancelled}`, { method: 'DELETE' })
    expect(cancel.status).toBe(status)
  }
  await pool.post('/v1/heygen/queue/resume', {})
  for (const id of mine) await becomes(one.at, id, 'running')
  await becomes(other.at, theirs[0] ?? '', 'running')
  for (const id of mine) await endRunning(one.at, `${VIDEOS}/${id}`)
  await endRunning(other.at, `${VIDEOS}/${theirs[0]}`)
  for (const id of [...mine, cancelled])
    await until(async () => receiver.posts('/one').find(({ body }) => body.includes(id)))
  await until(async () =>
    receiver.posts('/other').find(({ body }) => body.includes(theirs[0] ?? ''))
  )
  expect(receiver.posts('/one')).toHaveLength(3)
  expect(receiver.posts('/other')).toHaveLength(1)
  expect(receiver.posts('/tenant')).toEqual([])
  const listed = await (await one.at.fetch(VIDEOS)).text()
  for (const id of mine) expect(listed).toContain(id)
  expect(await jobOf(one.at, mine[0] ?? '')).toMatchObject({ email: null, status: 'completed' })
  const usage = (await (await one.at.fetch('/v1/usage')).json()) as { rows: { jobs: number }[] }
  expect(usage.rows.reduce((sum, { jobs }) => sum + jobs, 0)).toBe(2)
})
