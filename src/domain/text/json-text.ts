/** Parses JSON of clients and providers safely: depth and size have limits. */

/** Limits far above any real body. Without them, 2 MB of brackets take seconds to parse, and 16 MB of `{}` exceed the memory. */
const NESTED_MAX = 500
const VALUES_MAX = 1_000_000

/**
 * Undefined: the text is not JSON, or beyond the limits. Integers that JavaScript would round become text: ids are compared
 * and never calculated with.
 */
export function parseJson(bytes: Uint8Array | string): unknown {
  const text = typeof bytes === 'string' ? withoutMark(bytes) : new TextDecoder().decode(bytes)
  if (isOutsize(text)) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return LONG_INTEGER.test(text) ? parseExactly(text) : value
  } catch {
    return undefined
  }
}

/** Visits every character once and skips strings. */
function isOutsize(text: string): boolean {
  let depth = 0
  let values = 0
  for (let at = text.length > NESTED_MAX ? 0 : text.length; at < text.length; at += 1) {
    const char = text.charCodeAt(at)
    if (char === QUOTE) at = closingQuote(text, at)
    else if (char === COMMA) values += 1
    else if (char === BRACKET || char === BRACE) {
      depth += 1
      values += 1
    } else if (char === BRACKET_END || char === BRACE_END) depth -= 1
    if (depth > NESTED_MAX || values > VALUES_MAX) return true
  }
  return false
}

const [QUOTE, COMMA, BRACKET, BRACKET_END, BRACE, BRACE_END] = [34, 44, 91, 93, 123, 125]
const BACKSLASH = 92

/** Where the string that opens at `start` is closed; the length of the text: nowhere. */
export function closingQuote(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let before = at - 1
    while (text.charCodeAt(before) === BACKSLASH) before -= 1
    if ((at - before) % 2 === 1) return at
  }
  return text.length
}

/** Removes a byte order mark, which is not part of the text (RFC 8259 section 8.1). */
export function withoutMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text
}

/** Undefined: the bytes are not UTF-8. A byte order mark stays. */
export function readUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

const LONG_INTEGER = /[:[,\s]-?\d{16,}\s*[,\]}]/

function parseExactly(text: string): unknown {
  const parse = JSON.parse as (text: string, reviver: Reviver) => unknown
  return parse(text, (_, value, context) => {
    const isRounded = typeof value === 'number' && !Number.isSafeInteger(value)
    return isRounded && /^-?\d+$/.test(context.source ?? '') ? context.source : value
  })
}

type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown
