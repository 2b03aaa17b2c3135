/**
 * Kling's web log-in, of which no description is published: the plain form that its own pages post, without the
 * signature that they compute beside it. Whatever stands in front of it is not got around.
 */
import { parseJson } from '#domain/text/json-text.ts'
import type { Credential, Session } from '#domain/accounts/account.ts'
import { textAt } from '#domain/text/json-pointer.ts'
import type { LogIn, Upstream } from '#providers/contract/provider.ts'

const PATH = '/pass/ksi18n/web/login/emailPassword'
const SITE = 'ksi18n.ai.portal'
const TIMEOUT_MS = 15_000
export const USE_A_KEY =
  'Add the account with keys instead (apiKey, or accessKey and secretKey; kling.ai, API console).'

export async function logIn(upstream: Upstream, credential: Credential): Promise<LogIn> {
  const { email = '', password = '' } = credential.secrets
  const body = new URLSearchParams({ sid: SITE, email, password, language: 'en' }).toString()
  const headers = {
    accept: 'application/json',
    'content-type': 'application/x-www-form-urlencoded',
  }
  const call = { method: 'POST', path: PATH, headers, body, timeoutMs: TIMEOUT_MS }
  try {
    return readLogIn(await upstream.send(upstream.settings.klingWebOrigin, call), upstream.now())
  } catch {
    return { ok: false, reason: 'unreachable', message: 'Kling could not be reached to log in' }
  }
}

/** The members of the answer are known from clients alone: read liberally. */
function readLogIn(
  { status, headers, text }: { status: number; headers: Headers; text: string },
  now: number
): LogIn {
  if (status >= 500) {
    return { ok: false, reason: 'unreachable', message: `Kling answered the log-in with ${status}` }
  }
  const body = parseJson(text)
  if (status === 403 || status === 429 || body === undefined) {
    const message = `Kling's edge did not let the log-in through. ${USE_A_KEY}`
    return { ok: false, reason: 'refused', message }
  }
  const said = textAt(body, '/error_msg') ?? textAt(body, '/message') ?? ''
  if (/captcha|slider/i.test(said)) {
    return { ok: false, reason: 'refused', message: `Kling asks for a captcha. ${USE_A_KEY}` }
  }
  if (/verif/i.test(said)) {
    const message = `This account asks for a second factor, which a server cannot give. ${USE_A_KEY}`
    return { ok: false, reason: 'refused', message }
  }
  const token = textAt(body, `/${SITE}_st`)
  if (status !== 200 || token === undefined) return { ok: false, reason: 'refused' }
  return { ok: true, session: toSession(headers, body, token, now) }
}

/** Without a stated end, a day: renewed before it is over, and at the first 401. */
function toSession(headers: Headers, body: unknown, token: string, now: number): Session {
  const cookie = headers.get('set-cookie') ?? ''
  const expires = Date.parse(/portal_st=[^;]*;.*?expires=([^;]+)/i.exec(cookie)?.[1] ?? '')
  return {
    secrets: { token },
    view: { userId: textAt(body, '/userId') ?? null },
    expiresAt: Number.isFinite(expires) && expires > now ? expires : now + 24 * 3_600_000,
  }
}
