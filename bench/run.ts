/**
 * `npm run bench`: how fast the gateway is beside bare programs in the same workerd, in ratios of the same run. bench/README.md says
 * how it measures. It starts everything itself, on loopback.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { writeAssets } from '../scripts/lib/assets/write-assets.ts'
import { makeBundle } from '../scripts/lib/bundle.ts'
import { compare, type ComparisonResult } from './lib/compare.ts'
import { describeMachine, type Machine } from './lib/machine.ts'
import { BENCH } from './lib/processes.ts'
import { showComparison } from './lib/show.ts'
import { defaultFolder, World } from './lib/world.ts'
import { CREATION } from './scenarios/creation.ts'
import { READS } from './scenarios/plain-read.ts'
import { POLL } from './scenarios/status-poll.ts'

const COMPARISONS = [...READS, POLL, CREATION]

const HELP = `npm run bench [-- options]

  --only <names>     these scenarios, with commas: ${COMPARISONS.map(({ name }) => name).join(', ')}
  --rounds <n>       how often each program is measured (7)
  --seconds <n>      how long each time (1)
  --disk <folder>    where objects write (${defaultFolder()})
  --help             this text`

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '1' },
    disk: { type: 'string', default: defaultFolder() },
    help: { type: 'boolean', short: 'h' },
  },
})

if (values.help) console.log(HELP)
else
  await main({
    only: new Set(values.only?.split(',')),
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
    disk: values.disk,
  })

interface Options {
  only: ReadonlySet<string>
  rounds: number
  seconds: number
  disk: string
}

async function main({ only, rounds, seconds, disk }: Options): Promise<void> {
  const chosen = COMPARISONS.filter(({ name }) => only.size === 0 || only.has(name))
  if (chosen.length === 0) throw new Error(`--only names no scenario. ${HELP}`)
  const machine = describeMachine()
  console.log(JSON.stringify(machine))
  await writeAssets()
  const { kib } = makeBundle()
  console.log(`bundle: ${kib} KiB (gzip)`)
  const world = await World.open(disk)
  const results: ComparisonResult[] = []
  try {
    for (const comparison of chosen) {
      const result = await compare(world, comparison, { rounds, ms: seconds * 1000 })
      showComparison(result)
      results.push(result)
    }
  } finally {
    await world.close()
  }
  save({ machine, rounds, seconds, disk, bundleKib: kib, results })
}

interface Run {
  machine: Machine
  rounds: number
  seconds: number
  disk: string
  bundleKib: number
  results: ComparisonResult[]
}

function save(run: Run): void {
  const folder = path.join(BENCH, 'results')
  mkdirSync(folder, { recursive: true })
  const { date, commit } = run.machine
  const file = path.join(folder, `${date.slice(0, 19).replaceAll(':', '')}-${commit}.json`)
  writeFileSync(file, `${JSON.stringify(run, null, 2)}\n`)
  console.log(`\n${path.relative(process.cwd(), file)}`)
}
