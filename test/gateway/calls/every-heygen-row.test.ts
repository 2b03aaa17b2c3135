/** Every HTTP row of the catalogue, called through the gateway as a client would that changed only its base URL. */
import { createHash } from 'node:crypto'
import { afterAll, expect, test } from 'vitest'
import {
  bodyOf,
  findDifferences,
  HTTP_ROWS,
  IN_ORDER,
  isOwn,
  kindOf,
  nameOf,
  pathOf,
  type CatalogueRow as Row,
  type Sent,
} from '../../support/catalogue/catalogue.ts'
import { oneOfEach } from '../../support/full.ts'
import { openGateway } from '../../support/gateway.ts'
import type { SimRequest } from '../../support/simulator.ts'

type Seen = SimRequest & { bodyBytes: number; bodySha256?: string }

/** Creations that HeyGen gives no way to ask about: they are over when they are answered. */
const WITHOUT_STATUS = new Set([
  'POST /v1/personalized_video/add_contact',
  'POST /v2/photo_avatar/add_sound_effect',
])
/** A session holds a slot as a job does. */
const OPENING = new Set(['POST /v1/streaming.new', 'POST /v3/avatar-realtime'])
const AT_ROOT = [
  'GET /v1/video_status.get',
  'GET /v1/video.list',
  'POST /v1/asset',
  'POST /v1/streaming.new',
  'POST /v2/video/generate',
  'GET /v2/avatars',
  'GET /v2/user/remaining_quota',
  'POST /v3/videos',
  'GET /v3/videos/statuses',
  'POST /v3/voices/speech',
]

const gateway = await openGateway({
  accounts: { ann: 10 },
  simAccount: { examples: true },
  simVars: { JOB_MS: '600000', SYNC_MS: '5' },
})
afterAll(() => gateway.dispose())

let lastSeen = 0

test('the catalogue has 254 HTTP rows, of which the gateway answers 11 itself', () => {
  expect(HTTP_ROWS.length).toBe(254)
  expect(HTTP_ROWS.filter(isOwn).length).toBe(11)
})

const FORWARDED = IN_ORDER.filter((row) => !isOwn(row))

test.each(oneOfEach(FORWARDED, kindOf).map((row) => ({ name: nameOf(row), row })))(
  '$name through the gateway is one call upstream and the documented answer',
  async ({ row }) => {
    await callAndCheck(row, '/heygen')
  }
)

test.each(HTTP_ROWS.filter((row) => AT_ROOT.includes(nameOf(row))).map(atRoot))(
  '$name at the root is one call upstream and the documented answer',
  async ({ row }) => {
    await callAndCheck(row, '')
  }
)

test('ten rows were called at the root', () => {
  expect(HTTP_ROWS.filter((row) => AT_ROOT.includes(nameOf(row))).length).toBe(10)
})

test('after all rows no slot is taken', async () => {
  const { executing, available } = (await (
    await gateway.fetch('/v1/heygen/scheduler/available')
  ).json()) as { executing: unknown[]; available: { executing: number }[] }
  expect(executing).toEqual([])
  expect(available).toMatchObject([{ email: 'ann@example.com', executing: 0, available: 10 }])
})

async function callAndCheck(row: Row, prefix: string): Promise<void> {
  await gateway.sim.control('POST', '/accounts', { email: 'ann@example.com', examples: true })
  await seenSince()
  const path = pathOf(row)
  const sent = await bodyOf(row)
  const answer = await gateway.fetch(prefix + path, {
    method: row.method,
    ...(sent === undefined
      ? {}
      : { body: sent.bytes, headers: { 'content-type': sent.contentType } }),
  })
  const bytes = new Uint8Array(await answer.arrayBuffer())
  const text = new TextDecoder().decode(bytes)
  const seen = await seenSince()
  const jobs = answer.headers.get('x-gateway-job')?.split(',') ?? []
  await freeSlots(jobs)

  expect(answer.status, text).toBe(row.successStatus)
  checkBody(row, answer, bytes)
  checkUpstream(row, path, sent, seen)
  checkHeaders(answer, seen)
  checkJobs(row, `${text}${JSON.stringify(row.requestExample)}`, jobs)
}

