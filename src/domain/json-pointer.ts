/** JSON pointers (RFC 6901) with `*` for every member of an array or object. No escapes are needed by our tables. */

/** Every value found, in document order; an empty list when nothing is there. */
export function valuesAt(document: unknown, pointer: string): unknown[] {
  let found: unknown[] = [document]
  for (const key of pointer.split('/').slice(1)) found = found.flatMap((value) => step(value, key))
  return found.filter((value) => value !== undefined)
}

function step(value: unknown, key: string): unknown[] {
  if (typeof value !== 'object' || value === null) return []
  if (key === '*') return Object.values(value)
  return Object.hasOwn(value, key) ? [(value as Record<string, unknown>)[key]] : []
}

/** Non-empty strings (and numbers as text) at a pointer, one after the other: whoever has enough of them stops. */
export function* textsIn(document: unknown, pointer: string): Generator<string> {
  yield* textsBelow(document, pointer.split('/').slice(1), 0)
}

function* textsBelow(value: unknown, keys: readonly string[], depth: number): Generator<string> {
  const key = keys[depth]
  if (key === undefined) {
    const isText = typeof value === 'string' || typeof value === 'number'
    if (isText && value !== '') yield String(value)
    return
  }
  if (typeof value !== 'object' || value === null) return
  if (key !== '*') {
    if (Object.hasOwn(value, key)) {
      yield* textsBelow((value as Record<string, unknown>)[key], keys, depth + 1)
    }
    return
  }
  for (const member of Object.values(value)) yield* textsBelow(member, keys, depth + 1)
}

export function valueAt(document: unknown, pointer: string): unknown {
  return valuesAt(document, pointer)[0]
}

/** Non-empty strings (and numbers as text) at a pointer. */
export function textsAt(document: unknown, pointer: string): string[] {
  return valuesAt(document, pointer)
    .filter((value) => typeof value === 'string' || typeof value === 'number')
    .map(String)
    .filter((text) => text !== '')
}

export function textAt(document: unknown, pointer: string): string | undefined {
  return textsAt(document, pointer)[0]
}
