/**
 * HeyGen's issuer of OAuth tokens: registration of clients (RFC 7591), device codes (RFC 8628) and tokens (RFC 6749). The paths,
 * the grants and the errors are documented (reference/heygen-login.md section 3). How long codes and tokens last, and whether a
 * renewal gives a new refresh token, is not: POST /__sim/oauth sets it. A person's approval is a call of the control API.
 */
import { newHex } from '../../state/random.ts'
import type { State } from '../../state/state.ts'
import type { Account, OauthCode } from '../../state/types.ts'
import { findByEmail } from './accounts.ts'
import { countOauth, countRefresh, readOauth, type OauthSettings } from './oauth-settings.ts'

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'
/** A client that is always registered. */
const SIM_CLIENT = 'sim-oauth-client'
const SLOWER_S = 5

class OauthError extends Error {
  readonly status: number
  readonly code: string

  constructor(code: string, status = 400) {
    super(code)
    this.code = code
    this.status = status
  }
}

export function isOauthPath(path: string): boolean {
  return path.startsWith('/v1/oauth/')
}

export async function answerOauth(state: State, request: Request, path: string): Promise<Response> {
  const settings = readOauth(state)
  try {
    if (path === '/v1/oauth/register')
      return Response.json(register(state, await request.json()), { status: 201 })
    const form = new URLSearchParams(await request.text())
    const clientId = form.get('client_id') ?? ''
    if (settings.error !== null)
      throw new OauthError(settings.error, settings.error === 'invalid_client' ? 401 : 400)
    if (clientId !== SIM_CLIENT && !state.oauthClients.has(clientId))
      throw new OauthError('invalid_client', 401)
    if (path === '/v1/oauth/device_authorization')
      return Response.json(newCode(state, settings, clientId))
    if (path !== '/v1/oauth/token') return Response.json({ error: 'not_found' }, { status: 404 })
    if (form.get('grant_type') === DEVICE_GRANT) return Response.json(poll(state, settings, form))
    if (form.get('grant_type') === 'refresh_token')
      return Response.json(refresh(state, settings, form))
    throw new OauthError('unsupported_grant_type')
  } catch (error) {
    if (!(error instanceof OauthError)) throw error
    return Response.json(
      { error: error.code, error_description: `The request was refused: ${error.code}` },
      { status: error.status }
    )
  }
}

function register(state: State, metadata: unknown): Record<string, unknown> {
  const asked = metadata as { grant_types?: unknown; token_endpoint_auth_method?: unknown }
  const grants = Array.isArray(asked.grant_types) ? asked.grant_types : []
  if (!grants.includes(DEVICE_GRANT)) throw new OauthError('invalid_client_metadata')
  const clientId = `client_${newHex(12)}`
  state.oauthClients.put({ key: clientId })
  return { ...asked, client_id: clientId, client_id_issued_at: Math.floor(state.now() / 1000) }
}

function newCode(state: State, { deviceSeconds, interval }: OauthSettings, clientId: string) {
  const deviceCode = `dev_${newHex(20)}`
  const userCode = `${newHex(2)}-${newHex(2)}`.toUpperCase()
  state.oauthCodes.put({
    key: deviceCode,
    userCode,
    clientId,
    status: 'pending',
    account: null,
    expiresAt: state.now() + deviceSeconds * 1000,
    interval,
    polledAt: null,
  })
  countOauth(state, 'codes')
  const uri = 'https://app.heygen.com/oauth/device'
  return {
    device_code: deviceCode,
    user_code: userCode,
    verification_uri: uri,
    verification_uri_complete: `${uri}?user_code=${userCode}`,
    expires_in: deviceSeconds,
    interval,
  }
}

