import { afterAll, expect, test } from 'vitest'
import catalogue from '../../../simulator/heygen/catalogue.json' with { type: 'json' }
import { textsAt, valuesAt } from '#domain/text/json-pointer.ts'
import { heygen } from '#providers/heygen/index.ts'
import { oneOfEach } from '../../support/full.ts'
import { openGateway } from '../../support/gateway.ts'

interface ListRow {
  method: string
  path: string
  listedIdOut: string[]
  mixesSharedRows: boolean
  queryParams: string[]
}

const NAMES = ['a', 'b', 'c']
const gateway = await openGateway({
  accounts: { a: 10, b: 10, c: 10 },
  simAccount: { examples: false },
  simVars: { JOB_MS: '600000' },
})
afterAll(() => gateway.dispose())

const LISTS = (catalogue as unknown as ListRow[]).filter((row) => {
  // Webhook events are to be the gateway's own.
  if (row.path === '/v3/webhooks/events') return false
  const match = row.method === 'GET' ? heygen.routes.match('GET', row.path) : undefined
  return match && heygen.lists.shapeOf(match.route) !== undefined && row.listedIdOut.length > 0
})

/** What stands in the simulator for the rows of a list, by path. */
const RESOURCE: Record<string, string> = {
  templates: 'template',
  proofreads: 'proofread',
  'video.list': 'video',
  videos: 'video',
  'avatar_group.list': 'avatar-group',
  avatars: 'avatar',
  voices: 'voice',
  looks: 'avatar',
  folders: 'folder',
  assets: 'asset',
  search: 'asset',
  'brand-glossaries': 'brand-glossary',
  'brand-kits': 'brand-kit',
  lipsyncs: 'lipsync',
  'video-translations': 'translation',
  'video-agents': 'agent-session',
  'ai-clipping': 'ai-clipping',
  'background-removals': 'background-removal',
  renders: 'render',
  podcasts: 'podcast',
  workflows: 'workflow',
  'workflow-runs': 'workflow-run',
}

function resourceOf(path: string): string {
  if (path === '/v3/avatars') return 'avatar-group'
  if (path === '/v1/asset/list') return 'asset'
  if (path === '/v1/brand_voice/list') return 'brand-glossary'
  if (path === '/v1/streaming/knowledge_base/list') return 'knowledge-base'
  return RESOURCE[path.split('/').at(-1) ?? ''] ?? ''
}

const FORMS: Record<string, string> = {
  '/v1/talking_photo.list': 'photo',
  '/v1/streaming/avatar.list': 'streaming',
  '/v2/avatars': 'look',
  '/v3/avatars/looks': 'look',
  '/v3/models/audio/voices': 'model',
}

/** Two streaming sessions on each account, opened at the provider itself. */
async function openSessions(): Promise<string[]> {
  const ids: string[] = []
  for (const name of NAMES) {
    for (let count = 0; count < 2; count += 1) {
      const headers = { 'x-api-key': `sk_test_${name}`, 'content-type': 'application/json' }
      const body = JSON.stringify({
        version: 'v2',
        avatar_name: 'Wayne_20240711',
        quality: 'low',
        // The longest there is: none may fall asleep before the last list of them was read.
        activity_idle_timeout: 3600,
      })
      const opened = await fetch(`${gateway.sim.url}/v1/streaming.new`, {
        method: 'POST',
        headers,
        body,
      })
      ids.push(((await opened.json()) as { data: { session_id: string } }).data.session_id)
    }
  }
  return ids
}

let sessions: string[] | undefined

async function own(path: string): Promise<string[]> {
  if (path.endsWith('/streaming.list')) return (sessions ??= await openSessions())
  const resource =
    path === '/v1/talking_photo.list' || path === '/v1/streaming/avatar.list'
      ? 'avatar'
      : resourceOf(path)
  if (resource === '') return []
  const ids: string[] = []
  for (const [index, name] of NAMES.entries()) {
    for (let row = 0; row < 3 + index; row += 1) {
      const id = `${path.replaceAll(/\W/g, '')}-${name}-${row}`
      const form = FORMS[path] ?? ''
      await gateway.sim.control('POST', '/resources', {
        account: `${name}@example.com`,
        resource,
        id,
        form,
      })
      ids.push(id)
    }
  }
  return ids
}

/** How its pages are asked for, and where they say that there are more. */
function pagesOf({ path, mixesSharedRows }: ListRow): string {
  const match = heygen.routes.match('GET', path)
  const { limit, token, next, more, page, counted } =
    (match && heygen.lists.shapeOf(match.route)) ?? {}
  return JSON.stringify([mixesSharedRows, limit, token, next, more, page, counted])
}

