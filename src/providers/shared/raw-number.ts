/** Makes numbers for JSON text that are too large for JavaScript. */

/** `digits` must contain nothing but digits. `JSON.stringify` writes them unchanged. */
export function rawNumber(digits: string): unknown {
  const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown }
  return rawJSON(BigInt(digits).toString())
}
