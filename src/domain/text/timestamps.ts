/** Reads times as providers write them. */

const ZONED = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/i
/** The year 2001. A smaller number is not a time. */
const EARLIEST_S = 1e9
const LATEST_S = 1e11
/** The year 2286. A greater number is micro- or nanoseconds. */
const LATEST_MS = 1e13

/**
 * Epoch ms from seconds, milliseconds (numbers or digits) or ISO 8601 text with a time zone. Undefined for anything else:
 * zero, a local time without a zone, another unit.
 */
export function instantOf(time: unknown): number | undefined {
  if (typeof time === 'string' && ZONED.test(time.trim())) return Date.parse(time) || undefined
  if (typeof time === 'string' && !/^\d+(\.\d+)?$/.test(time)) return undefined
  if (typeof time !== 'string' && typeof time !== 'number') return undefined
  const number = Number(time)
  if (!(number >= EARLIEST_S && number < LATEST_MS)) return undefined
  return number < LATEST_S ? number * 1000 : number
}
