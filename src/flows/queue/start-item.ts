/**
 * Starts a queued creation on the account whose object was handed it: opens its body, takes the lease, sends it. It is the flow by
 * which Workers start a job. What differs is that nobody waits for the answer, and that the desk decides which account is next.
 */
import { CannotOpen } from '#domain/access/sealed-text.ts'
import type { Account } from '#domain/accounts/account.ts'
import type { Work } from '#domain/ports/line.ts'
import { mayBeReadyLater } from '#domain/line/held.ts'
import { absentsElsewhere, FULL_THERE, hasParked, NOT_READY, PARKED } from '#domain/line/tries.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Owner } from '#domain/routing/owner.ts'
import { AppError } from '#domain/runtime/errors.ts'
import type { JobStart, LeaseAsk } from '#domain/slots/lease.ts'
import { parseJson } from '#domain/text/json-text.ts'
import { logMissingKey } from '#flows/access/missing-master-key.ts'
import { openAccountFor } from '#flows/accounts/open-account.ts'
import { askOn, newCreation, type Creation } from '#flows/creations/creation.ts'
import { runGranted } from '#flows/creations/start-job.ts'
import type { Attempt } from '#flows/slots/take-slot.ts'
import type { ReadCall } from '#flows/upstream/proxy-call.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { withIds } from './named-call.ts'
import { openItem } from './item-text.ts'
import { readRefusal, sealRefusal, type Refusal } from './refusal.ts'

export interface Starter {
  provider: Provider
  /** The account of the object. */
  account: Account
  /** How many leases of the item have ended as `absent` here. */
  absents: number
  /** Tells the desk that the item has begun. False: the desk has not confirmed that. */
  begun(owners: Owner[], starts: JobStart[]): Promise<boolean>
}

/**
 * `begun`: its jobs are bound, and the desk was told. `searching`: it may run; its lease stays. `back`: nothing ran, and it may be
 * tried again, elsewhere if `isLeftOut`, later if `isTooEarly`. `ends`: nothing ran, and nothing will. `ask`: for the lease that it had or would have had.
 */
export type Started =
  | { kind: 'begun' | 'searching' }
  | { kind: 'back'; why: string; isLeftOut?: true; isTooEarly?: true; refusal?: string }
  | { kind: 'ends'; reason: string; detail: string; ask: LeaseAsk; refusal?: string }

export async function startItem(ports: Ports, work: Work, starter: Starter): Promise<Started> {
  const { provider, account, begun } = starter
  const absents = starter.absents + absentsElsewhere(work.record.tries, account.key)
  const own = { ...ports, hasParked: { isTrue: work.record.tries.some((one) => hasParked(one)) } }
  const call = await openItem(own, provider, work).catch((error: unknown) => {
    if (!(error instanceof CannotOpen)) throw error
    logMissingKey(own, 'queued_body', error)
    return undefined
  })
  if (!call) {
    // Where the credential cannot be opened either, a key was taken out too early. It may come back.
    const opened = await openAccountFor(own, provider, account, work.record.path).catch(unsentOf)
    if (opened instanceof AppError) return { kind: 'back', why: opened.code }
    const detail = 'its body cannot be opened: the master key that sealed it is gone'
    return { kind: 'ends', reason: 'key_missing', detail, ask: itemAsk(work, absents) }
  }
  if (!call.match) {
    // A newer release has queued it, as in a deploy, or a rollback stays. The account's other items must not wait for that.
    if (mayBeReadyLater(work.record.tries))
      return { kind: 'back', why: NOT_READY, isTooEarly: true }
    const detail = 'its path is not known to this release'
    return { kind: 'ends', reason: 'unknown_path', detail, ask: itemAsk(work, absents) }
  }
  const reals = new Map(work.reals?.map(({ name, id }) => [name, id]))
  const creation = creationOf(own, reals.size === 0 ? call : withIds(call, reals))
  if (creation instanceof AppError) {
    const { code, message } = creation
    return { kind: 'ends', reason: code, detail: message, ask: itemAsk(work, absents) }
  }
  creation.keep = begun
  const { item } = itemAsk(work, absents)
  const part = provider.accounts.credentialKindFor?.(call.path)
  const whole = {
    ...creation.ask,
    ...(item && { item }),
    ...(part === undefined ? {} : { part }),
    ...(work.isLimited ? { isLimited: true as const } : {}),
    ...(work.choice ? { choice: work.choice } : {}),
  }
  // Everything that may fail comes before the lease: a lease that was not sent under costs a search of minutes.
  const ready = await Promise.all([
    askOn(own, creation, account),
    openAccountFor(own, provider, account, call.path),
  ]).catch(unsentOf)
  if (ready instanceof AppError) return { kind: 'back', why: ready.code }
  const ask = { ...whole, ...ready[0] }
  const granted = await own.slots(account.key).acquire(ask)
  if (!granted.ok) return { kind: 'back', why: granted.reason }
  const run = await runGranted(own, creation, { account, ask }).catch(unsentOf)
  if (run instanceof AppError) return { kind: 'back', why: run.code }
  if (run.kind === 'unsure') return { kind: 'searching' }
  return afterAnswer(own, work, starter, run, ask)
}

