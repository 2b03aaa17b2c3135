/**
 * Searches at once, while the client waits, for the job of a creation whose answer was lost. If the job is found, the client gets
 * the answer, else the error `outcome_unknown`. The account's object goes on searching (flows/jobs).
 */
import type { Account } from '#domain/accounts/account.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Owner } from '#domain/routing/owner.ts'
import type { Lease } from '#domain/slots/lease.ts'
import { unknownOutcome } from '#flows/jobs/unknown-outcome-errors.ts'
import { asOwn, learnIds } from '#flows/routing/learn-ids.ts'
import type { ProxyAnswer, ReadCall } from '#flows/upstream/proxy-call.ts'
import { answerFromJob } from './answer-from-job.ts'
import { forgetUnknown, noteUnknown } from './join-repeats.ts'
import { clientNamesIn } from './one-per-client-name.ts'
import { searchNow } from './read-outcome.ts'

export async function recoverLostAnswer(
  ports: Ports,
  call: ReadCall,
  account: Account
): Promise<ProxyAnswer> {
  const { email } = account
  const searchable = searchableBy(call)
  const noting = Promise.all([
    noteUnknown(ports, call, { email, canBeFound: Boolean(call.match?.route.job) }),
    rememberNames(ports, call, account),
  ])
  const found = searchable && (await searchWhileWaiting(ports, call, account, searchable))
  await noting
  if (!found) {
    ports.log('outcome_unknown', { tenant: call.tenant, email, requestId: call.requestId })
    const details = { accountEmail: email, isSearchedFor: searchable !== undefined }
    throw unknownOutcome(call.provider.name, call.requestId, details)
  }
  await forgetUnknown(ports, call)
  return found
}

/** Records the owner of the client's names, so that a second creation under a name goes to the same account and is refused. */
async function rememberNames(ports: Ports, call: ReadCall, { email }: Account): Promise<void> {
  const names = clientNamesIn(call)
  const owners = names.map((id): Owner => ({ id, email, source: 'created', mayBeShared: false }))
  await learnIds(ports, call, asOwn(call, owners))
}

/**
 * How the job of a lost creation can be found: `exactly`, at once and for certain, by its key or its name, or later in a `list`.
 * Undefined: the job cannot be searched for.
 */
export function searchableBy({
  provider,
  match,
  json,
  ...call
}: ReadCall): 'exactly' | 'list' | undefined {
  const route = match?.route
  if (!route?.job) return undefined
  if (provider.routes.takesIdempotencyKey(call.path, match) && route.keyProbe) return 'exactly'
  const fingerprint = provider.jobs.fingerprintOf(json, { ...call, match })
  const lease = { route: `${route.method} ${route.path}`, fingerprint } as Lease
  const finder = provider.jobs.searchOf(lease)
  if (finder === undefined) return undefined
  const isNamed = finder.isExact || (finder.callbackId ?? finder.details) !== undefined
  return isNamed && fingerprint.callbackId !== undefined ? 'exactly' : 'list'
}

/**
 * Searches a few times. The first search also shows the object that the call is over; without a search its alarm finds that out.
 * Undefined: the job was not found in time.
 */
async function searchWhileWaiting(
  ports: Ports,
  call: ReadCall,
  account: Account,
  how: 'exactly' | 'list'
): Promise<ProxyAnswer | undefined> {
  const { requestId } = call
  for (const pauseMs of how === 'exactly' ? [0, ...ports.durations.lookPausesMs] : [0]) {
    if (pauseMs > 0) await ports.after(pauseMs)
    const result = await searchNow(ports, account, requestId)
    if (result.kind === 'found') {
      ports.log('found_at_once', { email: account.email, requestId })
      return answerFromJob(ports, call, { ...result, account, requestId })
    }
    if (result.kind === 'absent') return undefined
  }
  return undefined
}
