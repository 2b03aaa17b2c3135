/**
 * Plays small plans without rates, once for each single fault that can happen in them: each call lost, each answer lost, each call
 * doubled, a crash at each statement, and so on.
 */
import { CALM } from './platform/universe.ts'
import { drawPlan } from './plans/draw.ts'
import type { Plan } from './plans/plan.ts'
import type { Outcome } from './play.ts'
import { Player, playAll } from './pool.ts'
import { CALM_HEYGEN } from './witness/books.ts'

/** The questions of chance that are faults, by their beginnings. */
const FAULTS = [
  'lose call',
  'lose answer',
  'double call',
  'slow call',
  'crash at statement',
  'crash before flush',
  'crash in call',
  'object dies',
  'request dies',
  'reset before',
  'reset after',
  'slow ',
  'kv read fails',
  'kv write fails',
  'heygen fails before',
  'heygen fails after',
  'heygen cuts',
  'event lost',
  'event doubled',
  'event late',
  'job ends early',
]
const STEPS_MAX = 2

export interface EveryOptions {
  from: number
  plans: number
  processes: number
  onOutcome(outcome: Outcome, plan: Plan): void
}

/** Returns how many plans were played. */
export async function playEvery({
  from,
  plans,
  processes,
  onOutcome,
}: EveryOptions): Promise<number> {
  let played = 0
  for (let seed = from; seed < from + plans; seed += 1) {
    const calm = calmed(drawPlan(seed))
    const player = new Player()
    const plain = await player.play(calm)
    player.kill()
    played += 1
    onOutcome(plain, calm)
    const tasks = Object.entries(plain.asked)
      .filter(([of]) => FAULTS.some((fault) => of.startsWith(fault)))
      .flatMap(([of, count]) =>
        Array.from({ length: count }, (_, n) => ({ ...calm, forced: [{ of, n: n + 1 }] }))
      )
    played += tasks.length
    await playAll(tasks, {
      processes,
      onOutcome: (outcome, task) => onOutcome(outcome, task as Plan),
    })
  }
  return played
}

/** The plan's first steps, with nothing that goes wrong by itself. */
function calmed(plan: Plan): Plan {
  return {
    ...plan,
    rates: CALM,
    heygen: { ...CALM_HEYGEN, jobMs: { least: 20_000, most: 120_000 } },
    steps: plan.steps.slice(0, STEPS_MAX),
  }
}
