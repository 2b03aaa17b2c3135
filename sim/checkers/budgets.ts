/**
 * The budgets of contract section 8 for a whole job, from its creation to its end, alarms included, in a warm isolate. Requests of
 * objects and operations of KV are counted exactly. Rows are those that a statement changed, and alarms that were set; what the
 * platform adds for an index is not counted (docs/storage.md: the tables that a job writes have none).
 */
import { kindNamed } from '../../test/support/witness/witness-kinds.ts'
import type { Scene } from '../clients/scene.ts'
import type { PlannedCreation } from '../plans/plan.ts'

export interface Spent {
  kvReads: number
  kvWrites: number
  requests: number
  rows: number
  delivered: number
}

export function spentSoFar({ universe, receivers }: Scene): Spent {
  const objects = [...universe.objects.values()]
  return {
    kvReads: universe.kv.reads,
    kvWrites: universe.kv.writes,
    requests: objects.reduce((sum, { requests }) => sum + requests, 0),
    rows: objects.reduce((sum, { disk }) => sum + disk.rows.written, 0),
    delivered: receivers.received.length,
  }
}

/** What a job may cost. `isTold`: HeyGen's event tells its end; else nobody polls, and it lasts five minutes at most. */
function budgetOf(isTold: boolean, isKeyed: boolean, delivered: number): Omit<Spent, 'delivered'> {
  const key = isKeyed ? 2 : 0
  return {
    ...{ kvReads: 0, kvWrites: 0 },
    requests: (isTold ? 4 : 6) + key,
    rows: (isTold ? 4 : 5) + key + delivered,
  }
}

export function overBudget(planned: PlannedCreation, before: Spent, after: Spent): string[] {
  const delivered = after.delivered - before.delivered
  const isTold = kindNamed(planned.kind).event !== undefined
  const budget = budgetOf(isTold, planned.isKeyed, delivered)
  const over = (Object.keys(budget) as (keyof typeof budget)[]).flatMap((what) => {
    const spent = after[what] - before[what]
    return spent > budget[what] ? [`${spent} ${what} of ${budget[what]}`] : []
  })
  const { mark, kind } = planned
  return over.length === 0
    ? []
    : [`budget: ${mark} (${kind}, ${delivered} told): ${over.join(', ')}`]
}
