/**
 * Signs in at HeyGen by OAuth with a device code (RFC 8628, RFC 6749 section 6; reference/heygen-login.md section 3). The client is
 * public: it has an id and no secret. The tokens are good for v3 and spend the user's web plan.
 */
import type { Session } from '#domain/accounts/account.ts'
import type { DeviceCodes, PollAnswer } from '#domain/accounts/sign-in.ts'
import { textAt, valueAt } from '#domain/text/json-pointer.ts'
import { parseJson } from '#domain/text/json-text.ts'
import { retryAfterAt } from '#domain/text/retry-after.ts'
import type { ProviderSignIn, Renewal, Upstream } from '#providers/contract/provider.ts'

const TIMEOUT_MS = 15_000
const SCOPE = 'openid profile email'
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'
/** RFC 8628 section 3.2: the pace where the answer has none. */
const PACE_S = 5
/** Where the answer does not say how long the code is valid, which RFC 8628 requires. */
const CODE_S = 600
/** Where the answer does not say how long the access token is valid (RFC 6749 section 5.1 only recommends it). */
const TOKEN_S = 3600
/** A longer time is a mistake, and may be no date. */
const SECONDS_MAX = 366 * 24 * 3600

const REGISTER = 'npm run oauth:register'
export const SIGN_IN_AGAIN = 'Sign in again: POST /v1/heygen/accounts/sign-in.'

/** Errors that say that the client itself is wrong, not the person or the code. */
const OF_CLIENT = new Set([
  'invalid_client',
  'unauthorized_client',
  'invalid_request',
  'invalid_scope',
  'unsupported_grant_type',
])

export const signIn: ProviderSignIn = {
  kind: 'oauth',

  missingSetting({ heygenOauthClientId }) {
    if (heygenOauthClientId !== '') return undefined
    return `Sign-in needs an OAuth client of the operator's own: set HEYGEN_OAUTH_CLIENT_ID (${REGISTER} makes one).`
  },

  async begin(upstream) {
    const { settings } = upstream
    const form = { client_id: settings.heygenOauthClientId, scope: SCOPE }
    const { status, body, error } = await post(upstream, 'device_authorization', form)
    const codes = codesIn(body)
    if (status === 200 && codes) {
      const expiresInMs = secondsAt(body, '/expires_in', CODE_S) * 1000
      const paceMs = secondsAt(body, '/interval', PACE_S) * 1000
      return { ok: true, codes, expiresInMs, paceMs }
    }
    if (error !== undefined && OF_CLIENT.has(error))
      return { ok: false, reason: 'setup', message: clientRefused(error) }
    const what = status === 0 ? 'could not be reached' : `answered ${status} without a code`
    return { ok: false, reason: 'unreachable', message: `HeyGen ${what}; nothing was changed` }
  },

  async poll(upstream, deviceCode) {
    const clientId = upstream.settings.heygenOauthClientId
    const form = { grant_type: DEVICE_GRANT, device_code: deviceCode, client_id: clientId }
    const answer = await post(upstream, 'token', form)
    const { status, body, error, retryAfterMs } = answer
    const session = status === 200 ? sessionIn(body, clientId, upstream.now()) : undefined
    if (session) return { kind: 'granted', session }
    return pollAnswerOf(error) ?? { kind: 'unreachable', retryAfterMs }

    function pollAnswerOf(word: string | undefined): PollAnswer | undefined {
      if (word === 'slow_down') return { kind: 'slow_down', retryAfterMs }
      if (word === 'authorization_pending') return { kind: 'pending' }
      if (word === 'access_denied') return { kind: 'denied' }
      if (word === 'expired_token') return { kind: 'expired' }
      if (word === 'invalid_grant') return { kind: 'lost' }
      if (word === undefined || !OF_CLIENT.has(word)) return undefined
      return { kind: 'failed', message: clientRefused(word) }
    }
  },

  async renew(upstream, session): Promise<Renewal> {
    const clientId = String(session.view['client_id'])
    const old = session.secrets['refresh_token']
    if (old === undefined) {
      const message = `The sign-in has ended, and HeyGen gave no token to renew it. ${SIGN_IN_AGAIN}`
      return { ok: false, reason: 'refused', message }
    }
    const form = { grant_type: 'refresh_token', refresh_token: old, client_id: clientId }
    const { status, body, error } = await post(upstream, 'token', form)
    const renewed = status === 200 ? sessionIn(body, clientId, upstream.now(), old) : undefined
    if (renewed) {
      const view = { ...session.view, ...renewed.view }
      return { ok: true, session: { ...renewed, view, grant: session.grant } }
    }
    if (error === 'invalid_grant') {
      const message = `HeyGen has ended the sign-in of this account. ${SIGN_IN_AGAIN}`
      return { ok: false, reason: 'refused', message }
    }
    if (error === undefined || !OF_CLIENT.has(error)) return { ok: false, reason: 'unreachable' }
    const message = `${clientRefused(error)} Then sign in again: POST /v1/heygen/accounts/sign-in.`
    return { ok: false, reason: 'setup', message }
  },
}

