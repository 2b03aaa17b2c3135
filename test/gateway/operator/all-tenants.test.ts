/** The operator's lists over all tenants, and lists in which one account cannot be reached. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { openGateway, type Gateway, until } from '../../support/gateway.ts'
import { LOOPBACK } from '../../support/scenes/hooked.ts'
import { Receiver } from '../../support/receiver.ts'

const receiver = await Receiver.open()
const gateway = await openGateway({
  entry: 'test/support/workers/gone-worker.ts',
  simVars: { JOB_MS: '600000' },
  vars: LOOPBACK,
})
afterAll(async () => {
  await gateway.dispose()
  await receiver.close()
})
afterEach(() => without())

/** Objects of accounts whose names contain the text cannot be reached. */
function withoutAccount(name: string): Promise<void> {
  return without(`accounts:${name}`)
}

async function without(...parts: string[]): Promise<void> {
  const body = JSON.stringify({ parts })
  await fetch(`${gateway.url}/__gone`, { method: 'POST', body })
}

interface Item {
  tenant: string
  provider: string
  email?: string | null
  [more: string]: unknown
}
interface Lists {
  accounts: Item[]
  jobs: Item[]
  deliveries: Item[]
  next: string | null
  isWhole: boolean
  missing: Item[]
}

async function admin(path: string): Promise<Lists> {
  const answer = await gateway.admin('GET', path)
  expect(answer.status, await answer.clone().text()).toBe(200)
  return (await answer.json()) as Lists
}

async function json<T>(answer: Promise<Response>): Promise<T> {
  return (await (await answer).json()) as T
}

const tenants: Record<string, Gateway> = {}
const made: string[] = []

function as(name: string): Gateway {
  const found = tenants[name]
  if (!found) throw new Error(`no tenant ${name}`)
  return found
}

beforeAll(async () => {
  for (const name of ['red', 'blue', 'green']) {
    const tenant = gateway.as((await gateway.newToken({ tenant: name })).token)
    tenants[name] = tenant
    await tenant.addAccount(`${name}-a`, 9)
  }
  await as('red').addAccount('red-b', 9)
  for (const [place, name] of ['red', 'blue', 'green', 'red', 'blue', 'green', 'red'].entries()) {
    // Otherwise chance decides whether any job runs on red's second account.
    const account: Record<string, string> =
      place === 3 ? { 'x-gateway-account': 'red-b@example.com' } : {}
    const wish = { callback_url: `${receiver.url}/${name}` }
    const created = await as(name).createVideo(wish, account)
    made.push(`${name} ${created.headers.get('x-gateway-job')}`)
  }
})

test('accounts of all tenants are shown as each tenant sees them, with the tenant and the provider beside', async () => {
  const { accounts, isWhole, missing } = await admin('/accounts')
  expect([isWhole, missing]).toEqual([true, []])
  const mine = accounts.filter(({ tenant }) => tenant === 'red')
  expect(mine.map(({ provider, email }) => [provider, email])).toEqual([
    ['heygen', 'red-a@example.com'],
    ['heygen', 'red-b@example.com'],
  ])
  const own = await json<Record<string, object>>(as('red').fetch('/v1/heygen/accounts'))
  for (const { tenant: _tenant, provider: _provider, ...shown } of mine)
    expect(shown).toEqual(own[String(shown['email'])])
  const blue = await admin('/accounts?tenant=blue&provider=heygen')
  expect(blue.accounts.map(({ email }) => email)).toEqual(['blue-a@example.com'])
  expect((await admin('/accounts?provider=kling')).accounts).toEqual([])
  for (const list of ['accounts', 'jobs', 'deliveries', 'pool', 'throughput', 'usage']) {
    const answer = await gateway.admin('GET', `/${list}?tenant=nobody`)
    expect([list, answer.status]).toEqual([list, 404])
  }
})

