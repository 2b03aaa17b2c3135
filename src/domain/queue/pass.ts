/**
 * Shares between tokens (stride scheduling). Each token has a pass. The smallest is next, and each start adds to it, the less the
 * greater the token's weight. So starts are shared by weight, whoever came first and however much waits.
 */
const ONE_START = 1_000_000
/** A token has at most so many starts to its credit. */
const CREDIT_STARTS = 10

/** What a start adds to the pass of its token. `weight`: 1 to 100. */
export function additionOf(slots: number, weight: number): number {
  return Math.floor((ONE_START * slots) / weight)
}

/**
 * The pass of a token whose first item comes. `waiting`: the passes of tokens of which something waits. `largest`: the largest that
 * any token has had. A token that was away has no credit from that time, and still owes what it had taken before.
 */
export function passAtJoin(own: number, waiting: Iterable<number>, largest: number): number {
  let smallest = Infinity
  for (const pass of waiting) smallest = Math.min(smallest, pass)
  return Math.max(own, smallest === Infinity ? largest : smallest)
}

/**
 * The pass of a token after another token's start. One that waited long for one busy account, or behind a better class, would
 * otherwise take all slots once it could.
 */
export function raisedPass(own: number, weight: number, ofChosen: number): number {
  return Math.max(own, ofChosen - CREDIT_STARTS * additionOf(1, weight))
}
