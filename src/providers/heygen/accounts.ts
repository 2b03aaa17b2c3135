/** HeyGen accounts: a credential is an API key, or the email and password of the website. */
import * as z from 'zod'
import {
  SECURED,
  type Account,
  type Credential,
  type Proof,
  type Session,
} from '#domain/accounts/account.ts'
import { textAt } from '#domain/text/json-pointer.ts'
import type { ProviderAccounts, Upstream } from '#providers/contract/provider.ts'
import {
  fitsInHeader,
  identityOfSecrets,
  sessionRefused,
  unreachable,
} from '#providers/shared/credentials.ts'
import { ask } from './accounts/ask.ts'
import { authorize } from './accounts/authorize.ts'
import { logIn, USE_A_KEY } from './accounts/log-in.ts'
import { standingIn } from './accounts/standing.ts'

export const accounts: ProviderAccounts = {
  healthPath: '/v3/users/me',

  maxJobsLimit: (settings) => settings.heygenMaxJobs,

  authorize,

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
      if (!fitsInHeader(key))
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
    const me = await ask(upstream, { credential, session }, 'GET', '/v3/users/me')
    if (me.status === 200) return proofOf(me.body, credential)
    if (me.status === 403) return { ok: true, identity: await identityOfSecrets(credential) }
    if (me.status === 404 || me.status === 410) return proveOnV2(upstream, credential, session)
    return refusalOf(me.status, credential)
  },

  async standing(upstream, credential, session) {
    const me = await ask(upstream, { credential, session }, 'GET', '/v3/users/me')
    if (me.status !== 404 && me.status !== 410) return standingIn(me)
    return standingIn(
      await ask(upstream, { credential, session }, 'GET', '/v2/user/remaining_quota')
    )
  },

  logIn,

  queryOf,

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

/**
 * While the list of uploads is in beta it needs the name of its user (reference/heygen-legacy-bridge.json). A pool has several, so
 * each account gets its own. HeyGen's id of the account is that name.
 */
function queryOf(
  { key }: Account,
  { method, path, search }: { method: string; path: string; search: string }
): string | undefined {
  const username = key.slice('heygen:'.length)
  if (method !== 'GET' || path !== '/v3/assets' || username.startsWith('hash-')) return undefined
  const query = new URLSearchParams(search)
  query.set('username', username)
  return `?${query.toString()}`
}

/** The members, and their order, are those of useapi.net's documented answer (seed 000). */
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

async function proofOf(body: unknown, credential: Credential): Promise<Proof> {
  const username = textAt(body, '/data/username')
  const email = textAt(body, '/data/email')
  const identity = username ?? (await identityOfSecrets(credential))
  return { ok: true, identity, ...(email === undefined ? {} : { email }) }
}

async function proveOnV2(
  upstream: Upstream,
  credential: Credential,
  session: Session | undefined
): Promise<Proof> {
  const quota = await ask(upstream, { credential, session }, 'GET', '/v2/user/remaining_quota')
  if (quota.status !== 200) return refusalOf(quota.status, credential)
  const me = await ask(upstream, { credential, session }, 'GET', '/v1/user/me')
  return proofOf(me.status === 200 ? me.body : undefined, credential)
}

/** The proof of a failed check. A network error or a 5xx never counts as a bad credential. */
function refusalOf(status: number, credential: Credential): Proof {
  if (status !== 401) return unreachable('HeyGen', status)
  if (credential.kind === 'password') return sessionRefused('HeyGen', USE_A_KEY)
  const message =
    'HeyGen refuses this API key (401). Check that it is copied whole and not revoked.'
  return { ok: false, reason: 'refused', message }
}
