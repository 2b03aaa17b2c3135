/**
 * Looks for the jobs of creations whose answers were lost, surest first: what the desk knows, the provider's own answer
 * under the same key, then the provider's list. One search of a list serves all that are looked for in it.
 */
import type { JobStart, Lease } from '#domain/slots/lease.ts'
import { isLost } from '#domain/jobs/match-lost-creations.ts'
import type { LookUpResult } from '#domain/ports/slots.ts'
import { postponeUnsearchable, answerLostAt, searchAgainLater } from '#domain/jobs/reconcile.ts'
import type { Finder } from '#providers/contract/provider.ts'
import { learnJobOwners, send, type ReconcileContext } from './status-checks.ts'
import { searchProviderList } from './search-provider-list.ts'

/** The provider forgets its keys after a day. */
const KEY_MS = 23 * 60 * 60 * 1000
/** After so many answers that said nothing, the key is asked under no more. */
const KEY_ASKS_MAX = 6

/** `isQuick`: somebody waits for it. */
export async function findLostCreations(
  context: ReconcileContext,
  leases: readonly Lease[],
  isQuick = false
): Promise<LookUpResult> {
  let looked: LookUpResult = { kind: 'unknown' }
  const blind = new Set<string>()
  for (const requestId of new Set(leases.map((lease) => lease.requestId))) {
    const known = await askDesk(context, requestId)
    if (known === 'unasked') blind.add(requestId)
    if (known === true) continue
    const byKey = await askUnderKey(context, requestId)
    if (byKey.kind !== 'unknown') looked = byKey
  }
  const open = leases
    .flatMap((lease) => stillLost(context, lease) ?? [])
    .filter((lease) => lease.state === 'suspect' || lease.watch.length === 0)
  const lists = new Map<string, { finder: Finder; leases: Lease[] }>()
  for (const lease of open) {
    const finder = context.provider.finderOf(lease)
    if (!finder) {
      if (!isQuick) lookBlindly(context, lease)
      continue
    }
    const list = lists.get(finder.path) ?? { finder, leases: [] }
    lists.set(finder.path, { finder, leases: [...list.leases, lease] })
  }
  for (const { finder, leases: sought } of lists.values())
    await searchProviderList(context, finder, sought, { isQuick, blind })
  return looked
}

function stillLost({ desk }: ReconcileContext, lease: Lease): Lease | undefined {
  const now = desk.leases().find((one) => one.id === lease.id)
  return now && isLost(now) ? now : undefined
}

/** No list has this kind: only what was asked so far can name it. */
function lookBlindly(context: ReconcileContext, lease: Lease): void {
  const { ports, desk } = context
  const mayTell = (lease.looks ?? 0) < KEY_ASKS_MAX || keyCallOf(context, lease) !== undefined
  const later = mayTell ? searchAgainLater : postponeUnsearchable
  desk.apply(later(lease, ports.now(), ports.durations))
}

/**
 * What the creation's own answer named, when its binding failed; or that another account made it, when this one had refused
 * it and giving the slot back failed. `unasked`: the desk did not answer.
 */
async function askDesk(context: ReconcileContext, requestId: string): Promise<boolean | 'unasked'> {
  const { ports, provider, desk } = context
  const { tenant, email } = desk.account
  const lease = desk.leases().find((one) => one.requestId === requestId)
  const made = await ports
    .desk(lease?.tenant ?? tenant, provider.name)
    .madeBy(requestId)
    .catch(() => 'unasked' as const)
  if (made === 'unasked') return made
  if (!made) return false
  const mine = desk.leases().filter((one) => one.requestId === requestId && isLost(one))
  if (made.email === email) desk.bind(requestId, made.starts)
  else desk.apply({ put: [], drop: mine.map((one) => one.id), ended: [] })
  return true
}

/**
 * Asks for the creation again under its own key with a body that cannot start anything: whoever knows the key gives the
 * first answer again. Anything but that answer says nothing.
 */