function clientRefused(error: string): string {
  return `HeyGen refuses the gateway's OAuth client (${error}). The operator must correct HEYGEN_OAUTH_CLIENT_ID (${REGISTER}).`
}

interface Answer {
  /** 0: HeyGen could not be reached. */
  status: number
  body: unknown
  /** The error of RFC 6749 section 5.2. Only of a 400 or 401 with JSON: the edge answers with pages of its own. */
  error: string | undefined
  retryAfterMs?: number | undefined
}

async function post(
  upstream: Upstream,
  what: 'device_authorization' | 'token',
  form: Record<string, string>
): Promise<Answer> {
  const call = {
    method: 'POST',
    path: `/v1/oauth/${what}`,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    },
    body: new URLSearchParams(form).toString(),
    timeoutMs: TIMEOUT_MS,
  }
  try {
    const { status, headers, text } = await upstream.send(upstream.settings.heygenWebOrigin, call)
    const body = parseJson(text)
    const now = upstream.now()
    const at = retryAfterAt(headers.get('retry-after'), now)
    const word = textAt(body, '/error')
    const isWord = word !== undefined && /^[a-z_]{1,40}$/.test(word)
    const error = isWord && [400, 401, 403, 429].includes(status) ? word : undefined
    return { status, body, error, retryAfterMs: at === undefined ? undefined : at - now }
  } catch {
    return { status: 0, body: undefined, error: undefined }
  }
}

function codesIn(body: unknown): DeviceCodes | undefined {
  const [deviceCode, userCode, verificationUri, whole] = [
    '/device_code',
    '/user_code',
    '/verification_uri',
    '/verification_uri_complete',
  ].map((at) => textAt(body, at))
  if (deviceCode === undefined || userCode === undefined) return undefined
  if (verificationUri === undefined || !isWebAddress(verificationUri)) return undefined
  const complete = whole !== undefined && isWebAddress(whole)
  return {
    deviceCode,
    userCode,
    verificationUri,
    ...(complete ? { verificationUriComplete: whole } : {}),
  }
}

/** A person is asked to open it. */
function isWebAddress(text: string): boolean {
  return /^https?:$/.test(URL.parse(text)?.protocol ?? '')
}

function sessionIn(
  body: unknown,
  clientId: string,
  now: number,
  oldToken?: string
): Session | undefined {
  const accessToken = textAt(body, '/access_token')
  if (accessToken === undefined || !/^[\x21-\x7e]+$/.test(accessToken)) return undefined
  const refreshToken = textAt(body, '/refresh_token') ?? oldToken
  return {
    secrets: {
      access_token: accessToken,
      ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
    },
    // The tokens are renewed with the client that they were given to, whatever the setting is by then.
    view: { client_id: clientId },
    expiresAt: now + secondsAt(body, '/expires_in', TOKEN_S) * 1000,
  }
}

function secondsAt(body: unknown, pointer: string, otherwise: number): number {
  const seconds = Number(valueAt(body, pointer))
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, SECONDS_MAX) : otherwise
}
