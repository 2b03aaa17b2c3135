/** Retry-After (RFC 9110 section 10.2.3): seconds or a date. Absurdly long ones are cut to a day. */
const DAY_MS = 24 * 3_600_000

/** Epoch ms, or undefined when there is none or it cannot be read. */
export function retryAfterAt(header: string | null, now: number): number | undefined {
  if (header === null) return undefined
  const seconds = Number(header)
  const at = Number.isFinite(seconds) ? now + seconds * 1000 : Date.parse(header)
  if (!Number.isFinite(at)) return undefined
  return Math.min(Math.max(at, now), now + DAY_MS)
}

/** Of an answer of ours. Many SDKs ignore a minute and more, and then try again at once. */
export const RETRY_AFTER_SECONDS_MAX = 59

/** Whole seconds for our own answers, at least 5. */
export function retryAfterSeconds(at: number, now: number): number {
  return Math.min(RETRY_AFTER_SECONDS_MAX, Math.max(5, Math.ceil((at - now) / 1000)))
}
