import { afterAll, afterEach, expect, test } from 'vitest'
import { openGateway, until } from '../../support/gateway.ts'
import { leastSpan } from '../../support/receiver.ts'

/** Waits for the provider's answers are a quarter of the real ones: 2.5 s for a list, 0.25 s for who hung before. */
const gateway = await openGateway({
  accounts: { a: 3, b: 3, c: 3 },
  timeScale: 4,
  simVars: { JOB_MS: '600000' },
  simAccount: { examples: false },
})
afterAll(() => gateway.dispose())
afterEach(() => gateway.sim.clearFaults())

const hang = (account?: string) =>
  gateway.sim.fault({ match: account ? { account } : {}, effect: { hang: true } })

async function timed(path: string): Promise<{ answer: Response; tookMs: number }> {
  const since = performance.now()
  const answer = await gateway.fetch(path)
  await answer.clone().text()
  return { answer, tookMs: performance.now() - since }
}

/** A busy machine makes a list late, but no deadline of the gateway is longer. */
const ONE_DEADLINE_MS = 20_000

/** Less than half of what a list took that waited for its deadline. Each time the answer is `part`. */
async function expectSoon(path: string, firstMs: number, part: unknown): Promise<void> {
  const least = await leastSpan(firstMs / 2, async () => {
    const next = await timed(path)
    expect(partOf(next.answer)).toEqual(part)
    return next.tookMs
  })
  expect(least).toBeLessThan(firstMs / 2)
}

const partOf = (answer: Response) => [answer.status, answer.headers.get('x-gateway-partial')]

test('an account that hangs costs one list its deadline, and is named; the next ones hardly wait for it', async () => {
  await hang('b@example.com')
  const first = await timed('/heygen/v3/videos?limit=10')
  expect(partOf(first.answer)).toEqual([200, 'b@example.com'])
  expect(first.tookMs).toBeLessThan(ONE_DEADLINE_MS)
  for (const path of ['/heygen/v3/videos?limit=10', '/heygen/v2/user/remaining_quota'])
    await expectSoon(path, first.tookMs, [200, 'b@example.com'])
  await gateway.sim.clearFaults()
  // It is waited for a quarter of a second, until it has answered once.
  await until(async () => partOf((await timed('/heygen/v3/videos?limit=10')).answer)[1] === null)
})

test('a search says nothing about an id while an account hangs, and asks again afterwards', async () => {
  const resource = { account: 'c@example.com', resource: 'template', id: 'hidden-by-hanging' }
  await gateway.sim.control('POST', '/resources', resource)
  await hang('c@example.com')
  const unknown = await timed('/heygen/v3/templates/hidden-by-hanging')
  expect(unknown.answer.status).toBe(404)
  await gateway.sim.clearFaults()
  const found = await gateway.fetch('/heygen/v3/templates/hidden-by-hanging')
  expect([found.status, found.headers.get('x-gateway-account')]).toEqual([200, 'c@example.com'])
})

test('when all accounts hang a list answers within the one deadline, and every other one at once', async () => {
  await hang()
  const first = await timed('/heygen/v3/videos?limit=10')
  expect(first.answer.status).toBe(504)
  expect(first.tookMs).toBeLessThan(ONE_DEADLINE_MS)
  await expectSoon('/heygen/v3/videos?limit=10', first.tookMs, [504, null])
})
