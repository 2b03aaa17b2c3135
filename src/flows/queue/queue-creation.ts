/**
 * Puts a creation into the line of its tenant's desk, and answers with names of ours for its jobs (docs/rfc/0009-queue.md). Nothing
 * is sent to the provider here: the object of an account does that when the desk has chosen it.
 *
 * If the desk's answer is lost, the item may be in the line. The desk is asked again with the same item, which writes nothing twice.
 * After that the outcome is unknown, and the client is told so.
 */
import { capInWords } from '#domain/queue/caps.ts'
import type { EnqueueAnswer } from '#domain/ports/line.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { NewItem } from '#domain/queue/item.ts'
import { itemIdOf, namesOf } from '#domain/queue/item-name.ts'
import { lacksMethod } from '#domain/runtime/older-object.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { isOfTimedRequest, timeOf } from '#domain/text/time-ordered-id.ts'
import { newCreation, type Creation } from '#flows/creations/creation.ts'
import { startJob } from '#flows/creations/start-job.ts'
import { unknownOutcome } from '#flows/jobs/unknown-outcome-errors.ts'
import { answerFromItem } from '#flows/repeats/answer-from-item.ts'
import { joinRepeat, noteUnknown } from '#flows/repeats/join-repeats.ts'
import { clientNamesIn, runOnePerName } from '#flows/repeats/one-per-client-name.ts'
import { ownListOf, rememberOwn } from '#flows/routing/learn-ids.ts'
import type { Eligible } from '#flows/routing/choose-accounts.ts'
import { noSlotError } from '#flows/slots/no-slot-errors.ts'
import { refuseIfNever } from '#flows/slots/take-share.ts'
import { runWhereAssetsAre } from '#flows/uploads/copy-needed-assets.ts'
import type { ProxyAnswer, ProxyCall, ReadCall } from '#flows/upstream/proxy-call.ts'
import { alreadyExists, forgetTaskNames, refusalOfName, taskNameOf } from './client-task-names.ts'
import { noteQueues } from './translate-list.ts'
import { sealItem } from './item-text.ts'

const BODY_BYTES_MAX = 1024 * 1024
const USUAL_PRIORITY = 3
/** An item of another request may have the name. Then the next ms is taken. The desk looks for a request's item in as many. */
export const NAMES_TRIED = 5
const CLOSED_RETRY_SECONDS = 5

/** Whether the creation may be queued as its client or token asks. */
export function mayQueue(call: ProxyCall): boolean {
  const { wish, match, provider, tokenId, tokenHash, repeats } = call
  if (!wish || !match || repeats !== undefined) return false
  if (tokenId === undefined || tokenHash === undefined) return false
  return provider.jobs.queueForm?.(match) !== undefined
}

/** Deferred before it is awaited, as every creation. */
export function queueJob(ports: Ports, call: ReadCall): Promise<ProxyAnswer> {
  const begun = { ...call, begunAt: call.begunAt ?? ports.now() }
  const isTried = call.wish?.triesFirst === true && !knowsOfLine(ports, call)
  const work = isTried ? queueIfFull(ports, begun) : queueAtOnce(ports, begun)
  ports.defer(work.catch(() => {}))
  return work
}

/** A desk without a line starts the creation as if nothing had been asked. */
function queueAtOnce(ports: Ports, call: ReadCall): Promise<ProxyAnswer> {
  return joinRepeat(ports, call, () => queueNamed(ports, call)).catch((error: unknown) => {
    if (error instanceof NoLine) return startJob(ports, call)
    throw error
  })
}

/**
 * Nothing runs after `slots_full`, or after the provider's own 429. A creation that cannot be in the line is refused as without one,
 * unless its client asked.
 */
async function queueIfFull(ports: Ports, call: ReadCall): Promise<ProxyAnswer> {
  let refuse: () => ProxyAnswer
  let isFull = true
  try {
    const answer = await startJob(ports, mayYield(call) ? { ...call, yields: true } : call)
    if (!answer.isBusy) return answer
    refuse = () => answer
  } catch (error) {
    if (!isNotNow(error)) throw error
    isFull = error.code === 'slots_full'
    refuse = () => {
      throw error
    }
  }
  if ((call.wish?.isOfToken && isTooLarge(call)) || hasGone(call)) return refuse()
  try {
    const answer = await queueNamed(ports, call)
    if (isFull) noteLine(ports, call)
    return answer
  } catch (error) {
    if (error instanceof NoLine) return refuse()
    throw error
  }
}

/** A client that gave up while it waited has no name to ask by, and may come again. So nothing is queued for it. */
function hasGone({ waitSeconds, signal }: ReadCall): boolean {
  return waitSeconds !== undefined && signal?.aborted === true
}