function poll(state: State, settings: OauthSettings, form: URLSearchParams) {
  const code = state.oauthCodes.get(form.get('device_code') ?? '')
  countOauth(state, 'polls')
  if (!code || code.clientId !== form.get('client_id')) throw new OauthError('invalid_grant')
  const now = state.now()
  const isTooFast = code.polledAt !== null && now < code.polledAt + code.interval * 1000
  state.oauthCodes.put(Object.assign(code, { polledAt: now }))
  if (code.status === 'used') throw new OauthError('invalid_grant')
  if (now >= code.expiresAt) throw new OauthError('expired_token')
  if (code.status === 'denied') throw new OauthError('access_denied')
  if (isTooFast || settings.slowDowns > 0) slowDown(state, code, isTooFast)
  if (code.status === 'pending' || code.account === null)
    throw new OauthError('authorization_pending')
  state.oauthCodes.put(Object.assign(code, { status: 'used' }))
  return tokensFor(state, settings, code.account, code.clientId, `refresh_${newHex(20)}`)
}

/** The pause is longer from then on (RFC 8628 section 3.5). */
function slowDown(state: State, code: OauthCode, isTooFast: boolean): never {
  state.oauthCodes.put(Object.assign(code, { interval: code.interval + SLOWER_S }))
  if (isTooFast) countOauth(state, 'tooFast')
  else readOauth(state, (settings) => ({ slowDowns: settings.slowDowns - 1 }))
  throw new OauthError('slow_down')
}

function refresh(state: State, settings: OauthSettings, form: URLSearchParams) {
  const old = state.oauthTokens.get(form.get('refresh_token') ?? '')
  countRefresh(state, old?.account)
  if (
    settings.refuseRefresh ||
    !old ||
    old.kind !== 'refresh' ||
    old.clientId !== form.get('client_id')
  )
    throw new OauthError('invalid_grant')
  if (settings.refresh !== 'rotate') {
    const tokens = tokensFor(state, settings, old.account, old.clientId, old.key)
    if (settings.refresh === 'same') return tokens
    const { refresh_token: _, ...rest } = tokens
    return rest
  }
  state.oauthTokens.delete(old.key)
  return tokensFor(state, settings, old.account, old.clientId, `refresh_${newHex(20)}`)
}

/** Access tokens of before stay valid until their end. */
function tokensFor(
  state: State,
  { accessSeconds }: OauthSettings,
  account: string,
  clientId: string,
  refreshToken: string
) {
  const accessToken = `access_${newHex(20)}`
  const expiresAt = state.now() + accessSeconds * 1000
  state.oauthTokens.put({ key: accessToken, kind: 'access', account, clientId, expiresAt })
  state.oauthTokens.put({ key: refreshToken, kind: 'refresh', account, clientId, expiresAt: null })
  return {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: accessSeconds,
    refresh_token: refreshToken,
    scope: 'openid profile email',
  }
}

/** The account of an access token. undefined: it is unknown or its time is over. */
export function findByAccessToken(state: State, token: string): Account | undefined {
  const found = state.oauthTokens.get(token)
  if (!found || found.kind !== 'access' || Number(found.expiresAt) <= state.now()) return undefined
  return state.accounts.get(found.account)
}

/** What a person does in the browser. False: there is no such code that waits. */
export function decideCode(
  state: State,
  userCode: string,
  email: string,
  isDenied: boolean
): boolean {
  const code = [...state.oauthCodes.values()].find((each) => each.userCode === userCode)
  const account = findByEmail(state, email)
  if (code?.status !== 'pending' || (!account && !isDenied)) return false
  const status = isDenied ? 'denied' : 'approved'
  state.oauthCodes.put(Object.assign(code, { status, account: account?.email ?? null }))
  return true
}

/** Ends every token of an account, as when its user signs the client out. `access`: only the access tokens. */
export function endTokens(state: State, email: string, only?: 'access'): number {
  const own = [...state.oauthTokens.values()].filter(
    (each) => each.account === email.toLowerCase() && (only === undefined || each.kind === only)
  )
  for (const { key } of own) state.oauthTokens.delete(key)
  return own.length
}
