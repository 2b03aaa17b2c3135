/**
 * Creates a job: pick, acquire, send, judge, bind, answer. The creation, its binding and its answer run to their end
 * even when the client goes away, and it is sent to a second account only on a received refusal: once it may have
 * been accepted it is never sent again, because it may be running and paid for.
 */
import { parseJson } from '#domain/text/json-text.ts'
import type { Account } from '#domain/accounts/account.ts'
import { keptFingerprint } from '#domain/jobs/fingerprint.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { textsAt } from '#domain/text/json-pointer.ts'
import type { LeaseRow } from '#domain/slots/unknown-row.ts'
import type { JobStart, LeaseAsk } from '#domain/slots/lease.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Owner } from '#domain/routing/owner.ts'
import type { RouteMatch, Verdict } from '#providers/contract/provider.ts'
import { runWhereAssetsAre } from '#flows/uploads/copy-needed-assets.ts'
import type { Eligible } from '#flows/routing/choose-accounts.ts'
import { lookAtOnce, soughtBy } from './answer-from-job.ts'
import { afterRefusal, giveBack } from '#flows/slots/release-slot.ts'
import { forgetUnknown, joinRepeat, noteUnknown } from './join-repeats.ts'
import { createdOwners, jobOwners, learnIds } from '#flows/routing/learn-ids.ts'
import { namesOf, onceByName } from './one-per-client-name.ts'
import { isTicketed, replyOf, withOwnCallback } from './replace-callback.ts'
import { unknownOutcome } from '#flows/jobs/unknown-outcome-errors.ts'
import type { ProxyAnswer, ReadCall } from '#flows/upstream/proxy-call.ts'
import { judgeFor, passOn, sendOn } from '#flows/routing/send-on.ts'
import { SlotSearch, type Attempt, type Granted } from '#flows/slots/take-slot.ts'
import { upstreamKey } from '#flows/routing/upstream-key.ts'
import { readBytes } from '#flows/upstream/read-answer.ts'
import { waitForSlot } from '#flows/slots/wait-for-slot.ts'

const ANSWER_BYTES_MAX = 1024 * 1024
/** What a creation is about stands in the ledger as long as it runs. */
const WATCH_CHARS_MAX = 512

/** By construction the work outlives the client: it is deferred first and awaited second. */
export function startJob(ports: Ports, call: ReadCall): Promise<ProxyAnswer> {
  const once = () => {
    const begun = { ...call, begunAt: call.begunAt ?? ports.now() }
    return onceByName(ports, begun, () => createJob(ports, begun))
  }
  const work = joinRepeat(ports, call, once)
  ports.defer(work.catch(() => {}))
  return work
}

/** One creation on its way. `hasLeft`: a lease of it may be left behind on an account that refused it. */
interface Creation {
  call: ReadCall
  begunAt: number
  hasLeft: boolean
  /** It may have reached the provider. */
  hasSent: boolean
}

async function createJob(ports: Ports, call: ReadCall): Promise<ProxyAnswer> {
  const begunAt = call.begunAt ?? ports.now()
  const creation: Creation = { call, begunAt, hasLeft: false, hasSent: false }
  const ask = leaseAskOf(ports, call)
  const slots = ask.count * (ask.slots ?? 1)
  return runWhereAssetsAre(ports, call, {
    slots,
    hasSent: () => creation.hasSent,
    on(placed, eligible) {
      creation.call = placed
      return waitForSlot(ports, placed, eligible, slots, (among) =>
        createAmong(ports, creation, among, ask)
      )
    },
  })
}

async function createAmong(
  ports: Ports,
  creation: Creation,
  among: Eligible,
  ask: LeaseAsk
): Promise<ProxyAnswer> {
  const { call } = creation
  const search = new SlotSearch(ports, call, among, ask, async (account) => {
    if (isTooLate(ports, creation)) throw tooLate()
    const key = await upstreamKey(ports, call, account)
    return {
      isTicketed: isTicketed(ports, call, account),
      ...(key === undefined ? {} : { upstreamKey: key }),
    }
  })
  try {
    return await search.serve((granted) => {
      creation.hasLeft ||= search.hasLeft
      return createOn(ports, creation, granted)
    })
  } finally {
    creation.hasLeft ||= search.hasLeft
  }
}

