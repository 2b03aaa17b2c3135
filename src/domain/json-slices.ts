/**
 * JSON text changed in place: values are found by pointer as slices of the text and replaced by splicing, so that
 * numbers beyond 2^53 and the provider's own spelling survive. The text must be valid JSON (it has been parsed once);
 * what is not valid ends the search, it never hangs.
 */
export interface Slice {
  start: number
  end: number
}

export interface Edit extends Slice {
  text: string
}

/** The value at a pointer without stars; undefined when it is not there. */
export function sliceAt(text: string, pointer: string): Slice | undefined {
  let at: Slice | undefined = { start: skipSpace(text, 0), end: text.length }
  for (const key of pointer.split('/').slice(1)) {
    at = at && text[at.start] === '{' ? memberOf(text, at.start, key) : undefined
  }
  return at && { start: at.start, end: endOfValue(text, at.start) }
}

/** The elements of the array that starts at `start`. */
export function elementsAt(text: string, start: number): Slice[] {
  if (text[start] !== '[') return []
  const found: Slice[] = []
  let at = skipSpace(text, start + 1)
  while (at < text.length && text[at] !== ']') {
    const end = endOfValue(text, at)
    if (end <= at) return found
    found.push({ start: at, end })
    at = skipSpace(text, end)
    if (text[at] === ',') at = skipSpace(text, at + 1)
  }
  return found
}

/** Edits must not overlap. */
export function splice(text: string, edits: readonly Edit[]): string {
  let result = ''
  let from = 0
  for (const edit of edits.toSorted((a, b) => a.start - b.start)) {
    result += text.slice(from, edit.start) + edit.text
    from = edit.end
  }
  return result + text.slice(from)
}

function memberOf(text: string, objectStart: number, key: string): Slice | undefined {
  let at = skipSpace(text, objectStart + 1)
  while (at < text.length && text[at] !== '}') {
    const nameEnd = endOfString(text, at)
    const name: unknown = JSON.parse(text.slice(at, nameEnd))
    const start = skipSpace(text, skipSpace(text, nameEnd) + 1)
    if (name === key) return { start, end: start }
    const end = endOfValue(text, start)
    if (end <= start) return undefined
    at = skipSpace(text, end)
    if (text[at] === ',') at = skipSpace(text, at + 1)
  }
  return undefined
}

function endOfValue(text: string, start: number): number {
  const first = text[start]
  if (first === '"') return endOfString(text, start)
  if (first !== '{' && first !== '[') return endOfWord(text, start)
  let depth = 0
  for (let at = start; at < text.length; at += 1) {
    const char = text[at]
    if (char === '"') at = endOfString(text, at) - 1
    else if (char === '{' || char === '[') depth += 1
    else if (char === '}' || char === ']') {
      depth -= 1
      if (depth === 0) return at + 1
    }
  }
  return text.length
}

function endOfString(text: string, start: number): number {
  let at = start + 1
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}

function endOfWord(text: string, start: number): number {
  let at = start
  while (at < text.length && !/[\s,\]}]/.test(text[at] ?? '')) at += 1
  return at
}

function skipSpace(text: string, start: number): number {
  let at = start
  while (at < text.length && /\s/.test(text[at] ?? '')) at += 1
  return at
}
