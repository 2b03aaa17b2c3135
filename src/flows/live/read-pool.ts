/** Reads the summaries of all accounts of some tenants. An account whose object does not answer is shown as unreachable. */
import { tenantNameOf } from '#domain/access/tenant.ts'
import type { Account } from '#domain/accounts/account.ts'
import type { Pool, PoolAccount, PoolQueue } from '#domain/live/pool-account.ts'
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
  const { accounts, isWhole, queueing } = await listAccounts(ports, providers, tenants)
  const shown = await limitConcurrency(accounts, OBJECTS_AT_ONCE, (account) =>
    readSummary(ports, account)
  )
  const queues = await readQueues(ports, queueing)
  return { at: new Date(ports.now()).toISOString(), isWhole, accounts: shown, queues }
}

interface DeskName {
  tenant: string
  provider: string
}

/** What waits at these desks. One that does not answer is left out. */
export async function readQueues(ports: Ports, desks: readonly DeskName[]): Promise<PoolQueue[]> {
  const found = await limitConcurrency(desks, OBJECTS_AT_ONCE, async ({ tenant, provider }) => {
    const desk = ports.desk(tenant, provider)
    const line = await desk.listLine({ limit: 0 }).catch(() => undefined)
    if (!line) return []
    const { waiting, starting, tokens, startsAMinute } = line
    const oldestAt = Math.min(...tokens.map((one) => one.oldestAt))
    const oldest = tokens.length === 0 ? null : new Date(oldestAt).toISOString()
    return [{ tenant: tenantNameOf(tenant), provider, waiting, starting, oldest, startsAMinute }]
  })
  return found.flat()
}

/**
 * The accounts of these tenants, as their desks have them now. `isWhole`: false, too, when a desk did not answer. `queueing`: the
 * desks where something was queued in the last months, so that the others are not asked what waits.
 */
export async function listAccounts(
  ports: Ports,
  providers: readonly string[],
  tenants: readonly string[]
): Promise<{ accounts: Account[]; isWhole: boolean; queueing: DeskName[] }> {
  const desks = tenants
    .slice(0, TENANTS_MAX)
    .flatMap((tenant) => providers.map((provider) => ({ tenant, provider })))
  const lists = await limitConcurrency(desks, OBJECTS_AT_ONCE, async ({ tenant, provider }) => {
    const snapshot = await ports.accounts.fresh(tenant, provider).catch(() => undefined)
    return snapshot && { ...snapshot, desk: { tenant, provider } }
  })
  const all = lists.flatMap((list) => list?.accounts ?? [])
  const hasAll = tenants.length <= TENANTS_MAX && all.length <= ACCOUNTS_MAX
  const isWhole = hasAll && lists.every((list) => list !== undefined)
  const queueing = lists.flatMap((list) => (list?.namesSince === undefined ? [] : [list.desk]))
  return { accounts: all.slice(0, ACCOUNTS_MAX), isWhole, queueing }
}

async function readSummary(ports: Ports, account: Account): Promise<PoolAccount> {
  const summary = await ports
    .slots(account.key)
    .summary(account.tenant)
    .catch(() => undefined)
  return summary ?? unreachableSummary(account, ports.now())
}
