/** A small one of the storms in storm.full.test.ts. */
import { expect, test } from 'vitest'
import { runQueueStorm } from '../../support/queue/queue-storm.ts'

const PLAN = { accounts: { ada: 2, bob: 2 }, jobMs: 300, overMs: 500, tailMs: 90_000 }

test('thirty creations at once into four slots: none is refused, none is above, each is told once [I1, I3, I4]', async () => {
  const { broken, numbers } = await runQueueStorm({
    ...{ ...PLAN, jobs: 30, timeScale: 20 },
    ...{ kills: 0, isRough: false },
  })
  expect(broken).toEqual([])
  expect(numbers['posts']).toBe(30)
  // Ten times what it takes here: the machine may be busy.
  expect(numbers['freedToSentP95']).toBeLessThan(5000)
})

test('the same with a kill and lost webhooks: none is lost, none starts twice [I1, I3, I4]', async () => {
  const { broken } = await runQueueStorm({
    ...{ ...PLAN, jobs: 20, timeScale: 80 },
    ...{ kills: 1, isRough: true },
  })
  expect(broken).toEqual([])
})
