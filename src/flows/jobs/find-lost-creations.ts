/**
 * Looks for the jobs of lost creations (their answers were lost), in the most certain place first: the desk's records, the
 * provider's own answer under the same key, then the provider's list. One search of a list serves all creations that it may have.
 */
import { hasMade } from '#domain/accounts/account.ts'
import type { JobStart, Lease } from '#domain/slots/lease.ts'
import { isLost } from '#domain/jobs/match-lost-creations.ts'
import type { LookUpResult } from '#domain/jobs/look-up-result.ts'
import { answerLostAt, postponeUnsearchable, searchAgainLater } from '#domain/jobs/reconcile.ts'
import type { JobSearch } from '#providers/contract/provider.ts'
import { learnJobOwners, send, type ReconcileContext } from './status-checks.ts'
import { searchProviderList } from './search-provider-list.ts'

/** How long a key is asked for. The provider forgets keys after a day. */
const KEY_MS = 23 * 60 * 60 * 1000
/** After how many answers without information a key is not used again. */
const KEY_ASKS_MAX = 6
/** Statuses that say nothing about the key: a later request may be answered. */
const ASK_LATER = new Set([401, 402, 403, 408, 409, 429])

/** `isQuick`: a client waits for the result. */
export async function findLostCreations(
  context: ReconcileContext,
  leases: readonly Lease[],
  isQuick = false
): Promise<LookUpResult> {
  let result: LookUpResult = { kind: 'unknown' }
  const unanswered = new Set<string>()
  for (const requestId of new Set(leases.map((lease) => lease.requestId))) {
    const atDesk = await askDesk(context, requestId)
    if (atDesk === 'no-answer') unanswered.add(requestId)
    if (atDesk === 'known') continue
    const underKey = await askUnderKey(context, requestId)
    if (underKey.kind === 'no-answer' || underKey.kind === 'later') {
      if (mayStillAnswer(context, requestId)) unanswered.add(requestId)
    }
    if (underKey.kind === 'found' || underKey.kind === 'later') result = underKey
  }
  const byList = new Map<string, { finder: JobSearch; wanted: Lease[] }>()
  for (const lease of leases.flatMap((one) => stillUnknown(context, one) ?? [])) {
    const finder = context.provider.jobs.searchOf(lease)
    if (finder) {
      const wanted = byList.get(finder.path)?.wanted ?? []
      byList.set(finder.path, { finder, wanted: [...wanted, lease] })
    } else if (!isQuick) {
      postponeWithoutList(context, lease)
    }
  }
  for (const { finder, wanted } of byList.values())
    await searchProviderList(context, finder, wanted, { isQuick, unanswered })
  return result
}

/** The present lease, if a list may still show its job. A lease that watches a name is checked by status instead. */
function stillUnknown({ desk }: ReconcileContext, lease: Lease): Lease | undefined {
  const now = desk.leases().find((one) => one.id === lease.id)
  const isWanted = now && isLost(now) && (now.state === 'suspect' || now.watch.length === 0)
  return isWanted ? now : undefined
}

/** Plans the next look for a job that no list has: only the desk and the key can show it. */
function postponeWithoutList(context: ReconcileContext, lease: Lease): void {
  const { ports, desk } = context
  const mayBeFound = (lease.looks ?? 0) < KEY_ASKS_MAX || keyCallOf(context, lease) !== undefined
  const later = mayBeFound ? searchAgainLater : postponeUnsearchable
  desk.apply(later(lease, ports.now(), ports.durations))
}

/**
 * Asks the desk which jobs the creation's own answer named. The desk knows them if binding failed here, or if another account
 * made them after this account had refused the creation without releasing its slot.
 */
async function askDesk(
  context: ReconcileContext,
  requestId: string
): Promise<'known' | 'not-known' | 'no-answer'> {
  const { ports, provider, desk } = context
  const { account } = desk
  const lease = desk.leases().find((one) => one.requestId === requestId)
  const made = await ports
    .desk(lease?.tenant ?? account.tenant, provider.name)
    .madeBy(requestId)
    .catch(() => 'no-answer' as const)
  if (made === 'no-answer') return made
  if (!made) return 'not-known'
  const lost = lostLeasesOf(context, requestId)
  if (hasMade(account, made)) desk.bind(requestId, made.starts)
  else desk.apply({ put: [], drop: lost.map((one) => one.id), ended: [] })
  return 'known'
}

