/** What an Idempotency-Key does at the simulated HeyGen, in each way that the real one may have. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { newKey, openSimulator, VIDEO } from '../open-simulator.ts'
import { askUnderFreshKey } from './ask-under-key.ts'

let simulator: Awaited<ReturnType<typeof openSimulator>>
beforeAll(async () => {
  simulator = await openSimulator()
})
afterAll(() => simulator.dispose())
beforeEach(() => simulator.sim('POST', 'reset'))

const PROBE = { type: null }
const make = (key: string, body: unknown = VIDEO) =>
  simulator.call('POST', '/v3/videos', { body, headers: { 'idempotency-key': key } })
const started = async () => (await simulator.account('ann@sim.example'))?.jobsStarted ?? 0

test('the question about a creation is refused under a fresh key, and starts nothing', async () => {
  await askUnderFreshKey(simulator, 'POST /v3/videos', PROBE)
})

test('key-first: the first answer is given again, whatever the body', async () => {
  const key = newKey()
  const first = await make(key)
  expect(await make(key, PROBE)).toMatchObject({ status: 200, body: first.body })
  expect(await make(newKey(), PROBE)).toMatchObject({ status: 400 })
  expect(await started()).toBe(1)
})

test('validates-first: a body that is not valid is refused also under a known key', async () => {
  await simulator.sim('POST', 'settings', { keyMode: 'validates-first' })
  const key = newKey()
  const first = await make(key)
  expect(await make(key, PROBE)).toMatchObject({ status: 400 })
  expect(await make(key)).toMatchObject({ status: 200, body: first.body })
  expect(await started()).toBe(1)
})

test('stores-refusals: a refusal is given again to a valid body under its key', async () => {
  await simulator.sim('POST', 'settings', { keyMode: 'stores-refusals' })
  const key = newKey()
  const refused = await make(key, PROBE)
  expect(refused.status).toBe(400)
  expect(await make(key)).toMatchObject({ status: 400, body: refused.body })
  const other = newKey()
  const first = await make(other)
  expect(await make(other, PROBE)).toMatchObject({ status: 200, body: first.body })
  expect(await started()).toBe(1)
})

test('ignores: each call with one key starts a job', async () => {
  await simulator.sim('POST', 'settings', { keyMode: 'ignores' })
  const key = newKey()
  expect((await make(key)).status).toBe(200)
  expect((await make(key)).status).toBe(200)
  expect(await started()).toBe(2)
})

test('a row that takes no key starts a job at each call', async () => {
  const agent = { body: { prompt: 'Sun' }, headers: { 'idempotency-key': newKey() } }
  for (const _ of [1, 2]) {
    expect((await simulator.call('POST', '/v3/video-agents', agent)).status).toBe(200)
  }
  expect(await started()).toBe(2)
})

test('a mode that does not exist is refused', async () => {
  await expect(simulator.sim('POST', 'settings', { keyMode: 'sometimes' })).rejects.toThrow('400')
})
