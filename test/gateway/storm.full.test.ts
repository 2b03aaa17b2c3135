/** The big storms, over six accounts and with ten SIGKILLs; of 3,000 creations: `npm run soak`. */
import { expect, test } from 'vitest'
import { bigStorm, printed } from '../support/storm-plans.ts'
import { runStorm } from '../support/storm.ts'

for (const [world, jobs] of [
  ['witness', 800],
  ['simulator', 400],
] as const) {
  test(`a storm of ${jobs} creations and ten kills on the ${world} breaks no promise`, async () => {
    const plan = bigStorm(world, { jobs })
    console.log(`storm: STORM_SEED=${plan.seed}`)
    const began = Date.now()
    const onProgress = (line: string) =>
      console.log(`${Math.round((Date.now() - began) / 1000)} s: ${line}`)
    const report = await runStorm({ ...plan, onProgress })
    const { text, count } = printed(report)
    console.log(text)
    expect(count, text).toBe(0)
    expect(report.numbers['kills']).toBe(10)
    expect(report.numbers['accepted']).toBeGreaterThanOrEqual(jobs)
  }, 900_000)
}
