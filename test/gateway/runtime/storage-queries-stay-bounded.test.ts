/** What the objects ask of their tables, as SQLite says that it finds it. Every statement that runs is seen. */
import { newTimedId } from '#domain/text/time-ordered-id.ts'
import { afterAll, expect, test } from 'vitest'
import { advance, HOUR, MINUTE } from '../../support/clock/clock.ts'
import { until } from '../../support/gateway.ts'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { addEndpoint, openHooked } from '../../support/scenes/hooked.ts'
import { Receiver } from '../../support/receiver.ts'
import {
  fillEnded,
  fillOwners,
  objectsOf,
  rowsReadBy,
  statementsOf,
} from '../../support/sql/sql.ts'
import { addCustomer, startVideo } from '../../support/scenes/tokens/own-tokens.ts'
import { testFull } from '../../support/full.ts'

const open = gatewaysOfFile()
const receiver = await Receiver.open()
afterAll(() => receiver.close())

const gateway = await openHooked(open, {
  accounts: { a: 5, b: 5 },
  simVars: { JOB_MS: '-1' },
  entry: 'test/support/workers/sql-worker.ts',
})
const DAY = 24 * HOUR

/**
 * Read whole, because there is never much in them: what an account or a tenant has now. `copy`, `token`, `tenant`:
 * the operator's own, a row for each token, read when one is changed. `token_share`: a row for each token with a limit on jobs. `every`: no table, the spans that there are; `wanted`: the names that are asked for.
 */
const READ_WHOLE = [
  'account',
  'lease',
  'parking',
  'hook',
  'legacy',
  'early',
  'targets',
  'target_push',
  'token_line',
  'resent',
  'endpoint',
  'sign_in',
  'alert_state',
  'alert_note',
  'callback_secret',
  'token_secret',
  'home',
  'likeness',
  'former',
  'copy',
  'token',
  'token_share',
  'tenant',
  'every',
  'wanted',
  'observer',
  'balance',
  'settings',
  'live_card',
  'live_state',
  'CONSTANT ROW',
]

function scansIn(plan: string[]): string[] {
  return plan.flatMap((line) => {
    // An index that SQLite makes for one statement reads all of the table.
    if (line.includes('AUTOMATIC')) return [line]
    const [, table = ''] = /^SCAN (CONSTANT ROW|\S+)/.exec(line) ?? []
    return table === '' || READ_WHOLE.includes(table) ? [] : [line]
  })
}

async function create(
  headers: Record<string, string> = {}
): Promise<{ job: string; request: string }> {
  const answer = await gateway.createVideo({}, headers)
  expect(answer.status).toBe(200)
  const job = answer.headers.get('x-gateway-job') ?? ''
  return { job, request: answer.headers.get('x-request-id') ?? '' }
}

/** Everything that a tenant can cause, once. */
async function everything(): Promise<void> {
  await addEndpoint(gateway, `${receiver.url}/all`)
  const polled = await create({ 'idempotency-key': 'polled' })
  const { id: tenant } = (await (await gateway.fetch('/v2/account')).json()) as { id: string }
  const limited = await gateway.newToken({ tenant, jobsPerDay: 1 })
  expect((await gateway.as(limited.token).createVideo()).status).toBe(200)
  const told = await create({ 'x-gateway-reply-url': `${receiver.url}/told` })
  await gateway.sim.control('POST', `/jobs/${told.job}`, { status: 'completed' })
  await until(async () => receiver.posts('/told').length > 0)
  await gateway.sim.control('POST', `/jobs/${polled.job}`, { status: 'failed' })
  await gateway.fetch(`/heygen/v3/videos/${polled.job}`)
  for (const name of [polled.job, polled.request, 'key:polled', 'nobody', crypto.randomUUID()])
    await gateway.fetch(`/v1/heygen/jobs/${name}`)
  await create({ 'idempotency-key': 'polled' }).catch(() => {})
  await gateway.fetch('/v1/deliveries?state=dead&job=x&since=2026-01-01T00:00:00Z')
  const list = await gateway.fetch('/v1/deliveries?limit=1')
  const { deliveries } = (await list.json()) as { deliveries: { id: string }[] }
  await gateway.fetch(`/v1/deliveries/${deliveries[0]?.id}`)
  await gateway.post(`/v1/deliveries/${deliveries[0]?.id}/retry`, {})
  await gateway.fetch('/v1/heygen/accounts')
  await gateway.fetch('/v1/heygen/scheduler')
  await gateway.fetch('/heygen/v3/videos?limit=100')
  // A creation whose answer is lost: it is looked for.
  await gateway.sim.settings({ keyMode: 'ignores' })
  await gateway.sim.fault({
    match: { method: 'POST', path: '/v3/videos' },
    times: 1,
    effect: { reset: 'after' },
  })
  await gateway.createVideo()
  for (let minutes = 0; minutes < 10; minutes += 1) await advance(gateway, MINUTE)
  await gateway.sim.finishJobs()
  for (let minutes = 0; minutes < 30; minutes += 5) await advance(gateway, 5 * MINUTE)
}