/** From then on a key under which no lease is found is free, so this one must not take any more. */
function isTooLate(ports: Ports, { begunAt }: Creation): boolean {
  return ports.now() - begunAt >= ports.durations.acquireWithinMs
}

function tooLate(): AppError {
  const message = 'No account has taken this creation in time; nothing was started. Try again.'
  return new AppError('slots_full', message, { retryAfterSeconds: 5 })
}

/** A creation that has no status row holds its slot for the call, not longer. */
export function leaseAskOf(ports: Ports, call: ReadCall): LeaseAsk {
  const { provider, match, json } = call
  if (!match) throw new Error('a creation without a row')
  const { route } = match
  const expected = provider.expectedJob(match, json)
  const isTooLong = expected?.watch.some((name) => name.length > WATCH_CHARS_MAX) === true
  if (isTooLong) throw new AppError('bad_request', 'An id in this call is too long to be one.')
  const reply = replyOf(ports, call)
  return {
    leaseId: call.requestId,
    tenant: call.tenant,
    kind: route.job ? 'job' : 'call',
    route: `${route.method} ${route.path}`,
    count: provider.countJobs(match, json),
    slots: provider.slotsPerJob?.(match, json) ?? 1,
    fingerprint: keptFingerprint(provider.clueOf(json, call)),
    ...(call.limit === undefined ? {} : { limit: call.limit }),
    ...(route.keyProbe && route.path.includes('{') ? { path: call.path } : {}),
    ...(route.job?.meter === undefined ? {} : { meter: route.job.meter }),
    ...(reply === undefined ? {} : { reply }),
    expectsEvent: provider.events?.tells(route) === true && !match.added,
    ...(match.added && route.job ? { row: { job: route.job, ...readingOf(match.added) } } : {}),
    ...(expected === undefined ? {} : { expected }),
  }
}

/** What asks about the job of an added row goes with its lease: the row may be removed while the job runs. */
function readingOf({ reports }: NonNullable<RouteMatch['added']>): Pick<LeaseRow, 'reports'> {
  return reports ? { reports } : {}
}

async function createOn(ports: Ports, creation: Creation, granted: Granted): Promise<Attempt> {
  const { call } = creation
  const { account } = granted
  // The granting itself was late: whoever asks after this creation may have been told already that it never left.
  if (ports.now() - creation.begunAt >= ports.durations.staleKeyMs) {
    await giveBack(ports, account, call.requestId)
    throw tooLate()
  }
  creation.hasSent = true
  const received = await receive(ports, creation, account)
  if (!received) return lost(ports, call, account)
  const { sent, bytes } = received
  const body = parseJson(bytes)
  const { status, headers } = sent
  const judged = { status, headers, body, isJobCall: true, now: ports.now(), match: call.match }
  const verdict = namesJob(call, status, body) ? ACCEPTED : judgeFor(call, judged)
  const answer: ProxyAnswer = { response: passOn(sent, bytes), email: account.email }
  // The key is of this attempt alone: somebody on the way has sent it twice, and one of them runs.
  const isUnderWay =
    status === 409 &&
    granted.ask.upstreamKey !== undefined &&
    call.provider.saysInProgress?.(judged)
  if (verdict.kind === 'unsure' || isUnderWay) return lost(ports, call, account)
  if (verdict.kind === 'ok') return accept(ports, creation, granted, body, answer)
  const after = await afterRefusal(ports, call, account, verdict, answer)
  if (!after.isFreed) creation.hasLeft = true
  return after.attempt
}

const ACCEPTED: Verdict = { kind: 'ok' }

/** An answer that names the job was given by whoever started it, whatever else stands in it. */
function namesJob({ match, provider }: ReadCall, status: number, body: unknown): boolean {
  if (!match || status >= 300) return false
  if (match.route.job) return provider.readJobs(match, undefined, body).length > 0
  return match.route.creates.some((pointer) => textsAt(body, pointer).length > 0)
}

/**
 * The whole answer within the time that a creation has. Anything less (undefined) leaves the outcome unknown: the lease
 * stays. An error of our own before the call was made gives the slot back.
 */
