/**
 * Who is calling. A token comes as `Authorization: Bearer`, on drop-in paths also as `X-Api-Key`. A malformed one is
 * refused without a look-up; failures are damped per address, so that guessing does not cost objects.
 */
import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import { AppError } from '#domain/errors.ts'
import { isSignedBy, issuerOf } from '#domain/signed-token.ts'
import {
  hashInAccessKey,
  hashToken,
  isTokenForm,
  pairSealName,
  type TokenRecord,
} from '#domain/token.ts'
import { CannotOpen } from '#domain/sealed-text.ts'
import { noteSealedAway, sealedAway } from '#flows/sealed-away.ts'
import { PROVIDERS } from '#providers/index.ts'
import type { AppEnv } from './app-env.ts'
import { surfaceOf } from './surface.ts'

const PAIR_SEALED_AWAY =
  'The key pair of this token cannot be opened: the master key that sealed it is not in MASTER_KEYS. The token itself still works; the operator can put the key back or make a new token.'

export const authenticate = createMiddleware<AppEnv>(async function authenticate(c, next) {
  c.set('caller', await identify(c))
  await next()
})

/** For what changes accounts, endpoints or secrets. */
export const fullScope = createMiddleware<AppEnv>(async function fullScope(c, next) {
  if (c.get('caller').scope !== 'full') {
    throw new AppError('forbidden', 'This token may use the accounts but not change them.')
  }
  await next()
})

export const authenticateAdmin = createMiddleware<AppEnv>(
  async function authenticateAdmin(c, next) {
    const expected = c.get('ports').settings.adminToken
    const given = bearerOf(c) ?? ''
    if (expected === undefined) c.get('ports').log('admin_token_missing_or_short')
    if (expected === undefined || !(await isSameSecret(given, expected))) throw await refusal(c)
    await next()
  }
)

export async function identify(c: Context<AppEnv>): Promise<TokenRecord> {
  const token = presented(c) ?? ''
  const isSigned = takesSigned(c) && !isTokenForm(token)
  const hash = isSigned ? hashInAccessKey(issuerOf(token) ?? '') : await hashOf(token)
  if (hash === undefined) throw await refusal(c)
  const { tokens, now } = c.get('ports')
  const record = await tokens.find(hash, () => isDamped(c))
  if (record === 'damped') throw tooMany()
  if (record && isSigned && !(await isSignedWith(c, token, record))) throw await refusal(c)
  if (!record || (record.expiresAt !== null && record.expiresAt <= now())) throw unauthorized()
  if (record.subscription !== 'active')
    throw new AppError('subscription_required', 'Subscription required')
  return record
}

async function hashOf(token: string): Promise<string | undefined> {
  return isTokenForm(token) ? hashToken(token) : undefined
}

/** Some providers' clients sign a token with a key pair; the pair belongs to a token of ours. */
function takesSigned(c: Context<AppEnv>): boolean {
  const surface = surfaceOf(c.req.path, PROVIDERS)
  return surface.kind === 'drop-in' && surface.provider.takesSignedTokens === true
}

async function isSignedWith(
  c: Context<AppEnv>,
  token: string,
  record: TokenRecord
): Promise<boolean> {
  const { vault, now } = c.get('ports')
  if (record.secretKey === undefined) return false
  const secret = await vault
    .open(pairSealName(record.id), record.secretKey)
    .catch((error: unknown) => {
      noteSealedAway(c.get('ports'), "token's key pair", error)
      throw error instanceof CannotOpen ? sealedAway(PAIR_SEALED_AWAY) : error
    })
  return isSignedBy(token, secret, now())
}

export function presented(c: Context<AppEnv>): string | undefined {
  const isDropIn = surfaceOf(c.req.path, PROVIDERS).kind === 'drop-in'
  return bearerOf(c) ?? (isDropIn ? c.req.header('x-api-key') : undefined)
}

function bearerOf(c: Context<AppEnv>): string | undefined {
  return /^Bearer +(\S+)\s*$/i.exec(c.req.header('authorization') ?? '')?.[1]
}

export async function refusal(c: Context<AppEnv>): Promise<AppError> {
  return (await isDamped(c)) ? tooMany() : unauthorized()
}

/** Counts one failure of this address. Without an address (local development) all share one. */
function isDamped(c: Context<AppEnv>): Promise<boolean> {
  return c.get('ports').isDamped(c.req.header('cf-connecting-ip') ?? 'unknown')
}

function unauthorized(): AppError {
  return new AppError('unauthorized', 'Unauthorized')
}

function tooMany(): AppError {
  const message = 'Too many failed authentications from this address. Try again in a minute.'
  return new AppError('too_many_failures', message, { retryAfterSeconds: 60 })
}

/** Hashed first: the comparison itself takes only equal lengths. */
async function isSameSecret(a: string, b: string): Promise<boolean> {
  const digest = (text: string) => crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  const [one, other] = await Promise.all([digest(a), digest(b)])
  return crypto.subtle.timingSafeEqual(one, other)
}
