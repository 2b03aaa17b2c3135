/**
 * `npm run cost`: counts the billable operations of calls and jobs in the real Worker in workerd, with the simulator behind it, and
 * multiplies them by Cloudflare's prices (scripts/lib/cost/prices.ts). Prints a table with the budgets of the contract and the
 * targets, and writes everything to bench/results/. `npm run cost -- jobs` prices only the groups whose names begin so. Exits with 1
 * if a budget or a target is exceeded.
 */
import { priceCalls } from './lib/cost/calls.ts'
import { priceGrowth } from './lib/cost/growth.ts'
import { priceJobs } from './lib/cost/jobs.ts'
import { priceQueue } from './lib/cost/queue.ts'
import { excessOf, tableOf } from './lib/cost/table.ts'
import { writeResult } from './lib/cost/result.ts'
import type { Line } from './lib/cost/measure.ts'

const PARTS: Record<string, () => Promise<Line[]>> = {
  calls: priceCalls,
  jobs: priceJobs,
  queue: priceQueue,
  growth: priceGrowth,
}

const wanted = process.argv.slice(2)
const lines: Line[] = []
for (const [name, price] of Object.entries(PARTS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  console.error(`${name} …`)
  lines.push(...(await price()))
}
console.log(tableOf(lines))
console.log(`\nwritten to ${writeResult(lines)}`)
const excess = lines.flatMap(excessOf)
for (const line of excess) console.log(line)
process.exit(excess.length === 0 ? 0 : 1)
