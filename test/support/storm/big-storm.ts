/** Registers a big storm as a test. Each storm has a file of its own, because a storm is long and mostly waits. */
import { expect, test } from 'vitest'
import { runStorm, type StormPlan } from './storm.ts'
import { bigStorm, printed } from './storm-plans.ts'

export function testBigStorm(world: StormPlan['world'], jobs: number): void {
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