async function receive(
  ports: Ports,
  creation: Creation,
  account: Account
): Promise<{ sent: Response; bytes: Uint8Array<ArrayBuffer> } | undefined> {
  const { call } = creation
  const giveUp = ports.timeoutSignal(ports.durations.createGiveUpMs)
  const sending = withOwnCallback(ports, call, account).then((own) =>
    sendOn(ports, own, account, giveUp)
  )
  const sent = await sending.catch(async (error: unknown) => {
    if (error instanceof AppError && !error.details.isSealedAway) return undefined
    await letGo(ports, creation, account)
    throw error
  })
  const bytes = sent && (await readBytes(sent.body, ANSWER_BYTES_MAX).catch(() => undefined))
  return sent && bytes ? { sent, bytes } : undefined
}

/**
 * Nobody knows what became of it: it is looked for at once, while the client waits, and repeats of it join from now on.
 * The name that the client gave it is remembered: sent again, it meets the first one at the same account.
 */
async function lost(ports: Ports, call: ReadCall, account: Account): Promise<Attempt> {
  const { email } = account
  const owners = namesOf(call).map((id): Owner => {
    return { id, email, source: 'created', mayBeShared: false }
  })
  const sought = soughtBy(call)
  const noting = Promise.all([
    noteUnknown(ports, call, { email, canBeFound: Boolean(call.match?.route.job) }),
    learnIds(ports, call, owners),
  ])
  const found = await lookAtOnce(ports, call, account)
  await noting
  if (!found) {
    ports.log('outcome_unknown', { tenant: call.tenant, email, requestId: call.requestId })
    const details = { accountEmail: email, isSought: sought !== undefined }
    throw unknownOutcome(call.provider.name, call.requestId, details)
  }
  await forgetUnknown(ports, call)
  return { kind: 'done', answer: found }
}

async function accept(
  ports: Ports,
  creation: Creation,
  granted: Granted,
  body: unknown,
  answer: ProxyAnswer
): Promise<Attempt> {
  const { call } = creation
  const { match, provider, json, requestId } = call
  const { account } = granted
  if (!match?.route.job) {
    await giveBack(ports, account, requestId)
    await learnIds(ports, call, createdOwners(call, account, body))
    return { kind: 'done', answer }
  }
  const starts = provider.readJobs(match, json, body)
  if (starts.length === 0 && provider.asksForNothing?.(match, json)) {
    await giveBack(ports, account, requestId)
    return { kind: 'done', answer }
  }
  if (starts.length === 0) return lost(ports, call, account)
  await bindJobs(ports, creation, granted, starts, body)
  return { kind: 'done', answer: { ...answer, jobIds: starts.map((start) => start.jobId) } }
}

/** If binding fails the client still gets its job: it is tried again, and the desk is told which job it was. */
async function bindJobs(
  ports: Ports,
  { call, hasLeft }: Creation,
  { account, ask }: Granted,
  starts: JobStart[],
  answer: unknown
): Promise<void> {
  const { requestId, tenant, provider } = call
  const { email, key } = account
  const owners = [...jobOwners(starts, account, requestId), ...createdOwners(call, account, answer)]
  for (const watch of starts.flatMap((start) => start.watch)) {
    for (const state of ['completed', 'failed', 'waiting']) {
      ports.toldEnds.delete(`${key} ${watch} ${state}`)
    }
  }
  const bind = () => ports.slots(key).bind(requestId, starts, ask)
  const [bound] = await Promise.allSettled([bind(), learnIds(ports, call, owners)])
  const isBound = bound.status === 'fulfilled'
  if (!isBound) {
    ports.log('bind_failed', { email, requestId })
    ports.defer(
      bindLater(ports, bind).catch(() => ports.log('bind_given_up', { email, requestId }))
    )
  }
  if (isBound && !hasLeft) return
  // Whoever looks for a lease of this request, here or on the account before, is told for certain.
  await ports
    .desk(tenant, provider.name)
    .noteMade(requestId, { email, starts })
    .catch(() => ports.log('made_not_noted', { email, requestId }))
}

async function bindLater(ports: Ports, bind: () => Promise<void>): Promise<void> {
  let isBound = false
  for (const pauseMs of ports.durations.bindPausesMs) {
    await ports.after(pauseMs)
    isBound = await bind().then(
      () => true,
      () => false
    )
    if (isBound) return
  }
  throw new Error('not bound')
}

async function letGo(ports: Ports, creation: Creation, account: Account): Promise<void> {
  if (!(await giveBack(ports, account, creation.call.requestId))) creation.hasLeft = true
}
