/** The big storms: 3,000 creations over six accounts and ten SIGKILLs, on the witness and on the simulator. */
import { expect, test } from 'vitest'
import { bigStorm, printed } from '../support/storm-plans.ts'
import { runStorm } from '../support/storm.ts'

for (const world of ['witness', 'simulator'] as const) {
  test(`a storm of 3,000 creations and ten kills on the ${world} breaks no promise`, async () => {
    const plan = bigStorm(world)
    console.log(`storm: STORM_SEED=${plan.seed}`)
    const report = await runStorm(plan)
    const { text, count } = printed(report)
    console.log(text)
    expect(count, text).toBe(0)
    expect(report.numbers['kills']).toBe(10)
    expect(report.numbers['accepted']).toBeGreaterThanOrEqual(3000)
  }, 1_200_000)
}
