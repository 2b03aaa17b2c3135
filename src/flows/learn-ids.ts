/** Remembers whose the ids are that an answer names as created. What is learnt twice costs nothing the second time. */
import type { Account } from '#domain/account.ts'
import { textsAt } from '#domain/json-pointer.ts'
import type { JobStart } from '#domain/lease.ts'
import type { Owner, Ports } from '#domain/ports.ts'
import { poolOf } from './find-owners.ts'
import type { ProxyCall } from './proxy-call.ts'

export function createdOwners(call: ProxyCall, account: Account, answer: unknown): Owner[] {
  const { route } = call.match ?? {}
  const ids = (route?.creates ?? []).flatMap((pointer) => textsAt(answer, pointer))
  const isLikeness = route !== undefined && call.provider.likeness?.isRow(route) === true
  return [...new Set(ids)].map((id) => ({
    id,
    email: account.email,
    source: route?.pool === 'roomy' ? 'uploaded' : 'created',
    mayBeShared: false,
    ...(isLikeness ? { isLikeness } : {}),
  }))
}

/** `lease`: the request that made them. */
export function jobOwners(starts: readonly JobStart[], account: Account, lease: string): Owner[] {
  return starts.map(({ jobId }) => {
    return { id: jobId, email: account.email, source: 'created', mayBeShared: false, lease }
  })
}

/** Each id once; the first that is said of it counts. */
export async function learnIds(
  ports: Ports,
  call: ProxyCall,
  named: readonly Owner[]
): Promise<void> {
  const owners = [...new Map(named.toReversed().map((owner) => [owner.id, owner])).values()]
  if (owners.length === 0) return
  try {
    const { accounts } = await ports.accounts.list(call.tenant, call.provider.name)
    await ports.owners.learn(poolOf(call.tenant, call.provider.name, accounts), owners)
  } catch {
    ports.log('learn_failed', { requestId: call.requestId })
  }
}
