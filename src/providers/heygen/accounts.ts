/** HeyGen accounts: a credential is an API key, a sign-in by OAuth, both, or the email and password of the website. */
import * as z from 'zod/mini'
import {
  isNamed,
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
  isSameBy,
  sessionRefused,
  unreachable,
} from '#providers/shared/credentials.ts'
import { ask } from './accounts/ask.ts'
import { authorize, isForSignIn, missingFor } from './accounts/authorize.ts'
import { logIn, USE_A_KEY } from './accounts/log-in.ts'
import { signIn, SIGN_IN_AGAIN } from './accounts/sign-in.ts'
import { balanceIn } from './accounts/balance.ts'
import { standingIn } from './accounts/standing.ts'

export const accounts: ProviderAccounts = {
  healthPath: '/v3/users/me',

  maxJobsLimit: (settings) => settings.heygenMaxJobs,

  authorize,
  missingFor: (account, path) => missingFor(account.credentialKind.split(' '), path),
  credentialKindFor: (path) => (isForSignIn(path) ? signIn.kind : 'apiKey'),

  fields: {
    password: z.optional(z.string().check(z.minLength(1), z.maxLength(1024))),
    apiKey: z.optional(z.string().check(z.minLength(1), z.maxLength(1024))),
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
    if (credential.kind === signIn.kind) return proofOfSignIn(me)
    // Half an answer, or a page of HeyGen's edge, does not say that the account has no name.
    if ((me.status === 200 || me.status === 403) && standingIn(me).key === 'unknown')
      return unreachable('HeyGen', me.status)
    if (me.status === 200) return proofOf(me.body, credential)
    if (me.status === 403) return { ok: true, identity: await identityOfSecrets(credential) }
    if (me.status === 404 || me.status === 410) return proveOnV2(upstream, credential, session)
    return refusalOf(me.status, credential)
  },

  async standing(upstream, credential, session, kind) {
    const on = kind === 'apiKey' ? { credential, session: undefined } : { credential, session }
    const me = await ask(upstream, on, 'GET', '/v3/users/me')
    if (me.status !== 404 && me.status !== 410) return standingIn(me)
    return standingIn(await ask(upstream, on, 'GET', '/v2/user/remaining_quota'))
  },

  isSame: isSameBy(['apiKey', 'email']),

  // Two or three minutes of Avatar IV at API prices, 16 minutes in credits (reference/heygen.md 3.4).
  lowBalance: { usd: 10, credits: 100 },

  async balance(upstream, credential, session) {
    const me = await ask(upstream, { credential, session }, 'GET', '/v3/users/me')
    return me.status === 200 ? balanceIn(me.body) : undefined
  },

  logIn,
  signIn,

  queryOf,

  toView(account: Account) {
    const { email, session, maxJobs, secretField } = account
    if (session?.grant !== undefined) return signedInView(account, session)
    return {
      email,
      session: session ? sessionView(account, session) : { username: email },
      maxJobs,
      [secretField]: SECURED,
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
  if (method !== 'GET' || path !== '/v3/assets' || !isNamed(key)) return undefined
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

/**
 * The members of the seeds that a sign-in has. It has no cookie and no session token, and HeyGen does not tell its workspace or the
 * flags of the log-in. `billing` says which of the user's two pots each path spends.
 */
function signedInView(
  account: Account,
  { view, expiresAt }: NonNullable<Account['session']>
): Record<string, unknown> {
  const { email, maxJobs, secretField, credentialKind } = account
  const hasKey = credentialKind !== signIn.kind
  return {
    email,
    session: {
      ExpireTime: expiresAt,
      ExpireTimeUTC: new Date(expiresAt).toISOString(),
      access_token: SECURED,
      refresh_token: SECURED,
      username: view['username'] ?? email,
    },
    maxJobs,
    ...(hasKey ? { [secretField]: SECURED } : {}),
    billing: {
      v3: 'web plan (sign-in)',
      ...(hasKey ? { 'v1, v2 and uploads': 'API wallet (API key)' } : {}),
    },
  }
}

/** Without HeyGen's own name of the user, two sign-ins of one user would be two accounts. */
function proofOfSignIn({ status, body }: { status: number; body: unknown }): Proof {
  const identity = status === 200 ? textAt(body, '/data/username') : undefined
  const email = textAt(body, '/data/email')
  if (identity !== undefined)
    return { ok: true, identity, ...(email === undefined ? {} : { email }) }
  if (status !== 200 && status !== 401 && status !== 403) return unreachable('HeyGen', status)
  const what =
    status === 200 ? 'did not tell whose account it is' : `refuses the sign-in (${status})`
  return { ok: false, reason: 'refused', message: `HeyGen ${what}. ${SIGN_IN_AGAIN}` }
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
  if (me.status === 0 || me.status === 429 || me.status >= 500)
    return unreachable('HeyGen', me.status)
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
