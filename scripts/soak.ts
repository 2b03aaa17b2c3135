/**
 * `npm run soak`: 1,000 jobs in a storm (test/support/storm.ts) and workerd killed twice, a few minutes in all. Prints
 * what it counted; ends with 1 when a promise was broken.
 */
import { runStorm } from '../test/support/storm.ts'

const jobs = Number(process.env.SOAK_JOBS ?? 1000)
const began = Date.now()

const { broken, numbers } = await runStorm({
  jobs,
  clients: 60,
  accounts: { ada: 10, bob: 10, eve: 8, joe: 7, zoe: 5 },
  timeScale: 100,
  jobMs: 1000,
  lateMs: 9000,
  killAt: [Math.round(jobs * 0.35), Math.round(jobs * 0.7)],
  lostAtKill: 20,
  deadForMs: 30_000,
  tailMs: 150_000,
  onProgress: (line) => console.log(`${((Date.now() - began) / 1000).toFixed(1)} s  ${line}`),
})

console.log(numbers)
const failures = Object.entries(broken).filter(([, found]) => found.length > 0)
for (const [promise, found] of failures) {
  console.error(`${promise}: ${found.length}, for instance`)
  for (const one of found.slice(0, 5)) console.error(`  ${one}`)
}
console.log(failures.length === 0 ? 'As promised.' : `${failures.length} promises broken.`)
process.exit(failures.length === 0 ? 0 : 1)
