/** A case of its kind for `npm test`: usage-storm.test.ts. */
import { expect, test } from 'vitest'
import { runUsageStorm } from '../../support/storm/usage-storm.ts'
import { givenSeed } from '../../support/witness/witness-random.ts'

test('Usage of 1,000 jobs equals the witness, with answers and webhooks lost and three kills', async () => {
  const seed = givenSeed()
  console.log(`usage storm: STORM_SEED=${seed}`)
  const report = await runUsageStorm({
    seed,
    jobs: 1000,
    clients: 40,
    killAt: [200, 500, 800],
    timeScale: 60,
  })
  console.log(JSON.stringify(report))
  expect(report.accepted).toBeGreaterThanOrEqual(1000)
  expect(report.kills).toBe(3)
  expect(report.lostAnswers).toBeGreaterThan(0)
  expect(report.usage).toEqual(report.books)
  expect(report.csv).toEqual(report.books)
}, 900_000)
