/**
 * Gets a new session for an account: logs in again with its email and password (seed 001), or renews the tokens of its sign-in.
 */
import type { Account, StoredSession } from '#domain/accounts/account.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Provider, Renewal } from '#providers/contract/provider.ts'
import { sealSession, unseal } from './open-account.ts'
import { makeUpstream } from '#flows/upstream/read-answer.ts'

/** `failed`: the old session stays and may be tried again. `ended`: only a person can sign in again, for the reason in `message`. */
export type Renewed =
  | { kind: 'renewed'; session: StoredSession }
  | { kind: 'failed' }
  | { kind: 'ended'; message: string }

export function logInAgain(ports: Ports, provider: Provider, account: Account): Promise<Renewed> {
  return account.session?.grant === undefined
    ? logInByPassword(ports, provider, account)
    : renewSignIn(ports, provider, account)
}

async function logInByPassword(
  ports: Ports,
  provider: Provider,
  account: Account
): Promise<Renewed> {
  const { credential } = await unseal(ports, account)
  const logIn = await provider.accounts.logIn?.(makeUpstream(ports), credential)
  if (logIn?.ok)
    return { kind: 'renewed', session: await sealSession(ports, account, logIn.session) }
  logFailure(ports, account, 'log_in_failed', logIn?.reason)
  return { kind: 'failed' }
}

/** A refusal is asked for twice, because a copy of the provider's data may be behind. */
async function renewSignIn(ports: Ports, provider: Provider, account: Account): Promise<Renewed> {
  const { signIn } = provider.accounts
  const { session } = await unseal(ports, account)
  if (!signIn || !session) return { kind: 'failed' }
  const ask = (): Promise<Renewal> => signIn.renew(makeUpstream(ports), session)
  let renewal = await ask()
  if (!renewal.ok && renewal.reason === 'refused') {
    await ports.after(ports.durations.renewAgainMs)
    renewal = await ask()
  }
  if (renewal.ok) {
    return { kind: 'renewed', session: await sealSession(ports, account, renewal.session) }
  }
  logFailure(ports, account, 'sign_in_renewal_failed', renewal.reason)
  if (renewal.reason === 'unreachable') return { kind: 'failed' }
  if (renewal.reason === 'setup') {
    ports.log('sign_in_client_refused', { provider: provider.name, message: renewal.message })
  }
  return { kind: 'ended', message: renewal.message }
}

function logFailure(ports: Ports, account: Account, event: string, reason: string | undefined) {
  const { provider, tenant, email } = account
  ports.log(event, { provider, tenant, email, reason })
}
