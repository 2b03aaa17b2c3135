/** `npm run sim`: see docs/rfc/0008-simulation.md. */
import { parseArgs } from 'node:util'
import { drawPlan } from './plans/draw.ts'
import type { Plan } from './plans/plan.ts'
import { loadBuild } from './platform/build.ts'
import { takeGlobals } from './platform/seams.ts'
import { PLANTED } from './planted/faults.ts'
import { folderOf } from './before.ts'
import { playEvery } from './every.ts'
import { keptPlans, playKeptWithFaults } from './found.ts'
import { findAll, type Found } from './find-planted.ts'
import { play, type Outcome } from './play.ts'
import { CORES, playAll } from './pool.ts'
import { reachedTexts, type ReachedFile } from './reached.ts'
import type { Task } from './player.ts'

const { values } = parseArgs({
  options: {
    /** Plays one seed, and says its hash. */
    seed: { type: 'string' },
    /** With `--seed`: says all that happens. */
    trace: { type: 'boolean' },
    from: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1000' },
    processes: { type: 'string', default: String(CORES) },
    /** Plays each seed twice, and compares the hashes. */
    twice: { type: 'boolean' },
    /** Also says the hash of each seed. */
    hashes: { type: 'boolean' },
    /** Also counts which lines were reached: `no`, `folders`, `files`. */
    reached: { type: 'string', default: 'folders' },
    /** Plays worlds that begin with the build of this commit, and get the present one isolate by isolate. */
    before: { type: 'string' },
    /** Plays so many small plans, once for each single fault that can happen in them. */
    every: { type: 'string' },
    /** Plays worlds in which every token of a tenant has limits on jobs. */
    limited: { type: 'boolean' },
    /** Plays the planted faults. */
    planted: { type: 'boolean' },
    /** Plays the kept plans, each with the planted fault that it found. */
    kept: { type: 'boolean' },
    /** With `--planted`: only the faults with such names, by commas. */
    only: { type: 'string' },
  },
})
const from = Number(values.from)
const count = Number(values.seeds)
const processes = Number(values.processes)

/** Low enough to refuse most of what a plan asks for at once. */
const LIMITS = { maxConcurrent: 2, jobsPerDay: 1000 }

const say = (line: string) => void process.stdout.write(`${line}\n`)

/** Plays it in this process, so that it can be watched. */
async function playOne(seed: number): Promise<void> {
  takeGlobals()
  const build = await loadBuild(process.cwd())
  const outcome = await play(build, drawPlan(seed), { trace: values.trace ? say : undefined })
  for (const text of outcome.violations) say(`seed ${seed}: ${text}`)
  say(`hash ${outcome.hash}`)
  end(outcome.events, 1, outcome.violations.length)
}

function end(events: number, seeds: number, violations: number): void {
  say(`${events} events, ${seeds} seeds, ${violations} violations`)
  if (violations > 0) process.exitCode = 1
}

async function playMany(): Promise<void> {
  const began = performance.now()
  const kept = new Map([...keptPlans()].map(([name, { plan }]) => [plan, name]))
  const before = values.before === undefined ? undefined : folderOf(values.before)
  const numbers = Array.from({ length: count }, (_, n) => from + n)
  const change = { ...(before && { isRenewed: true }), ...(values.limited && { limits: LIMITS }) }
  const isChanged = Object.keys(change).length > 0
  const seeds = numbers.map((seed) => (isChanged ? { ...drawPlan(seed), ...change } : seed))
  const tasks: Task[] = [...kept.keys(), ...seeds]
  const outcomes = new Map<Task, Outcome>()
  let broken = 0
  const changed = values.limited ? 'limited' : 'renewed'
  const hear = (outcome: Outcome, task: Task) => {
    const about =
      typeof task === 'number'
        ? `seed ${task}`
        : (kept.get(task) ?? `seed ${task.seed}, ${changed}`)
    const first = outcomes.get(task)
    const texts = [...outcome.violations]
    if (first && first.hash !== outcome.hash)
      texts.push(`played twice, it had the hashes ${first.hash} and ${outcome.hash}`)
    if (values.hashes && !first) say(`hash of ${about} ${outcome.hash}`)
    outcomes.set(task, outcome)
    broken += texts.length
    for (const text of texts) say(`${about}: ${text}`)
  }
  const isReachedCounted = values.reached !== 'no'
  const how = { processes, before, onOutcome: hear }
  const reached: ReachedFile[] = await playAll(tasks, { ...how, isReachedCounted })
  const seconds = (performance.now() - began) / 1000
  // The second time in another order, so that other plans were played before.
  if (values.twice) await playAll(tasks.toReversed(), how)
  if (isReachedCounted)
    for (const text of reachedTexts(reached, values.reached === 'files')) say(text)
  const played = [...outcomes.values()]
  const events = played.reduce((sum, one) => sum + one.events, 0)
  const jobs = played.reduce((sum, one) => sum + one.jobs, 0)
  say(
    `${kept.size} kept plans, ${jobs} jobs, ${(events / seconds).toFixed(0)} events a second in ${processes} processes`
  )
  end(events, count, broken)
}

async function playEach(plans: number): Promise<void> {
  let [events, broken] = [0, 0]
  const hear = (outcome: Outcome, { seed, forced = [] }: Plan) => {
    events += outcome.events
    broken += outcome.violations.length
    const fault = forced.map(({ of, n }) => `${of} ${n}`).join(', ')
    for (const text of outcome.violations) say(`seed ${seed}, ${fault}: ${text}`)
  }
  const played = await playEvery({ from, plans, processes, onOutcome: hear })
  end(events, played, broken)
}

async function findPlanted(): Promise<void> {
  const only = values.only?.split(',')
  const faults = PLANTED.filter(({ name }) => only?.includes(name) ?? true)
  const tell = ({ fault, seeds, violation, plan }: Found) => {
    const many = `${seeds} ${seeds === 1 ? 'seed' : 'seeds'}`
    const by = plan === undefined ? many : `its kept plan ${plan}, after ${many} had not`
    say(
      violation === undefined
        ? `${fault.name}: not found in ${many}`
        : `${fault.name}: found by ${by} (${violation.slice(0, 160)})`
    )
  }
  const seedsMax = Math.min(count, 500)
  const all = await findAll(faults, { from, seedsMax, processes, onFound: tell })
  const needed = all
    .filter(({ violation }) => violation !== undefined)
    .map(({ seeds }) => seeds)
    .toSorted((a, b) => a - b)
  if (needed.length > 0) say(`median ${needed[Math.floor((needed.length - 1) / 2)]} seeds`)
  const byPlan = all.filter(({ plan }) => plan !== undefined).length
  if (byPlan > 0) say(`${byPlan} of them by a kept plan alone`)
  say(`${needed.length} of ${faults.length} planted faults found`)
  if (needed.length < faults.length) process.exitCode = 1
}

async function playKept(): Promise<void> {
  const count = keptPlans().size
  const seen = await playKeptWithFaults(say)
  say(`${seen} of ${count} kept plans find their fault`)
  if (seen < count) process.exitCode = 1
}

if (values.seed !== undefined) await playOne(Number(values.seed))
else if (values.every !== undefined) await playEach(Number(values.every))
else if (values.kept) await playKept()
else if (values.planted) await findPlanted()
else await playMany()
