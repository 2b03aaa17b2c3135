/** What will happen, by time. Of two events at one time, the one that was added first comes first. */
import type { Party } from './party.ts'

export interface WorldEvent {
  at: number
  order: number
  label: string
  /** Whose event it is. It does not happen if that party is dead by then. Absent: the world's own. */
  party: Party | undefined
  run: () => void
  isDropped: boolean
}

/** A binary heap. */
export class Queue {
  readonly #heap: WorldEvent[] = []

  get length(): number {
    return this.#heap.length
  }

  peek(): WorldEvent | undefined {
    return this.#heap[0]
  }

  push(event: WorldEvent): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(event)
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent]
      if (!above || !isBefore(event, above)) break
      heap[at] = above
      at = parent
    }
    heap[at] = event
  }

  pop(): WorldEvent | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (heap.length > 0 && last) this.#sink(last)
    return first
  }

  #sink(event: WorldEvent): void {
    const heap = this.#heap
    let at = 0
    for (;;) {
      const left = heap[2 * at + 1]
      const right = heap[2 * at + 2]
      const isRight = left !== undefined && right !== undefined && isBefore(right, left)
      const child = isRight ? right : left
      if (!child || !isBefore(child, event)) break
      heap[at] = child
      at = 2 * at + (isRight ? 2 : 1)
    }
    heap[at] = event
  }
}

function isBefore(one: WorldEvent, other: WorldEvent): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order)
}
