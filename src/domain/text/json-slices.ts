/**
 * Changes JSON text in place. Values are found by pointer as slices of the text and replaced there, so that numbers beyond
 * 2^53 and the provider's own formatting survive. The text must be valid JSON. Invalid text ends the search; it never hangs.
 */
import { closingQuote } from './json-text.ts'

export interface Slice {
  start: number
  end: number
}

export interface Edit extends Slice {
  text: string
}

/** The value at a pointer without stars. Undefined: it is not there. */
export function sliceAt(text: string, pointer: string): Slice | undefined {
  const start = startAt(text, pointer)
  return start === undefined ? undefined : { start, end: endOfValue(text, start) }
}

/** Where the value at a pointer without stars begins. */
export function startAt(text: string, pointer: string): number | undefined {
  let start: number | undefined = skipSpace(text, 0)
  for (const key of pointer.split('/').slice(1)) {
    if (start === undefined || text[start] !== '{') return undefined
    start = memberOf(text, start, key)?.start
  }
  return start
}

/** Every value at a pointer with stars. If an object has several members of one name, all of them count. */
export function slicesAt(text: string, pointer: string): Slice[] {
  let found: Slice[] = [{ start: skipSpace(text, 0), end: text.length }]
  for (const key of pointer.split('/').slice(1)) {
    found = found.flatMap(({ start }) => stepInto(text, start, key))
  }
  return found
}

