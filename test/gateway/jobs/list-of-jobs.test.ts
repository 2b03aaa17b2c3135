/** `GET /v1/{provider}/jobs` with parameters: what the ledgers keep, over all accounts, newest first, page by page. */
import { beforeAll, expect, test } from 'vitest'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'

const open = gatewaysOfFile()
const gateway = await open({
  accounts: { alice: 8, bob: 8 },
  simVars: { JOB_MS: '600000' },
})

interface Shown {
  jobid: string
  email: string | null
  status: string
  status_final: boolean
  created: string
  ended: string | null
}

interface Page {
  jobs: Shown[]
  next: string | null
}

/** In the order of their creation. */
const made: { id: string; email: string; isEnded: boolean }[] = []

beforeAll(async () => {
  for (let n = 0; n < 10; n += 1) {
    const created = await gateway.createVideo({ title: `n${n}` })
    const id = created.headers.get('x-gateway-job') ?? ''
    const email = created.headers.get('x-gateway-account') ?? ''
    const isEnded = n % 3 !== 0
    if (isEnded) {
      await gateway.sim.control('POST', `/jobs/${id}`, { status: n === 1 ? 'failed' : 'completed' })
      await gateway.fetch(`/heygen/v3/videos/${id}`)
    }
    made.push({ id, email, isEnded })
  }
})

async function list(query: string, provider = 'heygen'): Promise<Page> {
  const answer = await gateway.fetch(`/v1/${provider}/jobs?${query}`)
  expect(answer.status, await answer.clone().text()).toBe(200)
  return (await answer.json()) as Page
}

const idsOf = ({ jobs }: Page) => jobs.map((job) => job.jobid)
const newestFirst = (which: (one: (typeof made)[number]) => boolean) =>
  made
    .filter((one) => which(one))
    .map(({ id }) => id)
    .toReversed()

test('ended jobs of all accounts are listed newest first, each as it is shown by its id', async () => {
  const page = await list('state=ended')
  expect(idsOf(page)).toEqual(newestFirst(({ isEnded }) => isEnded))
  expect(page.next).toBeNull()
  const [first] = page.jobs
  const alone = await gateway.fetch(`/v1/heygen/jobs/${first?.jobid}`)
  expect(await alone.json()).toMatchObject(first ?? {})
  expect(page.jobs.every((job) => job.status_final && job.ended !== null)).toBe(true)
})

test('running jobs, and both together, are listed in the same way', async () => {
  expect(idsOf(await list('state=running'))).toEqual(newestFirst(({ isEnded }) => !isEnded))
  expect(idsOf(await list('limit=100'))).toEqual(newestFirst(() => true))
})

test('pages join without a gap or a repeat, whatever their size', async () => {
  for (const limit of [1, 3, 7]) {
    const seen: string[] = []
    let query = `limit=${limit}`
    for (let n = 0; n < 20; n += 1) {
      const page = await list(query)
      expect(page.jobs.length).toBeLessThanOrEqual(limit)
      seen.push(...idsOf(page))
      if (page.next === null) break
      query = `limit=${limit}&cursor=${encodeURIComponent(page.next)}`
    }
    expect(seen).toEqual(newestFirst(() => true))
  }
})

test('outcome, account and since narrow the list', async () => {
  expect(idsOf(await list('outcome=failed'))).toEqual([made[1]?.id])
  const ofAlice = await list('account=alice@example.com')
  expect(idsOf(ofAlice)).toEqual(newestFirst(({ email }) => email === 'alice@example.com'))
  const all = await list('limit=100')
  const [, , third] = all.jobs
  const since = await list(`since=${encodeURIComponent(third?.created ?? '')}`)
  expect(idsOf(since)).toEqual(idsOf(all).slice(0, 3))
})

test('what is asked for wrongly is refused by name', async () => {
  const answers: Record<string, string> = {
    'state=over': 'state',
    'outcome=fine': 'outcome',
    'limit=0': 'limit: must be an integer from 1 to 100',
    'limit=101': 'limit: must be an integer from 1 to 100',
    'cursor=nothing': 'cursor',
    'since=yesterday': 'since',
    'stat=ended': 'Unknown field stat',
  }
  for (const [query, word] of Object.entries(answers)) {
    const answer = await gateway.fetch(`/v1/heygen/jobs?${query}`)
    expect(answer.status, query).toBe(400)
    expect(((await answer.json()) as { error: string }).error).toContain(word)
  }
  const unknown = await gateway.fetch('/v1/heygen/jobs?account=nobody@example.com')
  expect(unknown.status).toBe(404)
})

test('another tenant sees none of them, and without parameters the answer is what it was [I5]', async () => {
  const { token } = await gateway.newToken()
  const other = gateway.as(token)
  const empty = await other.fetch('/v1/heygen/jobs?state=ended')
  expect(await empty.json()).toEqual({ jobs: [], next: null })
  const plain = (await (await gateway.fetch('/v1/heygen/jobs')).json()) as Record<string, unknown>
  expect(Object.keys(plain)).toEqual(['running', 'accounts'])
})

test('jobs of an account that was removed are still listed, without its email', async () => {
  const { token } = await gateway.newToken()
  const other = gateway.as(token)
  await other.addAccount('leaver', 2)
  const created = await other.createVideo()
  const id = created.headers.get('x-gateway-job')
  await other.fetch('/v1/heygen/accounts/leaver@example.com?now=true', { method: 'DELETE' })
  const page = (await (await other.fetch('/v1/heygen/jobs?state=ended')).json()) as Page
  expect(page.jobs).toMatchObject([{ jobid: id, email: null, status: 'lost' }])
})
