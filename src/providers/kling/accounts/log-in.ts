/**
 * Logs in at Kling's own website. No description of it is published. This sends the form that the site's pages send, without the
 * signature that they compute.
 */
import type { Credential, Session } from '#domain/accounts/account.ts'
import { textAt } from '#domain/text/json-pointer.ts'
import type { LogIn, Upstream } from '#providers/contract/provider.ts'
import {
  asksForCaptcha,
  asksForSecondFactor,
  logInAt,
  type LogInAnswer,
} from '#providers/shared/web-log-in.ts'

const PATH = '/pass/ksi18n/web/login/emailPassword'
const SID = 'ksi18n.ai.portal'
export const USE_A_KEY =
  'Add the account with keys instead (apiKey, or accessKey and secretKey; kling.ai, API console).'
const SITE = { name: 'Kling', useAKey: USE_A_KEY }

export function logIn(upstream: Upstream, credential: Credential): Promise<LogIn> {
  const { email = '', password = '' } = credential.secrets
  const body = new URLSearchParams({ sid: SID, email, password, language: 'en' }).toString()
  const headers = {
    accept: 'application/json',
    'content-type': 'application/x-www-form-urlencoded',
  }
  return logInAt(
    upstream,
    upstream.settings.klingWebOrigin,
    SITE,
    { path: PATH, headers, body },
    read
  )
}

/** The answer is known only from clients, so few of its members are required. */
function read({ status, headers, body, now }: LogInAnswer): LogIn {
  const said = textAt(body, '/error_msg') ?? textAt(body, '/message') ?? ''
  if (/captcha|slider/i.test(said)) return asksForCaptcha(SITE)
  if (/verif/i.test(said)) return asksForSecondFactor(SITE)
  const token = textAt(body, `/${SID}_st`)
  if (status !== 200 || token === undefined) return { ok: false, reason: 'refused' }
  return { ok: true, session: toSession(headers, body, token, now) }
}

/** If the answer says no expiry, the session ends after a day. It is renewed before that, and at the first 401. */
function toSession(headers: Headers, body: unknown, token: string, now: number): Session {
  const cookie = headers.get('set-cookie') ?? ''
  const expires = Date.parse(/portal_st=[^;]*;.*?expires=([^;]+)/i.exec(cookie)?.[1] ?? '')
  return {
    secrets: { token },
    view: { userId: textAt(body, '/userId') ?? null },
    expiresAt: Number.isFinite(expires) && expires > now ? expires : now + 24 * 3_600_000,
  }
}
