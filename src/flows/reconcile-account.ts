/**
 * What an account's alarm does: asks the provider about every due lease and passes on what it says. Nothing is
 * concluded from silence: a provider that cannot be asked postpones. After each outside call the lease is read again,
 * since other calls may have run meanwhile.
 */
import { parseJson } from '#domain/json-text.ts'
import type { Account } from '#domain/account.ts'
import { textAt, valueAt, valuesAt } from '#domain/json-pointer.ts'
import type { Change, JobReport, Lease } from '#domain/lease.ts'
import type { ParkOrder } from '#domain/parking.ts'
import type { OpenAccount, Ports } from '#domain/ports.ts'
import {
  cannotLook,
  ended,
  errandOf,
  found,
  goesOn,
  isCandidate,
  isCrowded,
  matchCandidate,
  notListed,
  postponed,
  unknownToProvider,
  waitsOn,
  type Candidate,
} from '#domain/reconcile.ts'
import type { Finder, Provider } from '#providers/provider.ts'
import { toMs } from '#domain/merge-rows.ts'
import { openAccount } from './open-account.ts'
import { makeUpstream } from './upstream.ts'

/** The alarm's side of AccountSlots. */
export interface Reconciled {
  account: Account
  leases(): Lease[]
  knows(jobId: string): boolean
  apply(change: Change): boolean
  settle(reports: JobReport[]): Promise<boolean>
  park(order: ParkOrder): Promise<unknown>
}

const ASK_TIMEOUT_MS = 20_000
/** Fewer than the six connections that one invocation may hold. */
export const ASKED_AT_ONCE = 4
/** How many rows of a list are opened to read a callback id that the list does not show: twice what an account holds. */
const DETAILS_MAX = 20

interface Errands {
  ports: Ports
  provider: Provider
  desk: Reconciled
  open: OpenAccount
  /** Of the rows that were opened: several creations may have been lost at once. */
  callbackIds: Map<string, string>
}

export async function reconcileAccount(
  ports: Ports,
  provider: Provider,
  desk: Reconciled
): Promise<void> {
  const due = desk.leases().filter((lease) => errandOf(lease, ports.now(), ports.waits))
  // Who knows its job exactly looks first, so that nobody takes that job for his own.
  const asking = due
    .filter((lease) => !settledHere(ports, desk, lease))
    .toSorted((a, b) => Number(!a.clue.callbackId) - Number(!b.clue.callbackId))
  if (asking.length === 0) return
  const open = await openAccount(ports, desk.account).catch(() => undefined)
  if (!open) {
    for (const lease of asking) postpone(ports, desk, lease)
    return
  }
  const errands = { ports, provider, desk, open, callbackIds: new Map<string, string>() }
  for (let at = 0; at < asking.length; at += ASKED_AT_ONCE) {
    const batch = asking.slice(at, at + ASKED_AT_ONCE)
    const looks = batch.filter((lease) => errandOf(lease, ports.now(), ports.waits) === 'look')
    const asks = batch.filter((lease) => !looks.includes(lease))
    await Promise.all(asks.map((lease) => askAbout(errands, lease)))
    for (const lease of looks) await lookFor(errands, lease)
  }
}

/** What needs nobody is done first, so that it is done even when the provider cannot be asked. */
function settledHere(ports: Ports, desk: Reconciled, lease: Lease): boolean {
  const now = ports.now()
  const errand = errandOf(lease, now, ports.waits)
  if (errand === 'drop') return desk.apply({ put: [], drop: [lease.id], ended: [] })
  if (errand === 'lose') return desk.apply(ended(lease, { status: 'lost' }, now))
  if (errand === 'wait') return desk.apply(waitsOn(lease, ports.waits))
  return false
}

function postpone(ports: Ports, desk: Reconciled, lease: Lease): void {
  const still = desk.leases().find((one) => one.id === lease.id)
  if (still) desk.apply(postponed(still, ports.now(), ports.waits))
}

interface Answer {
  status: number
  headers: Headers
  body: unknown
  text: string
}

/**
 * The provider does not have it. One that never arrived may have been refused here and made on another account, when
 * giving its slot back got lost: that account tells its end, and nothing is told of this one.
 */