/** One that waits for its turn stands in one order with what is queued, and has slots kept for it. */
function mayYield(call: ReadCall): boolean {
  return call.waitSeconds === undefined && !isTooLarge(call)
}

/** All accounts are full, or the token runs as many jobs as it may. A limit of the line itself, and of searches, is no such answer. */
function isNotNow(error: unknown): error is AppError {
  if (!(error instanceof AppError)) return false
  if (error.code === 'slots_full') return true
  const [limit = ''] = error.details.limit?.split('=') ?? []
  return error.code === 'token_limit' && ['maxConcurrent', 'jobsPerDay'].includes(limit)
}

/** For so long an isolate puts creations into the line without asking accounts, after all of them were full. */
const LINE_KNOWN_MS = 5000

/** Others wait, as far as this isolate knows. So this one would find no slot, or take it from those that came before. */
function knowsOfLine(ports: Ports, call: ReadCall): boolean {
  return !isTooLarge(call) && ports.memory.get(lineName(call), ports.now()) !== undefined
}

function noteLine(ports: Ports, call: ReadCall): void {
  ports.memory.set(lineName(call), true, ports.now() + LINE_KNOWN_MS)
}

function lineName({ tenant, provider }: ReadCall): string {
  return `${tenant} ${provider.name} items wait`
}

function isTooLarge({ body }: ReadCall): boolean {
  return (body?.byteLength ?? 0) > BODY_BYTES_MAX
}

/** The desk takes no items, or is of an older release. Nothing was written. */
class NoLine extends Error {}

/** Of creations with one name of the client's own, one at a time. */
function queueNamed(ports: Ports, call: ReadCall): Promise<ProxyAnswer> {
  return runOnePerName(ports, call, () => queueCreation(ports, call))
}

async function queueCreation(ports: Ports, call: ReadCall): Promise<ProxyAnswer> {
  if (isTooLarge(call)) {
    const advice =
      'Upload files first and name them by their ids, or send it without respond-async.'
    throw new AppError('too_large', `A queued creation may have a body of 1 MiB. ${advice}`)
  }
  const refused = await refusalOfName(ports, call, true)
  if (refused) return refused
  const creation = newCreation(ports, call)
  const { slots } = creation
  return runWhereAssetsAre(ports, call, {
    slots,
    hasSent: () => creation.isSent,
    on(placed, eligible) {
      refuseIfTooMany(ports, creation, eligible)
      creation.call = placed
      return enqueue(ports, creation, eligible)
    },
  })
}

/** Throws where no account may ever hold so many slots at once, or the token never run so many jobs. The item would wait for days. */
export function refuseIfTooMany(
  ports: Ports,
  { ask, slots, call }: Creation,
  eligible: Eligible
): void {
  refuseIfNever(call, ask.count, ports.now())
  const most = Math.max(0, ...eligible.accounts.map(({ maxJobs }) => maxJobs))
  const mostSlots = Math.min(most, call.limit ?? most)
  if (eligible.accounts.length === 0)
    throw noSlotError({ kind: 'none' }, ask, undefined, ports.now())
  if (slots > mostSlots)
    throw noSlotError({ kind: 'never', mostSlots }, ask, undefined, ports.now())
}

async function enqueue(ports: Ports, creation: Creation, eligible: Eligible): Promise<ProxyAnswer> {
  const { call } = creation
  const firstAt = isOfTimedRequest(call.requestId) ? timeOf(call.requestId) : creation.begunAt
  const sealed = await sealCall(ports, call)
  for (let tried = 0; tried < NAMES_TRIED; tried += 1) {
    const item = itemOf(ports, creation, eligible, { at: firstAt + tried, sealed })
    const said = await tell(ports, creation, item)
    if (said.kind === 'queued') {
      noteQueued(ports, call, item)
      return answerFromItem(ports, call, { ...said, names: item.record.names })
    }
    if (said.kind === 'known') return answerFromItem(ports, call, said.shown)
    if (said.kind === 'named') return alreadyExists(call, clientNamesIn(call)[0] ?? '')
    if (said.kind === 'closed') throw new NoLine('closed')
    if (said.kind === 'full') throw queueFull(said, ports.now())
  }
  throw new AppError('slots_full', 'No name was free for this creation. Nothing was queued.', {
    retryAfterSeconds: CLOSED_RETRY_SECONDS,
  })
}

/** Remembers in this isolate what its next calls would ask the desk. */
function noteQueued(ports: Ports, call: ReadCall, item: NewItem): void {
  noteQueues(ports, call)
  forgetTaskNames(ports, call, [item])
  const { own } = call
  if (own) for (const name of item.record.names) rememberOwn(ports, call, own.token, name)
}

