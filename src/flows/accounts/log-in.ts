/** Logs in again for an account with email and password (seed 001). Undefined: it failed, and the old session stays. */
import type { Account } from '#domain/accounts/account.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { sealSession, unseal } from './open-account.ts'
import { makeUpstream } from '#flows/upstream/read-answer.ts'

export async function logInAgain(
  ports: Ports,
  provider: Provider,
  account: Account
): Promise<Account['session']> {
  const { credential } = await unseal(ports, account)
  const logIn = await provider.accounts.logIn?.(makeUpstream(ports), credential)
  if (!logIn?.ok) {
    ports.log('log_in_failed', {
      provider: provider.name,
      email: account.email,
      reason: logIn?.reason,
    })
    return undefined
  }
  return sealSession(ports, account, logIn.session)
}
