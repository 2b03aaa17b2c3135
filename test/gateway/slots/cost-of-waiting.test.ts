import { afterAll, expect, test } from 'vitest'
import { fillPool, waitInCrowd } from '../../support/scenes/crowd.ts'
import { stopClock } from '../../support/clock/clock.ts'
import { openGateway, until } from '../../support/gateway.ts'

const gateway = await openGateway({
  accounts: { a: 1, b: 1, c: 1, d: 1 },
  simVars: { JOB_MS: '600000' },
  entry: 'test/support/workers/counting-worker.ts',
})
afterAll(() => gateway.dispose())
await stopClock(gateway)

test('a waiting client costs two questions, a freed slot two, and the line a look at each account every 30 s', async () => {
  const running = await fillPool(gateway, ['a', 'b', 'c', 'd'])
  const crowd = { accounts: 4, clients: 12, freed: 3, waitSeconds: 40 }
  const cost = await waitInCrowd(gateway, running, crowd)
  expect([cost.served, cost.refused], JSON.stringify(cost)).toEqual([3, 9])
  expect(cost.asked, JSON.stringify(cost)).toBeLessThanOrEqual(2 * (crowd.clients + crowd.freed))
  expect(cost.watches, JSON.stringify(cost)).toBeLessThanOrEqual(2 * crowd.accounts)
  // Beside what a creation costs that does not wait: a place in line for each client, a notice for each freed slot.
  const { awaitTurn = 0, noteFreed = 0, acquire = 0 } = cost.methods
  expect(awaitTurn).toBeLessThanOrEqual(crowd.clients)
  expect(noteFreed).toBeLessThanOrEqual(crowd.freed)
  expect(acquire).toBeLessThanOrEqual(cost.served + 1)
})

test('a slot that comes free after its account’s object was evicted goes to the waiting client at once', async () => {
  await gateway.addAccount('evicted', 1)
  const [job] = await fillPool(gateway, ['evicted'])
  await methods()
  const headers = { 'x-gateway-account': 'evicted@example.com', prefer: 'wait=40' }
  const waiting = gateway.createVideo({}, headers)
  await until(async () => 'watch' in (await methods()))
  // The object answers this after the desk's question.
  await gateway.heldSlots()
  await fetch(`${gateway.url}/__evict`, { method: 'POST' })
  await gateway.sim.control('POST', `/jobs/${job}`, { status: 'completed' })
  await gateway.fetch(`/heygen/v3/videos/${job}`)
  // The clock stands still: nothing but the notice of the object can end the wait.
  expect((await waiting).status).toBe(200)
})

async function methods(): Promise<Record<string, number>> {
  return (await (await fetch(`${gateway.url}/__methods`)).json()) as Record<string, number>
}
