/** What calls of an own token cost, counted in the Worker itself, warm isolate. A token that sees all costs what it did (budget.test.ts). */
import { afterAll, expect, test } from 'vitest'
import { stopClock } from '../../support/clock/clock.ts'
import { openGateway, VIDEO } from '../../support/gateway.ts'
import { addCustomer, startVideo } from '../../support/scenes/tokens/own-tokens.ts'

const agency = await openGateway({
  accounts: { a: 10, b: 10 },
  simVars: { JOB_MS: '-1' },
  entry: 'test/support/workers/counting-worker.ts',
})
afterAll(() => agency.dispose())
await stopClock(agency)
const { at } = await addCustomer(agency)
// The public lists are read, and the ids of the first creation are looked for, once.
const first = await startVideo(at)

interface Counts {
  kv: number
  requests: number
  rows: number
}

async function cost(what: () => Promise<unknown>): Promise<Counts> {
  await fetch(`${agency.url}/__count`)
  await what()
  return (await (await fetch(`${agency.url}/__count`)).json()) as Counts
}

const poll = (id: string, headers: Record<string, string> = {}) =>
  at.fetch(`/heygen/v3/videos/${id}`, { headers })

test('a creation of an own token costs no request more than another, and two rows more', async () => {
  const own = await cost(() => startVideo(at))
  const other = await cost(() => startVideo(agency))
  expect([own.kv, own.requests]).toEqual([0, other.requests])
  // One of the two may set an alarm, which is a row.
  expect(own.rows).toBeLessThanOrEqual(other.rows + 3)
})

test('a poll of an own job costs nothing, and in a fresh isolate two requests', async () => {
  expect(await cost(() => poll(first))).toEqual({ kv: 0, requests: 0, rows: 0 })
  const cold = await cost(() => poll(first, { 'x-isolate': 'fresh' }))
  // KV: the token and the accounts. The desk: whether it is own, and which account has it.
  expect(cold).toEqual({ kv: 2, requests: 2, rows: 0 })
})

test('a page of a list costs one request', async () => {
  const page = await cost(() => at.fetch('/heygen/v3/videos'))
  expect(page).toEqual({ kv: 0, requests: 1, rows: 0 })
})

test('a bulk call asks whose its ids are once for 250 items, however many ids there are', async () => {
  await agency.post('/v1/heygen/queue/pause', {})
  const item = (more: object) => ({ path: '/v3/videos', body: { ...VIDEO, ...more } })
  const unknown = (n: number) => `${n.toString(16).padStart(8, '0')}7a1d4c0e8b6f7a2d1e0c9b99`
  const items = Array.from({ length: 500 }, (_, n) =>
    n % 2 === 0 ? item({}) : item({ avatar_id: unknown(n), audio_asset_id: unknown(n + 1000) })
  )
  let answers: { id?: string; code?: string }[] = []
  const counted = await cost(async () => {
    const answer = await at.post('/v1/heygen/queue', items)
    answers = ((await answer.json()) as { items: typeof answers }).items
  })
  expect(answers.filter(({ id }) => id !== undefined)).toHaveLength(250)
  expect(answers.filter(({ code }) => code === 'not_found')).toHaveLength(250)
  // For each of two portions: the desk about the ids, two accounts about jobs whose answers were lost, the desk for the items.
  expect(counted.requests).toBe(8)
})

test('an id that is not its own costs a request and one for each account, then one for a minute', async () => {
  const unknown = '9f3c2b7e5a1d4c0e8b6f7a2d1e0c9b99'
  const seen = await cost(() => poll(unknown))
  expect(seen).toEqual({ kv: 0, requests: 3, rows: 0 })
  expect(await cost(() => poll(unknown))).toEqual({ kv: 0, requests: 1, rows: 0 })
})
