/**
 * After a full account: asks the tenant's desk which others were full lately, so that they are tried last. An isolate that knows most
 * of them itself does not ask, and no isolate asks twice within half a minute.
 */
import type { Account } from '#domain/accounts/account.ts'
import { LARGE_POOL } from '#domain/accounts/seen-full.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { ReadCall } from '#flows/upstream/proxy-call.ts'

/** Fewer are tried without a question. */
const UNKNOWN_MIN = 4
const ASK_EVERY_MS = 30_000

/** `candidates`: the accounts that are still to be tried, in order. */
export async function fullLast(
  ports: Ports,
  { tenant, provider }: ReadCall,
  candidates: Account[]
): Promise<Account[]> {
  const { accounts } = await ports.accounts.list(tenant, provider.name)
  const now = ports.now()
  const mayBeFull = ({ key }: Account) => ports.hints.mayBeFull(key, now)
  const unknown = candidates.filter((account) => !mayBeFull(account))
  const name = `${tenant} ${provider.name} full accounts`
  const isKnown = accounts.length < LARGE_POOL || unknown.length < UNKNOWN_MIN
  if (isKnown || ports.memory.get(name, now) !== undefined) return candidates
  ports.memory.set(name, true, now + ASK_EVERY_MS)
  const full = await ports
    .desk(tenant, provider.name)
    .fullAccounts(ports.hints.takeSeen(accounts))
    // The desk of an older release has no answer, and one that cannot be reached says nothing.
    .catch(() => [])
  ports.hints.learnFull(full)
  return [...unknown.filter((account) => !mayBeFull(account)), ...candidates.filter(mayBeFull)]
}
