/**
 * What an account's alarm does: asks the provider about every due lease and passes on what it says. Nothing is
 * concluded from silence: a provider that cannot be asked postpones. After each outside call the lease is read again,
 * since other calls may have run meanwhile.
 */
import { isUnprovedGuess } from '#domain/jobs/guessed-job.ts'
import { valueAt } from '#domain/text/json-pointer.ts'
import { limitWaiting } from '#domain/jobs/apply-reports.ts'
import type { JobReport, Lease } from '#domain/slots/lease.ts'
import type { Ports } from '#domain/ports/ports.ts'
import {
  afterUnknown,
  ended,
  statusWithoutTrace,
  reconcileActionOf,
  givenUp,
  keepRunning,
  postponeUntil,
  confirmEndLater,
  afterNotListed,
  postponed,
  waitForAnswer,
} from '#domain/jobs/reconcile.ts'
import type { Provider } from '#providers/contract/provider.ts'
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
import { faultOf, faultOfEnd } from '#flows/accounts/judge-refusal.ts'
import { findLostCreations } from './find-lost-creations.ts'
import { openAccount } from '#flows/accounts/open-account.ts'

/** An alarm may take fifteen minutes, and a question twenty seconds. What is left is due at once again. */
const ASKED_MAX = 100

export async function reconcileAccount(
  ports: Ports,
  provider: Provider,
  desk: ReconciledAccount
): Promise<void> {
  const due = desk
    .leases()
    .filter((lease) => reconcileActionOf(lease, ports.now(), ports.durations))
  const asking = due
    .filter((lease) => !settledHere(ports, desk, lease))
    .toSorted((a, b) => a.nextAt - b.nextAt)
    .slice(0, ASKED_MAX)
  if (asking.length === 0) return
  const open = await openAccount(ports, desk.account).catch(() => undefined)
  if (!open) {
    for (const lease of asking) postpone(ports, desk, lease)
    return
  }
  const context = { ports, provider, desk, open }
  const looks = asking.filter(
    (lease) => reconcileActionOf(lease, ports.now(), ports.durations) === 'look'
  )
  await findLostCreations(context, looks)
  const asks = asking.filter((lease) => !looks.includes(lease))
  await fewAtOnce(asks, (lease) => askAbout(context, lease))
}

/** What needs nobody is done first, so that it is done even when the provider cannot be asked. */
function settledHere(ports: Ports, desk: ReconciledAccount, lease: Lease): boolean {
  const now = ports.now()
  const errand = reconcileActionOf(lease, now, ports.durations)
  if (errand === 'drop') return desk.apply({ put: [], drop: [lease.id], ended: [] })
  if (errand === 'lose') return desk.apply(ended(lease, { status: 'lost' }, now))
  if (errand === 'give-up') return desk.apply(givenUp(lease, now))
  if (errand === 'wait') return desk.apply(waitForAnswer(lease, ports.durations))
  return false
}

function postpone(ports: Ports, desk: ReconciledAccount, lease: Lease): void {
  const still = desk.leases().find((one) => one.id === lease.id)
  if (still) desk.apply(postponed(still, ports.now(), ports.durations))
}

async function askAbout(context: ReconcileContext, lease: Lease): Promise<void> {
  const { ports, desk, provider } = context
  const { path, answer } = await askStatus(context, lease)
  const asked = current(context, lease)
  if (!asked) return
  if (!answer) return void desk.apply(postponed(asked, ports.now(), ports.durations))
  // Of what was only guessed, not to be known says that there is nothing to ask about.
  if (isUnprovedGuess(asked) && answer.status >= 300)
    return void desk.apply(postponed(asked, ports.now(), ports.durations))
  if (saysUnknown(provider, answer)) return unknownThere(context, asked)
  const until = await blameIfRefused(context, path, answer)
  const still = current(context, lease)
  if (!still) return
  const now = ports.now()
  if (until !== undefined) return void desk.apply(postponeUntil(still, until, now, ports.durations))
  const reports = answer.status === 200 ? reportsIn(provider, path, answer, still) : []
  const mine = reports.filter((report) => still.watch.includes(report.watch))
  const isNamed = mine.length > 0
  if (!isNamed && isUnlisted(context, still, answer)) {
    return void desk.apply(afterNotListed(still, now, ports.durations))
  }
  await applyAnswer(context, still, mine)
  const others = reports.filter((report) => !mine.includes(report) && isEnd(report))
  if (others.length > 0) desk.settle(others)
  const fault = faultOfEnd(provider, reports)
  if (fault) await desk.blame(fault)
}

function isEnd({ state }: JobReport): boolean {
  return state === 'completed' || state === 'failed'
}

