/** Reads the summaries of all accounts of some tenants. An account whose object does not answer is shown as unreachable. */
import type { Account } from '#domain/accounts/account.ts'
import type { Pool, PoolAccount } from '#domain/live/pool-account.ts'
import { unreachableSummary } from '#domain/live/summary.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { limitConcurrency, OBJECTS_AT_ONCE } from '#flows/upstream/limit-concurrency.ts'

export const TENANTS_MAX = 400
const ACCOUNTS_MAX = 1000

/** `tenants`: their ids. */
export async function readPool(
  ports: Ports,
  providers: readonly string[],
  tenants: readonly string[]
): Promise<Pool> {
  const { accounts, isWhole } = await listAccounts(ports, providers, tenants)
  const shown = await limitConcurrency(accounts, OBJECTS_AT_ONCE, (account) =>
    readSummary(ports, account)
  )
  return { at: new Date(ports.now()).toISOString(), isWhole, accounts: shown }
}

/** The accounts of these tenants, as their desks have them now. `isWhole`: false, too, when a desk did not answer. */
export async function listAccounts(
  ports: Ports,
  providers: readonly string[],
  tenants: readonly string[]
): Promise<{ accounts: Account[]; isWhole: boolean }> {
  const desks = tenants
    .slice(0, TENANTS_MAX)
    .flatMap((tenant) => providers.map((provider) => ({ tenant, provider })))
  const lists = await limitConcurrency(desks, OBJECTS_AT_ONCE, async ({ tenant, provider }) => {
    const snapshot = await ports.accounts.fresh(tenant, provider).catch(() => undefined)
    return snapshot?.accounts
  })
  const all = lists.flatMap((list) => list ?? [])
  const hasAll = tenants.length <= TENANTS_MAX && all.length <= ACCOUNTS_MAX
  const isWhole = hasAll && lists.every((list) => list !== undefined)
  return { accounts: all.slice(0, ACCOUNTS_MAX), isWhole }
}

async function readSummary(ports: Ports, account: Account): Promise<PoolAccount> {
  const summary = await ports
    .slots(account.key)
    .summary(account.tenant)
    .catch(() => undefined)
  return summary ?? unreachableSummary(account, ports.now())
}
