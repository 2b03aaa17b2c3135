/** JSON values of the document, and its text. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json }
export type JsonObject = { [name: string]: Json }

/** How deep the text is broken into lines: an operation and a schema are one line each. */
const LINES_TO_DEPTH = 3

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function toText(value: Json, depth = 0): string {
  if (!isObject(value) || depth === LINES_TO_DEPTH) return JSON.stringify(value)
  const parts = Object.entries(value).map(
    ([name, one]) => `${JSON.stringify(name)}:${toText(one, depth + 1)}`
  )
  return `{\n${parts.join(',\n')}\n}`
}

export function refTo(kind: string, name: string): JsonObject {
  return { $ref: `#/components/${kind}/${name}` }
}