/** What the answer says about the job that was asked about. */
async function applyAnswer(
  context: ReconcileContext,
  lease: Lease,
  heard: JobReport[]
): Promise<void> {
  const { ports, desk } = context
  const still = current(context, lease)
  if (!still) return
  const now = ports.now()
  const unclear = heard.find((report) => report.state === 'unclear')
  if (unclear) {
    const { word } = unclear
    ports.log('unknown_status_word', { route: still.route, word, requestId: still.requestId })
  }
  const known = heard.filter((report) => report.state !== 'unclear')
  // A word that nobody knows is as good as no answer: what was not heard of for 48 h is lost.
  if (known.length === 0) return void desk.apply(postponed(still, now, ports.durations))
  const ends = known.filter((report) => isEnd(report) || report.state === 'ending')
  if (ends.length === 0) {
    const going = keepRunning(still, known, now, ports.durations)
    return void desk.apply(limitWaiting(desk.leases(), going, now))
  }
  // Before its creation has answered, what it watches may be something older.
  if (still.state === 'unbound') desk.apply(keepRunning(still, [], now, ports.durations))
  desk.settle(ends)
  const left = desk.leases().find((one) => one.id === lease.id)
  const ending = ends.find((report) => report.state === 'ending')
  if (left?.nextAt !== undefined && left.nextAt <= now && left.state !== 'unbound')
    desk.apply(
      ending
        ? confirmEndLater(left, ending, now, ports.durations)
        : postponed(left, now, ports.durations)
    )
}

/**
 * The provider says that there is no such job. Believed when it says so twice, and when its list, or at least that the
 * account itself is answered for, says so too: what stands before a provider answers 404 when it is ill.
 */
async function unknownThere(context: ReconcileContext, lease: Lease): Promise<void> {
  const { ports, desk } = context
  const first = afterUnknown(lease, desk.leases(), ports.now(), ports.durations)
  if (first.kind === 'again') return void desk.apply(first.change)
  const isConfirmed = await confirmsUnknown(context, lease)
  const still = current(context, lease)
  if (!still) return
  const now = ports.now()
  const verdict = afterUnknown(still, desk.leases(), now, ports.durations)
  const isOver = isConfirmed && verdict.kind === 'confirm'
  desk.apply(isOver ? ended(still, { status: statusWithoutTrace(still) }, now) : verdict.change)
}

async function confirmsUnknown(context: ReconcileContext, lease: Lease): Promise<boolean> {
  const { provider, ports } = context
  const { aliveAt } = provider.accounts
  if (aliveAt !== undefined && (await get(context, aliveAt))?.status !== 200) return false
  const finder = provider.finderOf(lease)
  // A path that may have been retired says so of every job.
  if (!finder && provider.mayBeRetired?.(lease.ask ?? '')) return lease.deletedAt !== undefined
  if (!finder) return true
  // Nothing else can be asked, so it must have said so for a while.
  if (finder.isExact)
    return ports.now() - (lease.missedAt ?? Infinity) >= ports.durations.longestAskMs
  const first = await get(context, finder.path)
  const isGone = first !== undefined && finder.otherwise && saysUnknown(provider, first)
  const listed = isGone ? await get(context, finder.otherwise?.path ?? '') : first
  // The list cannot be asked: then nothing contradicts, but nothing confirms either.
  if (listed?.status !== 200) return false
  return !listed.text.includes(lease.jobId ?? '')
}

/**
 * A credential that the provider refuses is found here too, when nobody else calls. Returns until when it wants to be left
 * alone, if it does.
 */
async function blameIfRefused(
  { provider, desk, ports }: ReconcileContext,
  asked: string,
  answer: Answer
): Promise<number | undefined> {
  const [path = ''] = asked.split('?')
  const match = provider.match('GET', path)
  const verdict = provider.judge({ ...answer, isJobCall: false, now: ports.now(), match })
  const fault = faultOf({ provider, match, method: 'GET', path }, verdict)
  if (!fault) return undefined
  await desk.blame({ ...fault, mayPark: true })
  if (fault.order.reason !== 'busy') return undefined
  return fault.order.until ?? ports.now() + ports.durations.parkBusyMs
}

/** Older status paths may go while their jobs stay: then the newer path is asked for the same id. */
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

/** It was asked about by a list of all that runs, and is not in it. An answer that holds no list says nothing. */
function isUnlisted(context: ReconcileContext, lease: Lease, answer: Answer): boolean {
  const { provider, ports } = context
  const [path] = (lease.ask ?? '').split('?')
  const at = provider.match('GET', path ?? '')?.route.reports?.listOfAll
  if (at === undefined) return false
  const verdict = provider.judge({ ...answer, isJobCall: false, now: ports.now() })
  const list = valueAt(answer.body, at)
  return verdict.kind === 'ok' && (Array.isArray(list) || list === null)
}
