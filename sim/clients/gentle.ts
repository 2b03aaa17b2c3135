/** Plans in which nothing goes wrong. */
import type { Scene } from './scene.ts'

/** Whether nothing went wrong, and no account or tenant went away. */
export function isGentle({ plan, universe }: Scene): boolean {
  return plan.isGentle === true && universe.world.chance.hits.every(({ of }) => HARMLESS.has(of))
}

/** The last ones have an answer whatever the rates are. */
const HARMLESS = new Set([
  ...['job fails', 'job ends early', 'event late', 'event doubled'],
  ...['kv fresh', 'slow before'],
])
