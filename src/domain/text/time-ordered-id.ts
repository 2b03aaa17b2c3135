/**
 * Makes ids that sort by time when they are compared as text, for requests, leases and deliveries. A table with such a primary key
 * is ordered by time without an index.
 */

/** A UUID of version 7 (RFC 9562): the time in ms, then the random part of `random`, a UUID of version 4. */
export function newTimedId(now: number, random: string): string {
  return `${prefixOf(now)}-7${random.slice(15)}`
}

/** The smallest id of this moment: greater than every earlier id. */
export function firstTimedId(at: number): string {
  return `${prefixOf(at)}-0`
}

const TIMED_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}(\.\d+)?$/

export function isTimedId(id: string): boolean {
  return TIMED_ID.test(id)
}

/** The same, also of a further creation of one request (`<id>-2`). */
export function isOfTimedRequest(id: string): boolean {
  return isTimedId(id.replace(/^(.{36})-\d{1,2}$/, '$1'))
}

/** The time in a text that starts as a UUID of version 7 does. Epoch ms. */
export function timeOf(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
}

/** The first two groups of hex digits of a UUID of this time. */
export function prefixOf(at: number): string {
  const hex = Math.max(0, Math.floor(at)).toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}`
}