async function notThere({ ports, provider, desk }: Errands, lease: Lease): Promise<void> {
  const change = unknownToProvider(lease, ports.now(), ports.waits)
  if (!change.ended.some((end) => end.outcome.status === 'absent')) return void desk.apply(change)
  const isElsewhere = await ports
    .desk(lease.tenant, provider.name)
    .isMadeElsewhere(lease.requestId, desk.account.email)
    .catch(() => false)
  const still = desk.leases().find((one) => one.id === lease.id)
  if (still?.state !== lease.state) return
  desk.apply(isElsewhere ? { put: [], drop: [lease.id], ended: [] } : change)
}

/** The lease as it is now; undefined when it has ended or was bound meanwhile. */
function current(errands: Errands, lease: Lease): Lease | undefined {
  const now = errands.desk.leases().find((one) => one.id === lease.id)
  return now && now.state === lease.state && now.jobId === lease.jobId ? now : undefined
}

async function askAbout(errands: Errands, lease: Lease): Promise<void> {
  const { ports, desk, provider } = errands
  const { path, answer } = await askStatus(errands, lease)
  const still = current(errands, lease)
  if (!still) return
  const now = ports.now()
  if (!answer) return void desk.apply(postponed(still, now, ports.waits))
  if (isGone(answer, provider)) {
    return notThere(errands, still)
  }
  await parkIfRefused(errands, answer)
  const reports = reportsOf(errands, path, answer)
  if (isUnlisted(errands, still, answer, reports)) {
    return void desk.apply(notListed(still, now, ports.waits))
  }
  if (answer.status !== 200 || reports.length === 0) {
    return void desk.apply(postponed(still, now, ports.waits))
  }
  const news = reports.filter((report) => report.state !== 'running')
  const isWaiting = news.some((report) => report.state === 'waiting')
  desk.apply(goesOn(still, isWaiting, now, ports.waits))
  if (news.length > 0) await desk.settle(news)
  const order = reports.map((report) => provider.parkingOf(report)).find((one) => one !== undefined)
  if (order) await desk.park(order)
}

/** A credential that the provider refuses is found here too, when nobody else calls. */
async function parkIfRefused(errands: Errands, answer: Answer): Promise<void> {
  const { provider, desk, ports } = errands
  const verdict = provider.judge({ ...answer, isJobCall: false, now: ports.now() })
  if (verdict.kind === 'park') await desk.park(verdict.order)
}

/** Older status paths may go while their jobs stay: then the newer path is asked for the same id. */
async function askStatus(
  errands: Errands,
  { ask, askElse }: Lease
): Promise<{ path: string; answer: Answer | undefined }> {
  if (ask === undefined) return { path: '', answer: undefined }
  const answer = await get(errands, ask)
  if (askElse === undefined || !answer || !isGone(answer, errands.provider))
    return { path: ask, answer }
  return { path: askElse, answer: await get(errands, askElse) }
}

function isGone(answer: Answer, provider: Provider): boolean {
  const { status } = answer
  return status === 404 || status === 410 || provider.saysUnknown?.(answer) === true
}

function reportsOf({ provider }: Errands, asked: string, { body, text }: Answer): JobReport[] {
  const [path, search] = asked.split('?')
  const match = provider.match('GET', path ?? '')
  return match ? provider.readReports(match, new URLSearchParams(search), body, text) : []
}

/** It was asked about by a list of all that runs, and is not in it. An answer that holds no list says nothing. */
function isUnlisted(errands: Errands, lease: Lease, answer: Answer, reports: JobReport[]): boolean {
  const { provider, ports } = errands
  const [path] = (lease.ask ?? '').split('?')
  const at = provider.match('GET', path ?? '')?.route.reports?.listOfAll
  if (at === undefined || reports.some((one) => lease.watch.includes(one.watch))) return false
  const verdict = provider.judge({ ...answer, isJobCall: false, now: ports.now() })
  const list = valueAt(answer.body, at)
  return verdict.kind === 'ok' && (Array.isArray(list) || list === null)
}

