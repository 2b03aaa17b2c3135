/**
 * What a browser holds instead of the provider's streaming token: `hgs_` and a sealed text that names the account. It
 * is opened, never looked up, good on the streaming paths alone, and ends with the gateway token that made it. Pure forms; flows/stream-token.ts seals and opens.
 */
import * as z from 'zod'
import { fromUrlText, toUrlText } from '#domain/access/sealed-text.ts'

const PREFIX = 'hgs_'
/** What the vault writes: key id, nonce, text. Only the last two are base64. */
const FORM = /^hgs_[\w-]+\.[\w-]{16}\.[\w-]{32,8000}$/

const streamToken = z.object({
  provider: z.string(),
  tenant: z.string(),
  email: z.string(),
  /** Of the gateway token that made it. Absent on those from before it was kept. */
  tokenHash: z.string().optional(),
  /** The provider's own. */
  token: z.string(),
  /** Epoch ms. */
  endsAt: z.number(),
})

export type StreamToken = z.infer<typeof streamToken>

/** Fit for a header and, as the published SDK puts it there unescaped, for a query. */
export function toStreamToken(sealed: string): string {
  return PREFIX + toUrlText(sealed)
}

/** The vault's text again; undefined: this is no stream token. */
export function toSealed(text: string): string | undefined {
  return FORM.test(text) ? fromUrlText(text.slice(PREFIX.length)) : undefined
}

export function parseStreamToken(text: string): StreamToken {
  return streamToken.parse(JSON.parse(text))
}

const STRING = /"(?:[^"\\]|\\.)*"/g

/** JSON text with one string value put in the place of another. Everything else stays as it is, byte by byte. */
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

/** A query with another value for one name, whichever way the name is encoded. The rest stays as it is. */
export function replaceParam(search: string, name: string, value: string): string {
  const pairs = search.replace(/^\?/, '').split('&')
  const replaced = pairs.map((pair) =>
    new URLSearchParams(pair).has(name) ? `${name}=${encodeURIComponent(value)}` : pair
  )
  return `?${replaced.join('&')}`
}
