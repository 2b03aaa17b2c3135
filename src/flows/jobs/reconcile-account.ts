/**
 * What an account's alarm does: asks the provider about every due lease and applies what it says. No answer concludes
 * nothing: the question is asked again later. After each outside call the lease is read again, since other calls may have
 * changed it meanwhile.
 */
import { limitWaiting } from '#domain/jobs/apply-reports.ts'
import { isUnprovedGuess } from '#domain/jobs/guessed-job.ts'
import {
  afterNotListed,
  afterUnknown,
  confirmEndLater,
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

/** An alarm may take fifteen minutes, and one question twenty seconds. Leases beyond this many are due again at once. */
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

/** Done first, so that it is done even when the provider does not answer. False: the provider has to be asked. */
function settleWithoutAsking(ports: Ports, desk: ReconciledAccount, lease: Lease): boolean {
  const { durations } = ports
  const now = ports.now()
  switch (reconcileActionOf(lease, now, durations)) {
    case 'drop':
      return desk.apply({ put: [], drop: [lease.id], ended: [] })
    case 'lose':
      return desk.apply(endWith(lease, { status: 'lost' }, now))
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
  // For a guess, any refusal may only say that the guessed path does not exist.
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

/** What the answer says about the job that was asked about. */
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
  // A word that nobody knows counts as no answer: after 48 h without a report the job is lost.
  if (known.length === 0) return apply(postpone(lease, now, ports.durations))
  const ends = known.filter((report) => isEnd(report) || report.state === 'ending')
  if (ends.length === 0) {
    const running = keepRunning(lease, known, now, ports.durations)
    return apply(limitWaiting(desk.leases(), running, now))
  }
  // Before its creation is answered, the end may be that of something older.
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
 * The provider says that there is no such job. That is believed when it says so twice and something else confirms it: a
 * proxy in front of a provider answers 404 when the provider is down.
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

/** The account itself must be answered for; then the list must not have the job, where there is a list. */
async function confirmsUnknown(context: ReconcileContext, lease: Lease): Promise<boolean> {
  const { provider, ports } = context
  const { healthPath } = provider.accounts
  if (healthPath !== undefined && (await get(context, healthPath))?.status !== 200) return false
  const finder = provider.jobs.searchOf(lease)
  // A path that may be retired answers so for every job: only a deletion through the gateway confirms it.
  if (!finder && provider.routes.mayBeRetired?.(lease.ask ?? ''))
    return lease.deletedAt !== undefined
  if (!finder) return true
  // Nothing else can be asked, so it must have said so for a while.
  if (finder.isExact)
    return ports.now() - (lease.missedAt ?? Infinity) >= ports.durations.longestAskMs
  const first = await get(context, finder.path)
  const isGone = first !== undefined && finder.otherwise && saysUnknown(provider, first)
  const list = isGone ? await get(context, finder.otherwise?.path ?? '') : first
  // Without the list nothing contradicts, and nothing confirms either.
  return list?.status === 200 && !list.text.includes(lease.jobId ?? '')
}

/**
 * A credential that the provider refuses is noticed here too, when no client calls. Returns until when the provider wants
 * no questions, where it says so.
 */
async function blameIfRefused(
  { provider, desk, ports }: ReconcileContext,
  asked: string,
  answer: Answer
): Promise<number | undefined> {
  const [path = ''] = asked.split('?')
  const match = provider.routes.match('GET', path)
  const verdict = provider.answers.judge({ ...answer, isJobCall: false, now: ports.now(), match })
  const fault = suspectedFaultOf({ provider, match, method: 'GET', path }, verdict)
  if (!fault) return undefined
  await desk.blame({ ...fault, mayPark: true })
  if (fault.order.reason !== 'busy') return undefined
  return fault.order.until ?? ports.now() + ports.durations.parkBusyMs
}

/** An older status path may be retired while its jobs remain: then the newer path is asked for the same id. */
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

/** The answer is a list of all running jobs, and the job is not in it. An answer that holds no list says nothing. */
function isUnlisted(context: ReconcileContext, lease: Lease, answer: Answer): boolean {
  const { provider, ports } = context
  const [path] = (lease.ask ?? '').split('?')
  const at = provider.routes.match('GET', path ?? '')?.route.reports?.listOfAll
  if (at === undefined) return false
  const verdict = provider.answers.judge({ ...answer, isJobCall: false, now: ports.now() })
  const list = valueAt(answer.body, at)
  return verdict.kind === 'ok' && (Array.isArray(list) || list === null)
}
