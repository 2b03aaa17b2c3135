/** Hides asset copies, which the gateway made itself, in lists, and deletes them together with their original. */
import { findAccount, type Account } from '#domain/accounts/account.ts'
import type { MergedPage } from '#domain/lists/merge-rows.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { poolOf } from '#flows/routing/find-owners.ts'
import type { ProxyCall } from '#flows/upstream/proxy-call.ts'
import { sendOn } from '#flows/routing/send-on.ts'

const DELETE_WITHIN_MS = 20_000

/** The page without rows that are copies. It costs one call to the tenant's object at most. */
export async function withoutCopies(
  ports: Ports,
  call: ProxyCall,
  accounts: readonly Account[],
  merged: MergedPage
): Promise<MergedPage> {
  const { provider, match, tenant } = call
  const ids = merged.rows.map(({ row }) => row.id)
  if (!match || ids.length === 0 || !provider.uploads?.isList(match.route)) return merged
  const owners = await ports.owners
    .find(poolOf(tenant, provider.name, accounts), ids)
    .catch(() => [])
  const copies = new Set(owners.flatMap(({ id, source }) => (source === 'copied' ? [id] : [])))
  return { ...merged, rows: merged.rows.filter(({ row }) => !copies.has(row.id)) }
}

/** Deletes the copies of an upload that was just deleted. A copy that cannot be deleted stays at its account, hidden. Never throws. */
export async function deleteCopies(ports: Ports, call: ProxyCall): Promise<void> {
  const { provider, match, tenant, requestId } = call
  const assets = provider.uploads
  const deleted = match && assets?.deleted(match)
  if (!assets || !deleted) return
  try {
    const desk = ports.desk(tenant, provider.name)
    const copies = await desk.takeCopies(deleted.id, deleted.keyStart)
    const accounts = await ports.accounts.list(tenant, provider.name)
    for (const { email, copy } of copies) {
      const account = findAccount(accounts, email)
      if (account) await deleteOn(ports, call, account, assets.deletion(copy))
    }
  } catch {
    ports.log('copies_not_deleted', { requestId })
  }
}

async function deleteOn(
  ports: Ports,
  { provider, tenant, requestId, origin }: ProxyCall,
  account: Account,
  { method, path }: { method: string; path: string }
): Promise<void> {
  const match = provider.routes.match(method, path)
  const headers = new Headers({ accept: 'application/json' })
  const call = { origin, requestId, tenant, provider, match, method, path, search: '', headers }
  const signal = ports.timeoutSignal(DELETE_WITHIN_MS)
  const answer = await sendOn(ports, { ...call, body: null }, account, signal)
  await answer.body?.cancel()
}
