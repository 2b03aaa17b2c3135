/** The big storms, over six accounts and with ten SIGKILLs: 3,000 creations on the witness, 1,000 on the simulator. */
import { expect, test } from 'vitest'
import { bigStorm, printed } from '../support/storm-plans.ts'
import { runStorm } from '../support/storm.ts'

for (const [world, jobs] of [
  ['witness', 3000],
  ['simulator', 1000],
] as const) {
  test(`a storm of ${jobs} creations and ten kills on the ${world} breaks no promise`, async () => {
    const plan = bigStorm(world, { jobs })
    console.log(`storm: STORM_SEED=${plan.seed}`)
    const report = await runStorm(plan)
    const { text, count } = printed(report)
    console.log(text)
    expect(count, text).toBe(0)
    expect(report.numbers['kills']).toBe(10)
    expect(report.numbers['accepted']).toBeGreaterThanOrEqual(jobs)
  }, 1_500_000)
}