/** Jobs end here and at no other moment; the gateway is not told, so its slots are freed by hand. */
async function freeSlots(jobs: string[]): Promise<void> {
  await gateway.sim.finishJobs()
  for (const job of jobs) {
    const path = `/v1/heygen/scheduler/${encodeURIComponent(job)}?force=true`
    const freed = await gateway.fetch(path, { method: 'DELETE' })
    expect(freed.status, `${job}: ${await freed.text()}`).toBe(204)
  }
}

function checkBody(row: Row, answer: Response, bytes: Uint8Array): void {
  if (typeof row.responseExample === 'string') {
    expect(answer.headers.get('content-type')).toMatch(/^(audio\/mpeg|text\/event-stream)/)
    expect(bytes.length).toBeGreaterThan(0)
    return
  }
  expect(answer.headers.get('content-type')).toMatch(/^application\/json/)
  const body: unknown = JSON.parse(new TextDecoder().decode(bytes))
  expect(findDifferences(row.responseExample, body, '')).toEqual([])
}

function checkUpstream(row: Row, path: string, sent: Sent | undefined, seen: Seen[]): void {
  expect(seen.map(({ method, path: at }) => `${method} ${at}`)).toHaveLength(1)
  const [one] = seen
  if (!one) return
  const [pathname, query] = path.split('?')
  expect({
    method: one.method,
    host: one.host,
    path: one.path,
    query: one.query,
    account: one.account,
    status: one.status,
  }).toEqual({
    method: row.method,
    host: row.host === 'upload.heygen.com' ? 'upload' : 'api',
    path: pathname,
    query: query === undefined ? '' : `?${query}`,
    account: 'ann@example.com',
    status: row.successStatus,
  })
  expect(one.headers['x-api-key']).toBe('sk_test_ann')
  expect(one.headers['authorization']).toBeUndefined()
  expect(JSON.stringify(one)).not.toContain(gateway.token)
  checkBodyUp(sent, one)
}

/** A `callback_url` may be kept back or replaced (its own tests say how); every other byte goes up as it came. */
function checkBodyUp(sent: Sent | undefined, one: Seen): void {
  if (sent === undefined) {
    expect(one.body ?? '').toBe('')
    return
  }
  expect(one.headers['content-type']).toBe(sent.contentType)
  if (sent.json === undefined) {
    expect(one.bodyBytes).toBe(sent.bytes.length)
    expect(one.bodySha256).toBe(createHash('sha256').update(sent.bytes).digest('hex'))
    return
  }
  if ('callback_url' in sent.json) {
    const up = JSON.parse(one.body ?? '') as Record<string, unknown>
    expect({ ...up, callback_url: null }).toEqual({ ...sent.json, callback_url: null })
  } else {
    expect(one.body).toBe(new TextDecoder().decode(sent.bytes))
  }
}

function checkHeaders(answer: Response, seen: Seen[]): void {
  expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  expect(answer.headers.get('x-upstream-request-id')).toBe(`sim-${seen[0]?.n}`)
  expect(answer.headers.get('x-gateway-account')).toBe('ann@example.com')
  expect(answer.headers.get('x-gateway-error')).toBeNull()
}

/** Every id that is called a job stands in the answer, or in the request where the answer names none. */
function checkJobs(row: Row, texts: string, jobs: string[]): void {
  const isStart = row.kind === 'creates-job' || OPENING.has(nameOf(row))
  const startsJobs = isStart && !WITHOUT_STATUS.has(nameOf(row))
  expect(jobs.length > 0).toBe(startsJobs)
  expect(new Set(jobs).size).toBe(jobs.length)
  expect(jobs.filter((id) => !texts.includes(`"${id}"`))).toEqual([])
}

async function seenSince(): Promise<Seen[]> {
  const seen = await gateway.sim.control<Seen[]>('GET', `/requests?since=${lastSeen}`)
  lastSeen = Math.max(lastSeen, ...seen.map(({ n }) => n))
  return seen
}

function atRoot(row: Row): { name: string; row: Row } {
  return { name: nameOf(row), row }
}
