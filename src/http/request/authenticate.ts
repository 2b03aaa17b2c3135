/**
 * Finds the token of a request. It comes as `Authorization: Bearer`, on drop-in paths also as `X-Api-Key`. A malformed token
 * is refused without a lookup. Failures are limited per IP address, so that guessing cannot cause endless lookups. The operator
 * may act for a tenant: ADMIN_TOKEN with `X-Gateway-Tenant`.
 */
import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import { rateLimitKeyOf } from '#domain/access/client-address.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { RETRY_AFTER_SECONDS_MAX } from '#domain/text/retry-after.ts'
import { issuerOf, stateOfSigned } from '#domain/access/signed-token.ts'
import {
  hashInAccessKey,
  hashToken,
  isTokenForm,
  operatorOf,
  pairSealName,
  type Caller,
  type TokenRecord,
} from '#domain/access/token.ts'
import { ownPathOf } from '#domain/visibility/own-paths.ts'
import { ownScopeOf } from '#domain/visibility/own-scope.ts'
import { CannotOpen } from '#domain/access/sealed-text.ts'
import { logMissingKey, keyMissing } from '#flows/access/missing-master-key.ts'
import { addressOf, matchOf, routedSurfaceOf } from './address.ts'
import type { AppEnv } from './app-env.ts'

const PAIR_KEY_MISSING =
  'The key pair of this token cannot be opened: the master key that sealed it is not in MASTER_KEYS. The token itself still works; the operator can put the key back or make a new token.'

/** The tenant that the operator acts for, by name. */
const TENANT_HEADER = 'x-gateway-tenant'
const NOT_WITH_TOKEN = 'is for ADMIN_TOKEN alone. A token already belongs to a tenant.'
const NOT_ON_ALL =
  'has no meaning on a path about all tenants. Lists under /admin take `tenant` in the query.'

export const authenticate = createMiddleware<AppEnv>(async function authenticate(c, next) {
  c.set('caller', await identify(c))
  await next()
})

/** Refuses tokens without the scope `full`. For routes that change accounts, endpoints or secrets. */
export const fullScope = createMiddleware<AppEnv>(async function fullScope(c, next) {
  if (c.get('caller').scope !== 'full') {
    throw new AppError(
      'forbidden',
      'This needs a token with the scope full. This one has use: it may use the accounts, not change them.'
    )
  }
  await next()
})

export const authenticateAdmin = createMiddleware<AppEnv>(
  async function authenticateAdmin(c, next) {
    const expected = c.get('ports').settings.adminToken
    const given = bearerOf(c) ?? ''
    if (expected === undefined) c.get('ports').log('admin_token_missing_or_short')
    if (expected === undefined || !(await isSameSecret(given, expected))) throw await refusal(c)
    refuseTenantHeader(c)
    await next()
  }
)

/** On a path about all tenants: the header would do nothing there, and the answer would look like one tenant's. */
export function refuseTenantHeader(c: Context<AppEnv>): void {
  if (c.req.header(TENANT_HEADER) !== undefined) throw headerRefused(NOT_ON_ALL)
}

/** Finds who asks: a token, or the operator who names a tenant. The header beside a token is refused: it would do nothing. */
export async function identify(c: Context<AppEnv>): Promise<Caller> {
  const named = c.req.header(TENANT_HEADER)
  if (named === undefined) {
    const caller = await identifyToken(c)
    refuseForOwn(c, caller)
    return caller
  }
  const expected = c.get('ports').settings.adminToken
  if (expected === undefined || !(await isSameSecret(bearerOf(c) ?? '', expected))) {
    await identifyToken(c)
    throw headerRefused(NOT_WITH_TOKEN)
  }
  const tenant = await c.get('ports').registrar.findTenant(named, true)
  if (!tenant) throw new AppError('not_found', 'There is no such tenant')
  refuseOfOperator(c)
  return operatorOf(tenant)
}

const NOT_FOR_OWN = 'This is about whole accounts, and this token sees only its own.'

