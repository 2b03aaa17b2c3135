/** How urgent an item is: as it was asked, and better the longer it waits. 1 is the best. */

/** One step up for every `stepMs` waited. */
export function effectivePriority(asked: number, waitedMs: number, stepMs: number): number {
  return Math.max(1, asked - Math.floor(Math.max(0, waitedMs) / stepMs))
}

/**
 * What counts between tokens: the effective priority of a token's next item, but not better than the operator lets it be. Without
 * that, 900 old items of one token would go before all of a token that comes later.
 */
export function classOf(effective: number, maxPriority: number): number {
  return Math.max(effective, maxPriority)
}
