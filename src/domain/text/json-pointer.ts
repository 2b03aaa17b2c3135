/** Reads JSON by pointers (RFC 6901) in which `*` means every member. Escapes are not supported, because no route table needs them. */

/** Every value at the pointer, in document order. */
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

const MEMBERS_MAX = 5000

/** The first texts at the pointer. At each star only this many members are visited, so a document of megabytes stays cheap. */
export function firstTextsAt(document: unknown, pointer: string, most: number): string[] {
  const found: string[] = []
  const into = { found, most, members: MEMBERS_MAX }
  if (most > 0) collectTexts(document, pointer.split('/').slice(1), 0, into)
  return found
}

/** Returns true when there are enough. */
function collectTexts(
  value: unknown,
  keys: readonly string[],
  depth: number,
  into: { found: string[]; most: number; members: number }
): boolean {
  const key = keys[depth]
  if (key === undefined) {
    const isText = typeof value === 'string' || typeof value === 'number'
    if (isText && value !== '') into.found.push(String(value))
    return into.found.length >= into.most
  }
  if (typeof value !== 'object' || value === null) return false
  if (key !== '*') {
    const members = value as Record<string, unknown>
    return Object.hasOwn(value, key) && collectTexts(members[key], keys, depth + 1, into)
  }
  const all: unknown[] = Array.isArray(value) ? value : Object.values(value)
  return all.some((member) => {
    into.members -= 1
    return into.members < 0 || collectTexts(member, keys, depth + 1, into)
  })
}

/** The first value at the pointer. A pointer without stars is walked without any list, because lists have thousands of rows. */
export function valueAt(document: unknown, pointer: string): unknown {
  if (pointer.includes('*')) return valuesAt(document, pointer)[0]
  let value = document
  for (let at = 0; at < pointer.length && value !== undefined;) {
    const slash = pointer.indexOf('/', at + 1)
    const end = slash === -1 ? pointer.length : slash
    value = memberOf(value, pointer.slice(at + 1, end))
    at = end
  }
  return value
}

function memberOf(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
  return (value as Record<string, unknown>)[key]
}

/** Non-empty strings at a pointer, and numbers as text. */
export function textsAt(document: unknown, pointer: string): string[] {
  if (!pointer.includes('*')) {
    const text = textAt(document, pointer)
    return text === undefined ? [] : [text]
  }
  return valuesAt(document, pointer)
    .filter((value) => typeof value === 'string' || typeof value === 'number')
    .map(String)
    .filter((text) => text !== '')
}

export function textAt(document: unknown, pointer: string): string | undefined {
  if (pointer.includes('*')) return textsAt(document, pointer)[0]
  const value = valueAt(document, pointer)
  const isText = (typeof value === 'string' && value !== '') || typeof value === 'number'
  return isText ? String(value) : undefined
}
