/** Reads details of an account that only the provider knows, such as its balance. Empty if the provider does not answer. */
import type { Account } from '#domain/accounts/account.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { openAccount } from './open-account.ts'
import { makeUpstream } from '#flows/upstream/read-answer.ts'

export async function detailsOf(
  ports: Ports,
  provider: Provider,
  account: Account
): Promise<Record<string, unknown>> {
  const ask = provider.accounts.details
  if (!ask) return {}
  try {
    const { credential, session } = await openAccount(ports, account)
    return await ask(makeUpstream(ports), credential, session)
  } catch {
    return {}
  }
}
