/**
 * Ids of 64 bits. JavaScript's numbers end at 2^53, so inside they are texts; on the wire a v1 `element_id` is a
 * bare integer, and a caller who reads it with a plain JSON.parse gets another id.
 */

/** Texts that are `element_id`s become integers. An escaped quote inside a text does not match. */
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
