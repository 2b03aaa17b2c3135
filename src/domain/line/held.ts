/**
 * Items that name the job of another item: a creation that goes on from another's result. Such an item is held until that job has
 * completed, and ends with it if it does not. Names are given before, so no two items can wait for each other.
 */
import type { ItemState, Try } from '#domain/queue/item.ts'
import type { Outcome } from '#domain/slots/lease.ts'
import { wasNotReady } from './tries.ts'

/** How often an item goes back because the provider says that a job named in it has not ended, and the pause between. Not divided by TIME_SCALE. */
const NOT_READY_MAX = 10
export const NOT_READY_PAUSE_MS = 60_000

/**
 * Another item that this one names. `outcome`: of its job; absent while that runs, or is not known to have ended. `isForgotten`: it began
 * so long ago that its account keeps nothing of it. So it is over, and the provider says whether one can go on from it.
 */
export interface NamedItem {
  item: string
  state: ItemState
  outcome?: Outcome['status']
  isForgotten?: true
}

/** `held`, `failed`: `after` is the item that decides. The next look asks about the next one. */
export type HeldTurn = { kind: 'ready' } | { kind: 'held' | 'failed'; after: string }

/**
 * What becomes of an item that names these. One that ended otherwise than completed can have no result to go on from. That also
 * holds where its outcome is unknown: what it may have made is not known by its name.
 */
export function turnOfHeld(named: readonly NamedItem[]): HeldTurn {
  const failed = named.find((one) => fateOf(one) === 'failed')
  if (failed) return { kind: 'failed', after: failed.item }
  const open = named.find((one) => fateOf(one) === 'open')
  return open ? { kind: 'held', after: open.item } : { kind: 'ready' }
}

/**
 * What decides about a new item: what it waits for, or what has failed, with which the next look ends it. It must not be sent: the
 * provider does not know the name of a job that never was. Undefined: nothing does.
 */
export function afterOf(named: readonly NamedItem[]): string | undefined {
  const turn = turnOfHeld(named)
  return turn.kind === 'ready' ? undefined : turn.after
}

function fateOf({ state, outcome, isForgotten }: NamedItem): 'open' | 'completed' | 'failed' {
  if (state === 'untold' || state === 'ended') return 'failed'
  if (isForgotten) return 'completed'
  if (state !== 'begun' || outcome === undefined) return 'open'
  return outcome === 'completed' ? 'completed' : 'failed'
}

/**
 * Whether an item may be tried again after the provider said that a job named in it has not ended. False: it ends as refused.
 * `before`: its tries before this one.
 */
export function mayBeReadyLater(before: readonly Try[]): boolean {
  return before.filter((one) => wasNotReady(one)).length < NOT_READY_MAX
}
