/** Records which account owns the ids that an answer says were created. An owner that is already known costs nothing. */
import type { Account } from '#domain/accounts/account.ts'
import { shortId } from '#domain/jobs/fingerprint.ts'
import { textsAt } from '#domain/text/json-pointer.ts'
import type { JobStart } from '#domain/slots/lease.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Owner } from '#domain/routing/owner.ts'
import { listOfMade } from '#domain/visibility/own-list.ts'
import { poolOf } from './find-owners.ts'
import type { ProxyCall } from '#flows/upstream/proxy-call.ts'

export function createdOwners(call: ProxyCall, account: Account, answer: unknown): Owner[] {
  const { route } = call.match ?? {}
  const named = madeAt(call).flatMap((pointer) =>
    textsAt(answer, pointer).map((id) => ({ id, pointer }))
  )
  const pointers = new Map(named.toReversed().map(({ id, pointer }) => [id, pointer]))
  return [...new Set(named.map(({ id }) => id))].map((id) => ({
    id,
    email: account.email,
    source: route?.pool === 'roomy' ? 'uploaded' : 'created',
    mayBeShared: false,
    ...ownOf(call, pointers.get(id)),
  }))
}

/** What a read shows in a thing of an own token is its own, too: the videos of a session, the looks of a group. */
function madeAt({ own, match, method }: ProxyCall): readonly string[] {
  const { creates = [], lists = [] } = match?.route ?? {}
  return own?.isMaking && method === 'GET' ? [...creates, ...lists] : creates
}

/** For an own token: the list that shows the jobs of its creation. */
export function ownListOf(call: ProxyCall): string | undefined {
  return ownOf(call, jobPlaceOf(call)).own?.list
}

/** Where the row's answers name its job. */
function jobPlaceOf({ match }: ProxyCall): string | undefined {
  const job = match?.route.job
  return job ? [job.id].flat()[0] : undefined
}

/** For an own token: that it made what the answer names at this place. Undefined: the place is not known. */
function ownOf(
  { own, match, provider }: ProxyCall,
  pointer: string | undefined
): Pick<Owner, 'own'> {
  if (!own?.isMaking || !match) return {}
  const { route } = match
  const list = pointer === undefined ? '' : listOfMade(provider.routes.table, route, pointer)
  return { own: { token: own.token, list } }
}

/** The same ids, as made with the own token of the call. For jobs of which only the id is known. */
export function asOwn(call: ProxyCall, owners: readonly Owner[]): Owner[] {
  const pointer = jobPlaceOf(call)
  return owners.map((owner) => ({ ...owner, ...ownOf(call, pointer) }))
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
  const owners = eachOnce(call, named).map((owner) => withoutKnown(ports, call, owner))
  if (owners.length === 0) return true
  try {
    const { accounts } = await ports.accounts.list(call.tenant, call.provider.name)
    const seen = () => ports.hints.takeSeen(accounts)
    const pool = poolOf(call.tenant, call.provider.name, accounts)
    const isKept = await ports.owners.learn(pool, owners, seen)
    for (const { id, own } of owners) if (own) rememberOwn(ports, call, own.token, id)
    return isKept
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

/** An id that was made with a token stays so. */
const OWN_MS = 3_600_000

function nameOfOwn({ tenant, provider }: ProxyCall, token: string, id: string): string {
  return `${tenant}/${provider.name}/own/${token}/${id}`
}

export function rememberOwn(ports: Ports, call: ProxyCall, token: string, id: string): void {
  ports.memory.set(nameOfOwn(call, token, shortId(id)), true, ports.now() + OWN_MS)
}

/** Whether this isolate knows that the id was made with the token. */
export function isKnownOwn(ports: Ports, call: ProxyCall, token: string, id: string): boolean {
  return ports.memory.get(nameOfOwn(call, token, shortId(id)), ports.now()) === true
}

/** Each status answer names again what was made, and the desk need not hear it again. */
function withoutKnown(ports: Ports, call: ProxyCall, owner: Owner): Owner {
  const { own, ...rest } = owner
  return own && isKnownOwn(ports, call, own.token, owner.id) ? rest : owner
}
