/** What calls of an own token cost, counted in the Worker itself, warm isolate. A token that sees all costs what it did (budget.test.ts). */
import { afterAll, expect, test } from 'vitest'
import { stopClock } from '../../support/clock/clock.ts'
import { openGateway } from '../../support/gateway.ts'
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

test('an id that is not its own costs a request and one for each account, then one for a minute', async () => {
  const unknown = '9f3c2b7e5a1d4c0e8b6f7a2d1e0c9b99'
  const seen = await cost(() => poll(unknown))
  expect(seen).toEqual({ kv: 0, requests: 3, rows: 0 })
  expect(await cost(() => poll(unknown))).toEqual({ kv: 0, requests: 1, rows: 0 })
})
