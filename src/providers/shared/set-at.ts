/** Puts values at the place of a JSON pointer, and makes the objects on the way. */
type Doc = Record<string, unknown>

/** A pointer that ends with a star, as `/data/ids/*`, takes all values as an array. Any other pointer takes the first value. */
export function setAt(document: Doc, pointer: string, values: readonly unknown[]): void {
  const isList = pointer.endsWith('/*')
  const keys = (isList ? pointer.slice(0, -2) : pointer).split('/').slice(1)
  const last = keys.pop()
  if (last === undefined || values.length === 0) return
  let inner = document
  for (const key of keys) {
    inner[key] ??= {}
    inner = inner[key] as Doc
  }
  inner[last] = isList ? [...values] : values[0]
}
