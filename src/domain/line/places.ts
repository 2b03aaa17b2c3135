/**
 * The places of what waits, as they are asked for: of one item or of all. A line of one token, whatever its length, is counted. Where
 * several tokens wait the order is run, which takes a while for thousands of items, so the places of a long line may be some seconds old.
 */
import { effectivePriority } from '#domain/queue/effective-priority.ts'
import type { TokenInLine } from '#domain/queue/choose-next.ts'
import { compareAge, type ItemList, type WaitingItem } from '#domain/queue/item-lists.ts'
import { placesOf } from '#domain/queue/place.ts'

/** Up to so many items the places are always those of now. */
const FRESH_MAX = 300
/** Above that they may be so old, and in a line that is longer still. */
const OLD_MS = 1000
const LONG_MAX = 2000
const LONG_OLD_MS = 5000

type Serves = (lane: string) => boolean

export class Places {
  readonly #stepMs: number
  #last: { places: Map<string, number>; at: number; count: number } | undefined

  /** `stepMs`: after which time an item is one step more urgent. */
  constructor(stepMs: number) {
    this.#stepMs = stepMs
  }

  /**
   * How many start before the item, plus one. `serves`: only what waits in such lanes counts. Undefined: it does not wait, or that is not
   * known. `isPrompt`: it is not worth running the order of a long line for.
   */
  of(
    waiting: WaitingItem,
    tokens: readonly TokenInLine[],
    { now, serves, isPrompt }: { now: number; serves?: Serves; isPrompt?: boolean }
  ): number | undefined {
    const [only, other] = tokens
    if (only && !other) return placeInToken(waiting, only, { now, stepMs: this.#stepMs, serves })
    if (isPrompt && countOf(tokens) > FRESH_MAX) return undefined
    const places = this.#all(tokens, now)
    const own = places.get(waiting.item)
    if (own === undefined || !serves) return own
    const lanes = tokens.flatMap((of) => of.lists).filter(({ lane }) => serves(lane))
    const before = ({ item }: WaitingItem) => (places.get(item) ?? Infinity) < own
    return 1 + lanes.reduce((sum, { items }) => sum + items.filter(before).length, 0)
  }

  #all(tokens: readonly TokenInLine[], now: number): Map<string, number> {
    const count = countOf(tokens)
    const oldMs = count <= FRESH_MAX ? 0 : count <= LONG_MAX ? OLD_MS : LONG_OLD_MS
    const last = this.#last
    // Those of one answer are asked for in one moment.
    const isSame = last?.at === now && last.count === count
    if (last && (isSame || (now >= last.at && now - last.at < oldMs))) return last.places
    const places = placesOf(tokens, now, this.#stepMs)
    this.#last = { places, at: now, count }
    return places
  }
}

function countOf(tokens: readonly TokenInLine[]): number {
  const lists = tokens.flatMap((of) => [...of.lists, ...(of.clients ?? [])])
  return lists.reduce((sum, { items }) => sum + items.length, 0)
}

interface At {
  now: number
  stepMs: number
  serves: Serves | undefined
}

/** In each list, what goes before the item stands at its beginning: the older it is, the more urgent it is. */
function placeInToken(waiting: WaitingItem, of: TokenInLine, { now, stepMs, serves }: At): number {
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
  const lists = of.lists.filter(({ lane }) => serves?.(lane) ?? true)
  const items = lists.reduce((sum, list) => sum + countIn(list, false), 0)
  return 1 + (of.clients ?? []).reduce((sum, list) => sum + countIn(list, true), items)
}
