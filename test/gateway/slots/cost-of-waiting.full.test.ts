import { afterAll, expect, test } from 'vitest'
import { fillPool, waitInCrowd } from '../../support/scenes/crowd.ts'
import { stopClock } from '../../support/clock/clock.ts'
import { openGateway } from '../../support/gateway.ts'

const names = Array.from({ length: 10 }, (_, at) => `w${at}`)
const gateway = await openGateway({
  accounts: Object.fromEntries(names.map((name) => [name, 1])),
  simVars: { JOB_MS: '600000' },
  entry: 'test/support/workers/counting-worker.ts',
})
afterAll(() => gateway.dispose())
await stopClock(gateway)

test('a hundred clients that wait a minute for ten full accounts cost two questions each and two for each freed slot', async () => {
  const running = await fillPool(gateway, names)
  const crowd = { accounts: 10, clients: 100, freed: 10, waitSeconds: 60 }
  const cost = await waitInCrowd(gateway, running, crowd)
  expect([cost.served, cost.refused]).toEqual([10, 90])
  expect(cost.asked).toBeLessThanOrEqual(2 * (crowd.clients + crowd.freed))
  expect(cost.watches).toBeLessThanOrEqual(3 * crowd.accounts)
  // Beside what a creation costs that does not wait: a place in line for each client, a notice for each freed slot.
  const { awaitTurn = 0, noteFreed = 0, acquire = 0 } = cost.methods
  expect(awaitTurn).toBeLessThanOrEqual(crowd.clients)
  expect(noteFreed).toBeLessThanOrEqual(crowd.freed)
  expect(acquire).toBeLessThanOrEqual(cost.served + 1)
})
