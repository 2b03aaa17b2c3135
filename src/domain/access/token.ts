/** Tokens: `hgw_` + 32 random bytes + a checksum, so that a mistyped or invented one is refused without a look-up. */
import * as z from 'zod'
import { hexHash } from '#domain/text/hash.ts'

const ALPHABET = /^hgw_([A-Za-z0-9_-]{43})([0-9a-f]{8})$/
const ACCESS_KEY = /^hga_([0-9a-f]{64})([0-9a-f]{8})$/

export const SCOPES = ['full', 'use'] as const
export type Scope = (typeof SCOPES)[number]

export const SUBSCRIPTIONS = ['active', 'lapsed'] as const

export const tokenRecord = z.object({
  id: z.string(),
  hash: z.string(),
  /** Its id, which is not always its name (tenant.ts). */
  tenant: z.string(),
  name: z.string(),
  scope: z.enum(SCOPES),
  subscription: z.enum(SUBSCRIPTIONS),
  createdAt: z.number(),
  expiresAt: z.number().nullable(),
  /** Sealed; signs tokens of clients that can only sign. Absent on tokens from before there were pairs. */
  secretKey: z.string().optional(),
  /** The tenant's default, copied here so that a creation need not ask for it. */
  replyUrl: z.string().nullable().optional(),
})

export type TokenRecord = z.infer<typeof tokenRecord>

export interface TenantRecord {
  id: string
  name: string
  replyUrl: string | null
  createdAt: number
}

export function newToken(): string {
  const secret = base64Url(crypto.getRandomValues(new Uint8Array(32)))
  return `hgw_${secret}${checksum(secret)}`
}

export function isTokenForm(text: string): boolean {
  if (text.length !== 55) return false
  const [, secret, sum] = ALPHABET.exec(text) ?? []
  return secret !== undefined && checksum(secret) === sum
}

/** The public half of a token's key pair: its hash, so that it leads to the token as the token itself does. */
export function accessKeyOf(hash: string): string {
  return `hga_${hash}${checksum(hash)}`
}

/** The token's hash; undefined: this is no access key of ours. */
export function hashInAccessKey(text: string): string | undefined {
  const [, hash, sum] = ACCESS_KEY.exec(text) ?? []
  return hash !== undefined && checksum(hash) === sum ? hash : undefined
}

export function newSecretKey(): string {
  return `hgk_${base64Url(crypto.getRandomValues(new Uint8Array(32)))}`
}

/** What a secret key's sealed text is bound to. */
export function pairSealName(tokenId: string): string {
  return `token-pair/${tokenId}`
}

/** Of a token only this is stored. */
export const hashToken = hexHash

/** `prefix_` and 16 random hex digits: an id that is no secret. */
export function newId(prefix: string): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8))
  return `${prefix}_${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

/** FNV-1a, 32 bits: against typing errors, not against forgery. */
function checksum(text: string): string {
  let sum = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) {
    sum = Math.imul(sum ^ text.charCodeAt(index), 0x01000193)
  }
  return (sum >>> 0).toString(16).padStart(8, '0')
}

function base64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}
