/** Records which account owns the ids that an answer says were created. An owner that is already known costs nothing. */
import type { Account } from '#domain/accounts/account.ts'
import { textsAt } from '#domain/text/json-pointer.ts'
import type { JobStart } from '#domain/slots/lease.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Owner } from '#domain/routing/owner.ts'
import { poolOf } from './find-owners.ts'
import type { ProxyCall } from '#flows/upstream/proxy-call.ts'

export function createdOwners(call: ProxyCall, account: Account, answer: unknown): Owner[] {
  const { route } = call.match ?? {}
  const ids = (route?.creates ?? []).flatMap((pointer) => textsAt(answer, pointer))
  return [...new Set(ids)].map((id) => ({
    id,
    email: account.email,
    source: route?.pool === 'roomy' ? 'uploaded' : 'created',
    mayBeShared: false,
  }))
}

/** `lease`: the id of the request that started these jobs. */
export function jobOwners(starts: readonly JobStart[], account: Account, lease: string): Owner[] {
  return starts.map(({ jobId }) => {
    return { id: jobId, email: account.email, source: 'created', mayBeShared: false, lease }
  })
}

/** As the creation's own answer named them: the desk keeps the jobs with the creation. */
export function startedOwners(
  starts: readonly JobStart[],
  account: Account,
  lease: string
): Owner[] {
  return starts.flatMap((start) =>
    jobOwners([start], account, lease).map((owner) => ({ ...owner, start, key: account.key }))
  )
}

/** As they are recorded: each id once. If an id is in the list twice, the first entry counts. */
export function eachOnce(call: ProxyCall, named: readonly Owner[]): Owner[] {
  const first = new Map(named.toReversed().map((owner) => [owner.id, owner]))
  // The desk gives the jobs of a creation back in this order.
  const each = named.filter((owner) => first.get(owner.id) === owner)
  return each.map((owner) => marked(call, owner))
}

/** Records each id once. Never throws. False: it failed, or the desk does not keep the jobs among the owners. */
export async function learnIds(
  ports: Ports,
  call: ProxyCall,
  named: readonly Owner[]
): Promise<boolean> {
  const owners = eachOnce(call, named)
  if (owners.length === 0) return true
  try {
    const { accounts } = await ports.accounts.list(call.tenant, call.provider.name)
    const seen = () => ports.hints.takeSeen(accounts)
    return await ports.owners.learn(poolOf(call.tenant, call.provider.name, accounts), owners, seen)
  } catch {
    ports.log('learn_failed', { requestId: call.requestId })
    return false
  }
}

/** Marks ids that are an avatar or a voice, as the row says. */
function marked({ provider, match }: ProxyCall, owner: Owner): Owner {
  const isMade = owner.source === 'created' || owner.source === 'uploaded'
  const isLikeness = match !== undefined && provider.uploads?.isLikenessRow(match.route) === true
  return isMade && isLikeness ? { ...owner, isLikeness } : owner
}