for (const row of oneOfEach(LISTS, pagesOf)) {
  test(`${row.path} holds every account’s rows exactly once, through all pages`, async () => {
    const mine = await own(row.path)
    const match = heygen.routes.match('GET', row.path)
    const shape = match && heygen.lists.shapeOf(match.route)
    expect(mine.length, 'the test knows what the list is made of').toBeGreaterThan(0)
    const sizes =
      shape?.limit === undefined ||
      !row.queryParams.some((name) => name.startsWith(shape.limit ?? '-'))
        ? [0]
        : [1, 2, 7, 100]
    for (const size of sizes) {
      const seen: string[] = []
      let token: string | undefined
      for (let page = 0; page < 300; page += 1) {
        const query = new URLSearchParams()
        if (size > 0) query.set(shape?.limit ?? 'limit', String(size))
        if (token !== undefined) query.set('token', token)
        else if (shape?.page !== undefined) query.set(shape.page, String(page + 1))
        const answer = await gateway.fetch(`/heygen${row.path}?${query}`)
        const text = await answer.text()
        expect(answer.status, text).toBe(200)
        expect(answer.headers.get('x-gateway-partial')).toBeNull()
        const json: unknown = JSON.parse(text)
        const ids = row.listedIdOut.flatMap((pointer) => textsAt(json, pointer))
        if (size > 0) expect(ids.length).toBeLessThanOrEqual(size)
        seen.push(...ids)
        const [next] = shape?.next === undefined ? [] : textsAt(json, shape.next)
        if (shape?.more !== undefined)
          expect(valuesAt(json, shape.more)[0]).toBe(next !== undefined)
        if (shape?.page !== undefined ? ids.length === 0 : next === undefined) break
        token = shape?.page === undefined ? next : undefined
      }
      expect(seen.length, `size ${size}: each once`).toBe(new Set(seen).size)
      for (const id of mine) expect(seen, `size ${size}`).toContain(id)
    }
  })
}

test('rows of a list teach whose they are', async () => {
  await gateway.sim.control('POST', '/resources', {
    account: 'c@example.com',
    resource: 'template',
    id: 'taught-by-list',
  })
  await gateway.fetch('/heygen/v3/templates?limit=100')
  await gateway.sim.forgetRequests()
  const used = await gateway.fetch('/heygen/v3/templates/taught-by-list')
  expect(used.headers.get('x-gateway-account')).toBe('c@example.com')
  expect(await gateway.sim.requests()).toHaveLength(1)
})

test('an account that cannot answer is left out and named, and all failing is an error', async () => {
  await gateway.sim.fault({ match: { account: 'b@example.com' }, effect: { status: 503 } })
  const partial = await gateway.fetch('/heygen/v3/videos?limit=100')
  expect([partial.status, partial.headers.get('x-gateway-partial')]).toEqual([200, 'b@example.com'])
  await gateway.sim.clearFaults()
  await gateway.sim.fault({
    effect: { status: 503, body: { error: { code: 'service_unavailable' } } },
  })
  const none = await gateway.fetch('/heygen/v3/videos?limit=100')
  expect([none.status, await none.json()]).toEqual([
    503,
    { error: { code: 'service_unavailable' } },
  ])
  await gateway.sim.clearFaults()
})

test('an account whose list cannot be read is left out and named', async () => {
  for (const effect of [{ badJson: true }, { status: 200, body: '{"data":[}' }]) {
    await gateway.sim.fault({ match: { account: 'c@example.com' }, effect })
    const partial = await gateway.fetch('/heygen/v3/videos?limit=100')
    expect([partial.status, partial.headers.get('x-gateway-partial')]).toEqual([
      200,
      'c@example.com',
    ])
    await gateway.sim.clearFaults()
  }
})

test('a token of another list, another tenant or nobody is refused by name [I5]', async () => {
  const page = (await (await gateway.fetch('/heygen/v3/videos?limit=1')).json()) as {
    next_token: string
  }
  for (const path of [
    `/heygen/v3/lipsyncs?token=${page.next_token}`,
    '/heygen/v3/videos?token=nonsense',
  ]) {
    const refused = await gateway.fetch(path)
    expect([refused.status, await refused.text()]).toMatchObject([
      400,
      expect.stringContaining('token') as string,
    ])
  }
})

test('quotas and balances add up', async () => {
  const quotaOf = async (headers = {}) => {
    const answer = await gateway.fetch('/heygen/v2/user/remaining_quota', { headers })
    return ((await answer.json()) as { data: { remaining_quota: number } }).data.remaining_quota
  }
  const each = await Promise.all(
    NAMES.map((name) => quotaOf({ 'x-gateway-account': `${name}@example.com` }))
  )
  expect(await quotaOf()).toBe(each.reduce((a, b) => a + b, 0))
})

test('a bulk status is split by owner and comes back in the asked order', async () => {
  const ids: string[] = []
  for (const name of ['c', 'a', 'b', 'a', 'c']) {
    const created = await gateway.createVideo({}, { 'x-gateway-account': `${name}@example.com` })
    ids.push(created.headers.get('x-gateway-job') ?? '')
  }
  const asked = [...ids.toReversed(), 'f'.repeat(32)]
  const answer = await gateway.fetch(`/heygen/v3/videos/statuses?video_ids=${asked.join(',')}`)
  const { data } = (await answer.json()) as { data: { video_id: string; status: string }[] }
  expect(data.map((row) => row.video_id)).toEqual(asked)
  expect(data.map((row) => row.status === 'not_found')).toEqual([
    false,
    false,
    false,
    false,
    false,
    true,
  ])
})

test('a bulk status that names nothing is refused by the provider itself, once', async () => {
  await gateway.sim.forgetRequests()
  const answer = await gateway.fetch('/heygen/v3/videos/statuses')
  const asked = await gateway.sim.requests()
  expect([asked.length, answer.status]).toEqual([1, asked[0]?.status ?? 0])
})
