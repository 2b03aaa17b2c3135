/**
 * What waits in the line while its token becomes an own token, or sees all again. An item stays what it was when it was queued: shown
 * to whoever could see it then, and told where it was to be told.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until, VIDEO, type Gateway } from '../../support/gateway.ts'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { becomes, endRunning, jobOf, queued } from '../../support/queue/queued.ts'
import { Receiver } from '../../support/receiver.ts'
import { LOOPBACK } from '../../support/scenes/hooked.ts'
import { addCustomer, shownOf } from '../../support/scenes/tokens/own-tokens.ts'

const VIDEOS = '/heygen/v3/videos'
const NOBODYS = '0195c1a0500073109b207d6c9b23c1f8'
const open = gatewaysOfFile()
const receiver = await Receiver.open()
afterAll(() => receiver.close())
const pool = await open({ accounts: { alice: 9 }, vars: LOOPBACK })

beforeAll(async () => {
  await pool.post('/v2/account', { replyUrl: `${receiver.url}/tenant` })
  await pool.post('/v1/heygen/queue/pause', {})
})

const see = (id: string, sees: string) => pool.admin('PATCH', `/tokens/${id}`, { sees })
const told = (path: string, id: string) =>
  receiver.posts(path).filter(({ body }) => body.includes(id))

/** Waits for the change to count, and starts what waits. */
async function runAll(at: Gateway, names: string[]): Promise<void> {
  await pool.post('/v1/heygen/queue/resume', {})
  for (const name of names) await becomes(at, name, 'running')
  for (const name of names) await endRunning(at, `${VIDEOS}/${name}`)
  await pool.post('/v1/heygen/queue/pause', {})
}

test('what a token queued while it saw all is not its own when it becomes an own token: it sees and cancels none of it, and the tenant is told [I3, I5]', async () => {
  const { at, id } = await addCustomer(pool, { sees: 'all' })
  const before = await queued(at, VIDEOS, VIDEO)
  const [old = ''] = before.names
  const request = before.headers.get('x-request-id') ?? ''
  await see(id, 'own')
  await at.post('/v2/account', { replyUrl: `${receiver.url}/own` })
  const [mine = ''] = (await queued(at, VIDEOS, VIDEO)).names
  const page = await (await at.fetch('/v1/heygen/queue')).json()
  expect(page).toMatchObject({ waiting: 1, tokens: [{ waiting: 1 }], items: [{ id: mine }] })
  const asks = [
    (name: string) => at.fetch(`${VIDEOS}/${name}`),
    (name: string) => at.fetch(`${VIDEOS}/${name}`, { method: 'DELETE' }),
    (name: string) => at.fetch(`/v1/heygen/jobs/${name}`),
    (name: string) => at.fetch(`/v1/heygen/jobs/${name}/file`),
    (name: string) => at.fetch(`/v1/heygen/queue/${name}`, { method: 'DELETE' }),
    (name: string) => at.fetch(`/v1/heygen/scheduler/${name}`, { method: 'DELETE' }),
  ]
  for (const ask of asks)
    expect(await shownOf(await ask(old), old)).toEqual(await shownOf(await ask(NOBODYS), NOBODYS))
  expect((await at.fetch(`/v1/heygen/jobs/${request}`)).status).toBe(404)
  expect(await jobOf(pool, old)).toMatchObject({ status: 'queued' })
  await runAll(pool, [old, mine])
  await until(async () => told('/tenant', old).length === 1 && told('/own', mine).length === 1)
  expect(told('/own', old)).toEqual([])
  expect(told('/tenant', mine)).toEqual([])
  for (const path of [VIDEOS, '/v1/heygen/jobs?limit=50', '/v1/deliveries']) {
    const text = await (await at.fetch(path)).text()
    expect(text).toContain(mine)
    expect(text).not.toContain(old)
  }
})

test('what an own token queued is told to its own target alone when the token sees all again, and is seen by its tenant [I3, I5]', async () => {
  const { at, id } = await addCustomer(pool)
  const other = await addCustomer(pool)
  await at.post('/v2/account', { replyUrl: `${receiver.url}/was-own` })
  const [old = '', cancelled = ''] = [
    ...(await queued(at, VIDEOS, VIDEO)).names,
    ...(await queued(at, VIDEOS, VIDEO)).names,
  ]
  await see(id, 'all')
  const [later = ''] = (await queued(at, VIDEOS, VIDEO)).names
  expect(await (await at.fetch('/v1/heygen/queue')).json()).toMatchObject({ waiting: 3 })
  expect((await other.at.fetch(`${VIDEOS}/${old}`)).status).toBe(404)
  const cancel = await at.fetch(`/v1/heygen/queue/${cancelled}`, { method: 'DELETE' })
  expect(cancel.status).toBe(204)
  await runAll(at, [old, later])
  const isTold = () =>
    [old, cancelled].every((name) => told('/was-own', name).length === 1) &&
    told('/tenant', later).length === 1
  await until(async () => isTold())
  for (const name of [old, cancelled]) expect(told('/tenant', name)).toEqual([])
  expect(told('/was-own', later)).toEqual([])
  await see(id, 'own')
  const own = await (await at.fetch('/v1/heygen/jobs?limit=50')).text()
  expect(own).toContain(old)
  expect(own).not.toContain(later)
})
