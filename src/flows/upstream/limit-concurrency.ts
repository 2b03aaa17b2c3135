/** Does the same for many, so many at once: a slow one holds its own lane and nobody else's. */

/** Questions to objects; they are no connections to the outside. */
export const OBJECTS_AT_ONCE = 24

/** Results in the order of `items`. `behind`: how many have to wait until a lane is free. */
export async function limitConcurrency<T, R>(
  items: readonly T[],
  lanes: number,
  work: (item: T, behind: number) => Promise<R>
): Promise<R[]> {
  const results: R[] = []
  let next = 0
  const lane = async () => {
    while (next < items.length) {
      const at = next
      next += 1
      results[at] = await work(items[at] as T, Math.max(0, items.length - Math.max(next, lanes)))
    }
  }
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, lane))
  return results
}