/** The error, if it says that nothing was sent. */
function unsentOf(error: unknown): AppError {
  if (error instanceof AppError) return error
  throw error
}

/** An error: the creation can never be sent. The Worker that queued it would have refused it, too. */
function creationOf(ports: Ports, call: ReadCall): Creation | AppError {
  try {
    return newCreation(ports, call)
  } catch (error) {
    return unsentOf(error)
  }
}

/** What the lease of an item says of it, as far as that is known without its body. */
export function itemAsk(
  { item, leaseId, record, sort }: Pick<Work, 'item' | 'leaseId' | 'record' | 'sort'>,
  absents: number
): LeaseAsk {
  const { requestId, tenant, names, reply, own, fingerprint = {} } = record
  return {
    leaseId,
    tenant,
    kind: 'job',
    route: sort.route,
    count: names.length,
    fingerprint,
    ...(own ? { ownToken: sort.token } : {}),
    ...(reply === undefined ? {} : { reply }),
    item: { id: item, requestId, names, askedAt: sort.askedAt, absents },
  }
}

async function afterAnswer(
  ports: Ports,
  { sort, record: { tenant, tries } }: Work,
  { provider }: Starter,
  run: Attempt,
  ask: LeaseAsk
): Promise<Started> {
  const seal = (refusal: Refusal) => sealRefusal(ports, provider, tenant, refusal)
  if (run.kind === 'done') {
    if (run.answer.jobIds) return { kind: 'begun' }
    const refusal = await readRefusal(run.answer)
    const { message: detail } = refusal
    if (saysNotReady(provider, refusal) && mayBeReadyLater(tries))
      return { kind: 'back', why: NOT_READY, isTooEarly: true }
    return { kind: 'ends', reason: 'refused', detail, ask, refusal: await seal(refusal) }
  }
  if (run.kind === 'retry') return { kind: 'back', why: 'newer credential' }
  const { parking, answer } = run
  if (parking) return { kind: 'back', why: PARKED + parking.reason }
  if (answer?.response.status === 429) return { kind: 'back', why: FULL_THERE }
  const refusal = answer && (await readRefusal(answer))
  const sealed = refusal && { refusal: await seal(refusal) }
  // No other account may serve it, so it would wait for nothing.
  if (refusal && sort.lane !== '')
    return { kind: 'ends', reason: 'refused', detail: refusal.message, ask, ...sealed }
  return { kind: 'back', why: 'refused', isLeftOut: true, ...sealed }
}

/** A job or another thing that the call names is still being made. Nothing was started: the answer came, and it is a refusal. */
function saysNotReady({ answers }: Provider, { status = 0, body = '' }: Refusal): boolean {
  return answers.saysNotReady?.({ status, body: parseJson(body) }) === true
}
