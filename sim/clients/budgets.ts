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
  /** How often an account's object was woken. */
  wakes: number
}

export function spentSoFar({ universe, receivers }: Scene): Spent {
  const objects = [...universe.objects.values()]
  return {
    kvReads: universe.kv.reads,
    kvWrites: universe.kv.writes,
    requests: objects.reduce((sum, { requests }) => sum + requests, 0),
    rows: objects.reduce((sum, { disk }) => sum + disk.rows.written, 0),
    delivered: receivers.received.length,
    wakes: universe.objectsOf('ACCOUNT_SLOTS').reduce((sum, { wakes }) => sum + wakes, 0),
  }
}

/** The gateway's looks at a job that no event tells, while somebody waits: 0:30, 1:15, 2:22, 4:04, 6:36 (docs/jobs-and-slots.md). */
const LOOKS = 5
/** The kinds whose event the gateway counts on. It also asks about clippings and renders, as if none came. */
const COUNTED_ON = new Set(['video', 'translation', 'agent'])
/** HeyGen calls the address of the creation, beside the account's webhook. */
const CALLED_BACK = 1

type Budget = Pick<Spent, 'kvReads' | 'kvWrites' | 'requests' | 'rows'>

interface About {
  delivered: number
  /** Somebody waits for the job. */
  isWaitedFor: boolean
  /** No job of the tenant had a key before. */
  isFirstKey: boolean
  /** How often its account's object was woken after the job was begun. */
  slept: number
  /** Its token has limits on jobs. */
  isLimited: boolean
}

/**
 * What a job may cost, with what the contract adds for a key and for each delivery, and four things that decisions add:
 * - An object that slept while the job ran asks the desk which job it was (0049). If its alarm woke it, it also sets the alarm.
 * - The first key of six days sets the alarm of its desk.
 * - A token with limits on jobs takes its share, and is told of the end (0066).
 * - Where somebody waits for a job that no event tells, each look is one ring of the alarm, which is set again.
 * Else nobody waits for a job that no event tells, and it lasts five minutes at most.
 */
function budgetOf(planned: PlannedCreation, about: About): Budget {
  const { delivered, isWaitedFor, isFirstKey, slept, isLimited } = about
  const isTold = COUNTED_ON.has(planned.kind)
  const looks = !isTold && isWaitedFor ? LOOKS : 0
  const key = planned.isKeyed ? 2 : 0
  const limited = isLimited ? 2 : 0
  const isCalledBack = planned.own !== undefined && kindNamed(planned.kind).event !== undefined
  return {
    ...{ kvReads: 0, kvWrites: 0 },
    requests: (isTold ? 4 : 6) + looks + key + limited + slept + (isCalledBack ? CALLED_BACK : 0),
    rows: (isTold ? 4 : 5 + slept) + looks + key + limited + (isFirstKey ? 1 : 0) + delivered,
  }
}

export function overBudget(scene: Scene, planned: PlannedCreation, before: Spent): string[] {
  const after = spentSoFar(scene)
  const { mark, kind, tenant, own } = planned
  const delivered = after.delivered - before.delivered
  const isWaitedFor = own !== undefined || (scene.plan.tenants[tenant]?.endpoints ?? 0) > 0
  const earlier = [...scene.intentions.values()].filter((one) => one.mark !== mark)
  const isFirstKey = planned.isKeyed && earlier.every(({ key }) => key === undefined)
  // The creation itself wakes the object, which slept since the last one.
  const slept = Math.max(0, after.wakes - before.wakes - 1)
  const isLimited = scene.plan.limits !== undefined
  const budget = budgetOf(planned, { delivered, isWaitedFor, isFirstKey, slept, isLimited })
  const over = (Object.keys(budget) as (keyof Budget)[]).flatMap((what) => {
    const spent = after[what] - before[what]
    return spent > budget[what] ? [`${spent} ${what} of ${budget[what]}`] : []
  })
  return over.length === 0
    ? []
    : [`budget: ${mark} (${kind}, ${delivered} told): ${over.join(', ')}`]
}
