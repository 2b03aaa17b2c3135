import { afterAll, expect, test } from 'vitest'
import { oneOfEach } from '../../support/full.ts'
import { openGateway } from '../../support/gateway.ts'
import {
  LISTS,
  NAMES,
  ownRows,
  pagesOf,
  readThrough,
  sizesOf,
} from '../../support/scenes/legacy/own-rows.ts'

const gateway = await openGateway({
  accounts: { a: 10, b: 10, c: 10 },
  simAccount: { examples: false },
  simVars: { JOB_MS: '600000' },
})
afterAll(() => gateway.dispose())

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
  return ownRows(gateway, path)
}

for (const row of oneOfEach(LISTS, pagesOf)) {
  test(`${row.path} holds every account’s rows exactly once, through all pages`, async () => {
    const mine = await own(row.path)
    expect(mine.length, 'the test knows what the list is made of').toBeGreaterThan(0)
    for (const size of sizesOf(row)) {
      const seen = await readThrough(gateway, row, size)
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
