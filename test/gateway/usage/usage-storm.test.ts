import { expect, test } from 'vitest'
import { runUsageStorm } from '../../support/storm/usage-storm.ts'

test('Usage of a small storm equals the books of the simulator: by token, route, account and outcome', async () => {
  const report = await runUsageStorm({
    seed: 4711,
    jobs: 40,
    clients: 12,
    killAt: [],
    timeScale: 100,
  })
  expect(report.accepted).toBeGreaterThanOrEqual(40)
  expect(report.usage).toEqual(report.books)
  expect(report.csv).toEqual(report.books)
  expect(new Set(Object.keys(report.books).map((name) => name.split(' ')[0]))).toEqual(
    new Set(['one', 'two'])
  )
}, 200_000)