async function askUnderKey(context: ReconcileContext, requestId: string): Promise<LookUpResult> {
  const { ports, provider, desk } = context
  const unknown: LookUpResult = { kind: 'unknown' }
  const lease = desk.leases().find((one) => one.requestId === requestId && isLost(one))
  const call = lease && keyCallOf(context, lease)
  const isOver = lease && ports.now() >= answerLostAt(lease, ports.durations)
  if (!lease?.upstreamKey || !call || !isOver) return unknown
  const answer = await send(context, {
    method: 'POST',
    path: call.path,
    headers: { 'content-type': 'application/json', 'idempotency-key': lease.upstreamKey },
    body: call.body,
  })
  if (!answer) return unknown
  if (answer.status === 409 && provider.saysInProgress?.(answer)) return { kind: 'later' }
  if (answer.status < 200 || answer.status >= 300) {
    // A page of what stands before the provider is not its answer.
    const isTheirs = typeof answer.body === 'object' && answer.body !== null
    const isLater = IS_LATER.has(answer.status) || answer.status >= 500
    if (isTheirs && !isLater) noteKeyAsked(context, requestId)
    return unknown
  }
  const starts = provider.startsIn?.(lease, answer.body) ?? []
  const ledger = desk.leases()
  const isOthers = (start: JobStart) =>
    desk.knows(start.jobId) &&
    !ledger.some((one) => one.requestId === requestId && one.jobId === start.jobId)
  if (starts.length === 0 || starts.some(isOthers)) {
    noteKeyAsked(context, requestId)
    return unknown
  }
  if (!ledger.some((one) => one.requestId === requestId && isLost(one))) return unknown
  desk.bind(requestId, starts)
  await learnJobOwners(context, lease, starts)
  return { kind: 'found', starts, body: answer.text }
}

/** What is asked again later: it says nothing of the key, only of now. */
const IS_LATER = new Set([401, 402, 403, 408, 409, 429])

/** The question under its key, where it can still say something. */
function keyCallOf({ ports, provider }: ReconcileContext, lease: Lease) {
  const { upstreamKey, acquiredAt, keyAsks = 0 } = lease
  const isOver = ports.now() - acquiredAt >= KEY_MS || keyAsks >= KEY_ASKS_MAX
  return upstreamKey === undefined || isOver ? undefined : provider.askUnderKey?.(lease)
}

function noteKeyAsked({ desk }: ReconcileContext, requestId: string): void {
  const mine = desk.leases().filter((one) => one.requestId === requestId && isLost(one))
  const put = mine.map((lease) => ({ ...lease, keyAsks: (lease.keyAsks ?? 0) + 1 }))
  desk.apply({ put, drop: [], ended: [] })
}

/** What has become of a creation as far as its account's object knows. */
export function lookUpResultOf(
  { desk }: Pick<ReconcileContext, 'desk'>,
  requestId: string,
  last: LookUpResult
): LookUpResult {
  const live = desk.leases().filter((lease) => lease.requestId === requestId)
  const over = desk.ended(requestId)
  const named = [...live, ...over.map((end) => end.lease)].filter(
    (lease) => lease.jobId !== undefined && lease.state !== 'suspect' && lease.state !== 'unbound'
  )
  if (live.some(isLost)) return last.kind === 'found' ? { kind: 'unknown' } : last
  if (named.length > 0) {
    const starts = named.map(({ jobId = '', watch, ask }) => ({
      jobId,
      watch,
      ...(ask === undefined ? {} : { ask }),
    }))
    return {
      kind: 'found',
      starts,
      ...(last.kind === 'found' && last.body !== undefined ? { body: last.body } : {}),
    }
  }
  const isAbsent = live.length === 0 && over.every(({ outcome }) => outcome.status === 'absent')
  return isAbsent && over.length > 0 ? { kind: 'absent' } : { kind: 'unknown' }
}
