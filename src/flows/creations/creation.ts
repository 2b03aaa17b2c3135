/** One creation on its way to the provider: what it asks of an account's object, and how far it has come. */
import type { Account } from '#domain/accounts/account.ts'
import { shortFingerprint } from '#domain/jobs/fingerprint.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { AppError } from '#domain/runtime/errors.ts'
import type { LeaseAsk } from '#domain/slots/lease.ts'
import { upstreamKey } from '#flows/routing/upstream-key.ts'
import { releaseSlot } from '#flows/slots/release-slot.ts'
import type { ReadCall } from '#flows/upstream/proxy-call.ts'
import { isTicketed, replyOf } from './replace-callback.ts'

/** What a job is watched by stands in the ledger as long as the job runs. */
const WATCH_CHARS_MAX = 512
const RETRY_AFTER_SECONDS = 5

export interface Creation {
  call: ReadCall
  /** When it was received, epoch ms. */
  begunAt: number
  ask: LeaseAsk
  /** How many slots it needs at once. */
  slots: number
  /** It may have reached the provider. */
  isSent: boolean
  /** An account that does not run it may hold a lease of it. */
  mayHaveStrayLease: boolean
}

export function newCreation(ports: Ports, call: ReadCall): Creation {
  const begunAt = call.begunAt ?? ports.now()
  const ask = leaseAskOf(ports, call)
  const slots = ask.count * (ask.slots ?? 1)
  return { call, begunAt, ask, slots, isSent: false, mayHaveStrayLease: false }
}

/** A `call` lease, which ends with the call, where the row has no status that tells the end of a job. */
export function leaseAskOf(ports: Ports, call: ReadCall): LeaseAsk {
  const { provider, match, json, limit } = call
  if (!match) throw new Error('a creation without a row')
  const { route, added } = match
  const expected = provider.jobs.expected(match, json)
  const isTooLong = expected?.watch.some((name) => name.length > WATCH_CHARS_MAX) === true
  if (isTooLong) throw new AppError('bad_request', 'An id in this call is too long to be one.')
  const reply = replyOf(ports, call)
  // The row may be removed while its job runs, so the lease carries what the status checks need of it.
  const row = added &&
    route.job && { job: route.job, ...(added.reports && { reports: added.reports }) }
  return {
    leaseId: call.requestId,
    tenant: call.tenant,
    kind: route.job ? 'job' : 'call',
    route: `${route.method} ${route.path}`,
    count: provider.jobs.count(match, json),
    slots: provider.jobs.slotsPerJob?.(match, json) ?? 1,
    fingerprint: shortFingerprint(provider.jobs.fingerprintOf(json, call)),
    ...(limit === undefined ? {} : { limit }),
    ...(route.keyProbe && route.path.includes('{') ? { path: call.path } : {}),
    ...(route.job?.meter === undefined ? {} : { meter: route.job.meter }),
    ...(reply === undefined ? {} : { reply }),
    expectsEvent: provider.events?.notifiesEndOf(route) === true && !added,
    ...(row ? { row } : {}),
    ...(expected === undefined ? {} : { expected }),
  }
}

/** What the lease request says of one account. Throws when it is too late to ask another account for a slot. */
export async function askOn(
  ports: Ports,
  { call, begunAt }: Creation,
  account: Account
): Promise<Partial<LeaseAsk>> {
  // From then on a repeat under its key that finds no lease may run, so this creation must not take one any more.
  if (ports.now() - begunAt >= ports.durations.acquireWithinMs) throw tooLate()
  const key = await upstreamKey(ports, call, account)
  return {
    isTicketed: isTicketed(ports, call, account),
    ...(key === undefined ? {} : { upstreamKey: key }),
  }
}

/**
 * Throws when the lease was granted too late: a repeat under its key may have found no lease
 * before, and run in its place.
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
