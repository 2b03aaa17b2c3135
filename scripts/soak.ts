/**
 * `npm run soak`: runs 3,000 creations over six accounts in a storm (test/support/storm/storm.ts), and kills workerd ten times. It
 * takes ten minutes or more. With `SOAK_WORLD=simulator` the simulator plays HeyGen, else the witness of the tests. `SOAK_JOBS` and
 * `STORM_SEED` also work. It prints what it counted, and exits with 1 if a promise was broken.
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
