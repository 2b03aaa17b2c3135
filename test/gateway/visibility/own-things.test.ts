/** A token with `sees: own` finds, lists, polls and deletes what was made with it. The rest of its tenant is not there for it. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../../support/gateway.ts'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { Receiver } from '../../support/receiver.ts'
import { LOOPBACK } from '../../support/scenes/hooked.ts'
import {
  addCustomer,
  shownOf,
  startVideo,
  type Customer,
} from '../../support/scenes/tokens/own-tokens.ts'

const open = gatewaysOfFile()
const receiver = await Receiver.open()
afterAll(() => receiver.close())
const agency = await open({ accounts: { alice: 10, bob: 10 }, vars: LOOPBACK })
const UNKNOWN = '9f3c2b7e5a1d4c0e8b6f7a2d1e0c9b99'
let a: Customer
let b: Customer
let ofA: string
let ofB: string
let ofAgency: string

beforeAll(async () => {
  a = await addCustomer(agency)
  b = await addCustomer(agency)
  ofAgency = await startVideo(agency, { title: 'of the agency' })
  ofA = await startVideo(a.at, { title: 'of A' })
  ofB = await startVideo(b.at, { title: 'of B' })
})

const poll = (at: Customer['at'], id: string) => at.fetch(`/heygen/v3/videos/${id}`)

test('an own token polls its own job, and no answer names an account', async () => {
  const answer = await poll(a.at, ofA)
  const text = await answer.text()
  expect(answer.status, text).toBe(200)
  expect(text).toContain(ofA)
  expect(answer.headers.get('x-gateway-account')).toBeNull()
})

test('a token that sees all polls what own tokens made', async () => {
  expect((await poll(agency, ofA)).status).toBe(200)
})

test('a foreign job answers like one that does not exist, and nothing is sent [I5]', async () => {
  await agency.sim.forgetRequests()
  for (const id of [ofB, ofAgency]) {
    const seen = await shownOf(await poll(a.at, id), id)
    expect(seen).toEqual(await shownOf(await poll(a.at, UNKNOWN), UNKNOWN))
    const removed = await a.at.fetch(`/heygen/v3/videos/${id}`, { method: 'DELETE' })
    const none = await a.at.fetch(`/heygen/v3/videos/${UNKNOWN}`, { method: 'DELETE' })
    expect(await shownOf(removed, id)).toEqual(await shownOf(none, UNKNOWN))
    const story = await a.at.fetch(`/v1/heygen/jobs/${id}`)
    const noStory = await a.at.fetch(`/v1/heygen/jobs/${UNKNOWN}`)
    expect(story.status).toBe(404)
    expect(await shownOf(story, id)).toEqual(await shownOf(noStory, UNKNOWN))
    const untracked = await a.at.fetch(`/v1/heygen/scheduler/${id}`, { method: 'DELETE' })
    expect(untracked.status).toBe(404)
  }
  expect((await agency.sim.requests()).map(({ path }) => path)).toEqual([])
  expect((await poll(b.at, ofB)).status).toBe(200)
})

test('lists have the own things alone, newest first [I5]', async () => {
  const second = await startVideo(a.at, { title: 'of A too' })
  const answer = await a.at.fetch('/heygen/v3/videos')
  const { data, has_more: hasMore } = (await answer.json()) as {
    data: { id: string; title: string }[]
    has_more: boolean
  }
  expect(data.map(({ id }) => id)).toEqual([second, ofA])
  expect(data.map(({ title }) => title)).toEqual(['of A too', 'of A'])
  expect(hasMore).toBe(false)
  const jobs = await (await a.at.fetch('/v1/heygen/jobs?limit=100')).json()
  expect(jobs).toMatchObject({
    jobs: [
      { jobid: second, email: null },
      { jobid: ofA, email: null },
    ],
    next: null,
  })
  const running = (await (await a.at.fetch('/v1/heygen/jobs')).json()) as {
    running: { jobid: string }[]
  }
  expect(running.running.map(({ jobid }) => jobid).toSorted()).toEqual([second, ofA].toSorted())
  expect(running).toMatchObject({ accounts: {} })
  expect(await (await a.at.fetch('/v1/heygen/scheduler')).text()).not.toContain('@')
})

test('pages of a list go on where the last one ended, and a page token of another token finds nothing of it [I5]', async () => {
  const c = await addCustomer(agency)
  const made = [await startVideo(c.at), await startVideo(c.at), await startVideo(c.at)]
  const first = (await (await c.at.fetch('/heygen/v3/videos?limit=2')).json()) as {
    data: { id: string }[]
    next_token: string
  }
  expect(first.data.map(({ id }) => id)).toEqual([made[2], made[1]])
  const at = `/heygen/v3/videos?limit=2&token=${first.next_token}`
  const rest = (await (await c.at.fetch(at)).json()) as { data: { id: string }[]; next_token: null }
  expect(rest.data.map(({ id }) => id)).toEqual([made[0]])
  expect(rest.next_token).toBeNull()
  const other = await (await b.at.fetch(at)).text()
  for (const id of made) expect(other).not.toContain(id)
})

test('what is about whole accounts is 403, and a path without a row is 404 [I5]', async () => {
  const whole = ['/v3/users/me', '/v1/user/me', '/v3/webhooks/events', '/v3/brand-kits']
  for (const path of whole.map((one) => `/heygen${one}`)) {
    const answer = await a.at.fetch(path)
    expect([path, answer.status]).toEqual([path, 403])
    expect(await answer.text()).toContain('this token sees only its own')
  }
  for (const path of ['/heygen/v3/nothing', '/heygen/v9/x']) {
    expect((await a.at.fetch(path)).status).toBe(404)
    expect((await a.at.post(path, {})).status).toBe(404)
  }
})

test('an account that the client names is not found, whether or not there is one [I5]', async () => {
  for (const name of ['alice@example.com', 'nobody@example.com']) {
    const answer = await a.at.createVideo({}, { 'x-gateway-account': name })
    expect([answer.status, answer.headers.get('x-gateway-error')]).toEqual([
      404,
      'account_not_found',
    ])
    expect(await answer.text()).toContain(`Account ${name} not found`)
  }
})

test('what was granted may be used and read, and not changed or deleted', async () => {
  const c = await addCustomer(agency, { grants: [ofAgency] })
  expect((await poll(c.at, ofAgency)).status).toBe(200)
  const removal = await c.at.fetch(`/heygen/v3/videos/${ofAgency}`, { method: 'DELETE' })
  expect([removal.status, removal.headers.get('x-gateway-error')]).toEqual([403, 'forbidden'])
  expect((await poll(agency, ofAgency)).status).toBe(200)
  await agency.admin('PATCH', `/tokens/${c.id}`, { grants: [] })
  expect((await poll(c.at, ofAgency)).status).toBe(404)
})

test('an Idempotency-Key of one own token is not that of another [I5]', async () => {
  const key = { 'idempotency-key': 'same' }
  const [one, two, again] = [
    await startVideo(a.at, {}, key),
    await startVideo(b.at, {}, key),
    await startVideo(a.at, {}, key),
  ]
  expect(one).not.toBe(two)
  expect(again).toBe(one)
  const found = await b.at.fetch('/v1/heygen/jobs/key:same')
  expect(await found.json()).toMatchObject({ jobid: two })
})

test('a job of an own token is told to its own targets and those of the tenant, each delivery seen by whom it is for [I3, I5]', async () => {
  const ids = new Map<string, string>()
  for (const [name, at] of [
    ['agency', agency],
    ['a', a.at],
    ['b', b.at],
  ] as const) {
    const added = await at.post('/heygen/v3/webhooks/endpoints', {
      url: `${receiver.url}/end-${name}`,
    })
    expect(added.status, await added.clone().text()).toBe(200)
    ids.set(name, ((await added.json()) as { data: { endpoint_id: string } }).data.endpoint_id)
  }
  const shown = await (await a.at.fetch('/heygen/v3/webhooks/endpoints')).text()
  expect(shown).toContain(ids.get('a'))
  expect(shown).not.toContain(ids.get('b'))
  const foreign = await a.at.fetch(`/heygen/v3/webhooks/endpoints/${ids.get('b')}`, {
    method: 'DELETE',
  })
  const unknown = await a.at.fetch(`/heygen/v3/webhooks/endpoints/${UNKNOWN}`, { method: 'DELETE' })
  expect(await shownOf(foreign, ids.get('b') ?? '')).toEqual(await shownOf(unknown, UNKNOWN))
  const job = await startVideo(a.at, { callback_url: `${receiver.url}/call-a` })
  await agency.sim.control('POST', `/jobs/${job}`, { status: 'completed' })
  await poll(a.at, job)
  for (const path of ['/call-a', '/end-a', '/end-agency'])
    await until(async () => receiver.posts(path).find(({ body }) => body.includes(job)))
  expect(receiver.posts('/end-b')).toEqual([])
  const { deliveries } = (await (await a.at.fetch(`/v1/deliveries?job=${job}`)).json()) as {
    deliveries: { id: string; url: string }[]
  }
  expect(deliveries.map(({ url }) => new URL(url).pathname).toSorted()).toEqual([
    '/call-a',
    '/end-a',
  ])
  // Its story has the same ones, and nothing of how the tenant's endpoints took it.
  const { story } = (await (await a.at.fetch(`/v1/heygen/jobs/${job}`)).json()) as {
    story: { delivery?: string }[]
  }
  const told = new Set(story.flatMap(({ delivery }) => delivery ?? []))
  expect([...told].toSorted()).toEqual(deliveries.map((one) => one.id).toSorted())
  const [{ id = '' } = {}] = deliveries
  expect((await a.at.fetch(`/v1/deliveries/${id}`)).status).toBe(200)
  const hidden = await b.at.fetch(`/v1/deliveries/${id}`)
  const none = await b.at.fetch('/v1/deliveries/none')
  expect(await shownOf(hidden)).toEqual(await shownOf(none))
  expect((await b.at.fetch(`/v1/deliveries/${id}/retry`, { method: 'POST' })).status).toBe(404)
})

test('a token without sees: own is not asked anything more, and shows what it sees', async () => {
  const { tokens } = (await (await agency.admin('GET', '/tokens')).json()) as {
    tokens: { id: string; sees: string; grants: string[] }[]
  }
  expect(tokens.find(({ id }) => id === a.id)).toMatchObject({ sees: 'own', grants: [] })
  expect(tokens.some(({ sees }) => sees === 'all')).toBe(true)
})
