/**
 * HeyGen accounts: reading a credential, proving it, and the web log-in of the seeds. The log-in has no reliable
 * public description (reference/heygen-login.md): it follows what is known and works around no protection.
 */
import { parseJson } from '#domain/text/json-text.ts'
import * as z from 'zod'
import {
  hashedIdentity,
  SECURED,
  type Account,
  type Credential,
  type Proof,
  type Session,
} from '#domain/accounts/account.ts'
import { textAt, valueAt } from '#domain/text/json-pointer.ts'
import type { LogIn, ProviderAccounts, Upstream } from '#providers/contract/provider.ts'
import { standingIn } from './accounts/standing.ts'

const TIMEOUT_MS = 15_000
const USE_A_KEY = 'Add the account with an API key instead (apiKey; app.heygen.com, Settings, API).'

export const heygenAccounts: ProviderAccounts = {
  aliveAt: '/v3/users/me',

  fields: {
    password: z.string().min(1).max(1024).optional(),
    apiKey: z.string().min(1).max(1024).optional(),
  },

  needsOneOf: ['apiKey', 'password'],

  readCredential(form) {
    const { password, apiKey } = form as { password?: string; apiKey?: string }
    if (password !== undefined && apiKey !== undefined) {
      return { ok: false, message: 'Give either apiKey or password, not both' }
    }
    const key = apiKey ?? (password?.startsWith('sk_') ? password : undefined)
    const field = apiKey === undefined ? 'password' : 'apiKey'
    if (key !== undefined) {
      if (!/^[\x21-\x7e]+$/.test(key))
        return { ok: false, message: `${field} has characters that no key has` }
      return { ok: true, credential: { kind: 'apiKey', secrets: { apiKey: key } }, field }
    }
    if (password === undefined) {
      return { ok: false, message: 'password is required (or apiKey: an API key of the account)' }
    }
    if (!form.email) return { ok: false, message: 'email is required' }
    return {
      ok: true,
      credential: { kind: 'password', secrets: { email: form.email, password } },
      field,
    }
  },

  async prove(upstream, credential, session) {
    const me = await ask(upstream, '/v3/users/me', credential, session)
    if (me.status === 200) return proofOf(me.body, credential)
    if (me.status === 403) return { ok: true, identity: await fallbackIdentity(credential) }
    if (me.status === 404 || me.status === 410) return proveOnV2(upstream, credential, session)
    return refusalOf(me.status, credential)
  },

  async standing(upstream, credential, session) {
    const me = await ask(upstream, '/v3/users/me', credential, session)
    if (me.status !== 404 && me.status !== 410) return standingIn(me)
    return standingIn(await ask(upstream, '/v2/user/remaining_quota', credential, session))
  },

  async logIn(upstream, credential) {
    const { email: account, password } = credential.secrets
    const body = JSON.stringify({ login_type: 'email', account, password })
    const headers = { 'content-type': 'application/json' }
    const call = { method: 'POST', path: '/v1/pacific/login', headers, body, timeoutMs: TIMEOUT_MS }
    try {
      return readLogIn(await upstream.send(upstream.settings.heygenWebOrigin, call), upstream.now())
    } catch {
      return { ok: false, reason: 'unreachable', message: 'HeyGen could not be reached to log in' }
    }
  },

  toView(account: Account) {
    const session = account.session
      ? sessionView(account, account.session)
      : { username: account.email }
    return {
      email: account.email,
      session,
      maxJobs: account.maxJobs,
      [account.secretField]: SECURED,
    }
  },
}

/** Members and order of seed 000. */
function sessionView(
  account: Account,
  session: NonNullable<Account['session']>
): Record<string, unknown> {
  const { view, expiresAt } = session
  return {
    heygen_session: SECURED,
    ExpireTime: expiresAt,
    ExpireTimeUTC: new Date(expiresAt).toISOString(),
    access_token: SECURED,
    session_token: SECURED,
    space_id: view['space_id'],
    token: SECURED,
    username: view['username'] ?? account.email,
    ack_agreement: view['ack_agreement'],
    internal: view['internal'],
    need_mfa: view['need_mfa'],
  }
}

export function authorize(
  headers: Headers,
  credential: Credential,
  session: Session | undefined
): void {
  const { apiKey } = credential.secrets
  if (apiKey !== undefined) headers.set('x-api-key', apiKey)
  else headers.set('authorization', `Bearer ${session?.secrets['access_token'] ?? ''}`)
}

