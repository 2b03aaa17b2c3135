/** The form of clients' tokens: `hgw_`, 32 random bytes and a checksum. A mistyped token is refused without a lookup. */
import * as z from 'zod/mini'
import type { JobLimits } from '#domain/limits/share.ts'
import { toBase64Url } from '#domain/text/base64.ts'
import { fnv, hexHash } from '#domain/text/hash.ts'

const ALPHABET = /^hgw_([A-Za-z0-9_-]{43})([0-9a-f]{8})$/
const ACCESS_KEY = /^hga_([0-9a-f]{64})([0-9a-f]{8})$/

export const SCOPES = ['full', 'use'] as const
export type Scope = (typeof SCOPES)[number]

export const SUBSCRIPTIONS = ['active', 'lapsed'] as const

/** What a creation gets when all accounts are full: 429, or a place in the line. */
export const WHEN_FULL = ['refuse', 'queue'] as const

/** Kinds of calls that a token may be limited to. */
export const CALL_KINDS = ['read', 'write', 'uploads', 'jobs', 'speech', 'sessions'] as const
export type CallKind = (typeof CALL_KINDS)[number]

/** The limits on requests that there are: each has a binding of its own, whose limit stands in wrangler.toml. */
export const REQUESTS_PER_MINUTE = [30, 60, 120, 300, 600, 1200] as const

export const SEES = ['all', 'own'] as const

export const tokenRecord = z.object({
  id: z.string(),
  hash: z.string(),
  /** The tenant's id, which is not always its name (tenant.ts). */
  tenant: z.string(),
  name: z.string(),
  scope: z.enum(SCOPES),
  subscription: z.enum(SUBSCRIPTIONS),
  createdAt: z.number(),
  expiresAt: z.nullable(z.number()),
  /** How often it was changed, so that an older copy is known as one. Absent: not since this is counted. */
  changes: z.optional(z.number()),
  /** The secret of the token's key pair, sealed. For clients that sign their tokens (signed-token.ts). Absent on older tokens. */
  secretKey: z.optional(z.string()),
  /** The tenant's default, copied here so that a creation need not read the tenant. */
  replyUrl: z.optional(z.nullable(z.string())),
  /** What follows is set by the operator. Absent: no limit, and the default that docs/rfc/0009-queue.md names. */
  whenFull: z.optional(z.enum(WHEN_FULL)),
  /** 1 to 100, 10 if absent: the token's share of the line. */
  weight: z.optional(z.number()),
  /** 1 to 5, 3 if absent: the best priority that counts between tokens. */
  maxPriority: z.optional(z.number()),
  /** How many creations may wait. */
  maxQueued: z.optional(z.number()),
  /** How many jobs may run at once. */
  maxConcurrent: z.optional(z.number()),
  /** How many jobs may start in a day (UTC). */
  jobsPerDay: z.optional(z.number()),
  /** One of REQUESTS_PER_MINUTE. */
  requestsPerMinute: z.optional(z.number()),
  /** The kinds of calls that it may make. */
  routes: z.optional(z.array(z.enum(CALL_KINDS))),
  /** `own`: the token sees only what was made with it. Absent: all of its tenant. */
  sees: z.optional(z.enum(SEES)),
  /** Ids of its tenant that a token with `sees: own` may use too. */
  grants: z.optional(z.array(z.string())),
})

export type TokenRecord = z.infer<typeof tokenRecord>

/** What the operator may set and take away again. */
export const LIMIT_FIELDS = [
  'whenFull',
  'weight',
  'maxPriority',
  'maxQueued',
  'maxConcurrent',
  'jobsPerDay',
  'requestsPerMinute',
  'routes',
] as const
export type TokenLimits = Pick<TokenRecord, (typeof LIMIT_FIELDS)[number]>

/** The limits that are set. */
export function limitsOf(token: TokenLimits): TokenLimits {
  const set = LIMIT_FIELDS.filter((field) => token[field] !== undefined)
  return Object.fromEntries(set.map((field) => [field, token[field]]))
}

/** Whose share of jobs a creation takes, and its limits. Undefined: the token has no limit on jobs. */
export function shareOf({
  id,
  maxConcurrent,
  jobsPerDay,
}: TokenRecord): { token: string; limits: JobLimits } | undefined {
  if (maxConcurrent === undefined && jobsPerDay === undefined) return undefined
  return {
    token: id,
    limits: {
      ...(maxConcurrent === undefined ? {} : { maxConcurrent }),
      ...(jobsPerDay === undefined ? {} : { jobsPerDay }),
    },
  }
}

/** Who makes a request. The operator who names a tenant has a record too, with an id and a hash that no token has. */
export type Caller = TokenRecord & { isOperator?: true }

export interface TenantRecord {
  id: string
  name: string
  replyUrl: string | null
  createdAt: number
}

/** The operator as a caller with the scope full of this tenant. */
export function operatorOf({ id, replyUrl }: TenantRecord): Caller {
  const never = { createdAt: 0, expiresAt: null }
  const may = { scope: 'full', subscription: 'active' } as const
  return {
    id: 'operator',
    hash: '',
    tenant: id,
    name: 'operator',
    ...may,
    ...never,
    replyUrl,
    isOperator: true,
  }
}

type RandomBytes = (count: number) => Uint8Array

export function newToken(randomBytes: RandomBytes): string {
  const secret = toBase64Url(randomBytes(32))
  return `hgw_${secret}${fnv(secret)}`
}

export function isTokenForm(text: string): boolean {
  if (text.length !== 55) return false
  const [, secret, sum] = ALPHABET.exec(text) ?? []
  return secret !== undefined && fnv(secret) === sum
}

/** The public half of a token's key pair. It contains the token's hash, so the token is found by it. */
export function accessKeyOf(hash: string): string {
  return `hga_${hash}${fnv(hash)}`
}

/** The token's hash; undefined: the text is not an access key of this gateway. */
export function hashInAccessKey(text: string): string | undefined {
  const [, hash, sum] = ACCESS_KEY.exec(text) ?? []
  return hash !== undefined && fnv(hash) === sum ? hash : undefined
}

export function newSecretKey(randomBytes: RandomBytes): string {
  return `hgk_${toBase64Url(randomBytes(32))}`
}

/** The identity that a sealed secret key is bound to. */
export function pairSealName(tokenId: string): string {
  return `token-pair/${tokenId}`
}

/** Only the hash of a token is stored. */
export const hashToken = hexHash

/** `prefix_` and 16 random hex digits. Not a secret. */
export function newRecordId(prefix: string, randomBytes: RandomBytes): string {
  return `${prefix}_${Array.from(randomBytes(8), (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}
