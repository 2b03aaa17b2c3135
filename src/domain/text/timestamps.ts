/** Times as providers write them. */

const ZONED = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/i
/** 2001: what is smaller counts something else, or is nothing. */
const EARLIEST_S = 1e9
const LATEST_S = 1e11
/** The year 2286: what is greater counts micro- or nanoseconds. */
const LATEST_MS = 1e13

/**
 * Epoch ms of seconds, milliseconds (numbers or digits) or an ISO 8601 text with a time zone. Undefined where the moment
 * cannot be known: nothing, zero, a local time without its zone, another unit.
 */
export function instantOf(time: unknown): number | undefined {
  if (typeof time === 'string' && ZONED.test(time.trim())) return Date.parse(time) || undefined
  if (typeof time === 'string' && !/^\d+(\.\d+)?$/.test(time)) return undefined
  if (typeof time !== 'string' && typeof time !== 'number') return undefined
  const number = Number(time)
  if (!(number >= EARLIEST_S && number < LATEST_MS)) return undefined
  return number < LATEST_S ? number * 1000 : number
}
