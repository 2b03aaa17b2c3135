/**
 * The form of a stream token, which a browser gets instead of the provider's: `hgs_` and sealed text that names the account.
 * It is valid on the streaming paths only and ends with the gateway token that it was made with.
 */
import * as z from 'zod/mini'
import { fromUrlText, toUrlText } from '#domain/access/sealed-text.ts'

const PREFIX = 'hgs_'
/** The vault's form: key id, nonce, sealed text. Only the last two are base64. */
const FORM = /^hgs_[\w-]+\.[\w-]{16}\.[\w-]{32,8000}$/

const streamToken = z.object({
  provider: z.string(),
  tenant: z.string(),
  email: z.string(),
  /** The hash of the gateway token with which the stream token was made. Absent on tokens of older versions. */
  tokenHash: z.optional(z.string()),
  /** The provider's own token. */
  token: z.string(),
  /** Epoch ms. */
  endsAt: z.number(),
})

export type StreamToken = z.infer<typeof streamToken>

/** The stream token. It is safe in a header, and in a query without escaping, because the published SDK does not escape it. */
export function toStreamToken(sealed: string): string {
  return PREFIX + toUrlText(sealed)
}

/** The sealed text. Undefined: this is no stream token. */
export function toSealed(text: string): string | undefined {
  return FORM.test(text) ? fromUrlText(text.slice(PREFIX.length)) : undefined
}

export function parseStreamToken(text: string): StreamToken {
  return streamToken.parse(JSON.parse(text))
}

const STRING = /"(?:[^"\\]|\\.)*"/g

/** Replaces one string value in JSON text. Every other byte stays. */
export function replaceString(json: string, value: string, other: string): string {
  return json.replaceAll(STRING, (literal) =>
    isText(literal, value) ? JSON.stringify(other) : literal
  )
}

function isText(literal: string, value: string): boolean {
  try {
    return JSON.parse(literal) === value
  } catch {
    return false
  }
}

/** Replaces the value of one query parameter, however its name is encoded. The rest stays. */
export function replaceParam(search: string, name: string, value: string): string {
  const pairs = search.replace(/^\?/, '').split('&')
  const replaced = pairs.map((pair) =>
    new URLSearchParams(pair).has(name) ? `${name}=${encodeURIComponent(value)}` : pair
  )
  return `?${replaced.join('&')}`
}
