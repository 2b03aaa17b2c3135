import { afterAll, expect, test } from 'vitest'
import { fillPool, waitInCrowd } from '../../support/scenes/crowd.ts'
import { stopClock } from '../../support/clock/clock.ts'
import { openGateway } from '../../support/gateway.ts'

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
