/** A number in JSON text that is larger than JavaScript's numbers. */

/** For digits alone; `JSON.stringify` writes them as they are. */
export function rawNumber(digits: string): unknown {
  const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown }
  return rawJSON(BigInt(digits).toString())
}
