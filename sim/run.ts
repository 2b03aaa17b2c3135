/** `npm run sim`: see docs/rfc/0008-simulation.md. */
import { takeGlobals } from './platform/seams.ts'
import { loadBuild } from './platform/build.ts'
import { drawPlan } from './plans/draw.ts'
import { play } from './play.ts'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    from: { type: 'string' },
    seeds: { type: 'string' },
    trace: { type: 'boolean' },
  },
})
const { performance } = globalThis
takeGlobals()
const say = (line: string) => void process.stdout.write(`${line}\n`)
const build = await loadBuild(process.cwd())
const began = performance.now()
let events = 0
let count = 0
const from = Number(values.seed ?? values.from ?? 1)
const seeds = values.seed === undefined ? Number(values.seeds ?? 100) : 1
for (let seed = from; seed < from + seeds; seed += 1) {
  const outcome = await play(build, drawPlan(seed), values.trace ? say : undefined)
  events += outcome.events
  count += outcome.violations.length
  for (const text of outcome.violations) say(`seed ${seed}: ${text}`)
  if (values.seed !== undefined) say(`hash ${outcome.hash}`)
}
const seconds = (performance.now() - began) / 1000
say(`${(events / seconds).toFixed(0)} events a second`)
say(`${events} events, ${seeds} seeds, ${count} violations`)