/** Refuses a token that sees only its own on those of our own paths that it may not call. */
function refuseForOwn(c: Context<AppEnv>, caller: TokenRecord): void {
  if (!ownScopeOf(caller) || addressOf(c).surface.kind !== 'own') return
  const passage = ownPathOf(c.req.method, c.req.path)
  if (passage === 'open') return
  // For the answer, which shows no account to such a token.
  c.set('caller', caller)
  if (passage === 'whole') throw new AppError('forbidden', NOT_FOR_OWN)
  throw new AppError('not_found', 'There is no such path.')
}

/**
 * Refuses the operator's calls on drop-in paths that could start a job or change something at the provider. Webhook endpoints are
 * the gateway's own, so the operator may change them.
 */
function refuseOfOperator(c: Context<AppEnv>): void {
  if (addressOf(c).surface.kind !== 'drop-in') return
  const { method } = c.req
  const isRead = (method === 'GET' || method === 'HEAD') && c.req.header('upgrade') === undefined
  if (!isRead && matchOf(c)?.route.pool !== 'gateway') throw notForOperator()
}

/** The error where the operator would start a job of a tenant. */
export function notForOperator(): AppError {
  const message =
    'With ADMIN_TOKEN this path can only be read: the operator starts no job and changes nothing at a provider. Use a token of the tenant.'
  return new AppError('forbidden', message)
}

function headerRefused(why: string): AppError {
  return new AppError('bad_request', `X-Gateway-Tenant: ${why}`)
}

/**
 * Returns the first valid token among the headers. A header with another text is skipped, because some clients send `Bearer
 * undefined` beside their key.
 */
async function identifyToken(c: Context<AppEnv>): Promise<TokenRecord> {
  let refused: AppError | undefined
  for (const text of credentials(c)) {
    const found = await lookUp(c, text)
    if (found instanceof AppError) refused ??= found
    else if (found) return counted(c, usable(found, c.get('ports').now()))
  }
  throw refused ?? (await refusal(c))
}

/** Throws if the token may not be used now. */
function usable(record: TokenRecord, now: number): TokenRecord {
  if (record.expiresAt !== null && record.expiresAt <= now) throw unauthorized()
  if (record.subscription !== 'active')
    throw new AppError('subscription_required', 'Subscription required')
  return record
}

/** Requests that the gateway makes of one that was counted: what a tool for agents asks. */
const isCounted = new WeakSet<Request>()

export function asCounted(request: Request): Request {
  isCounted.add(request)
  return request
}

/** Counts a request of a token that has a limit on them. Other tokens cost nothing here. */
async function counted(c: Context<AppEnv>, record: TokenRecord): Promise<TokenRecord> {
  const { id, requestsPerMinute: most } = record
  if (most === undefined || isCounted.has(c.req.raw)) return record
  if (!(await c.get('ports').isOverRate(id, most))) return record
  const seconds = RETRY_AFTER_SECONDS_MAX
  const until = new Date(c.get('ports').now() + seconds * 1000).toISOString()
  const message = `This token has the limit requestsPerMinute: ${most}. It has had them; at ${until} it has new ones. Nothing was done.`
  // For the log line of the refused request.
  c.set('caller', record)
  throw new AppError('token_limit', message, {
    limit: `requestsPerMinute=${most}; until=${until}`,
    retryAfterSeconds: seconds,
  })
}

/** Checks again the token with which something (such as a stream token) was made, because it is valid no longer than that token. */
export async function checkMaker(
  c: Context<AppEnv>,
  { tokenHash, tenant }: { tokenHash: string; tenant: string }
): Promise<TokenRecord> {
  const { tokens, now } = c.get('ports')
  const maker = await tokens.find(tokenHash, () => isRateLimited(c))
  if (maker === 'limited') throw tooMany()
  if (!maker) throw unauthorized()
  usable(maker, now())
  // A stream token opens every session of its account.
  if (maker.tenant !== tenant || ownScopeOf(maker)) throw unauthorized()
  return counted(c, maker)
}