/** What is asked of an account's object and of the desk, each by its name. */
const QUESTIONS: Record<string, () => Promise<unknown>> = {
  'a creation and the poll that settles it': async () => {
    const { job } = await create()
    await gateway.sim.control('POST', `/jobs/${job}`, { status: 'completed' })
    await gateway.fetch(`/heygen/v3/videos/${job}`)
  },
  'a job that nobody knows': () => gateway.fetch('/v1/heygen/jobs/nobody'),
  'a request that nobody knows': () => gateway.fetch(`/v1/heygen/jobs/${TIMED_ID}`),
  'a creation under a key': () => create({ 'idempotency-key': crypto.randomUUID() }),
  'a key that nobody knows': () => gateway.fetch('/v1/heygen/jobs/key:none'),
  'an id that nobody knows': () => gateway.fetch(`/heygen/v3/videos/${crypto.randomUUID()}`),
  'what the scheduler shows': () => gateway.fetch('/v1/heygen/scheduler'),
  'a page of deliveries': () => gateway.fetch('/v1/deliveries?limit=5'),
  'a lost creation that is looked for': lost,
}
/** Of the day before: of a time that has rows. */
const TIMED_ID = newTimedId(Date.now() - DAY, crypto.randomUUID())

async function lost(): Promise<void> {
  // Else it is found at once, under its key.
  await gateway.sim.settings({ keyMode: 'ignores' })
  const match = { method: 'POST', path: '/v3/videos' }
  await gateway.sim.fault({ match, times: 1, effect: { reset: 'after' } })
  await gateway.createVideo()
  for (let minutes = 0; minutes < 6; minutes += 1) await advance(gateway, MINUTE)
  await gateway.sim.finishJobs()
  for (let minutes = 0; minutes < 15; minutes += 5) await advance(gateway, 5 * MINUTE)
}

/** What an own token may do. */
async function everythingOfOwn(): Promise<void> {
  const { at } = await addCustomer(gateway)
  const id = await startVideo(at)
  await at.post('/v1/callback-secret', {})
  const paths = [
    `/heygen/v3/videos/${id}`,
    `/heygen/v3/videos/${crypto.randomUUID()}`,
    '/heygen/v3/videos?limit=1',
    '/v1/heygen/jobs?limit=5',
    '/v1/deliveries',
  ]
  for (const path of paths) await at.fetch(path)
}

async function rowsOfEach(): Promise<Record<string, number>> {
  const rows: Record<string, number> = {}
  for (const [name, ask] of Object.entries(QUESTIONS)) rows[name] = await rowsReadBy(gateway, ask)
  return rows
}

// Of its kind in `npm test`: this file: no statement of an object scans
testFull(
  'no question reads more rows with 5,000 ended jobs and owners than with none, but for a few of each span',
  async () => {
    await rowsOfEach()
    const empty = await rowsOfEach()
    const { desk, accounts } = await objectsOf(gateway)
    for (const account of accounts) await fillEnded(gateway, account, 5000)
    await fillOwners(gateway, desk, 5000)
    const full = await rowsOfEach()
    // For a name the 116 spans of six hours are read, at a few rows each, however many jobs stand there. To read all jobs once
    // would be 5,000 rows a question. A lost creation is looked for a dozen times, and meanwhile the hourly deletion of old owners
    // reads all of them once.
    const more = Object.entries(full).map(
      ([name, rows]) => [name, rows - (empty[name] ?? 0)] as const
    )
    for (const [name, rows] of more) expect([name, rows > 25_000]).toEqual([name, false])
    const small = more.filter(([name]) => !name.startsWith('a lost'))
    for (const [name, rows] of small) expect([name, rows > 1200]).toEqual([name, false])
  }
)

test('no statement of an object scans a table that grows with time', async () => {
  await everything()
  await everythingOfOwn()
  for (const days of [8, 31, 70]) await advance(gateway, days * DAY)
  await gateway.fetch('/v1/heygen/accounts/b@example.com', { method: 'DELETE' })
  const { token } = await gateway.newToken({ tenant: 'short-lived' })
  await gateway.as(token).fetch('/v1/heygen/jobs/key:none')
  await gateway.admin('DELETE', '/tenants/short-lived')
  const all = await statementsOf(gateway)
  const tables = [
    'own_id',
    'ended_job',
    'outgoing',
    'news',
    'owned_id',
    'job_owner',
    'keyed',
    'made',
  ]
  for (const table of tables) {
    const isUsed = all.some(({ sql }) => !sql.includes('CREATE') && sql.includes(table))
    expect([table, isUsed]).toEqual([table, true])
  }
  const scans = all.flatMap(({ sql, plan }) => scansIn(plan).map((line) => `${line}: ${sql}`))
  expect(scans).toEqual([])
})
