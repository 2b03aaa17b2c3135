/**
 * `npm run sim`: plays seeds and prints what broke. Options: `--seeds` how many, `--from` the first, `--processes`, `--twice` each seed
 * twice; `--seed N` one seed in this process, with its hash, `--trace` with all that happens. docs/rfc/0008-simulation.md.
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { playMany } from './many.ts'
import { loadBuild } from './platform/build.ts'
import { takeGlobals } from './platform/seams.ts'
import { drawPlan } from './plans/draw.ts'
import { play, type Outcome } from './play.ts'
import { reachedText } from './reached.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    from: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1000' },
    processes: { type: 'string', default: String(availableParallelism()) },
    twice: { type: 'boolean', default: false },
    trace: { type: 'boolean', default: false },
  },
})
const { performance } = globalThis
const began = performance.now()
const sums = { events: 0, seeds: 0, violations: 0 }
const say = (line: string) => void process.stdout.write(`${line}\n`)

function count({ seed, events, violations }: Outcome): void {
  sums.events += events
  sums.seeds += 1
  sums.violations += violations.length
  for (const text of violations) say(`seed ${seed}: ${text}`)
}

async function one(seed: number): Promise<void> {
  takeGlobals()
  const build = await loadBuild(process.cwd())
  const outcome = await play(build, drawPlan(seed), values.trace ? say : undefined)
  count(outcome)
  say(`hash ${outcome.hash}`)
}

async function many(): Promise<void> {
  const seeds = {
    from: Number(values.from),
    count: Number(values.seeds),
    processes: Number(values.processes),
    isTwice: values.twice,
  }
  const reached = await playMany(seeds, count)
  const seconds = (performance.now() - began) / 1000
  say(`reached of src: ${reachedText(reached)}`)
  say(`${seconds.toFixed(0)} s, ${(sums.events / seconds).toFixed(0)} events a second`)
}

if (values.seed === undefined) await many()
else await one(Number(values.seed))
say(`${sums.events} events, ${sums.seeds} seeds, ${sums.violations} violations`)
process.exitCode = sums.violations === 0 ? 0 : 1
