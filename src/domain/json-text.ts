/** JSON of others, read. */

/** Undefined: it is none. Integers that JavaScript would round become text: ids are compared, never calculated with. */
export function parseJson(bytes: Uint8Array | string): unknown {
  const text = typeof bytes === 'string' ? withoutMark(bytes) : new TextDecoder().decode(bytes)
  try {
    const value: unknown = JSON.parse(text)
    return LONG_INTEGER.test(text) ? parseExactly(text) : value
  } catch {
    return undefined
  }
}

/** A byte order mark is no part of the text (RFC 8259 section 8.1). */
export function withoutMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text
}

/** Undefined: it is not UTF-8. A byte order mark stays. */
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