async function ask(
  upstream: Upstream,
  path: string,
  credential: Credential,
  session: Session | undefined
): Promise<{ status: number; body: unknown }> {
  const headers = new Headers({ accept: 'application/json' })
  authorize(headers, credential, session)
  const call = { method: 'GET', path, headers: Object.fromEntries(headers), timeoutMs: TIMEOUT_MS }
  try {
    const answer = await upstream.send(upstream.settings.heygenOrigin, call)
    return { status: answer.status, body: parseJson(answer.text) }
  } catch {
    return { status: 0, body: undefined }
  }
}

async function proofOf(body: unknown, credential: Credential): Promise<Proof> {
  const username = textAt(body, '/data/username')
  const email = textAt(body, '/data/email')
  const identity = username ?? (await fallbackIdentity(credential))
  return { ok: true, identity, ...(email === undefined ? {} : { email }) }
}

async function proveOnV2(
  upstream: Upstream,
  credential: Credential,
  session: Session | undefined
): Promise<Proof> {
  const quota = await ask(upstream, '/v2/user/remaining_quota', credential, session)
  if (quota.status !== 200) return refusalOf(quota.status, credential)
  const me = await ask(upstream, '/v1/user/me', credential, session)
  return proofOf(me.status === 200 ? me.body : undefined, credential)
}

/** A network error or a 5xx never counts as a bad credential. */
function refusalOf(status: number, credential: Credential): Proof {
  if (status === 401 && credential.kind === 'password') {
    const message = `HeyGen's API refuses the web session of this account. ${USE_A_KEY}`
    return { ok: false, reason: 'refused', message }
  }
  if (status === 401) {
    const message =
      'HeyGen refuses this API key (401). Check that it is copied whole and not revoked.'
    return { ok: false, reason: 'refused', message }
  }
  const what = status === 0 ? 'could not be reached' : `answered ${status}`
  return { ok: false, reason: 'unreachable', message: `HeyGen ${what}; nothing was changed` }
}

/** Where HeyGen does not name the account: the hash of its key, or of its email. Two keys then look like two accounts. */
async function fallbackIdentity(credential: Credential): Promise<string> {
  const secret =
    credential.secrets['apiKey'] ?? `email:${credential.secrets['email']?.toLowerCase()}`
  return hashedIdentity(secret)
}

interface LogInAnswer {
  status: number
  headers: Headers
  text: string
}

/** The members of the answer are known from the seeds alone: read liberally. */
function readLogIn(answer: LogInAnswer, now: number): LogIn {
  const body = parseJson(answer.text)
  const data = valueAt(body, '/data')
  if (answer.status >= 500) {
    return {
      ok: false,
      reason: 'unreachable',
      message: `HeyGen answered the log-in with ${answer.status}`,
    }
  }
  if (answer.status === 403 || answer.status === 429 || body === undefined) {
    const message = `HeyGen's edge did not let the log-in through. ${USE_A_KEY}`
    return { ok: false, reason: 'refused', message }
  }
  if (valueAt(data, '/need_mfa') === true) {
    const message = `This account asks for a second factor, which a server cannot give. ${USE_A_KEY}`
    return { ok: false, reason: 'refused', message }
  }
  if (/captcha|turnstile/i.test(textAt(body, '/message') ?? '')) {
    return { ok: false, reason: 'refused', message: `HeyGen asks for a captcha. ${USE_A_KEY}` }
  }
  const sessionToken = textAt(data, '/session_token')
  if (answer.status !== 200 || sessionToken === undefined) return { ok: false, reason: 'refused' }
  return { ok: true, session: toSession(answer.headers, data, sessionToken, now) }
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

/** Without a stated end, a day: renewed before it is over, and at the first 401. */
function expiryOf(cookie: string, data: unknown, now: number): number {
  const expires = Date.parse(/heygen_session=[^;]*;.*?expires=([^;]+)/i.exec(cookie)?.[1] ?? '')
  const stated = Number(textAt(data, '/ExpireTime') ?? textAt(data, '/expire_time'))
  if (Number.isFinite(expires)) return expires
  return Number.isFinite(stated) && stated > now ? stated : now + 24 * 3_600_000
}
