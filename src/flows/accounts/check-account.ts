/**
 * Asks the provider about an account, with its stored credential. If the provider gives no clear answer, the status is `unknown`,
 * which never parks an account.
 */
import type { Account } from '#domain/accounts/account.ts'
import type { AccountStatus } from '#domain/accounts/park-after-refusal.ts'
import type { OpenAccount, Ports } from '#domain/ports/ports.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { openAccount, renewSession, unseal } from './open-account.ts'
import { makeUpstream } from '#flows/upstream/read-answer.ts'

const UNKNOWN: AccountStatus = { key: 'unknown' }

export async function checkAccount(
  ports: Ports,
  provider: Provider,
  account: Account,
  part: string | undefined
): Promise<AccountStatus> {
  try {
    const isOfSession = part === undefined || part === provider.accounts.signIn?.kind
    if (!isOfSession) return await ask(ports, provider, await unseal(ports, account), part)
    const open = await openAccount(ports, account)
    const ended = await signInStatus(ports, open.account)
    if (ended) return ended
    const status = await ask(ports, provider, open, part)
    if (status.key !== 'refused' || !open.account.session) return status
    const renewed = await renewSession(ports, open.account, open.account.session.expiresAt)
    if (renewed.session?.refused !== undefined)
      return { key: 'refused', detail: renewed.session.refused }
    if (renewed.session?.sealed === open.account.session.sealed) return status
    return await ask(ports, provider, await unseal(ports, renewed), part)
  } catch {
    return UNKNOWN
  }
}

/** What is known without asking about an account whose sign-in could not be renewed; undefined: its token is good for now. */
async function signInStatus(ports: Ports, account: Account): Promise<AccountStatus | undefined> {
  if (account.session?.grant === undefined) return undefined
  const isRefused = account.session.refused !== undefined
  const current = isRefused
    ? await renewSession(ports, account, account.session.expiresAt)
    : account
  const { refused, expiresAt = 0 } = current.session ?? {}
  if (refused !== undefined) return { key: 'refused', detail: refused }
  // The provider's token endpoint did not answer. That says nothing about the account.
  return expiresAt <= ports.now() ? UNKNOWN : undefined
}

async function ask(
  ports: Ports,
  { accounts }: Provider,
  { credential, session }: OpenAccount,
  part: string | undefined
): Promise<AccountStatus> {
  const upstream = makeUpstream(ports)
  if (accounts.standing) return accounts.standing(upstream, credential, session, part)
  const proof = await accounts.prove(upstream, credential, session)
  if (proof.ok) return { key: 'good' }
  return proof.reason === 'refused' ? { key: 'refused' } : UNKNOWN
}
