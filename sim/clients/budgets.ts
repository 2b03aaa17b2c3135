/**
 * The budgets of contract section 8 for a whole job, from its creation to its end, alarms included, in a warm isolate. Requests of
 * objects and operations of KV are counted exactly. Rows are those that a statement changed, and alarms that were set; what the
 * platform adds for an index is not counted (docs/storage.md: the tables that a job writes have none).
 */
import { kindNamed } from '../../test/support/witness/witness-kinds.ts'
import type { Scene } from './scene.ts'
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

/**
 * An object that slept while the job ran asks the desk once which job it was (decision 0049). If its alarm woke it, it also sets the
 * alarm once more.
 */
const SLEPT = 1
/** The kinds whose event the gateway counts on. It also asks about clippings and renders, as if none came. */
const COUNTED_ON = new Set(['video', 'translation', 'agent'])
/** HeyGen calls the address of the creation, beside the account's webhook. */
const CALLED_BACK = 1

type Budget = Omit<Spent, 'delivered'>

/**
 * What a job may cost. `isTold`: HeyGen's event tells its end. Else nobody waits for it, and it lasts five minutes at most; where
 * somebody waits, the contract has no budget.
 */
function budgetOf(planned: PlannedCreation, delivered: number, isWaitedFor: boolean): Budget {
  const isTold = COUNTED_ON.has(planned.kind)
  const key = planned.isKeyed ? 2 : 0
  const calm = { kvReads: 0, kvWrites: 0 }
  if (!isTold && isWaitedFor) return { ...calm, requests: Infinity, rows: Infinity }
  const isCalledBack = planned.own !== undefined && kindNamed(planned.kind).event !== undefined
  const calledBack = isCalledBack ? CALLED_BACK : 0
  return {
    ...calm,
    requests: (isTold ? 4 : 6) + key + SLEPT + calledBack,
    // The first key of six days also sets the alarm of its desk.
    rows: (isTold ? 4 : 5 + SLEPT) + (planned.isKeyed ? key + 1 : 0) + delivered,
  }
}

export function overBudget(scene: Scene, planned: PlannedCreation, before: Spent): string[] {
  const after = spentSoFar(scene)
  const { mark, kind, tenant, own } = planned
  const delivered = after.delivered - before.delivered
  const isWaitedFor = own !== undefined || (scene.plan.tenants[tenant]?.endpoints ?? 0) > 0
  const budget = budgetOf(planned, delivered, isWaitedFor)
  const over = (Object.keys(budget) as (keyof Budget)[]).flatMap((what) => {
    const spent = after[what] - before[what]
    return spent > budget[what] ? [`${spent} ${what} of ${budget[what]}`] : []
  })
  return over.length === 0
    ? []
    : [`budget: ${mark} (${kind}, ${delivered} told): ${over.join(', ')}`]
}