/** Each attempt at the provider gets a key of its own, made of its lease. So the client's key is not kept with the call. */
export function sealCall(ports: Ports, call: ReadCall): Promise<string> {
  const headers = new Headers(call.headers)
  headers.delete('idempotency-key')
  return sealItem(ports, { ...call, headers })
}

/** Asks the desk, and again if its answer is lost. Then the item may be in the line. */
async function tell(ports: Ports, creation: Creation, item: NewItem): Promise<EnqueueAnswer> {
  const { call } = creation
  const desk = ports.desk(call.tenant, call.provider.name)
  for (const pauseMs of [0, ...ports.durations.enqueuePausesMs]) {
    if (pauseMs > 0) await ports.after(pauseMs)
    // Later than that, a repeat under the same key may have found no item, and run instead.
    if (ports.now() - creation.begunAt >= ports.durations.acquireWithinMs) break
    const isFirst = !creation.isSent
    creation.isSent = true
    try {
      const [said] = await desk.enqueue([item])
      if (said) return said
    } catch (error) {
      if (isFirst && lacksMethod(error)) throw new NoLine('older')
      ports.log('enqueue_failed', { tenant: call.tenant, requestId: call.requestId })
    }
  }
  if (!creation.isSent) {
    const message = 'The creation could not be queued in time. Nothing was queued.'
    throw new AppError('slots_full', message, { retryAfterSeconds: CLOSED_RETRY_SECONDS })
  }
  await noteUnknown(ports, call, { canBeFound: true })
  ports.log('outcome_unknown', { tenant: call.tenant, requestId: call.requestId })
  throw unknownOutcome(call.provider.name, call.requestId)
}

/** `at`: the time by which it is named: that of its request, or soon after. */
export function itemOf(
  ports: Ports,
  { call, ask, slots }: Creation,
  { accounts, isPinned }: Eligible,
  { at, sealed }: { at: number; sealed: string }
): NewItem {
  const { provider, match, tenant, tokenId = '', tokenHash = '', origin, wish } = call
  // With the callback that stands in the body. An end without a start is told by who cannot open the body.
  const { reply } = ask
  const form = match && provider.jobs.queueForm?.(match)
  if (!match || !form) throw new Error('a row that cannot be queued')
  const item = itemIdOf(call.requestId, at)
  const [account] = accounts
  const part = provider.accounts.credentialKindFor?.(call.path)
  const key = call.headers.get('idempotency-key')
  const taskName = taskNameOf(call)
  const list = ownListOf(call)
  return {
    item,
    sealed,
    sort: {
      lane: '',
      ...(isPinned && account ? { lane: account.email, laneSince: account.createdAt } : {}),
      token: tokenId,
      ...(list === undefined ? {} : { isOwn: true as const }),
      priority: wish?.priority ?? USUAL_PRIORITY,
      askedAt: at,
      startBy: at + (wish?.startWithinMs ?? ports.durations.startWithinMs),
      bytes: sealed.length,
      route: ask.route,
      ...(ask.meter === undefined ? {} : { meter: ask.meter }),
      ...(part === undefined ? {} : { part }),
      slots,
      ...(ask.count === 1 ? {} : { jobs: ask.count }),
      ...(call.limit === undefined ? {} : { limit: call.limit }),
    },
    record: {
      requestId: call.requestId,
      tenant,
      method: call.method,
      path: call.path,
      names: namesOf(item, ask.count, form),
      ...(taskName === undefined ? {} : { taskName }),
      fingerprint: ask.fingerprint,
      ...(call.named ? { named: [...call.named] } : {}),
      tokenHash,
      ...(list === undefined ? {} : { own: { list } }),
      origin,
      ...(reply === undefined ? {} : { reply }),
      ...(key === null ? {} : { clientKey: key }),
      tries: [],
    },
  }
}

function queueFull(
  { cap, retryAfterSeconds, maxQueued }: Extract<EnqueueAnswer, { kind: 'full' }>,
  now: number
): AppError {
  const message = `The line is full: ${capInWords(cap)}. Nothing was queued. Try again in ${retryAfterSeconds} s.`
  // What a token has in line itself, it may know. The rest tells of others.
  const isNameless = cap === 'token'
  const until = new Date(now + retryAfterSeconds * 1000).toISOString()
  return new AppError('queue_full', message, {
    retryAfterSeconds,
    ...(isNameless ? { isNameless } : {}),
    ...(maxQueued === undefined ? {} : { limit: `maxQueued=${maxQueued}; until=${until}` }),
  })
}