function stepInto(text: string, start: number, key: string): Slice[] {
  if (text[start] === '[') return key === '*' ? elementsAt(text, start) : []
  if (text[start] !== '{') return []
  const found: Slice[] = []
  for (const member of membersOf(text, start)) {
    if (key === '*' || isNamed(text, member, key)) found.push(member.value)
  }
  return found
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

/**
 * The edit that sets a member of an object: replaces its value, or adds the member in front, with missing objects around
 * it. Undefined: the place for it is not an object.
 */
export function memberEdit(text: string, pointer: string, json: string): Edit | undefined {
  const found = sliceAt(text, pointer)
  if (found) return { ...found, text: json }
  const at = pointer.lastIndexOf('/')
  const [around, name] = [pointer.slice(0, at), pointer.slice(at + 1)]
  const holder = sliceAt(text, around)
  if (!holder) return around === '' ? undefined : memberEdit(text, around, memberText(name, json))
  if (around !== '' && text.slice(holder.start, holder.end) === 'null') {
    return { ...holder, text: memberText(name, json) }
  }
  if (text[holder.start] !== '{') return undefined
  const inside = skipSpace(text, holder.start + 1)
  const comma = text[inside] === '}' ? '' : ','
  const start = holder.start + 1
  return { start, end: start, text: `${JSON.stringify(name)}:${json}${comma}` }
}

function memberText(name: string, json: string): string {
  return `{${JSON.stringify(name)}:${json}}`
}

/**
 * Sets the member at a pointer without stars. Undefined: the place for it is not an object. If there are several members of
 * the name, the last one counts, as for JSON.parse. The others are removed, because another parser may read the first one.
 */
export function putMember(text: string, pointer: string, json: string): string | undefined {
  const single = withoutRepeats(text, pointer)
  const edit = memberEdit(single, pointer, json)
  return edit && splice(single, [edit])
}

/** Sets the member as `putMember` does, but only if it exists. */
export function replaceMember(text: string, pointer: string, json: string): string {
  return sliceAt(text, pointer) ? (putMember(text, pointer, json) ?? text) : text
}

/** Removes all members of the name, with the commas that they leave. */
export function withoutMember(text: string, pointer: string): string {
  const single = withoutRepeats(text, pointer)
  const parent = sliceAt(single, pointer.slice(0, pointer.lastIndexOf('/')))
  if (!parent || single[parent.start] !== '{') return single
  const name = pointer.slice(pointer.lastIndexOf('/') + 1)
  let before: Member | undefined
  let found: Member | undefined
  for (const member of membersOf(single, parent.start)) {
    if (found) return cut(single, found.start, member.start)
    if (isNamed(single, member, name)) found = member
    else before = member
  }
  // After the last member that stays, the comma before it is removed too.
  return found ? cut(single, before?.value.end ?? found.start, found.value.end) : single
}

function cut(text: string, start: number, end: number): string {
  return splice(text, [{ start, end, text: '' }])
}

/** Removes all but the last member of each name along a pointer, each up to the next member. */
function withoutRepeats(text: string, pointer: string): string {
  let single = text
  let at = ''
  for (const name of pointer.split('/').slice(1)) {
    const parent = sliceAt(single, at)
    if (!parent || single[parent.start] !== '{') return single
    single = splice(single, repeatsIn(single, parent.start, name))
    at += `/${name}`
  }
  return single
}

function repeatsIn(text: string, objectStart: number, name: string): Edit[] {
  const last = memberOf(text, objectStart, name)
  const edits: Edit[] = []
  let repeat: Member | undefined
  for (const member of membersOf(text, objectStart)) {
    if (repeat) noteCut(edits, repeat.start, member.start)
    const isRepeat = member.value.start !== last?.start && isNamed(text, member, name)
    repeat = isRepeat ? member : undefined
  }
  return edits
}

/** Adds a cut, and joins it with the previous one if they touch. */
function noteCut(edits: Edit[], start: number, end: number): void {
  const last = edits.at(-1)
  if (last?.end === start) last.end = end
  else edits.push({ start, end, text: '' })
}

interface Member {
  /** Where the member's name starts, with its quotes. */
  start: number
  nameEnd: number
  value: Slice
}

/** A generator, because an object may have millions of members. */
function* membersOf(text: string, objectStart: number): Generator<Member> {
  let at = skipSpace(text, objectStart + 1)
  while (at < text.length && text[at] !== '}') {
    const nameEnd = endOfString(text, at)
    const start = skipSpace(text, skipSpace(text, nameEnd) + 1)
    const end = endOfValue(text, start)
    if (end <= start) return
    yield { start: at, nameEnd, value: { start, end } }
    at = skipSpace(text, end)
    if (text[at] === ',') at = skipSpace(text, at + 1)
  }
}

function isNamed(text: string, { start, nameEnd }: Member, name: string): boolean {
  const raw = text.slice(start, nameEnd)
  return raw === JSON.stringify(name) || (raw.includes('\\') && JSON.parse(raw) === name)
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

/** The value of a member. Of two members with one name the later one counts. */
function memberOf(text: string, objectStart: number, key: string): Slice | undefined {
  let found: Slice | undefined
  for (const member of membersOf(text, objectStart)) {
    if (isNamed(text, member, key)) found = member.value
  }
  return found
}

function endOfValue(text: string, start: number): number {
  const first = text[start]
  if (first === '"') return endOfString(text, start)
  if (first !== '{' && first !== '[') return endOfWord(text, start)
  let depth = 0
  for (let at = start; at < text.length; at += 1) {
    const char = text.charCodeAt(at)
    if (char === QUOTE) at = endOfString(text, at) - 1
    else if (char === BRACE || char === BRACKET) depth += 1
    else if (char === BRACE_END || char === BRACKET_END) {
      depth -= 1
      if (depth === 0) return at + 1
    }
  }
  return text.length
}

const [QUOTE, BRACKET, BRACKET_END, BRACE, BRACE_END] = [34, 91, 93, 123, 125]

function endOfString(text: string, start: number): number {
  return closingQuote(text, start) + 1
}

function endOfWord(text: string, start: number): number {
  return indexFrom(text, WORD_END, start)
}

function skipSpace(text: string, start: number): number {
  // The usual case: no space.
  return text.charCodeAt(start) > SPACE ? start : indexFrom(text, NO_SPACE, start)
}

const SPACE = 32
const WORD_END = /[\s,\]}]/g
const NO_SPACE = /\S/g

/** `form` has the flag `g`, so it can start anywhere. */
function indexFrom(text: string, form: RegExp, start: number): number {
  form.lastIndex = start
  return form.exec(text)?.index ?? text.length
}
