/** Plans of the order: two tokens of different weights queue as much at the same time, in several priorities, and nothing else happens. */
import { Chance } from '../world/chance.ts'
import { CALM } from '../platform/universe.ts'
import { CALM_HEYGEN } from '../witness/books.ts'
import type { Plan, PlannedItem } from './plan.ts'

const ITEMS = 30
const RAGE_MS = 600_000

/** The seeds of the line whose plans these are. */
export function isShared(seed: number): boolean {
  return seed % 50 === 38
}

export function sharedInLine(storm: Plan): Plan {
  const chance = new Chance(storm.seed)
  const bulk = (from: number, isSecond: boolean) => {
    const items = Array.from({ length: ITEMS }, (_, n) => itemOf(chance, storm.seed, from + n))
    return { do: 'bulk' as const, tenant: 0, items, isSecond, isLines: isSecond }
  }
  const terms = { weight: chance.pick('shared weight', [20, 30, 50]) }
  return {
    ...storm,
    ...{ skewMs: 0, rates: CALM, rageMs: RAGE_MS, isGentle: true, hasLine: true, isShared: true },
    heygen: { ...CALM_HEYGEN, jobMs: { least: 15_000, most: 45_000 } },
    tenants: [{ endpoints: chance.index('shared endpoints', 2) }],
    accounts: storm.accounts
      .slice(0, 2)
      .map((one) => ({ ...one, tenant: 0, keys: 'first', skewMs: 0, times: 'millis' })),
    steps: [
      { after: 0, action: { do: 'second token', tenant: 0, terms } },
      { after: 5000, action: bulk(0, false) },
      { after: 5001, action: bulk(100, true) },
    ],
  }
}

/** No priority is better than what a token may have, so only weights decide between the two. */
function itemOf(chance: Chance, seed: number, n: number): PlannedItem {
  return {
    ...{ do: 'queue', tenant: 0, mark: `mark-${seed}-${n}`, kind: 'video', isKeyed: false },
    ...{ isNamed: false, hasCallbackId: false, languages: 1, polls: 0 },
    line: { priority: 1 + chance.index('shared priority', 3) },
  }
}
