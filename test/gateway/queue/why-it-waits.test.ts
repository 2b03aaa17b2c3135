/** What waits says for what it waits, in its own view and in the list, and what ended in the line says when. */
import { afterAll, expect, test } from 'vitest'
import { advance, CLOCKED, SECOND, stopped } from '../../support/clock/clock.ts'
import { openGateway, until, type Gateway } from '../../support/gateway.ts'

const A = 'a@example.com'
const ASYNC = { prefer: 'respond-async' }

const gateway = await stopped(
  openGateway({ accounts: { a: 1 }, simVars: { JOB_MS: '-1' }, entry: CLOCKED })
)
afterAll(() => gateway.dispose())
const made = await gateway.admin('GET', '/tenants')
const [tenant = ''] = ((await made.json()) as { tenants: { id: string }[] }).tenants.map(
  ({ id }) => id
)

async function queue(by: Gateway): Promise<string> {
  const answer = await by.createVideo({}, ASYNC)
  expect(answer.status).toBe(202)
  return answer.headers.get('x-gateway-job') ?? ''
}

async function json<T>(by: Gateway, path: string): Promise<T> {
  return (await (await by.fetch(path)).json()) as T
}

/** By its own view and by the list, which must say the same. A time is told only of what can start. */
async function whyOf(by: Gateway, name: string): Promise<string | undefined> {
  // What an isolate shows of a waiting job may be some seconds old.
  await advance(gateway, 16 * SECOND)
  const { waitsFor, startsAround } = await json<{ waitsFor?: string; startsAround?: string }>(
    by,
    `/v1/heygen/jobs/${name}`
  )
  const isStopped = waitsFor === 'pause' || waitsFor === 'account'
  if (by === gateway) expect(startsAround === undefined, waitsFor).toBe(isStopped)
  const { items } = await json<{ items: { id: string; waitsFor: string | null }[] }>(
    by,
    '/v1/heygen/queue'
  )
  expect(items.find(({ id }) => id === name)?.waitsFor).toBe(waitsFor)
  return waitsFor
}

const cancel = (name: string) => gateway.fetch(`/v1/heygen/queue/${name}`, { method: 'DELETE' })

expect((await gateway.createVideo()).status).toBe(200)

test('what waits says whether it is for its turn, a pause, or an account that takes nothing', async () => {
  const name = await queue(gateway)
  expect(await whyOf(gateway, name)).toBe('slot')
  await gateway.post('/v1/heygen/queue/pause', { account: A })
  expect(await whyOf(gateway, name)).toBe('pause')
  await gateway.post('/v1/heygen/queue/resume', { account: A })
  await gateway.post(`/v1/heygen/accounts/${A}/drain`, {})
  expect(await whyOf(gateway, name)).toBe('account')
  await gateway.post(`/v1/heygen/accounts/${A}/undrain`, {})
  expect(await whyOf(gateway, name)).toBe('slot')
  await cancel(name)
})

test('what waits for an account that is parked for all jobs says so, although that asks for no work', async () => {
  const other = gateway.as((await gateway.newToken()).token)
  const email = await other.addAccount('parked', 1)
  const match = { method: 'POST', path: '/v3/videos' }
  await gateway.sim.fault({ match, times: 1, effect: { status: 429 } })
  expect((await other.createVideo({}, { 'x-gateway-account': email })).status).toBe(429)
  const name = await queue(other)
  await until(async () => {
    const line = await json<{ items: { id: string; waitsFor: string }[] }>(
      other,
      '/v1/heygen/queue'
    )
    return line.items.find(({ id }) => id === name)?.waitsFor === 'account'
  })
  await other.fetch(`/v1/heygen/queue/${name}`, { method: 'DELETE' })
})

test('a token at its limit is told so, and a token that sees only its own hears of nothing else', async () => {
  await gateway.post('/v1/heygen/queue/pause', {})
  const free = gateway.as((await gateway.newToken({ tenant, sees: 'own' })).token)
  const name = await queue(free)
  expect(await whyOf(free, name)).toBe('slot')
  expect(await whyOf(gateway, name)).toBe('pause')
  await gateway.post('/v1/heygen/queue/resume', {})
  await cancel(name)
  await gateway.addAccount('other', 1)
  const limited = gateway.as(
    (await gateway.newToken({ tenant, sees: 'own', maxConcurrent: 1 })).token
  )
  expect((await limited.createVideo()).status).toBe(200)
  const second = await queue(limited)
  expect(await whyOf(limited, second)).toBe('token_limit')
  await cancel(second)
})

test('what was cancelled in the line says when, and names no account, also in the list', async () => {
  const name = await queue(gateway)
  expect((await cancel(name)).status).toBe(204)
  const seen = await json<{ ended: string; times: { ended: string }; story: { at: string }[] }>(
    gateway,
    `/v1/heygen/jobs/${name}`
  )
  expect(seen).toMatchObject({ status: 'failed', status_final: true, email: null })
  expect(seen).not.toHaveProperty('waitsFor')
  expect([seen.ended, seen.times.ended]).toEqual([seen.story.at(-1)?.at, seen.story.at(-1)?.at])
  const { jobs } = await json<{ jobs: { jobid: string; email: string | null }[] }>(
    gateway,
    '/v1/heygen/jobs?state=ended&outcome=failed'
  )
  expect(jobs.find(({ jobid }) => jobid === name)).toMatchObject({ email: null })
})
