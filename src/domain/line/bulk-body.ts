/**
 * Finds the items in the body of a bulk call: a JSON array, or one object on each line. Nothing is decoded: the items are slices of
 * the bytes. So a body of 16 MiB is held once, and beside it only what is being worked on. A body that breaks off inside an array is
 * refused whole, before anything was queued.
 */

export const BULK_BYTES_MAX = 16 * 1024 * 1024
const ITEMS_MAX = 1000

/** Byte offsets. */
export interface ByteSlice {
  start: number
  end: number
}

export type BulkBody =
  | { ok: true; items: ByteSlice[] }
  | { ok: false; code: 'bad_request' | 'too_large'; message: string }

const FORM = 'The body must be a JSON array, or one JSON object on each line.'
const TOO_MANY: BulkBody = {
  ok: false,
  code: 'too_large',
  message: 'The body may have up to 1,000 items.',
}

const [TAB, LINE_FEED, RETURN, SPACE] = [9, 10, 13, 32]
const [QUOTE, COMMA, BRACKET, BACKSLASH, BRACKET_END, BRACE, BRACE_END] = [
  34, 44, 91, 92, 93, 123, 125,
]
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf]

/** The first byte decides and not the content type: no line of the other form can begin with a bracket. */
export function splitBulk(bytes: Uint8Array): BulkBody {
  const hasMark = BYTE_ORDER_MARK.every((byte, index) => bytes[index] === byte)
  const start = skipSpace(bytes, hasMark ? BYTE_ORDER_MARK.length : 0)
  if (bytes[start] === BRACKET) return splitArray(bytes, start)
  return bytes[start] === BRACE ? splitLines(bytes, start) : wrong(FORM)
}

function splitLines(bytes: Uint8Array, from: number): BulkBody {
  const items: ByteSlice[] = []
  for (let at = from; at < bytes.length;) {
    const found = bytes.indexOf(LINE_FEED, at)
    const lineEnd = found === -1 ? bytes.length : found
    const item = trimmed(bytes, at, lineEnd)
    if (item.end > item.start) items.push(item)
    if (items.length > ITEMS_MAX) return TOO_MANY
    at = lineEnd + 1
  }
  return { ok: true, items }
}

/** What is inside an item is not looked at. Each is checked by itself. */
function splitArray(bytes: Uint8Array, open: number): BulkBody {
  const items: ByteSlice[] = []
  let at = skipSpace(bytes, open + 1)
  if (bytes[at] === BRACKET_END) return endOfArray(bytes, at, items)
  for (;;) {
    const end = endOfElement(bytes, at)
    const item = trimmed(bytes, at, end)
    if (end >= bytes.length) return wrong('The array in the body is not closed.')
    if (item.end === item.start || bytes[end] === BRACE_END) return wrong(FORM)
    items.push(item)
    if (items.length > ITEMS_MAX) return TOO_MANY
    if (bytes[end] === BRACKET_END) return endOfArray(bytes, end, items)
    at = end + 1
  }
}

function endOfArray(bytes: Uint8Array, close: number, items: ByteSlice[]): BulkBody {
  const rest = skipSpace(bytes, close + 1)
  return rest < bytes.length ? wrong(FORM) : { ok: true, items }
}

/** The comma or the closing bracket after the element that starts here. */
function endOfElement(bytes: Uint8Array, start: number): number {
  let depth = 0
  for (let at = start; at < bytes.length; at += 1) {
    const byte = bytes[at]
    if (byte === QUOTE) at = closingQuote(bytes, at)
    else if (byte === BRACE || byte === BRACKET) depth += 1
    else if (depth === 0 && (byte === COMMA || byte === BRACKET_END || byte === BRACE_END))
      return at
    else if (byte === BRACE_END || byte === BRACKET_END) depth -= 1
  }
  return bytes.length
}

function closingQuote(bytes: Uint8Array, open: number): number {
  for (let at = bytes.indexOf(QUOTE, open + 1); at !== -1; at = bytes.indexOf(QUOTE, at + 1)) {
    let before = at - 1
    while (bytes[before] === BACKSLASH) before -= 1
    if ((at - before) % 2 === 1) return at
  }
  return bytes.length
}

function trimmed(bytes: Uint8Array, from: number, to: number): ByteSlice {
  const start = Math.min(skipSpace(bytes, from), to)
  let end = to
  while (end > start && isSpace(bytes[end - 1])) end -= 1
  return { start, end }
}

function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from
  while (at < bytes.length && isSpace(bytes[at])) at += 1
  return at
}

function isSpace(byte: number | undefined): boolean {
  return byte === SPACE || byte === LINE_FEED || byte === RETURN || byte === TAB
}

function wrong(message: string): BulkBody {
  return { ok: false, code: 'bad_request', message }
}