/** Undefined: the text does not have the form of a gateway token. */
async function lookUp(
  c: Context<AppEnv>,
  text: string
): Promise<TokenRecord | AppError | undefined> {
  const { tokens } = c.get('ports')
  const known = tokens.hashOf(text)
  const isSigned = known === undefined && takesSigned(c) && !isTokenForm(text)
  const hash = isSigned ? hashInAccessKey(issuerOf(text) ?? '') : (known ?? (await hashOf(text)))
  if (hash === undefined) return undefined
  const record = await tokens.find(hash, () => isRateLimited(c))
  if (record === 'limited') return tooMany()
  if (!record) return unauthorized()
  if (isSigned) return (await faultOfSigned(c, text, record)) ?? record
  if (known === undefined) tokens.noteFound(text, hash)
  return record
}

async function hashOf(token: string): Promise<string | undefined> {
  return isTokenForm(token) ? hashToken(token) : undefined
}

/** Whether clients of this path may sign their own tokens with the key pair of a gateway token. */
function takesSigned(c: Context<AppEnv>): boolean {
  const surface = routedSurfaceOf(c)
  return surface.kind === 'drop-in' && surface.provider.accounts.signedTokens !== undefined
}

/** The error of a signed token that is not valid. Wrong times do not count as a failure of the address: the secret was right. */
async function faultOfSigned(
  c: Context<AppEnv>,
  token: string,
  record: TokenRecord
): Promise<AppError | undefined> {
  const { vault, now } = c.get('ports')
  if (record.secretKey === undefined) return refusal(c)
  const secret = await vault
    .open(pairSealName(record.id), record.secretKey)
    .catch((error: unknown) => {
      logMissingKey(c.get('ports'), "token's key pair", error)
      throw error instanceof CannotOpen ? keyMissing(PAIR_KEY_MISSING) : error
    })
  const state = await stateOfSigned(token, secret, now())
  if (state === 'good') return undefined
  if (state === 'forged') return refusal(c)
  const surface = routedSurfaceOf(c)
  const codes = surface.kind === 'drop-in' ? surface.provider.accounts.signedTokens : undefined
  const providerCode = codes?.[state]
  const details = providerCode === undefined ? {} : { providerCode }
  return new AppError('unauthorized', OUT_OF_TIME[state], details)
}

const OUT_OF_TIME = {
  early: 'The token is not valid yet (nbf): check the clock.',
  expired: 'The token has expired (exp): sign a new one.',
  long: 'The token is valid for more than a day (exp): sign one for half an hour.',
}

/** The credential that the client most likely means. */
export function presented(c: Context<AppEnv>): string | undefined {
  const given = credentials(c)
  return given.find((text) => /^hg[a-z]_/.test(text)) ?? given[0]
}

function credentials(c: Context<AppEnv>): string[] {
  const isDropIn = routedSurfaceOf(c).kind === 'drop-in'
  const given = [bearerOf(c), isDropIn ? c.req.header('x-api-key') : undefined]
  return given.filter((text) => text !== undefined)
}

function bearerOf(c: Context<AppEnv>): string | undefined {
  return /^Bearer +(\S+)\s*$/i.exec(c.req.header('authorization') ?? '')?.[1]
}

export async function refusal(c: Context<AppEnv>): Promise<AppError> {
  return (await isRateLimited(c)) ? tooMany() : unauthorized()
}

/** Counts one failure of this address. Without an address (local development) all clients share one. */
function isRateLimited(c: Context<AppEnv>): Promise<boolean> {
  return c.get('ports').isRateLimited(rateLimitKeyOf(c.req.header('cf-connecting-ip') ?? 'unknown'))
}

function unauthorized(): AppError {
  return new AppError('unauthorized', 'Unauthorized')
}

function tooMany(): AppError {
  const message = 'Too many failed authentications from this address. Try again in a minute.'
  return new AppError('too_many_failures', message, { retryAfterSeconds: RETRY_AFTER_SECONDS_MAX })
}

/** Compares in constant time. The texts are hashed first, because timingSafeEqual needs equal lengths. */
async function isSameSecret(a: string, b: string): Promise<boolean> {
  const digest = (text: string) => crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  const [one, other] = await Promise.all([digest(a), digest(b)])
  return crypto.subtle.timingSafeEqual(one, other)
}
