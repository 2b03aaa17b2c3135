/**
 * Runs when an account's alarm fires: asks the provider about every due lease and applies the answers. Without an answer nothing
 * is concluded, and the provider is asked again later. After each outside call the lease is read again, because other calls may
 * have changed it.
 */
import { limitWaiting } from '#domain/jobs/apply-reports.ts'
import { isUnprovedGuess } from '#domain/jobs/guessed-job.ts'
import {
  afterNotListed,
  afterUnknown,
  confirmEndLater,
  endSilent,
  endWaiting,
  endWith,
  keepRunning,
  postpone,
  postponeUntil,
  reconcileActionOf,
  statusWithoutTrace,
  waitForAnswer,
} from '#domain/jobs/reconcile.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Change, JobReport, Lease } from '#domain/slots/lease.ts'
import { valueAt } from '#domain/text/json-pointer.ts'
import { suspectedFaultOf, faultInReports } from '#flows/accounts/report-refusal.ts'
import { openAccount } from '#flows/accounts/open-account.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { findLostCreations } from './find-lost-creations.ts'
import {
  current,
  fewAtOnce,
  get,
  reportsIn,
  saysUnknown,
  type Answer,
  type ReconcileContext,
  type ReconciledAccount,
} from './status-checks.ts'

/** The most leases in one alarm, which may take fifteen minutes; one status check may take twenty seconds. More are due at once. */
const ASKED_MAX = 100

export async function reconcileAccount(
  ports: Ports,
  provider: Provider,
  desk: ReconciledAccount
): Promise<void> {
  const now = ports.now()
  const due = desk.leases().filter((lease) => reconcileActionOf(lease, now, ports.durations))
  const toAsk = due
    .filter((lease) => !settleWithoutAsking(ports, desk, lease))
    .toSorted((a, b) => a.nextAt - b.nextAt)
    .slice(0, ASKED_MAX)
  if (toAsk.length === 0) return
  const open = await openAccount(ports, desk.account).catch(() => undefined)
  if (!open) {
    for (const lease of toAsk) postponeIfThere(ports, desk, lease)
    return
  }
  const context = { ports, provider, desk, open }
  const lost = toAsk.filter(
    (lease) => reconcileActionOf(lease, ports.now(), ports.durations) === 'search'
  )
  await findLostCreations(context, lost)
  const running = toAsk.filter((lease) => !lost.includes(lease))
  await fewAtOnce(running, (lease) => checkStatus(context, lease))
}

/** Handles leases that need no answer. This comes first, in case the provider does not answer. False: the provider must be asked. */
function settleWithoutAsking(ports: Ports, desk: ReconciledAccount, lease: Lease): boolean {
  const { durations } = ports
  const now = ports.now()
  switch (reconcileActionOf(lease, now, durations)) {
    case 'drop':
      return desk.apply({ put: [], drop: [lease.id], ended: [] })
    case 'lose':
      return desk.apply(endSilent(lease, now))
    case 'give-up':
      return desk.apply(endWaiting(lease, now))
    case 'wait':
      return desk.apply(waitForAnswer(lease, durations))
    default:
      return false
  }
}

function postponeIfThere(ports: Ports, desk: ReconciledAccount, lease: Lease): void {
  const still = desk.leases().find((one) => one.id === lease.id)
  if (still) desk.apply(postpone(still, ports.now(), ports.durations))
}

async function checkStatus(context: ReconcileContext, lease: Lease): Promise<void> {
  const { ports, desk, provider } = context
  const { path, answer } = await askStatus(context, lease)
  const asked = current(context, lease)
  if (!asked) return
  // For a guess, any refusal may only mean that the guessed path does not exist.
  if (!answer || (isUnprovedGuess(asked) && answer.status >= 300))
    return void desk.apply(postpone(asked, ports.now(), ports.durations))
  if (saysUnknown(provider, answer)) return applyUnknown(context, asked)
  const until = await blameIfRefused(context, path, answer)
  const still = current(context, lease)
  if (!still) return
  const now = ports.now()
  if (until !== undefined) return void desk.apply(postponeUntil(still, until, now, ports.durations))
  const reports = answer.status === 200 ? reportsIn(provider, path, answer, still) : []
  const own = reports.filter((report) => still.watch.includes(report.watch))
  if (own.length === 0 && isUnlisted(context, still, answer))
    return void desk.apply(afterNotListed(still, now, ports.durations))
  applyAnswer(context, still, own)
  const others = reports.filter((report) => !own.includes(report) && isEnd(report))
  if (others.length > 0) desk.settle(others)
  const fault = faultInReports(provider, reports)
  if (fault) await desk.blame(fault)
}

function isEnd({ state }: JobReport): boolean {
  return state === 'completed' || state === 'failed'
}

