/**
 * Asks the provider about an account, with the credential that its record holds. Nothing but its own word counts: a provider
 * that cannot be asked proves nothing.
 */
import type { Account } from '#domain/accounts/account.ts'
import type { Standing } from '#domain/accounts/park-after-refusal.ts'
import type { OpenAccount, Ports } from '#domain/ports/ports.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { openAccount, renewSession, unseal } from './open-account.ts'
import { makeUpstream } from '#flows/upstream/read-answer.ts'

const UNKNOWN: Standing = { key: 'unknown' }

export async function proveStanding(
  ports: Ports,
  provider: Provider,
  account: Account,
  part: string | undefined
): Promise<Standing> {
  try {
    const open = await openAccount(ports, account)
    const standing = await ask(ports, provider, open, part)
    if (standing.key !== 'refused' || !open.account.session) return standing
    const renewed = await renewSession(ports, open.account, open.account.session.expiresAt)
    if (renewed.session?.sealed === open.account.session.sealed) return standing
    return await ask(ports, provider, await unseal(ports, renewed), part)
  } catch {
    return UNKNOWN
  }
}

async function ask(
  ports: Ports,
  { accounts }: Provider,
  { credential, session }: OpenAccount,
  part: string | undefined
): Promise<Standing> {
  const upstream = makeUpstream(ports)
  if (accounts.standing) return accounts.standing(upstream, credential, session, part)
  const proof = await accounts.prove(upstream, credential, session)
  if (proof.ok) return { key: 'good' }
  return proof.reason === 'refused' ? { key: 'refused' } : UNKNOWN
}
