/** How much may wait at one desk, and when a client may ask again if that is too much. */
const ITEMS_MAX = 10_000
const BYTES_MAX = 512 * 1024 * 1024
/** Some clients ignore a Retry-After of a minute. */
const RETRY_AFTER_MIN_SECONDS = 5
const RETRY_AFTER_MAX_SECONDS = 59

const SAID: Record<string, string> = {
  items: '10,000 creations wait there',
  bytes: 'its creations take 512 MiB',
  token: 'this token has as many creations there as it may (maxQueued)',
}

/** What a client is told of a cap. A newer desk may have one that is not known here. */
export function capInWords(cap: string): string {
  return SAID[cap] ?? cap
}

/** The cap that an item of so many sealed bytes would break. `token`: the token's own `maxQueued`. */
export function capOf(
  waiting: { items: number; bytes: number; ofToken: number },
  bytes: number,
  maxQueued = ITEMS_MAX
): 'items' | 'bytes' | 'token' | undefined {
  if (waiting.ofToken >= maxQueued) return 'token'
  if (waiting.items >= ITEMS_MAX) return 'items'
  return waiting.bytes + bytes > BYTES_MAX ? 'bytes' : undefined
}

/**
 * In which time a tenth of what waits will have started, and one at least. `pace`: starts in a second, as measured. `firstInMs`: until
 * the first of them is thought to start. Where few slots come free at once, the pace alone would say too little.
 */
export function retryAfterOf(items: number, pace: number, firstInMs = 0): number {
  const starts = Math.max(1, items / 10)
  const byPace = pace > 0 ? Math.ceil(starts / pace) : RETRY_AFTER_MAX_SECONDS
  const seconds = Math.max(byPace, Math.ceil(firstInMs / 1000))
  return Math.min(RETRY_AFTER_MAX_SECONDS, Math.max(RETRY_AFTER_MIN_SECONDS, seconds))
}
