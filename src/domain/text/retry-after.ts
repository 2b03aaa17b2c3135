/** Reads and writes Retry-After (RFC 9110 section 10.2.3): whole seconds or an IMF date, nothing else. */
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const SECONDS = /^\s*\d+\s*$/
const IMF_DATE =
  /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT$/

/**
 * The time in the header, epoch ms. Undefined: the header is absent or malformed. A time more than a day ahead is a mistake, such
 * as a date sent as seconds, and counts as an hour.
 */
export function retryAfterAt(header: string | null, now: number): number | undefined {
  if (header === null) return undefined
  const at = timeIn(header, now)
  if (at === undefined || Number.isNaN(at)) return undefined
  return at > now + DAY_MS ? now + HOUR_MS : Math.max(at, now)
}

function timeIn(header: string, now: number): number | undefined {
  if (SECONDS.test(header)) return now + Number(header) * 1000
  return IMF_DATE.test(header.trim()) ? Date.parse(header) : undefined
}

/** The largest value in an answer of the gateway. Many SDKs ignore a value of a minute or more and retry at once. */
export const RETRY_AFTER_SECONDS_MAX = 59

/** Retry-After for an answer of the gateway: whole seconds, at least 5. */
export function retryAfterSeconds(at: number, now: number): number {
  return Math.min(RETRY_AFTER_SECONDS_MAX, Math.max(5, Math.ceil((at - now) / 1000)))
}
