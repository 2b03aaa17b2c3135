/** Usage of queued jobs, at the front door: who asked counts, from when it was asked. What never started is no job. */
import { afterAll, expect, test } from 'vitest'
import { advance, MINUTE, SECOND, stopClock } from '../../support/clock/clock.ts'
import { openGateway, until, type Gateway } from '../../support/gateway.ts'
import { isFull } from '../../support/full.ts'

const gateway = await openGateway({
  accounts: {},
  simVars: { JOB_MS: '-1' },
  entry: 'test/support/workers/counting-worker.ts',
})
afterAll(() => gateway.dispose())
await stopClock(gateway)

interface Job {
  id: string
  title: string
  status: string
  account: string
}

interface Row {
  account: string | null
  token: string | null
  outcome: string
  jobs: number
  failures: number
  waitedP50Ms: number | null
}

interface Who {
  id: string
  as: Gateway
}

async function tenantWith(accounts: Record<string, number>, tokens: number): Promise<Who[]> {
  const tenant = `usage-${Object.keys(accounts).join('-')}`
  const all: Who[] = []
  for (let made = 0; made < tokens; made += 1) {
    const { id, token } = await gateway.newToken({ tenant })
    all.push({ id, as: gateway.as(token) })
  }
  for (const [name, slots] of Object.entries(accounts)) await all[0]?.as.addAccount(name, slots)
  return all
}

async function queue({ as }: Who, title: string, headers = {}): Promise<string> {
  const answer = await as.createVideo({ title }, { prefer: 'respond-async', ...headers })
  const text = await answer.text()
  expect(answer.status, text).toBe(202)
  return (JSON.parse(text) as { data: { video_id: string } }).data.video_id
}

async function jobsOf(accounts: readonly string[]): Promise<Job[]> {
  const all = (await gateway.sim.state()).jobs as unknown as Job[]
  return all.filter(({ account }) => accounts.includes(account))
}

const isOver = ({ status }: Job) => status === 'completed' || status === 'failed'

async function end({ as }: Who, { id }: Job, status: string): Promise<void> {
  await gateway.sim.control('POST', `/jobs/${id}`, { status })
  expect((await as.fetch(`/heygen/v3/videos/${id}`)).status).toBe(200)
}

async function usageOf({ as }: Who): Promise<Row[]> {
  const answer = await as.fetch('/v1/usage')
  const text = await answer.text()
  expect(answer.status, text).toBe(200)
  return (JSON.parse(text) as { rows: Row[] }).rows
}

test('what was queued and never started is no job: cancelled, past its deadline, of a removed token', async () => {
  const [one, other] = (await tenantWith({ lone: 1 }, 2)) as [Who, Who]
  const emails = ['lone@example.com']
  await queue(one, 'runs')
  const [running] = await until(async () => {
    const all = await jobsOf(emails)
    return all.length === 1 && all
  })
  const cancelled = await queue(one, 'cancelled')
  await queue(one, 'late', { 'x-gateway-start-within': '60' })
  await queue(other, 'removed')
  const answer = await one.as.fetch(`/v1/heygen/queue/${cancelled}`, { method: 'DELETE' })
  expect(answer.status).toBe(204)
  expect((await gateway.admin('DELETE', `/tokens/${other.id}`)).status).toBeLessThan(300)
  await advance(gateway, 2 * MINUTE)
  await advance(gateway, 1 * MINUTE)
  if (running) await end(one, running, 'completed')
  await advance(gateway, 1 * MINUTE)
  expect(await jobsOf(emails)).toHaveLength(1)
  const rows = await usageOf(one)
  expect(rows.map(({ token, outcome, jobs }) => [token, outcome, jobs])).toEqual([
    [one.id, 'completed', 1],
  ])
}, 120_000)

test('a queued job waited from when it was asked for, and counts for the token that asked', async () => {
  const [one] = (await tenantWith({ waited: 1 }, 1)) as [Who]
  const emails = ['waited@example.com']
  await queue(one, 'first')
  const started = (count: number) =>
    until(async () => {
      const all = await jobsOf(emails)
      return all.length === count && all
    })
  const [first] = await started(1)
  await queue(one, 'second')
  await advance(gateway, 10 * MINUTE)
  if (first) await end(one, first, 'failed')
  const second = (await started(2)).find((job) => !isOver(job))
  if (second) await end(one, second, 'completed')
  const rows = await usageOf(one)
  expect(rows.map(({ token, outcome, jobs }) => [token, outcome, jobs]).toSorted()).toEqual([
    [one.id, 'completed', 1],
    [one.id, 'failed', 1],
  ])
  const waited = rows.find(({ outcome }) => outcome === 'completed')?.waitedP50Ms ?? 0
  // Percentiles are off by a tenth at most.
  expect(waited).toBeGreaterThan(9 * MINUTE)
  expect(waited).toBeLessThan(11.5 * MINUTE)
}, 120_000)

const MANY = isFull ? 300 : 30

test('a storm of queued jobs: usage equals the books of the simulator, by token, account and outcome', async () => {
  const all = await tenantWith({ storm1: 9, storm2: 9 }, 3)
  const emails = ['storm1@example.com', 'storm2@example.com']
  const titles = Array.from({ length: MANY }, (_, index) => `${index % 3} ${index}`)
  await Promise.all(titles.map((title) => queue(all[Number(title[0])] as Who, title)))
  const [first] = all as [Who]
  const books = new Map<string, number>()
  let over = 0
  while (over < MANY) {
    const running = await until(async () => {
      const live = (await jobsOf(emails)).filter((job) => !isOver(job))
      return live.length > 0 && live
    })
    for (const job of running) {
      const status = over % 5 === 0 ? 'failed' : 'completed'
      await end(first, job, status)
      over += 1
      const name = `${all[Number(job.title[0])]?.id} ${job.account} ${status}`
      books.set(name, (books.get(name) ?? 0) + 1)
    }
    await advance(gateway, 1 * SECOND)
  }
  expect(await jobsOf(emails)).toHaveLength(MANY)
  const rows = await usageOf(first)
  const used = rows.map(
    ({ token, account, outcome, jobs }) => [`${token} ${account} ${outcome}`, jobs] as const
  )
  expect(Object.fromEntries(used)).toEqual(Object.fromEntries(books))
}, 300_000)
