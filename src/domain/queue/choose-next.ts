/**
 * Decides which item is started next: inside a token the most urgent, between tokens by class, then by pass, then the older one
 * (docs/rfc/0009-queue.md, "The order"). Pure: the same line gives the same choice.
 */
import { classOf, effectivePriority } from './effective-priority.ts'
import { compareAge, type ItemList, type WaitingItem } from './item-lists.ts'

/** What the order needs of a token of which something waits. */
export interface TokenInLine {
  token: string
  pass: number
  /** 1 to 100. */
  weight: number
  /** The best class that its items can have. */
  maxPriority: number
  lists: readonly ItemList[]
}

/** A token and the item that it would start next. */
export interface Head {
  of: Pick<TokenInLine, 'token' | 'pass' | 'weight'>
  next: WaitingItem
  class: number
  /** The item has waited a whole step. */
  isLate: boolean
}

export interface Turn {
  head: Head
  /** The new count of choices that passed over a late item of a worse class. */
  passedOver: number
}

/** After so many choices that passed over a late item of a worse class, the next goes to a late one. */
const PASSED_OVER_MAX = 9

/** The token's next item among these lists. `mayStart`: of each list the first such item counts. Undefined: none can be started. */
export function headOf(
  of: TokenInLine,
  lists: readonly ItemList[],
  { now, stepMs }: { now: number; stepMs: number },
  mayStart: (waiting: WaitingItem) => boolean
): Head | undefined {
  let best: WaitingItem | undefined
  let bestPriority = Infinity
  for (const { priority, items } of lists) {
    const first = items.find((waiting) => mayStart(waiting))
    if (!first) continue
    const effective = effectivePriority(priority, now - first.sort.askedAt, stepMs)
    const isBetter = effective < bestPriority
    if (!isBetter && (effective > bestPriority || !best || compareAge(first, best) > 0)) continue
    best = first
    bestPriority = effective
  }
  if (!best) return undefined
  const isLate = now - best.sort.askedAt >= stepMs
  return { of, next: best, class: classOf(bestPriority, of.maxPriority), isLate }
}

/**
 * Whose turn it is. A token with a better class goes first, but not for ever: every tenth start is for those whose next item has
 * waited a whole step. Only such items, because an urgent one may be passed over by nothing younger.
 */
export function turnAmong(heads: readonly Head[], passedOver: number): Turn | undefined {
  const best = first(heads, byClass)
  if (!best) return undefined
  const isPassing = heads.some((head) => head.isLate && head.class > best.class)
  if (!isPassing) return { head: best, passedOver }
  if (passedOver < PASSED_OVER_MAX) return { head: best, passedOver: passedOver + 1 }
  const late = heads.filter(({ isLate }) => isLate)
  return { head: first(late, byPass) ?? best, passedOver: 0 }
}

function first(
  heads: readonly Head[],
  compare: (one: Head, other: Head) => number
): Head | undefined {
  return heads.reduce<Head | undefined>(
    (best, head) => (best && compare(best, head) <= 0 ? best : head),
    undefined
  )
}

function byClass(one: Head, other: Head): number {
  return one.class - other.class || byPass(one, other)
}

function byPass(one: Head, other: Head): number {
  const { pass, token } = one.of
  const byAge = one.next.sort.askedAt - other.next.sort.askedAt
  return pass - other.of.pass || byAge || (token < other.of.token ? -1 : 1)
}
