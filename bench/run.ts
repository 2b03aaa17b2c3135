/**
 * `npm run bench`: how fast the gateway is beside bare programs in the same workerd, in ratios of the same run. bench/README.md says
 * how it measures. It starts everything itself, on loopback.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { setPriority } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { writeAssets } from '../scripts/lib/assets/write-assets.ts'
import { bundle } from '../scripts/lib/build-worker.ts'
import { makeBundle } from '../scripts/lib/bundle.ts'
import { compare, type ComparisonResult } from './lib/compare.ts'
import { describeMachine, type Machine } from './lib/machine.ts'
import { BENCH } from './lib/processes.ts'
import { installPortkey } from './lib/portkey.ts'
import { profileWhile, rowsOf } from './lib/profile.ts'
import { runReport, type Report, type ReportResult } from './lib/report.ts'
import type { Comparison } from './lib/scenario.ts'
import { showComparison, showProfile, showReport } from './lib/show.ts'
import { defaultFolder, World } from './lib/world.ts'
import { BODIES } from './scenarios/bodies.ts'
import { CREATION } from './scenarios/creation.ts'
import { FRESH } from './scenarios/fresh-isolate.ts'
import { LISTS } from './scenarios/lists.ts'
import { READS } from './scenarios/plain-read.ts'
import { POOL } from './scenarios/pool.ts'
import { WAITING } from './scenarios/waiting.ts'
import { WEBHOOKS } from './scenarios/webhooks.ts'
import { OBJECTS } from './scenarios/objects.ts'
import { BRIDGE } from './scenarios/bridge.ts'
import { PORTKEY } from './scenarios/portkey.ts'
import { POLL } from './scenarios/status-poll.ts'

const COMPARISONS: readonly Comparison[] = [...READS, POLL, CREATION, ...PORTKEY]
const REPORTS: readonly Report[] = [POOL, LISTS, BODIES, FRESH, WAITING, OBJECTS, WEBHOOKS, BRIDGE]
const BUNDLE_KIB_WANTED = 170
const NAMES = [...COMPARISONS, ...REPORTS].map(({ name }) => name)

const HELP = `npm run bench [-- options]

  --only <names>     these scenarios, with commas: ${NAMES.join(', ')}
  --rounds <n>       how often each program is measured (7)
  --seconds <n>      how long each time (1)
  --profile          no measurement: profiles the gateway in these scenarios, unminified, for --seconds each
  --priority         runs before other processes of a busy machine (needs root)
  --outbound-worker  puts a Worker before each fetch, as Miniflare does
  --disk <folder>    where objects write (${defaultFolder()})
  --help             this text`

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '1' },
    'outbound-worker': { type: 'boolean', default: false },
    priority: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    disk: { type: 'string', default: defaultFolder() },
    help: { type: 'boolean', short: 'h' },
  },
})

// Child processes inherit it.
if (values.priority) setPriority(-10)
if (values.help) console.log(HELP)
else
  await main({
    only: new Set(values.only?.split(',')),
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
    disk: values.disk,
    isProfile: values.profile,
    hasOutboundWorker: values['outbound-worker'],
  })

interface Options {
  only: ReadonlySet<string>
  rounds: number
  seconds: number
  disk: string
  isProfile: boolean
  hasOutboundWorker: boolean
}

async function main({
  only,
  rounds,
  seconds,
  disk,
  isProfile,
  hasOutboundWorker,
}: Options): Promise<void> {
  const unknown = [...only].filter((name) => !NAMES.includes(name))
  if (unknown.length > 0) throw new Error(`--only: there is no ${unknown.join(', ')}. ${HELP}`)
  const isChosen = ({ name }: { name: string }) => only.size === 0 || only.has(name)
  const chosen = COMPARISONS.filter(isChosen)
  if (isProfile) return profileAll(chosen, seconds, disk)
  const machine = describeMachine()
  console.log(JSON.stringify(machine))
  await writeAssets()
  const { kib } = makeBundle()
  const isSmall = kib <= BUNDLE_KIB_WANTED
  console.log(
    `bundle: ${kib} KiB (gzip), target ≤ ${BUNDLE_KIB_WANTED}: ${isSmall ? '' : 'NOT '}met`
  )
  const world = await World.open({ disk, hasOutboundWorker })
  closeOnSignals(world)
  const results: (ComparisonResult | ReportResult)[] = []
  try {
    for (const comparison of chosen) {
      if (comparison.programs.includes('portkey') && !installPortkey()) {
        console.log(`\n## ${comparison.title}\n\nLeft out: npm could not install Portkey.`)
        continue
      }
      const result = await compare(world, comparison, { rounds, ms: seconds * 1000 })
      showComparison(result)
      results.push(result)
    }
    for (const report of REPORTS.filter(isChosen)) {
      const result = await runReport(world, report, { rounds, ms: seconds * 1000 })
      showReport(result)
      results.push(result)
    }
  } finally {
    await world.close()
  }
  save({ machine, rounds, seconds, disk, hasOutboundWorker, bundleKib: kib, results })
}

interface Run {
  machine: Machine
  rounds: number
  seconds: number
  disk: string
  hasOutboundWorker: boolean
  bundleKib: number
  results: (ComparisonResult | ReportResult)[]
}

/** Leaves no process and no folder behind. */
function closeOnSignals(world: World): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void world.close().finally(() => process.exit(130)))
}

/** Writes `<scenario>.cpuprofile`, which Chrome and VS Code open, and prints the functions that took the longest themselves. */
async function profileAll(chosen: readonly Comparison[], seconds: number, disk: string) {
  const script = await bundle(path.resolve('src/index.ts'))
  const world = await World.open({ disk, profiled: script })
  closeOnSignals(world)
  try {
    for (const comparison of chosen) {
      const { name, warmUp } = comparison
      await comparison.measure(world, 'gateway', { count: warmUp })
      const profile = await profileWhile(world.inspectorPort, async () => {
        const sample = await comparison.measure(world, 'gateway', { ms: seconds * 1000 })
        console.log(`\n## ${comparison.title}: CPU ${sample.cpu.toFixed(3)} ms an answer\n`)
      })
      showProfile(rowsOf(profile, script))
      saveAs(`${name}.cpuprofile`, JSON.stringify(profile))
    }
  } finally {
    await world.close()
  }
}

function saveAs(name: string, text: string): void {
  const folder = path.join(BENCH, 'results')
  mkdirSync(folder, { recursive: true })
  const file = path.join(folder, name)
  writeFileSync(file, text)
  console.log(`\n${path.relative(process.cwd(), file)}`)
}

function save(run: Run): void {
  const { date, commit } = run.machine
  saveAs(
    `${date.slice(0, 19).replaceAll(':', '')}-${commit}.json`,
    `${JSON.stringify(run, null, 2)}\n`
  )
}
