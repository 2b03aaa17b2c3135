/** When an item will start, as far as it can be known. It is told to clients and decides nothing. */

/**
 * When each slot of an account comes free. A job is thought to take as long as the last ones did; one that is older may end at any
 * moment. `begunAt`: when its jobs began, of as many as are known. Those of the others are thought to end evenly over that time.
 */
export function slotEnds(
  { slots, free, begunAt }: { slots: number; free: number; begunAt: readonly number[] },
  meanMs: number,
  now: number
): number[] {
  const held = Math.max(0, slots - free)
  const known = begunAt.slice(0, held).map((at) => Math.max(now, at + meanMs))
  const unknown = held - known.length
  const guessed = Array.from(
    { length: unknown },
    (_, index) => now + (meanMs * (index + 1)) / unknown
  )
  return [...Array.from({ length: slots - held }, () => now), ...known, ...guessed]
}

/**
 * Epoch ms. `place`: 1 is the next; waiting clients are counted. `ends`: when each slot comes free that may serve the item and is not
 * paused, of all accounts. Undefined: there is none. With jobs of constant time in an open line it is exact.
 */
export function startsAt(
  place: number,
  ends: readonly number[],
  meanMs: number,
  now: number
): number | undefined {
  const sorted = ends.toSorted((a, b) => a - b)
  const before = Math.max(0, place - 1)
  const end = sorted[before % sorted.length]
  if (end === undefined) return undefined
  return Math.round(Math.max(now, end) + Math.floor(before / sorted.length) * meanMs)
}
