/**
 * `npm run soak`: plays plans of the simulation against the real Worker in workerd for 20 minutes, kills workerd 24 times, and compares
 * with the simulation (sim/workerd/soak.ts). Its last line is `J jobs, K kills, M minutes, V violations, RSS a → b MiB`; it exits with 1
 * if a promise was broken. `-- --minutes 2 --kills 3 --lanes 8 --from 500` play other ones.
 *
 * `npm run soak -- --storm` runs the older storm (test/support/storm/): 3,000 creations and ten kills at a fixed set of accounts.
 * With `SOAK_WORLD=simulator` the simulator plays HeyGen, else the witness of the tests. `SOAK_JOBS` and `STORM_SEED` also work.
 */
import { parseArgs } from 'node:util'
import { printed, soak } from '../sim/workerd/soak.ts'
import * as storms from '../test/support/storm/storm-plans.ts'
import { runStorm } from '../test/support/storm/storm.ts'

const { values } = parseArgs({
  options: {
    storm: { type: 'boolean' },
    minutes: { type: 'string', default: '20' },
    kills: { type: 'string', default: '24' },
    /** How many plans are played at once. */
    lanes: { type: 'string', default: '40' },
    /** How many plans without faults come first. */
    calm: { type: 'string', default: '24' },
    /** How often each creation of a plan is made, under marks of their own. */
    crowd: { type: 'string', default: '4' },
    from: { type: 'string', default: '1' },
    /** TIME_SCALE. */
    scale: { type: 'string', default: '40' },
  },
})

async function stormed(): Promise<number> {
  const began = Date.now()
  const plan = storms.bigStorm(process.env.SOAK_WORLD === 'simulator' ? 'simulator' : 'witness', {
    jobs: Number(process.env.SOAK_JOBS ?? 3000),
  })
  console.log(`seed ${plan.seed}`)
  const report = await runStorm({
    ...plan,
    onProgress: (line) => console.log(`${((Date.now() - began) / 1000).toFixed(1)} s  ${line}`),
  })
  const { text, count } = storms.printed(report)
  console.log(text)
  return count
}

async function soaked(): Promise<number> {
  const report = await soak({
    from: Number(values.from),
    calm: { plans: Number(values.calm), ...{ steps: 8, scale: 20, lanes: 8 } },
    storm: {
      ...{ minutes: Number(values.minutes), kills: Number(values.kills) },
      ...{ lanes: Number(values.lanes), crowd: Number(values.crowd), scale: Number(values.scale) },
    },
    say: (line) => console.log(line),
  })
  for (const line of printed(report)) console.log(line)
  return report.violations.length
}

const count = await (values.storm === true || process.env.SOAK_WORLD ? stormed() : soaked())
process.exit(count === 0 ? 0 : 1)
