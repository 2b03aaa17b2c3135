/**
 * Ids that sort by time when they are compared as text: ids of requests, leases and deliveries. A table with such a primary
 * key is ordered by time without an index.
 */

/** A UUID of version 7 (RFC 9562): the time in ms, then the random part of `random`, a UUID of version 4. */
export function newTimedId(now: number, random: string): string {
  return `${prefixOf(now)}-7${random.slice(15)}`
}

/** No UUID of this moment or later is smaller, and none of an earlier one is greater. */
export function firstTimedId(at: number): string {
  return `${prefixOf(at)}-0`
}

const TIMED_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}(\.\d+)?$/

export function isTimedId(id: string): boolean {
  return TIMED_ID.test(id)
}

/** Of any text that starts as a UUID of version 7 does. */
export function timeOf(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
}

/** Two words of hex digits, as a UUID starts. */
export function prefixOf(at: number): string {
  const hex = Math.max(0, Math.floor(at)).toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}`
}