/** Looks for the job of a creation whose answer was lost. One lease at a time, so that two never take one row. */
async function lookFor(errands: Errands, lease: Lease): Promise<void> {
  const { ports, desk, provider } = errands
  const finder = provider.finderOf(lease)
  const answer = finder && (await get(errands, finder.path))
  const rows = finder && answer && rowsIn(provider, finder, answer)
  const fresh = finder && rows && (await withCallbackIds(errands, lease, finder, rows))
  const still = current(errands, lease)
  if (!still) return
  const now = ports.now()
  if (!finder) return void desk.apply(cannotLook(still, now, ports.waits))
  if (!fresh) return void desk.apply(postponed(still, now, ports.waits))
  const match = matchCandidate(still, fresh, (id) => desk.knows(id))
  const start = match && provider.startOf(still, match.candidate.id)
  if (match && !match.isExact && isCrowded(still, desk.leases(), now, ports.waits)) {
    return void desk.apply(postponed(still, now, ports.waits))
  }
  if (!match || !start) return notThere(errands, still)
  desk.apply(found(still, start, match.isExact, now, ports.waits))
  if (!match.isExact) return
  const { tenant, email } = desk.account
  const rest = { source: 'created', mayBeShared: false, lease: still.requestId } as const
  await ports.desk(tenant, provider.name).learn([{ id: start.jobId, email, ...rest }])
}

/** Undefined: the answer says nothing. That there is no such job says that there is no row. */
function rowsIn(provider: Provider, finder: Finder, answer: Answer): Candidate[] | undefined {
  if (provider.saysUnknown?.(answer) === true) return []
  return answer.status === 200 ? rowsOf(finder, answer.body) : undefined
}

function rowsOf(finder: Finder, body: unknown): Candidate[] {
  return valuesAt(body, finder.rows).flatMap((row) => {
    const id = textAt(row, finder.id)
    if (id === undefined) return []
    const title = textAt(row, finder.title)
    const callbackId = finder.callbackId === undefined ? undefined : textAt(row, finder.callbackId)
    return [
      {
        id,
        createdAt: toMs(valueAt(row, finder.createdAt)),
        ...(title === undefined ? {} : { title }),
        ...(callbackId === undefined ? {} : { callbackId }),
      },
    ]
  })
}

/** A row whose callback id cannot be read stays without one: it can then be likely, never exact. */
async function withCallbackIds(
  errands: Errands,
  lease: Lease,
  finder: Finder,
  rows: Candidate[]
): Promise<Candidate[]> {
  const { details } = finder
  const { callbackIds } = errands
  if (!lease.clue.callbackId || details === undefined) return rows
  const recent = rows
    .filter((row) => isCandidate(lease, row, errands.desk.knows))
    .slice(0, DETAILS_MAX)
    .filter((row) => !callbackIds.has(row.id))
  for (let at = 0; at < recent.length; at += ASKED_AT_ONCE) {
    const opened = recent.slice(at, at + ASKED_AT_ONCE).map(async ({ id }) => {
      const answer = await get(errands, details.replace('{id}', encodeURIComponent(id)))
      const callbackId = valueAt(answer?.body, '/data/callback_id')
      if (callbackId !== undefined) callbackIds.set(id, String(callbackId ?? ''))
    })
    await Promise.all(opened)
  }
  return rows.map((row) => {
    const callbackId = callbackIds.get(row.id)
    return callbackId === undefined ? row : { ...row, callbackId }
  })
}

/** Undefined: the provider could not be asked, refused the credential, or is overloaded. */
async function get(errands: Errands, path: string): Promise<Answer | undefined> {
  const { ports, provider, open } = errands
  const headers = new Headers({ accept: 'application/json' })
  const at = { path, now: ports.now(), settings: ports.settings }
  try {
    await provider.authorize(headers, open.credential, open.session, at)
    const call = {
      method: 'GET',
      path,
      headers: Object.fromEntries(headers),
      timeoutMs: ASK_TIMEOUT_MS,
    }
    const origin = provider.origin(undefined, ports.settings, open.credential)
    const answer = await makeUpstream(ports).send(origin, call)
    const { status, headers: received, text } = answer
    return { status, headers: received, body: parseJson(text), text }
  } catch {
    return undefined
  }
}
