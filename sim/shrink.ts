/**
 * `npm run sim:shrink -- --seed N`: makes the plan of a seed small that breaks a promise. It stops when nothing can be left out any
 * more, when its time is over, or at Ctrl+C, and says the smallest plan so far.
 */
import { parseArgs } from 'node:util'
import { kindOf } from './plans/kind.ts'
import { isOf, keep, plantedFault, readKept, textOf } from './found.ts'
import { drawPlan } from './plans/draw.ts'
import type { Plan } from './plans/plan.ts'
import { shrink, type Broken } from './plans/shrink.ts'
import { Player } from './pool.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    /** Instead of a seed: the file of a plan that was kept. */
    plan: { type: 'string' },
    /** With this planted fault in the source. Without it, the plan must break no such promise. */
    planted: { type: 'string' },
    /** Of its violations, one with this text. */
    about: { type: 'string', default: '' },
    /** For how long it tries, in real seconds. */
    seconds: { type: 'string', default: '300' },
    /** Keeps the plan as `sim/found/NAME.json`, with the sentence of `--found`. */
    name: { type: 'string' },
    found: { type: 'string', default: '' },
  },
})
const say = (line: string) => void process.stdout.write(`${line}\n`)

/** A plan may be played so many times longer than the first one, in real time, and so long in any case. */
const LONGER = 5
const LEAST_MS = 20_000

const until = performance.now() + 1000 * Number(values.seconds)
const fault = values.planted === undefined ? undefined : plantedFault(values.planted)
const player = new Player({ sabotages: fault?.sabotages ?? [] })
let isStopped = false
let longestMs = Infinity
let played = 0

process.once('SIGINT', () => {
  isStopped = true
  player.kill()
})

const plan = values.plan === undefined ? drawPlan(Number(values.seed)) : readKept(values.plan).plan
const began = performance.now()
const { violations, hits } = await player.play(plan)
longestMs = LEAST_MS + LONGER * (performance.now() - began)
const first = violations.find(
  (text) => text.includes(values.about) && (!fault || isOf(fault, text))
)
if (first === undefined) {
  player.kill()
  throw new Error(`it breaks no such promise: ${violations.join(', ')}`)
}
const kind = kindOf(first)
say(`${first}\n${sizeOf(plan)}`)
const smallest = await shrink(
  plan,
  { hits },
  { play, isOver, onSmaller: (one) => say(sizeOf(one)) }
)
player.kill()
say(`${plan.steps.length} steps became ${smallest.steps.length} in ${played} plays`)
if (isOver()) say('It was stopped: it may become smaller yet.')
if (fault && (await isBrokenWithout())) {
  say('It breaks the same promise without the planted fault.')
  process.exitCode = 1
}
const kept = { found: values.found, planted: values.planted ?? '', plan: smallest }
if (values.name === undefined) say(textOf(kept))
else keep(values.name, kept)

function isOver(): boolean {
  return isStopped || performance.now() > until
}

/** A play that takes too long, or that is under way when the time is over, counts as one that breaks nothing. */
async function play(tried: Plan): Promise<Broken | undefined> {
  played += 1
  const leftMs = Math.max(1, Math.min(longestMs, until - performance.now()))
  const late = setTimeout(() => player.kill(), leftMs)
  const outcome = await player.play(tried, { until: kind })
  clearTimeout(late)
  return outcome.violations.some((text) => kindOf(text) === kind) ? outcome : undefined
}

async function isBrokenWithout(): Promise<boolean> {
  const plain = new Player()
  const outcome = await plain.play(smallest)
  plain.kill()
  return outcome.violations.some((text) => kindOf(text) === kind)
}

function sizeOf({ steps, tenants, accounts, forced }: Plan): string {
  const faults = forced === undefined ? 'faults by rates' : `${forced.length} faults`
  return `${steps.length} steps, ${faults}, ${tenants.length} tenants, ${accounts.length} accounts (${played} plays)`
}
