/**
 * Tokens signed with a key pair (JWT, RFC 7519, HS256 only). The gateway makes them for providers and checks those of
 * clients.
 */
import * as z from 'zod/mini'
import { fromBase64Url, toBase64Url, type Bytes } from '#domain/text/base64.ts'
import { parseJson, readUtf8 } from '#domain/text/json-text.ts'

/** Allowed difference between clocks (RFC 7519 section 4.1.4). */
const TOLERANCE_SECONDS = 60
/** The longest accepted lifetime. Clients sign a new token every half hour; one that is valid for years could not be revoked. */
const LIFE_SECONDS_MAX = 24 * 3600
const FORM = /^([\w-]{10,1000})\.([\w-]{10,4000})\.([\w-]{43})$/
const HMAC = { name: 'HMAC', hash: 'SHA-256' }

/** Another algorithm, or an extension that must be understood (RFC 7515 section 4.1.11), is refused. */
const header = z.object({ alg: z.literal('HS256'), crit: z.optional(z.undefined()) })
const claims = z.object({
  iss: z.string(),
  /** Seconds. */
  exp: z.number(),
  nbf: z.optional(z.number()),
})

export type SignedClaims = Required<z.infer<typeof claims>>

export async function signToken({ iss, exp, nbf }: SignedClaims, secret: string): Promise<string> {
  const signed = [
    { alg: 'HS256', typ: 'JWT' },
    { iss, exp, nbf },
  ]
    .map((part) => toBase64Url(toBytes(JSON.stringify(part))))
    .join('.')
  const mac = await crypto.subtle.sign('HMAC', await keyOf(secret), toBytes(signed))
  return `${signed}.${toBase64Url(new Uint8Array(mac))}`
}

/** The issuer that the token names; undefined: not a token of this kind. The signature is not checked. */
export function issuerOf(token: string): string | undefined {
  return read(token)?.iss
}

/** `forged`: not signed with the secret, or without an expiry. `early`, `expired`, `long`: signed, but not valid now. */
export type SignedState = 'good' | 'forged' | 'early' | 'expired' | 'long'

/** The signature is checked before the times. */
export async function stateOfSigned(
  token: string,
  secret: string,
  now: number
): Promise<SignedState> {
  const said = read(token)
  if (!said || !(await isSigned(token, secret))) return 'forged'
  const seconds = now / 1000
  if (said.nbf !== undefined && said.nbf > seconds + TOLERANCE_SECONDS) return 'early'
  if (said.exp <= seconds - TOLERANCE_SECONDS) return 'expired'
  return said.exp > seconds + LIFE_SECONDS_MAX + TOLERANCE_SECONDS ? 'long' : 'good'
}

/** What the token says of itself; undefined: it has another form. */
function read(token: string): z.infer<typeof claims> | undefined {
  const [, head = '', body = ''] = FORM.exec(token) ?? []
  if (!header.safeParse(jsonIn(head)).success) return undefined
  return claims.safeParse(jsonIn(body)).data
}

function jsonIn(part: string): unknown {
  try {
    return parseJson(readUtf8(fromBase64Url(part)) ?? '')
  } catch {
    return undefined
  }
}

/** Compares in constant time. */
async function isSigned(token: string, secret: string): Promise<boolean> {
  const end = token.lastIndexOf('.')
  const mac = fromBase64Url(token.slice(end + 1))
  return crypto.subtle.verify('HMAC', await keyOf(secret), mac, toBytes(token.slice(0, end)))
}

function keyOf(secret: string): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', toBytes(secret), HMAC, false, ['sign', 'verify'])
}

function toBytes(text: string): Bytes {
  return new TextEncoder().encode(text)
}
