/**
 * `npm run fuzz`: sends 100,000 generated requests through the front door of the Worker in workerd, the simulator behind it.
 * `FUZZ_REQUESTS` sets the number, `FUZZ_SEED` repeats a run. It exits with 1 if an answer or the provider's count was wrong.
 */
import { randomInt } from 'node:crypto'
import { fuzz, printed } from '../test/fuzz/run.ts'

const began = Date.now()
const seed = Number(process.env.FUZZ_SEED ?? randomInt(2 ** 31))
const requests = Number(process.env.FUZZ_REQUESTS ?? 100_000)
console.log(`FUZZ_SEED=${seed} FUZZ_REQUESTS=${requests}`)
const report = await fuzz({
  seed,
  requests,
  onProgress: (line) => console.log(`${((Date.now() - began) / 1000).toFixed(1)} s  ${line}`),
  onFailure: (failure) => console.log(printed(failure)),
})
const statuses = [...report.statuses].toSorted(([one], [other]) => one - other)
console.log(`statuses: ${statuses.map(([status, count]) => `${status}×${count}`).join(' ')}`)
console.log(`${report.requests} requests, ${report.failures.length} failures`)
process.exit(report.failures.length === 0 ? 0 : 1)
