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
  /** Its clients that wait for a slot, in lists of the same kind. */
  clients?: readonly ItemList[]
}

/** A token and the item or the client that it would start next. */
export interface Head {
  of: Pick<TokenInLine, 'token' | 'pass' | 'weight'>
  next: WaitingItem
  /** How urgent it is inside its token, and between tokens. */
  priority: number
  class: number
  /** The item has waited a whole step. */
  isLate: boolean
}

/** How many starts of its share an account owes each token that it has passed over. */
export type Owed = Map<string, number>

/**
 * An account that owes a token so many starts gives it the next one. So a token has a fifth of its share at every account, whatever
 * its class and its pass, and nothing waits more than some five times its fair time.
 */
const OWED_MAX = 5

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
  const ofClass = classOf(bestPriority, of.maxPriority)
  return { of, next: best, priority: bestPriority, class: ofClass, isLate }
}

/** The better of a token's heads. A client holds a connection, so it goes before items that are no more urgent. */
export function clientOrItem(client: Head | undefined, item: Head | undefined): Head | undefined {
  if (!client || !item) return client ?? item
  return client.priority <= item.priority ? client : item
}

/**
 * Whose turn it is at one account. A better class goes first, then the smaller pass. Neither alone may decide for ever: a token may
 * have a worse class than one that always has more, or a large pass from its starts at other accounts. `owed`: what the account
 * owes, which is brought up to date. `tooWide`: heads that need more slots than are free. They are owed this start all the same.
 */
export function takeTurn(
  heads: readonly Head[],
  owed: Owed,
  tooWide: readonly Head[] = []
): Head | undefined {
  const best = first(heads, byClass)
  if (!best) return undefined
  // Nothing younger than a whole step is owed anything before a better class: an urgent item goes before it.
  const due = heads.filter((head) => head.isLate || head.class <= best.class)
  const owedTo = ({ of }: Head) => owed.get(of.token) ?? 0
  const most = first(due, (one, other) => owedTo(other) - owedTo(one) || byPass(one, other))
  const turn = most && owedTo(most) >= OWED_MAX ? most : best
  noteTurn(turn, [...due, ...tooWide], owed)
  return turn
}

/** Each start is shared by weight among those that could have had it. Who had it is owed nothing more. */
function noteTurn(turn: Head, due: readonly Head[], owed: Owed): void {
  const weights = due.reduce((sum, { of }) => sum + of.weight, 0)
  for (const { of } of due) {
    const share = (turn.next.sort.slots * of.weight) / weights
    owed.set(of.token, (owed.get(of.token) ?? 0) + share)
  }
  owed.delete(turn.of.token)
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
