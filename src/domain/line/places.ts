/**
 * The places of what waits, as they are asked for: of one item or of all. In a line of one token that any account may serve, whatever
 * its length, the place is counted. Otherwise the order is run, which takes a while for thousands of items, so the places of a long
 * line may be some seconds old.
 */
import { effectivePriority } from '#domain/queue/effective-priority.ts'
import type { TokenInLine } from '#domain/queue/choose-next.ts'
import { compareAge, type ItemList, type WaitingItem } from '#domain/queue/item-lists.ts'
import type { Expected } from '#domain/queue/place.ts'

/** Up to so many items the places are always those of now. */
const FRESH_MAX = 300
/** Above that they may be so old, and in a line that is longer still. */
const OLD_MS = 1000
const LONG_MAX = 2000
const LONG_OLD_MS = 5000

interface At {
  now: number
  stepMs: number
}

export class Places {
  #last: { places: Map<string, Expected>; at: number; line: string } | undefined

  /**
   * Where the item stands in the order, and when it starts. `run`: runs the order. Undefined: it does not wait, or that is not known.
   * `isPrompt`: it is not worth running the order of a long line for.
   */
  of(
    { item }: WaitingItem,
    tokens: readonly TokenInLine[],
    { now, isPrompt, run }: { now: number; isPrompt: boolean; run: () => Map<string, Expected> }
  ): Expected | undefined {
    const count = countOf(tokens)
    if (isPrompt && count > FRESH_MAX) return undefined
    const oldMs = count <= FRESH_MAX ? 0 : count <= LONG_MAX ? OLD_MS : LONG_OLD_MS
    const last = this.#last
    // Those of one answer are asked for in one moment. A start in that moment has changed a pass.
    const line = tokens.map((of) => `${of.token} ${of.pass} ${countOf([of])}`).join()
    const isSame = last?.at === now && last.line === line && last.places.has(item)
    if (last && (isSame || (now >= last.at && now - last.at < oldMs))) return last.places.get(item)
    const places = run()
    this.#last = { places, at: now, line }
    return places.get(item)
  }
}

function countOf(tokens: readonly TokenInLine[]): number {
  const lists = tokens.flatMap((of) => [...of.lists, ...(of.clients ?? [])])
  return lists.reduce((sum, { items }) => sum + items.length, 0)
}

/** The place in a line of one token that any account may serve. Undefined: it is another kind of line. */
export function countedPlace(
  waiting: WaitingItem,
  tokens: readonly TokenInLine[],
  at: At
): number | undefined {
  const [of, other] = tokens
  const isPlain = of && !other && of.lists.every(({ lane }) => lane === '')
  return isPlain ? placeInToken(waiting, of, at) : undefined
}

/** In each list, what goes before the item stands at its beginning: the older it is, the more urgent it is. */
function placeInToken(waiting: WaitingItem, of: TokenInLine, { now, stepMs }: At): number {
  const rank = ({ sort }: WaitingItem, priority: number) =>
    effectivePriority(priority, now - sort.askedAt, stepMs)
  const own = rank(waiting, waiting.sort.priority)
  const isBefore = (one: WaitingItem, priority: number, isClient: boolean) => {
    const apart = rank(one, priority) - own
    return apart < 0 || (apart === 0 && (isClient || compareAge(one, waiting) < 0))
  }
  const countIn = ({ items, priority }: ItemList, isClient: boolean) => {
    let from = 0
    let to = items.length
    while (from < to) {
      const middle = (from + to) >> 1
      if (isBefore(items[middle] as WaitingItem, priority, isClient)) from = middle + 1
      else to = middle
    }
    return from
  }
  const items = of.lists.reduce((sum, list) => sum + countIn(list, false), 0)
  return 1 + (of.clients ?? []).reduce((sum, list) => sum + countIn(list, true), items)
}