test('jobs of all tenants come newest first, page by page, each exactly once', async () => {
  const seen: string[] = []
  let query = ''
  for (let pages = 0; pages < 9; pages += 1) {
    const { jobs, next, isWhole } = await admin(`/jobs?limit=3${query}`)
    expect(isWhole).toBe(true)
    seen.push(...jobs.map((job) => `${job.tenant} ${job['jobid']}`))
    if (next === null) break
    query = `&cursor=${next}`
  }
  expect(seen).toEqual(made.toReversed())
  const one = await admin('/jobs?tenant=green&state=running')
  const own = await json<{ jobs: object[] }>(as('green').fetch('/v1/heygen/jobs?state=running'))
  expect(one.jobs.map(({ tenant: _tenant, provider: _provider, ...job }) => job)).toEqual(own.jobs)
  const ofRedB = await admin('/jobs?account=RED-B@example.com')
  expect(new Set(ofRedB.jobs.map(({ email }) => email))).toEqual(new Set(['red-b@example.com']))
})

test('deliveries of all tenants come newest first, page by page', async () => {
  await gateway.sim.finishJobs()
  await until(async () => (await admin('/deliveries?state=delivered')).deliveries.length === 7)
  const seen: string[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const page: Lists = await admin(`/deliveries?limit=3${cursor && `&cursor=${cursor}`}`)
    seen.push(...page.deliveries.map((one) => `${one.tenant} ${String(one['job'])}`))
    cursor = page.next
  }
  expect(seen.toSorted()).toEqual(made.toSorted())
  const { deliveries } = await admin('/deliveries?tenant=blue')
  expect(new Set(deliveries.map(({ tenant, provider }) => `${tenant} ${provider}`))).toEqual(
    new Set(['blue heygen'])
  )
})

test('one account that cannot be reached leaves the others in every list, and is named', async () => {
  const red = as('red')
  const others = (await admin('/jobs')).jobs.filter(({ email }) => email !== 'red-b@example.com')
  await withoutAccount((await gateway.sim.account('red-b@example.com')).username)
  const lost = [{ tenant: 'red', provider: 'heygen', email: 'red-b@example.com' }]
  const { accounts, missing } = await admin('/accounts')
  expect(missing).toEqual(lost)
  expect(accounts.filter(({ error }) => error).map(({ email }) => email)).toEqual([
    'red-b@example.com',
  ])
  const jobs = await admin('/jobs')
  expect(jobs.missing).toEqual(lost)
  expect(jobs.jobs).toEqual(others)
  expect((await admin('/deliveries')).missing).toEqual(lost)
  for (const path of [
    '/v1/heygen/accounts',
    '/v1/heygen/scheduler',
    '/v1/heygen/scheduler/available',
    '/v1/heygen/jobs',
    '/v1/heygen/jobs?limit=5',
    '/v1/deliveries',
  ]) {
    const answer = await red.fetch(path)
    expect([path, answer.status]).toEqual([path, 200])
    expect([path, answer.headers.get('x-gateway-partial')]).toEqual([path, 'red-b@example.com'])
  }
  const shown = await json<{ error: string }>(red.fetch('/v1/heygen/accounts/red-b@example.com'))
  expect(shown.error).toContain('could not be read')
  const room = await json<{ available: { email: string; error?: string }[] }>(
    red.fetch('/v1/heygen/scheduler/available')
  )
  expect(room.available.map(({ error }) => error !== undefined)).toEqual([false, true])
})

test('a tenant whose desk cannot be reached is named, and the others are shown', async () => {
  await without('desks:blue')
  const { accounts, missing } = await admin('/accounts')
  expect(new Set(accounts.map(({ tenant }) => tenant))).toEqual(new Set(['red', 'green']))
  expect(missing).toEqual([
    { tenant: 'blue', provider: 'heygen', email: null },
    { tenant: 'blue', provider: 'kling', email: null },
  ])
})

test('a job or delivery that may be at an account that cannot be reached is not said to be unknown', async () => {
  const red = as('red')
  await withoutAccount((await gateway.sim.account('red-b@example.com')).username)
  for (const path of ['/v1/heygen/jobs/some_job', '/v1/deliveries/some_delivery'])
    expect([path, (await red.fetch(path)).status]).toEqual([path, 500])
})

test('no tenant’s token opens the lists of the operator [I5]', async () => {
  for (const list of ['accounts', 'jobs', 'deliveries'])
    expect((await as('red').fetch(`/admin/${list}`)).status).toBe(401)
})
