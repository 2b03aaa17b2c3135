/** JSON of others, read. */

/** Undefined: it is none. Integers that JavaScript would round become text: ids are compared, never calculated with. */
export function parseJson(bytes: Uint8Array | string): unknown {
  const text = typeof bytes === 'string' ? bytes : new TextDecoder().decode(bytes)
  try {
    const value: unknown = JSON.parse(text)
    return LONG_INTEGER.test(text) ? parseExactly(text) : value
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
