/**
 * `npm run soak`: 3,000 creations over six accounts in a storm (test/support/storm/storm.ts) and workerd killed ten times,
 * some minutes in all. `SOAK_WORLD=simulator` has the simulator play HeyGen, else the tests' witness does; `SOAK_JOBS`
 * and `STORM_SEED` are taken. Prints what it counted; ends with 1 when a promise was broken.
 */
import { bigStorm, printed } from '../test/support/storm/storm-plans.ts'
import { runStorm } from '../test/support/storm/storm.ts'

const began = Date.now()
const plan = bigStorm(process.env.SOAK_WORLD === 'simulator' ? 'simulator' : 'witness', {
  jobs: Number(process.env.SOAK_JOBS ?? 3000),
})
console.log(`seed ${plan.seed}`)
const report = await runStorm({
  ...plan,
  onProgress: (line) => console.log(`${((Date.now() - began) / 1000).toFixed(1)} s  ${line}`),
})
const { text, count } = printed(report)
console.log(text)
process.exit(count === 0 ? 0 : 1)
