/**
 * Opens an account's credential for one call. A web session, or the token of a sign-in, that is near its end is renewed first. The
 * desk does that once for all calls.
 */
import {
  findAccount,
  sealIdentity,
  type Account,
  type Credential,
  type Session,
} from '#domain/accounts/account.ts'
import { importedParking, mayAsk } from '#domain/accounts/imported.ts'
import type { OpenAccount, Ports } from '#domain/ports/ports.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { RETRY_AFTER_SECONDS_MAX } from '#domain/text/retry-after.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { CannotOpen } from '#domain/access/sealed-text.ts'
import { credentialKeyMissing, logMissingKey } from '#flows/access/missing-master-key.ts'
import { unavailable } from './unavailable.ts'

export async function openAccount(ports: Ports, account: Account): Promise<OpenAccount> {
  const current =
    mayAsk(account) && isSessionEnding(ports, account)
      ? await renewSession(ports, account, account.session?.expiresAt ?? 0)
      : account
  return unseal(ports, current)
}

/** Returns the account after the renewal. `stale`: the end of the session that must be replaced, epoch ms. */
export async function renewSession(
  ports: Ports,
  account: Account,
  stale: number
): Promise<Account> {
  const { tenant, provider, email } = account
  const snapshot = await ports.desk(tenant, provider).refreshSession(email, stale)
  ports.accounts.remember(tenant, provider, snapshot)
  return findAccount(snapshot, email) ?? account
}

/**
 * Opens the account for a call on this path. Throws if the call would use a sign-in whose token has ended, because it could not be
 * renewed. Nothing is sent then.
 */
export async function openAccountFor(
  ports: Ports,
  provider: Provider,
  account: Account,
  path: string
): Promise<OpenAccount> {
  if (!usesSession(provider, account, path)) return unseal(ports, account)
  const open = await openAccount(ports, account)
  const { session } = open.account
  if (session?.grant === undefined || session.expiresAt > ports.now()) return open
  const { email } = account
  const why = session.refused ?? 'Its sign-in could not be renewed just now. Try again in a minute.'
  throw new AppError('account_unavailable', `Account ${email} cannot be used. ${why}`, {
    retryAfterSeconds: RETRY_AFTER_SECONDS_MAX,
    useapiStatus: 596,
    isUnsent: true,
    accountEmail: email,
  })
}

/** Whether a call on this path uses the account's session. An account may have a key for other paths. */
export function usesSession({ accounts }: Provider, account: Account, path: string): boolean {
  if (!account.session) return false
  const kinds = account.credentialKind.split(' ')
  return kinds.length === 1 || accounts.credentialKindFor?.(path) === accounts.signIn?.kind
}

/** Throws an AppError if the account is parked as imported, or if no key opens the credential. */
export async function unseal(ports: Ports, account: Account): Promise<OpenAccount> {
  const parking = importedParking(account)
  if (parking) throw unavailable(account, parking, ports.now())
  return unsealAny(ports, account)
}

/** The same for any account. For comparisons: nothing may be sent with this credential. */
export async function unsealAny(ports: Ports, account: Account): Promise<OpenAccount> {
  const identity = sealIdentity(account)
  try {
    const text = await ports.vault.open(identity, account.credential, true)
    const session = await unsealSession(ports, account, identity)
    return { account, credential: JSON.parse(text) as Credential, session }
  } catch (error) {
    if (!(error instanceof CannotOpen)) throw error
    logMissingKey(ports, 'credential', error)
    throw credentialKeyMissing(account)
  }
}

async function unsealSession(
  ports: Ports,
  account: Account,
  identity: string
): Promise<Session | undefined> {
  if (!account.session) return undefined
  const { sealed, view, expiresAt, grant } = account.session
  const secrets = JSON.parse(await ports.vault.open(identity, sealed, true)) as Record<
    string,
    string
  >
  return { secrets, view, expiresAt, ...(grant === undefined ? {} : { grant }) }
}

export async function sealSession(
  ports: Ports,
  account: Pick<Account, 'provider' | 'tenant' | 'email'>,
  session: Session
): Promise<NonNullable<Account['session']>> {
  const sealed = await ports.vault.seal(sealIdentity(account), JSON.stringify(session.secrets))
  const { view, expiresAt, grant } = session
  const of = grant === undefined ? {} : { grant }
  return { sealed, view, obtainedAt: ports.now(), expiresAt, ...of }
}

/** Whether the session ends soon. A short session is renewed later, so that it is not renewed at every call. */
function isSessionEnding(ports: Ports, account: Account): boolean {
  if (!account.session) return false
  const { obtainedAt, expiresAt } = account.session
  const ahead = Math.min(ports.durations.renewSessionMs, (expiresAt - obtainedAt) / 10)
  return expiresAt - ports.now() < ahead
}
