/**
 * Logs in at HeyGen's own website. The log-in has no reliable public description, so this does what clients are known to do
 * (reference/heygen-login.md).
 */
import type { Credential, Session } from '#domain/accounts/account.ts'
import { textAt, valueAt } from '#domain/text/json-pointer.ts'
import type { LogIn, Upstream } from '#providers/contract/provider.ts'
import {
  asksForCaptcha,
  asksForSecondFactor,
  logInAt,
  type LogInAnswer,
} from '#providers/shared/web-log-in.ts'

export const USE_A_KEY =
  'Add the account with an API key instead (apiKey; app.heygen.com, Settings, API).'
const SITE = { name: 'HeyGen', useAKey: USE_A_KEY }

export function logIn(upstream: Upstream, credential: Credential): Promise<LogIn> {
  const { email: account, password } = credential.secrets
  const body = JSON.stringify({ login_type: 'email', account, password })
  const headers = { 'content-type': 'application/json' }
  const form = { path: '/v1/pacific/login', headers, body }
  return logInAt(upstream, upstream.settings.heygenWebOrigin, SITE, form, read)
}

/** The answer is known only from clients, so few of its members are required. */
function read({ status, headers, body, now }: LogInAnswer): LogIn {
  const data = valueAt(body, '/data')
  if (valueAt(data, '/need_mfa') === true) return asksForSecondFactor(SITE)
  if (/captcha|turnstile/i.test(textAt(body, '/message') ?? '')) return asksForCaptcha(SITE)
  const sessionToken = textAt(data, '/session_token')
  if (status !== 200 || sessionToken === undefined) return { ok: false, reason: 'refused' }
  return { ok: true, session: toSession(headers, data, sessionToken, now) }
}

function toSession(headers: Headers, data: unknown, sessionToken: string, now: number): Session {
  const cookie = headers.get('set-cookie') ?? ''
  const text = (name: string) => textAt(data, `/${name}`)
  return {
    secrets: {
      access_token: text('access_token') ?? sessionToken,
      session_token: sessionToken,
      heygen_session: /heygen_session=([^;]*)/.exec(cookie)?.[1] ?? '',
      token: text('token') ?? sessionToken,
    },
    view: {
      space_id: text('space_id') ?? null,
      username: text('username') ?? text('email') ?? null,
      ack_agreement: valueAt(data, '/ack_agreement') ?? true,
      internal: valueAt(data, '/internal') ?? false,
      need_mfa: valueAt(data, '/need_mfa') ?? false,
    },
    expiresAt: expiryOf(cookie, data, now),
  }
}

/** The expiry of the session. If the answer says none, it is a day. The session is renewed before that, and at the first 401. */
function expiryOf(cookie: string, data: unknown, now: number): number {
  const expires = Date.parse(/heygen_session=[^;]*;.*?expires=([^;]+)/i.exec(cookie)?.[1] ?? '')
  const stated = Number(textAt(data, '/ExpireTime') ?? textAt(data, '/expire_time'))
  if (Number.isFinite(expires)) return expires
  return Number.isFinite(stated) && stated > now ? stated : now + 24 * 3_600_000
}
