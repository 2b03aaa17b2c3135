/** The reverse of a JSON pointer: puts values where it points, making what is on the way. */
type Doc = Record<string, unknown>

/** `/data/ids/*` takes them all as an array, any other pointer the first. */
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
