/**
 * `node sim/shrink.ts --seed N [--name NAME --found "what it found"]`: makes the plan of a seed small that breaks a promise, and keeps
 * it in `sim/found/NAME.json`. `--about TEXT`: of its violations, one with this text.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { loadBuild } from './platform/build.ts'
import { takeGlobals } from './platform/seams.ts'
import { drawPlan } from './plans/draw.ts'
import type { Plan } from './plans/plan.ts'
import { shrink } from './plans/shrink.ts'
import { PLANTED } from './planted/faults.ts'
import { play } from './play.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    /** Instead of a seed: a plan that was kept. */
    plan: { type: 'string' },
    about: { type: 'string' },
    name: { type: 'string' },
    found: { type: 'string', default: '' },
    /** With this planted fault in the source. */
    planted: { type: 'string' },
  },
})
const say = (line: string) => void process.stdout.write(`${line}\n`)

takeGlobals()
const sabotages = PLANTED.find(({ name }) => name === values.planted)?.sabotages
const build = await loadBuild(process.cwd(), sabotages)
const plan = planGiven()
const { violations } = await play(build, plan)
const first = violations.find((text) => text.includes(values.about ?? ''))
if (first === undefined) throw new Error(`it breaks no such promise: ${violations.join(', ')}`)
say(first)
const kind = kindOf(first)
let played = 0
const smallest = await shrink(plan, async (one) => {
  played += 1
  const isEnough = (broken: readonly string[]) => broken.some((text) => kindOf(text) === kind)
  return isEnough((await play(build, one, { isEnough })).violations)
})
const left = await play(build, smallest)
for (const text of left.violations) say(text)
say(`${plan.steps.length} steps became ${smallest.steps.length} in ${played} plays`)
const text = `${JSON.stringify({ found: values.found, plan: smallest }, null, 2)}\n`
if (values.name === undefined) say(text)
else writeFileSync(new URL(`found/${values.name}.json`, import.meta.url), text)

function planGiven(): Plan {
  if (values.plan === undefined) return drawPlan(Number(values.seed))
  return (JSON.parse(readFileSync(values.plan, 'utf8')) as { plan: Plan }).plan
}

/** Two sentences about one promise begin with the same words, whatever their numbers and names are. */
function kindOf(sentence: string): string {
  return sentence
    .replace(/\d+|user-\w+|\/\S*/g, '')
    .split(' ')
    .slice(0, 3)
    .join(' ')
}
