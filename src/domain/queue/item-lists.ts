/**
 * The items that wait, as lists: one for each token, lane and priority. Each is first come first served, so its first item is its
 * most urgent one, however long it waits. Adding at the end compares once, whatever waits.
 */
import type { ItemSort } from './item.ts'

export interface WaitingItem {
  item: string
  sort: ItemSort
}

/** The items of one token, one lane and one priority, oldest first. */
export interface ItemList {
  lane: string
  priority: number
  items: WaitingItem[]
}

/** The name of a lane: empty for the open one, else that account as it was when the item was queued. */
export function laneName({ lane, laneSince }: Pick<ItemSort, 'lane' | 'laneSince'>): string {
  return lane === '' ? '' : `${lane} ${laneSince ?? 0}`
}

/** Below 0: `one` came first. Items of one moment are ordered by their ids. */
export function compareAge(one: WaitingItem, other: WaitingItem): number {
  const apart = one.sort.askedAt - other.sort.askedAt
  if (apart !== 0) return apart
  return one.item < other.item ? -1 : one.item > other.item ? 1 : 0
}

export class ItemLists {
  readonly #items = new Map<string, WaitingItem>()
  readonly #tokens = new Map<string, { lists: ItemList[]; count: number }>()
  /** The sealed bytes of all items. */
  bytes = 0
  /** How many items need several slots at once. */
  wide = 0

  get count(): number {
    return this.#items.size
  }

  countOf(token: string): number {
    return this.#tokens.get(token)?.count ?? 0
  }

  find(item: string): WaitingItem | undefined {
    return this.#items.get(item)
  }

  /** Tokens of which something waits. */
  tokens(): Iterable<string> {
    return this.#tokens.keys()
  }

  listsOf(token: string): readonly ItemList[] {
    return this.#tokens.get(token)?.lists ?? []
  }

  /** False: it is there already. */
  add(added: WaitingItem): boolean {
    if (this.#items.has(added.item)) return false
    this.#items.set(added.item, added)
    this.bytes += added.sort.bytes
    if (added.sort.slots > 1) this.wide += 1
    const { token } = added.sort
    const ofToken = this.#tokens.get(token) ?? { lists: [], count: 0 }
    this.#tokens.set(token, ofToken)
    ofToken.count += 1
    const { items } = findList(ofToken.lists, added.sort) ?? newList(ofToken.lists, added.sort)
    items.splice(placeIn(items, added), 0, added)
    return true
  }

  remove(item: string): WaitingItem | undefined {
    const found = this.#items.get(item)
    const ofToken = found && this.#tokens.get(found.sort.token)
    const list = ofToken && findList(ofToken.lists, found.sort)
    if (!list) return undefined
    this.#items.delete(item)
    this.bytes -= found.sort.bytes
    if (found.sort.slots > 1) this.wide -= 1
    ofToken.count -= 1
    list.items.splice(placeIn(list.items, found), 1)
    if (list.items.length === 0) ofToken.lists.splice(ofToken.lists.indexOf(list), 1)
    if (ofToken.count === 0) this.#tokens.delete(found.sort.token)
    return found
  }
}

function findList(lists: ItemList[], sort: ItemSort): ItemList | undefined {
  const lane = laneName(sort)
  return lists.find((list) => list.lane === lane && list.priority === sort.priority)
}

function newList(lists: ItemList[], sort: ItemSort): ItemList {
  const list: ItemList = { lane: laneName(sort), priority: sort.priority, items: [] }
  lists.push(list)
  return list
}

/** Where the item stands, or would stand. Nearly all come last or leave first. */
function placeIn(items: WaitingItem[], one: WaitingItem): number {
  const [first] = items
  const last = items.at(-1)
  if (!first || !last || compareAge(first, one) >= 0) return 0
  if (compareAge(last, one) < 0) return items.length
  let from = 0
  let to = items.length
  while (from < to) {
    const middle = (from + to) >> 1
    if (compareAge(items[middle] as WaitingItem, one) < 0) from = middle + 1
    else to = middle
  }
  return from
}
