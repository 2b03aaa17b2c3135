/** Every route of the gateway's own, called with an own token: what it names is another customer's, the agency's, or nobody's. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { itemIdOf, namesOf } from '#domain/queue/item-name.ts'
import { ownPathOf } from '#domain/visibility/own-paths.ts'
import { KLING_BODIES } from '../../openapi/tour.ts'
import { until, VIDEO, type Gateway } from '../../support/gateway.ts'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { queued } from '../../support/queue/queued.ts'
import { Receiver } from '../../support/receiver.ts'
import { call as tool, failure } from '../mcp/agent.ts'
import { LOOPBACK } from '../../support/scenes/hooked.ts'
import { addKling, T2V, TEXT2VIDEO } from '../../support/scenes/kling.ts'
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

interface OwnRoute {
  name: string
  method: string
  path: string
}

/** Those that take a tenant's token, as the OpenAPI document has them. */
function routes(): OwnRoute[] {
  const { paths } = JSON.parse(readFileSync('docs/openapi.json', 'utf8')) as {
    paths: Record<string, Record<string, { security?: Record<string, unknown>[] }>>
  }
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([verb, { security }]) => {
      const isForTokens = security === undefined || security.some((one) => 'token' in one)
      const isVerb = ['get', 'post', 'put', 'patch', 'delete'].includes(verb)
      if (!isForTokens || !isVerb || /^\/(heygen|kling|admin)\//.test(path)) return []
      const method = verb.toUpperCase()
      return [{ name: `${method} ${path}`, method, path }]
    })
  )
}

const ROUTES = routes()
/** Whoever adds a route decides here once more whether an own token may call it. */
const OPEN = [
  'DELETE /v1/heygen/queue/{id}',
  'DELETE /v1/heygen/scheduler/{id}',
  'DELETE /v1/kling/queue/{id}',
  'DELETE /v1/kling/scheduler/{id}',
  'GET /mcp',
  'GET /v1/deliveries',
  'GET /v1/deliveries/{id}',
  'GET /v1/heygen/jobs',
  'GET /v1/heygen/jobs/{id}',
  'GET /v1/heygen/jobs/{id}/file',
  'GET /v1/heygen/queue',
  'GET /v1/heygen/scheduler',
  'GET /v1/heygen/tts/languages',
  'GET /v1/heygen/tts/voices',
  'GET /v1/kling/jobs',
  'GET /v1/kling/jobs/{id}',
  'GET /v1/kling/jobs/{id}/file',
  'GET /v1/kling/queue',
  'GET /v1/kling/scheduler',
  'GET /v1/kling/tasks',
  'GET /v1/kling/tasks/{task_id}',
  'GET /v1/usage',
  'GET /v2/account',
  'POST /mcp',
  'POST /v1/callback-secret',
  'POST /v1/deliveries/{id}/retry',
  'POST /v1/heygen/queue',
  'POST /v1/heygen/tts/create',
  'POST /v1/kling/assets',
  'POST /v1/kling/avatars/video',
  'POST /v1/kling/images/kolors',
  'POST /v1/kling/images/kolors-elements',
  'POST /v1/kling/images/omni',
  'POST /v1/kling/images/virtual-try-on',
  'POST /v1/kling/queue',
  'POST /v1/kling/tts/create',
  'POST /v1/kling/videos/add-sound',
  'POST /v1/kling/videos/extend',
  'POST /v1/kling/videos/image2video-effects',
  'POST /v1/kling/videos/image2video-elements',
  'POST /v1/kling/videos/image2video-frames',
  'POST /v1/kling/videos/lipsync',
  'POST /v1/kling/videos/motion-create',
  'POST /v1/kling/videos/omni',
  'POST /v1/kling/videos/text2video',
  'POST /v2/account',
]
const NOBODYS = { heygen: '9f3c2b7e5a1d4c0e8b6f7a2d1e0c9b99', kling: '987654321098765432' }
const [NO_ITEM = ''] = namesOf(itemIdOf('r', 1_800_000_000_000), 1, { kind: 'hex' })
let a: Customer
const needles = ['@example.com', 'of another customer', 'sk_test_', 'other-secret']
/** What a parameter names: something of another customer's or of the agency's, and nobody's. */
const named: [RegExp, string, string][] = []

