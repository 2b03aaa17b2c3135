/**
 * Decides what an account's report about an item changes. Reports may come twice, late, and after a newer choice. So a start is
 * believed of every lease that the item ever had, and everything else of the latest one only: under that one it may be running.
 */
import type { ItemEvent } from './item-state.ts'
import type { ItemState } from './item.ts'

/** An item that so many accounts have refused is not tried at another one. */
const REFUSED_BY_MAX = 3

/**
 * The item as the desk has it. `leaseIds`: of all choices, the latest last. `leftOut`: accounts that have refused it. `serving`: those
 * of its lane, if it matters who they are: an item that all of them have refused would wait for nobody.
 */
interface Reported {
  state: ItemState
  leaseIds: readonly string[]
  leftOut: readonly string[]
  serving?: readonly string[]
}

/**
 * The part of a report that decides. `isLeftOut`: this account refused the item, and another may take it. `isTooEarly`: a job that the
 * item names has not ended.
 */
interface ReportFacts {
  leaseId: string
  kind: 'begun' | 'back' | 'over'
  isLeftOut?: true
  isTooEarly?: true
}

/** Undefined: the report changes nothing, and needs no writing. */
export function judgeReport(
  { state, leaseIds, leftOut, serving }: Reported,
  account: string,
  { leaseId, kind, isLeftOut, isTooEarly }: ReportFacts
): ItemEvent | undefined {
  if (kind === 'begun') return leaseIds.includes(leaseId) ? 'begun' : undefined
  if (state !== 'chosen' || leaseIds.at(-1) !== leaseId) return undefined
  if (kind === 'over') return 'over'
  if (isTooEarly) return 'not_ready'
  const refusedBy = new Set([...leftOut, ...(isLeftOut ? [account] : [])])
  const isByAll = serving?.every((one) => refusedBy.has(one)) === true
  return isLeftOut && (isByAll || refusedBy.size >= REFUSED_BY_MAX) ? 'refused' : 'back'
}
