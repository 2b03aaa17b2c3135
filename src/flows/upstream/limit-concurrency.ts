/** Runs the same work for many items, a limited number at a time. */

/** Calls to Durable Objects at the same time. They do not count among the six connections of an invocation. */
export const OBJECTS_AT_ONCE = 24

/** Returns the results in the order of `items`. `behind`: how many items still wait to be started. */
export async function limitConcurrency<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T, behind: number) => Promise<R>
): Promise<R[]> {
  const results: R[] = []
  let next = 0
  const runNext = async () => {
    while (next < items.length) {
      const at = next
      next += 1
      results[at] = await work(items[at] as T, Math.max(0, items.length - Math.max(next, atOnce)))
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, runNext))
  return results
}