function lostLeasesOf({ desk }: ReconcileContext, requestId: string): Lease[] {
  return desk.leases().filter((one) => one.requestId === requestId && isLost(one))
}

/** A list proves less than a key. So while the key may still be answered, no list alone ends the search: for the first searches. */
function mayStillAnswer(context: ReconcileContext, requestId: string): boolean {
  return lostLeasesOf(context, requestId).some(({ looks = 0 }) => looks < KEY_ASKS_MAX)
}

/**
 * Sends the creation again under its own key, with a body that cannot start anything. A provider that knows the key gives
 * its first answer again. `unknown`: the answer says nothing, or there is no key. `no-answer`: a later one may say something.
 */
async function askUnderKey(
  context: ReconcileContext,
  requestId: string
): Promise<LookUpResult | { kind: 'no-answer' }> {
  const { ports, provider, desk } = context
  const unknown: LookUpResult = { kind: 'unknown' }
  const noAnswer = { kind: 'no-answer' } as const
  const [lease] = lostLeasesOf(context, requestId)
  const call = lease && keyCallOf(context, lease)
  const isAnswerLost = lease && ports.now() >= answerLostAt(lease, ports.durations)
  if (!lease?.upstreamKey || !call || !isAnswerLost) return unknown
  const answer = await send(context, {
    method: 'POST',
    path: call.path,
    headers: { 'content-type': 'application/json', 'idempotency-key': lease.upstreamKey },
    body: call.body,
  })
  if (!answer) return noAnswer
  if (answer.status === 409 && provider.answers.saysInProgress?.(answer)) return { kind: 'later' }
  // A page that is not JSON comes from a proxy in front of the provider.
  const isTheirs = typeof answer.body === 'object' && answer.body !== null
  if (!isTheirs || ASK_LATER.has(answer.status) || answer.status >= 500) return noAnswer
  if (answer.status < 200 || answer.status >= 300) {
    countKeyAsk(context, requestId)
    return unknown
  }
  const starts = provider.jobs.readKeyAnswer?.(lease, answer.body) ?? []
  if (starts.length === 0 || starts.some((start) => isOthers(context, requestId, start))) {
    countKeyAsk(context, requestId)
    return unknown
  }
  if (lostLeasesOf(context, requestId).length === 0) return unknown
  desk.bind(requestId, starts)
  await learnJobOwners(context, lease, starts)
  return { kind: 'found', starts, body: answer.text }
}

/** Whether the job is bound for certain to another creation. One of several jobs of this creation may have ended meanwhile. */
function isOthers({ desk }: ReconcileContext, requestId: string, { jobId }: JobStart): boolean {
  const running = desk.leases().filter((one) => one.requestId === requestId)
  const ended = desk.ended(requestId).map(({ lease }) => lease)
  const isOurs = [...running, ...ended].some((one) => one.jobId === jobId)
  return desk.knows(jobId) && !isOurs
}

/** The request under the key. Undefined: the key gives no information (any more). */
function keyCallOf({ ports, provider }: ReconcileContext, lease: Lease) {
  const { upstreamKey, acquiredAt, keyAsks = 0 } = lease
  const isOver = ports.now() - acquiredAt >= KEY_MS || keyAsks >= KEY_ASKS_MAX
  return upstreamKey === undefined || isOver ? undefined : provider.jobs.keyProbeOf?.(lease)
}

function countKeyAsk(context: ReconcileContext, requestId: string): void {
  const lost = lostLeasesOf(context, requestId)
  const put = lost.map((lease) => ({ ...lease, keyAsks: (lease.keyAsks ?? 0) + 1 }))
  context.desk.apply({ put, drop: [], ended: [] })
}
