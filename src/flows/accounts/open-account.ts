/**
 * Opens an account's credential for one call. A web session near its end is renewed first; the desk does that once for all calls.
 */
import {
  findAccount,
  sealIdentity,
  type Account,
  type Credential,
  type Session,
} from '#domain/accounts/account.ts'
import type { OpenAccount, Ports } from '#domain/ports/ports.ts'
import { CannotOpen } from '#domain/access/sealed-text.ts'
import { credentialKeyMissing, logMissingKey } from '#flows/access/missing-master-key.ts'

export async function openAccount(ports: Ports, account: Account): Promise<OpenAccount> {
  const current = isSessionEnding(ports, account)
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

/** Throws an AppError if no key opens the credential. */
export async function unseal(ports: Ports, account: Account): Promise<OpenAccount> {
  const identity = sealIdentity(account)
  try {
    const text = await ports.vault.open(identity, account.credential)
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
  const { sealed, view, expiresAt } = account.session
  const secrets = JSON.parse(await ports.vault.open(identity, sealed)) as Record<string, string>
  return { secrets, view, expiresAt }
}

export async function sealSession(
  ports: Ports,
  account: Pick<Account, 'provider' | 'tenant' | 'email'>,
  session: Session
): Promise<NonNullable<Account['session']>> {
  const sealed = await ports.vault.seal(sealIdentity(account), JSON.stringify(session.secrets))
  const { view, expiresAt } = session
  return { sealed, view, obtainedAt: ports.now(), expiresAt }
}

/** Whether the session ends soon. A short session is renewed later, so that it is not renewed at every call. */
function isSessionEnding(ports: Ports, account: Account): boolean {
  if (!account.session) return false
  const { obtainedAt, expiresAt } = account.session
  const ahead = Math.min(ports.durations.renewSessionMs, (expiresAt - obtainedAt) / 10)
  return expiresAt - ports.now() < ahead
}