beforeAll(async () => {
  await addKling(agency, 'kim', { maxJobs: 50 })
  await addKling(agency, 'kai', { maxJobs: 50 })
  a = await addCustomer(agency)
  const b = await addCustomer(agency)
  const video = await startVideo(b.at, {
    title: 'of another customer',
    callback_url: `${receiver.url}/b`,
  })
  const task = (await b.at.post(T2V, TEXT2VIDEO)).headers.get('x-gateway-job') ?? ''
  await agency.sim.control('POST', `/jobs/${video}`, { status: 'completed' })
  await b.at.fetch(`/heygen/v3/videos/${video}`)
  const delivery = await until(async () => {
    const page = await b.at.fetch('/v1/deliveries')
    return ((await page.json()) as { deliveries: { id: string }[] }).deliveries[0]?.id
  })
  // What waits in the line, since nothing of the other customer's is started any more.
  const pause = await agency.post('/v1/heygen/queue/pause', { token: b.id })
  expect(pause.status).toBe(200)
  const body = { ...VIDEO, title: 'of another customer' }
  const [item = ''] = (await queued(b.at, '/heygen/v3/videos', body)).names
  const alert = { url: `${receiver.url}/alerts`, form: 'generic', events: ['account_parked'] }
  const { id: alertId } = (await (await agency.post('/v1/alerts', alert)).json()) as { id: string }
  named.push(
    [/\/v1\/heygen\/(jobs|scheduler)/, video, NOBODYS.heygen],
    [/\/v1\/kling\/(jobs|scheduler|tasks)/, task, NOBODYS.kling],
    [/\/v1\/heygen\/queue/, item, NO_ITEM],
    [/\/v1\/deliveries/, delivery, 'none'],
    [/\/v1\/alerts/, alertId, 'alt_0123456789abcdef'],
    [/accounts\/\{email/, 'alice@example.com', 'nobody@example.com'],
    [/sign-in/, 'sig_none', 'sig_nil']
  )
  needles.push(video, task, delivery, alertId, item)
  await agency.post('/v2/account', { replyUrl: `${receiver.url}/other-secret` })
})

async function call(at: Gateway, { method, path }: OwnRoute, id: string): Promise<Response> {
  const filled = path.replaceAll(/\{\w+\}/g, encodeURIComponent(id))
  if (method === 'GET' || method === 'DELETE') return at.fetch(filled, { method })
  return at.fetch(filled, {
    method,
    body: JSON.stringify(bodyOf(path)),
    headers: { 'content-type': 'application/json' },
  })
}

function bodyOf(path: string): object {
  const id = path
    .replace('/v1/kling/', '')
    .split(/[/-]/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')
  if (path === '/mcp') return { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} }
  return KLING_BODIES[id] ?? {}
}

test('each route of ours is open to own tokens or closed, and a new one is closed until somebody decides', () => {
  expect(ROUTES.length).toBeGreaterThan(50)
  const decided = ROUTES.filter(({ method, path }) => {
    const at = path.replaceAll(/\{\w+\}/g, 'x')
    return ownPathOf(method, at) === 'open'
  })
  expect(decided.map(({ name }) => name).toSorted()).toEqual(OPEN.toSorted())
  expect(ownPathOf('GET', '/v1/heygen/new-thing')).toBe('absent')
  expect(ownPathOf('GET', '/v1/new-thing')).toBe('absent')
})

test.each(ROUTES)(
  '$name tells an own token nothing of others, and answers for what is theirs as for what is nobody’s [I5]',
  async (route) => {
    const [, theirs = 'x', nobodys = 'y'] = named.find(([form]) => form.test(route.path)) ?? []
    const seen = await call(a.at, route, theirs)
    const isNaming = route.path.includes('{')
    const isOpen = OPEN.includes(route.name)
    if (!isOpen) expect([403, 404], route.name).toContain(seen.status)
    const headers = JSON.stringify([...seen.headers])
    if (!isNaming) {
      const said = (await seen.text()) + headers
      expect(seen.status, said).toBeLessThan(500)
      for (const needle of needles) expect(said).not.toContain(needle)
      return
    }
    const none = await call(a.at, route, nobodys)
    expect(seen.status).toBeGreaterThanOrEqual(400)
    expect(await shownOf(seen, theirs, encodeURIComponent(theirs))).toEqual(
      await shownOf(none, nobodys, encodeURIComponent(nobodys))
    )
    for (const needle of needles) {
      if (!theirs.includes(needle)) expect(headers).not.toContain(needle)
    }
  }
)

test('an agent with an own token sees the own jobs alone, and nothing of the pool [I5]', async () => {
  const { at } = await addCustomer(agency)
  const own = await startVideo(at)
  const jobs = JSON.stringify(await tool(at, 'list_jobs', {}))
  expect(jobs).toContain(own)
  for (const needle of needles) expect(jobs).not.toContain(needle)
  const theirs = named.find(([form]) => form.test('/v1/heygen/jobs'))?.[1] ?? ''
  const said = (id: string, text: string) => text.replaceAll(id, '{id}')
  expect(said(theirs, await failure(at, 'get_job', { job_id: theirs }))).toBe(
    said(NOBODYS.heygen, await failure(at, 'get_job', { job_id: NOBODYS.heygen }))
  )
  for (const name of ['list_accounts', 'pool_health'])
    expect(await failure(at, name, {})).toContain('sees only its own')
})

test('lists of jobs and deliveries take no account, and no slot is freed by force [I5]', async () => {
  for (const email of ['alice@example.com', 'nobody@example.com']) {
    const answer = await a.at.fetch(`/v1/heygen/jobs?account=${email}`)
    expect([answer.status, answer.headers.get('x-gateway-error')]).toEqual([
      404,
      'account_not_found',
    ])
  }
  const own = await startVideo(a.at)
  const path = `/v1/heygen/scheduler/${own}?force=true`
  expect((await a.at.fetch(path, { method: 'DELETE' })).status).toBe(403)
  expect(await (await a.at.fetch('/v1/deliveries')).json()).toEqual({ deliveries: [], next: null })
})

test('a token shows its own default URL, and changes it for itself alone', async () => {
  const shown = (await (await a.at.fetch('/v2/account')).json()) as Record<string, unknown>
  expect(shown).toMatchObject({ id: a.id, token: a.id, accounts: {}, replyUrl: null })
  const set = await a.at.post('/v2/account', { replyUrl: `${receiver.url}/mine` })
  expect(set.status).toBe(204)
  expect(await (await a.at.fetch('/v2/account')).json()).toMatchObject({
    replyUrl: `${receiver.url}/mine`,
  })
  const other = await (await agency.fetch('/v2/account')).json()
  expect(other).toMatchObject({ replyUrl: `${receiver.url}/other-secret` })
  expect((await a.at.post('/v2/account', { name: 'Mine' })).status).toBe(403)
})

test('a job of an own token is not told to the default URL of the tenant, and its own one gets it [I3, I5]', async () => {
  const { at } = await addCustomer(agency)
  const silent = await startVideo(at)
  const told = await startVideo(a.at)
  for (const id of [silent, told])
    await agency.sim.control('POST', `/jobs/${id}`, { status: 'completed' })
  await at.fetch(`/heygen/v3/videos/${silent}`)
  await a.at.fetch(`/heygen/v3/videos/${told}`)
  await until(async () => receiver.posts('/mine').find(({ body }) => body.includes(told)))
  expect(receiver.posts('/other-secret')).toEqual([])
})

test('what an own token is told is signed with its own secret, and without one not at all [I5]', async () => {
  await agency.post('/v1/callback-secret', {})
  const { at } = await addCustomer(agency)
  const unsigned = await startVideo(at, { callback_url: `${receiver.url}/unsigned` })
  await agency.sim.control('POST', `/jobs/${unsigned}`, { status: 'completed' })
  await at.fetch(`/heygen/v3/videos/${unsigned}`)
  const plain = await until(async () => receiver.posts('/unsigned')[0])
  expect(plain?.headers['webhook-signature']).toBeUndefined()
  const made = await at.post('/v1/callback-secret', {})
  expect(made.status).toBe(201)
  const signed = await startVideo(at, { callback_url: `${receiver.url}/signed` })
  await agency.sim.control('POST', `/jobs/${signed}`, { status: 'completed' })
  await at.fetch(`/heygen/v3/videos/${signed}`)
  const one = await until(async () => receiver.posts('/signed')[0])
  expect(one?.headers['webhook-signature']).toMatch(/^v1,/)
})

test('a refused text has useapi.net’s status for an own token, too, and what is about the account has not [I5]', async () => {
  const { at } = await addCustomer(agency)
  const refusal = (code: number) => ({ status: 400, body: { code, message: 'Refused.' } })
  const match = { method: 'POST', path: '/v1/videos/text2video' }
  const body = { prompt: 'A calm sunrise', model_name: 'kling-v3-0', duration: 5 }
  const statuses = []
  for (const code of [1301, 1304]) {
    await agency.sim.fault({ match, effect: refusal(code) })
    statuses.push((await at.post('/v1/kling/videos/text2video', body)).status)
    await agency.sim.clearFaults()
  }
  expect(statuses).toEqual([422, 503])
})
