/** Faults, plans, and the record of requests. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Json, openSimulator, soon, VIDEO } from './open-simulator.ts'

let simulator: Awaited<ReturnType<typeof openSimulator>>
beforeAll(async () => {
  simulator = await openSimulator()
  await simulator.sim('POST', 'accounts', { email: 'ann@sim.example', concurrency: null })
})
afterAll(() => simulator.dispose())

const create = () => simulator.send('POST', '/v3/videos', { body: VIDEO })
const started = async () => (await simulator.account('ann@sim.example'))?.jobsStarted ?? 0

async function withFault(effect: object, match: object = {}): Promise<void> {
  await simulator.sim('POST', 'faults', { match, effect, times: 1 })
}

test('a reset before leaves nothing started, a reset after leaves a job', async () => {
  const path = '/v3/videos'
  await withFault({ reset: 'before' }, { path, method: 'POST' })
  await expect(create().then((answer) => answer.text())).rejects.toThrow()
  expect(await started()).toBe(0)
  await withFault({ reset: 'after' }, { path, method: 'POST' })
  await expect(create().then((answer) => answer.text())).rejects.toThrow()
  expect(await started()).toBe(1)
  expect((await create()).status).toBe(200)
})

test('a status fault answers for the provider and starts nothing', async () => {
  const before = await started()
  await withFault({ status: 503, body: { error: 'x' }, headers: { 'retry-after': '7' } })
  const answer = await create()
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '7'])
  expect(await answer.json()).toEqual({ error: 'x' })
  expect(await started()).toBe(before)
})

test('bad JSON, cut bodies, redirects, headers and latency are on offer', async () => {
  await withFault({ badJson: true })
  await expect(create().then((answer) => answer.json())).rejects.toThrow()
  await withFault({ truncate: true })
  await expect(create().then((answer) => answer.text())).rejects.toThrow()
  await withFault({ redirect: 'https://evil.example/' })
  expect((await create()).headers.get('location')).toBe('https://evil.example/')
  await withFault({ headers: { 'set-cookie': 'AWSALB=1' }, latencyMs: 100 })
  const at = performance.now()
  expect((await create()).headers.get('set-cookie')).toBe('AWSALB=1')
  expect(performance.now() - at).toBeGreaterThan(95)
})

test('a hanging call lets others pass', async () => {
  await withFault({ hang: true }, { path: '/v3/users/me' })
  const leave = new AbortController()
  const hanging = fetch(`${simulator.url}/v3/users/me`, {
    headers: { 'x-api-key': 'sk_sim_hung' },
    signal: leave.signal,
  })
  const seen = () => simulator.sim('GET', 'requests?account=hung@sim.example') as Promise<unknown>
  await soon(async () => ((await seen()) as Json[]).length === 1)
  expect((await create()).status).toBe(200)
  expect(await seen()).toMatchObject([{ status: null }])
  leave.abort()
  await expect(hanging).rejects.toThrow()
})

test('a fault matches by account, kind and exact template', async () => {
  const path = '/v3/videos/{video_id}'
  await withFault({ status: 500 }, { path, account: 'ann@sim.example', kind: 'job-status' })
  const { data } = (await (await create()).json()) as { data: { video_id: string } }
  const read = (key: string) => simulator.send('GET', `/v3/videos/${data.video_id}`, { key })
  expect((await read('sk_sim_bob')).status).toBe(404)
  expect((await read('sk_sim_ann')).status).toBe(500)
  expect((await read('sk_sim_ann')).status).toBe(200)
})

test('requests are recorded as they came, without control calls', async () => {
  await simulator.sim('DELETE', 'requests')
  await simulator.send('POST', '/api.heygen.com/v3/videos?x=1', {
    body: VIDEO,
    headers: { 'X-Thing': 'yes' },
  })
  const requests = (await simulator.sim('GET', 'requests?account=ann@sim.example')) as Json[]
  expect(requests).toHaveLength(1)
  expect(requests[0]).toMatchObject({
    method: 'POST',
    host: 'api',
    path: '/v3/videos',
    query: '?x=1',
    account: 'ann@sim.example',
    status: 200,
  })
  expect(requests[0]?.headers['x-thing']).toBe('yes')
  expect(JSON.parse(requests[0]?.body)).toEqual(VIDEO)
})

test('a job started twice under one callback_id is a duplicate', async () => {
  const body = { ...VIDEO, callback_id: 'twice' }
  await simulator.send('POST', '/v3/videos', { body })
  await simulator.send('POST', '/v3/videos', { body })
  const { duplicates } = await simulator.sim('GET', 'state')
  expect(duplicates).toMatchObject([{ callbackId: 'twice', count: 2 }])
})

test('the next job follows the plan', async () => {
  await simulator.sim('POST', 'next', { outcome: 'failed', durationMs: 0, code: 'c', message: 'm' })
  const { data } = (await (await create()).json()) as { data: { video_id: string } }
  const status = await simulator.call('GET', `/v3/videos/${data.video_id}`)
  expect(status.body.data).toMatchObject({
    status: 'failed',
    failure_code: 'c',
    failure_message: 'm',
  })
})