/** Applies the reports about the job that was asked about. */
function applyAnswer(context: ReconcileContext, lease: Lease, reports: JobReport[]): void {
  const { ports, desk } = context
  const now = ports.now()
  const apply = (change: Change) => void desk.apply(change)
  const unclear = reports.find((report) => report.state === 'unclear')
  if (unclear) {
    const { word } = unclear
    ports.log('unknown_status_word', { route: lease.route, word, requestId: lease.requestId })
  }
  const known = reports.filter((report) => report.state !== 'unclear')
  // An unknown status word counts as no answer. After 48 h without a report the job is lost.
  if (known.length === 0) return apply(postpone(lease, now, ports.durations))
  const ends = known.filter((report) => isEnd(report) || report.state === 'ending')
  if (ends.length === 0) {
    const running = keepRunning(lease, known, now, ports.durations)
    return apply(limitWaiting(desk.leases(), running, now))
  }
  // Until the creation is answered, the end may be that of something older under the same name.
  if (lease.state === 'unbound') apply(keepRunning(lease, [], now, ports.durations))
  desk.settle(ends)
  const left = desk.leases().find((one) => one.id === lease.id)
  if (!left || left.nextAt > now || left.state === 'unbound') return
  const ending = ends.find((report) => report.state === 'ending')
  apply(
    ending
      ? confirmEndLater(left, ending, now, ports.durations)
      : postpone(left, now, ports.durations)
  )
}

/**
 * Handles an answer that there is no such job. It counts if it comes twice and something else confirms it, because a proxy in
 * front of a provider answers 404 when the provider is down.
 */
async function applyUnknown(context: ReconcileContext, lease: Lease): Promise<void> {
  const { ports, desk } = context
  const first = afterUnknown(lease, desk.leases(), ports.now(), ports.durations)
  if (first.kind === 'later') return void desk.apply(first.change)
  const isConfirmed = await confirmsUnknown(context, lease)
  const still = current(context, lease)
  if (!still) return
  const now = ports.now()
  const second = afterUnknown(still, desk.leases(), now, ports.durations)
  const isOver = isConfirmed && second.kind === 'confirm'
  desk.apply(isOver ? endWith(still, { status: statusWithoutTrace(still) }, now) : second.change)
}

/** Whether something confirms that the job is gone: the provider answers for the account, and its list lacks the job. */
async function confirmsUnknown(context: ReconcileContext, lease: Lease): Promise<boolean> {
  const { provider, ports } = context
  const { healthPath } = provider.accounts
  if (healthPath !== undefined && (await get(context, healthPath))?.status !== 200) return false
  const finder = provider.jobs.searchOf(lease)
  // A retired path gives this answer for every job, so only a deletion through the gateway confirms it.
  if (!finder && provider.routes.mayBeRetired?.(lease.ask ?? ''))
    return lease.deletedAt !== undefined
  if (!finder) return true
  // No list can be asked, so the answer must have stayed the same for some time.
  if (finder.isExact)
    return ports.now() - (lease.missedAt ?? Infinity) >= ports.durations.longestAskMs
  const first = await get(context, finder.path)
  const isGone = first !== undefined && finder.otherwise && saysUnknown(provider, first)
  const list = isGone ? await get(context, finder.otherwise?.path ?? '') : first
  // If the list cannot be read, nothing is confirmed.
  return list?.status === 200 && !list.text.includes(lease.jobId ?? '')
}

/**
 * Reports a refused credential, also while no client calls. Returns the time before which the provider wants no further calls, if
 * it gives one.
 */
async function blameIfRefused(
  { provider, desk, ports }: ReconcileContext,
  asked: string,
  answer: Answer
): Promise<number | undefined> {
  const [path = ''] = asked.split('?')
  const match = provider.routes.match('GET', path)
  const verdict = provider.answers.judge({ ...answer, isJobCall: false, now: ports.now(), match })
  const fault = suspectedFaultOf({ provider, match, method: 'GET', path }, verdict, answer.status)
  if (!fault) return undefined
  await desk.blame({ ...fault, mayPark: true })
  if (fault.order.reason !== 'busy') return undefined
  return fault.order.until ?? ports.now() + ports.durations.parkBusyMs
}

/** Asks for the status. If the path is retired but its jobs remain, asks the newer path for the same id. */
async function askStatus(
  context: ReconcileContext,
  { ask, askElse }: Lease
): Promise<{ path: string; answer: Answer | undefined }> {
  if (ask === undefined) return { path: '', answer: undefined }
  const answer = await get(context, ask)
  const isThere = answer && answer.status !== 404 && answer.status !== 410
  if (askElse === undefined || !answer || isThere) return { path: ask, answer }
  return { path: askElse, answer: await get(context, askElse) }
}

/** Whether the answer is a list of all running jobs that lacks the job. False if the answer has no list. */
function isUnlisted(context: ReconcileContext, lease: Lease, answer: Answer): boolean {
  const { provider, ports } = context
  const [path] = (lease.ask ?? '').split('?')
  const at = provider.routes.match('GET', path ?? '')?.route.reports?.listOfAll
  if (at === undefined) return false
  const verdict = provider.answers.judge({ ...answer, isJobCall: false, now: ports.now() })
  const list = valueAt(answer.body, at)
  return verdict.kind === 'ok' && (Array.isArray(list) || list === null)
}
