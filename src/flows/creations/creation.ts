/** The state of a creation on its way to the provider, and the lease that it asks an account's object for. */
import type { Account } from '#domain/accounts/account.ts'
import { shortFingerprint } from '#domain/jobs/fingerprint.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Owner } from '#domain/routing/owner.ts'
import { AppError } from '#domain/runtime/errors.ts'
import type { JobStart, LeaseAsk } from '#domain/slots/lease.ts'
import { upstreamKey } from '#flows/routing/upstream-key.ts'
import { releaseSlot } from '#flows/slots/release-slot.ts'
import type { ReadCall } from '#flows/upstream/proxy-call.ts'
import { isTicketed, replyOf } from './replace-callback.ts'

/** The longest name that a job is watched by. The ledger stores it as long as the job runs. */
const WATCH_CHARS_MAX = 512
const RETRY_AFTER_SECONDS = 5

export interface Creation {
  call: ReadCall
  /** When the creation was received, epoch ms. */
  begunAt: number
  ask: LeaseAsk
  /** How many slots the creation needs at once. */
  slots: number
  /** True once the creation may have reached the provider. */
  isSent: boolean
  /** True if an account that does not run the creation may hold a lease of it. */
  mayHaveStrayLease: boolean
  /**
   * Has the desk keep the jobs that were started, in the place of `learnIds`. For a queued creation, whose start the desk is told
   * together with its end in the line. False: the desk has not kept them.
   */
  keep?(owners: Owner[], starts: JobStart[]): Promise<boolean>
}

export function newCreation(ports: Ports, call: ReadCall): Creation {
  const begunAt = call.begunAt ?? ports.now()
  const ask = leaseAskOf(ports, call)
  const slots = ask.count * (ask.slots ?? 1)
  return { call, begunAt, ask, slots, isSent: false, mayHaveStrayLease: false }
}

/** The lease request. It asks for a `call` lease, which ends with the call, if the row has no status that shows a job's end. */
export function leaseAskOf(ports: Ports, call: ReadCall): LeaseAsk {
  const { provider, match, json, limit } = call
  if (!match) throw new Error('a creation without a row')
  const { route, added } = match
  const expected = provider.jobs.expected(match, json)
  const isTooLong = expected?.watch.some((name) => name.length > WATCH_CHARS_MAX) === true
  if (isTooLong) throw new AppError('bad_request', 'An id in this call is too long to be one.')
  const reply = replyOf(ports, call)
  // The operator may remove the row while its job runs, so the lease contains what status checks need.
  const row = added &&
    route.job && { job: route.job, ...(added.reports && { reports: added.reports }) }
  return {
    leaseId: call.requestId,
    tenant: call.tenant,
    ...(call.tokenId === undefined ? {} : { token: call.tokenId }),
    kind: route.job ? 'job' : 'call',
    route: `${route.method} ${route.path}`,
    count: provider.jobs.count(match, json),
    slots: provider.jobs.slotsPerJob?.(match, json) ?? 1,
    fingerprint: shortFingerprint(provider.jobs.fingerprintOf(json, call)),
    ...(call.own ? { ownToken: call.own.token } : {}),
    ...(limit === undefined ? {} : { limit }),
    ...(route.keyProbe && route.path.includes('{') ? { path: call.path } : {}),
    ...(route.job?.meter === undefined ? {} : { meter: route.job.meter }),
    ...(reply === undefined ? {} : { reply }),
    expectsEvent: provider.events?.notifiesEndOf(route) === true && !added,
    ...(row ? { row } : {}),
    ...(expected === undefined ? {} : { expected }),
    ...(call.share ? { isLimited: true } : {}),
    ...(call.yields ? { yields: true } : {}),
  }
}

/** The part of the lease request that depends on the account. Throws when it is too late to ask another account for a slot. */
export async function askOn(
  ports: Ports,
  { call, begunAt }: Creation,
  account: Account
): Promise<Partial<LeaseAsk>> {
  // After this time a repeat under the same key that finds no lease may run, so this creation must not take a lease any more.
  if (ports.now() - begunAt >= ports.durations.acquireWithinMs) throw tooLate()
  const key = await upstreamKey(ports, call, account)
  return {
    isTicketed: isTicketed(ports, call, account),
    ...(key === undefined ? {} : { upstreamKey: key }),
  }
}

/**
 * Throws when the lease was granted too late: a repeat under the same key may have found no lease before, and may run instead.
 */
export async function checkGrantedInTime(
  ports: Ports,
  { call, begunAt }: Creation,
  account: Account
): Promise<void> {
  if (ports.now() - begunAt < ports.durations.staleKeyMs) return
  await releaseSlot(ports, account, call.requestId)
  throw tooLate()
}

function tooLate(): AppError {
  const message = 'No account has taken this creation in time; nothing was started. Try again.'
  return new AppError('slots_full', message, { retryAfterSeconds: RETRY_AFTER_SECONDS })
}
