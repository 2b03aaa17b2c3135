/** Reads what an account can still spend. Undefined: the provider shows no balance, or did not answer. Never throws. */
import type { Account } from '#domain/accounts/account.ts'
import type { Balance } from '#domain/live/pool-account.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { openAccount } from '#flows/accounts/open-account.ts'
import { makeUpstream } from '#flows/upstream/read-answer.ts'
import type { Provider } from '#providers/contract/provider.ts'

export async function balanceOf(
  ports: Ports,
  provider: Provider,
  account: Account
): Promise<Omit<Balance, 'at'> | undefined> {
  const ask = provider.accounts.balance
  if (!ask) return undefined
  try {
    const { credential, session } = await openAccount(ports, account)
    return await ask(makeUpstream(ports), credential, session)
  } catch {
    return undefined
  }
}
