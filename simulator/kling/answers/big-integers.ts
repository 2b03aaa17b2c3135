/**
 * Ids of 64 bits. JavaScript's numbers are exact up to 2^53, so the simulator keeps ids as strings. On the wire a v1
 * `element_id` is an integer: a caller who reads it with a plain JSON.parse gets another id.
 */

/** JSON in which every `element_id` is an integer. Escaped quotes inside a string do not match. */
export function toWire(value: unknown): string {
  return JSON.stringify(value).replace(/"element_id":"(\d{1,19})"/g, '"element_id":$1')
}

/** Integers that a double cannot hold are read as their digits. */
export function fromWire(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^\d+$/.test(context?.source ?? '')
      ? context?.source
      : value
  )
}
