/** Combines a read over all accounts: merges lists, sums numbers, and splits bulk reads by owner. */
import type { Ports } from '#domain/ports/ports.ts'
import { ableAccounts, chooseAccounts } from '#flows/routing/choose-accounts.ts'
import { mergeCounted } from './merge-counted-pages.ts'
import { mergeLists } from './merge-lists.ts'
import type { ProxyAnswer, ProxyCall } from '#flows/upstream/proxy-call.ts'
import { openableOf } from '#flows/access/missing-master-key.ts'
import { splitIds } from './split-by-owner.ts'
import { sumUp } from './add-up.ts'

/** Undefined: one account must answer, because the call names it or because there is only one. */
export async function readTogether(
  ports: Ports,
  call: ProxyCall
): Promise<ProxyAnswer | undefined> {
  if (call.method !== 'HEAD') return readWhole(ports, call)
  const answer = await readWhole(ports, { ...call, method: 'GET' })
  if (!answer) return undefined
  const { status, headers } = answer.response
  return { ...answer, response: new Response(null, { status, headers }) }
}

async function readWhole(ports: Ports, call: ProxyCall): Promise<ProxyAnswer | undefined> {
  const route = call.match?.route
  if (!route || call.email !== undefined) return undefined
  const shape = call.provider.lists.shapeOf(route)
  if (call.method !== (shape?.isAskedInBody ? 'POST' : 'GET')) return undefined
  const sums = call.provider.lists.sumsOf?.(route)
  const isSplit = route.pool === 'split'
  if (!shape && !sums && !isSplit) return undefined
  const { accounts } = await ports.accounts.list(call.tenant, call.provider.name)
  if (accounts.length < 2) return undefined
  ableAccounts(call, accounts)
  openableOf(ports, accounts)
  if (isSplit) return splitIds(ports, call, accounts)
  const { isPinned } = await chooseAccounts(ports, call, undefined)
  if (isPinned) return undefined
  if (sums) return sumUp(ports, call, sums, accounts)
  if (!shape) return undefined
  const { counted } = shape
  return counted
    ? mergeCounted(ports, call, { ...shape, counted }, accounts)
    : mergeLists(ports, call, shape, accounts)
}
