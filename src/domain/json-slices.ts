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

/** Every value at a pointer in which `*` stands for every member; of members with one name all of them. */
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
  const members = membersOf(text, start).filter(({ name }) => key === '*' || name === key)
  return members.map(({ value }) => value)
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
 * The edit that gives an object a member: its value is replaced, or the member is put in front, with the objects around
 * it that are missing or null. Undefined: what should hold it is no object.
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

/** Every member of that name at a pointer without stars gets another value; the text comes back when there is none. */
export function replaceMember(text: string, pointer: string, value: string): string {
  const edits = membersAt(text, pointer).map(({ value: slice }) => ({ ...slice, text: value }))
  return splice(text, edits)
}

/** The members of that name, and the commas that they leave, are cut out. */
export function withoutMember(text: string, pointer: string): string {
  const cut = pointer.lastIndexOf('/')
  const name = pointer.slice(cut + 1)
  const parent = sliceAt(text, pointer.slice(0, cut))
  if (!parent || text[parent.start] !== '{') return text
  const members = membersOf(text, parent.start)
  const lastKept = members.findLastIndex((member) => member.name !== name)
  const edits = members.flatMap((member, index) => {
    if (member.name !== name || index > lastKept) return []
    return [{ start: member.start, end: members[index + 1]?.start ?? member.value.end, text: '' }]
  })
  const last = members.at(-1)
  if (!last || lastKept === members.length - 1) return splice(text, edits)
  // Behind the last one that stays, all go with the comma before them.
  const from = members[lastKept]?.value.end ?? members[0]?.start ?? last.start
  return splice(text, [...edits, { start: from, end: last.value.end, text: '' }])
}

interface Member {
  /** Where its name begins. */
  start: number
  value: Slice
}

function membersAt(text: string, pointer: string): Member[] {
  const cut = pointer.lastIndexOf('/')
  const parent = sliceAt(text, pointer.slice(0, cut))
  const found = parent && text[parent.start] === '{' ? membersOf(text, parent.start) : []
  return found.filter(({ name }) => name === pointer.slice(cut + 1))
}

function membersOf(text: string, objectStart: number): (Member & { name: unknown })[] {
  const members: (Member & { name: unknown })[] = []
  let at = skipSpace(text, objectStart + 1)
  while (at < text.length && text[at] !== '}') {
    const nameEnd = endOfString(text, at)
    const start = skipSpace(text, skipSpace(text, nameEnd) + 1)
    const end = endOfValue(text, start)
    if (end <= start) return members
    const name: unknown = JSON.parse(text.slice(at, nameEnd))
    members.push({ start: at, value: { start, end }, name })
    at = skipSpace(text, end)
    if (text[at] === ',') at = skipSpace(text, at + 1)
  }
  return members
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
  // Of two with one name the later counts, as it does for JSON.parse.
  return membersOf(text, objectStart).findLast(({ name }) => name === key)?.value
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
