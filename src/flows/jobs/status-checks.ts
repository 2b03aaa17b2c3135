/**
 * Sends an account's status checks to its provider, with the account's own credential, and reads the answers. Nothing here
 * throws.
 */
import type { Account } from '#domain/accounts/account.ts'
import { parseJson } from '#domain/text/json-text.ts'
import type { Change, EndedJob, JobReport, JobStart, Lease } from '#domain/slots/lease.ts'
import type { Candidate } from '#domain/jobs/match-lost-creations.ts'
import type { SuspectedFault } from '#domain/accounts/park-after-refusal.ts'
import type { OpenAccount, Ports } from '#domain/ports/ports.ts'
import type { Owner } from '#domain/routing/owner.ts'
import { listOfJobs } from '#domain/visibility/own-list.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { readAsLeased } from './read-unknown-status.ts'
import { makeUpstream } from '#flows/upstream/read-answer.ts'

/** The part of the account's object that the alarm's work reads and changes. */
export interface ReconciledAccount {
  account: Account
  leases(): Lease[]
  /** Whether a lease, running or ended, is bound to this job for certain. */
  knows(jobId: string): boolean
  /** The ids among these that are bound for certain. */
  knownOf(ids: readonly string[]): ReadonlySet<string>
  /** Ended jobs of this request. */
  ended(requestId: string): EndedJob[]
  /** Saves the change. True if something changed. */
  apply(change: Change): boolean
  /** Binds the jobs that the request certainly started. */
  bind(requestId: string, starts: JobStart[]): void
  settle(reports: JobReport[]): boolean
  blame(fault: SuspectedFault): Promise<unknown>
  memory: SearchMemory
}

/** What the object remembers of earlier searches, in memory only. If it is lost, the provider is asked again. */
export interface SearchMemory {
  rows: Map<string, Pick<Candidate, 'seenAt' | 'state' | 'callbackId'> & { isOpened?: true }>
  /** Passes over long lists that have not reached the end yet, by the path of the list. */
  passes: Map<string, { token: string; rows: Candidate[]; startedAt: number }>
}

export function newSearchMemory(): SearchMemory {
  return { rows: new Map(), passes: new Map() }
}

const ASK_TIMEOUT_MS = 20_000
/** How many status checks run at once. One invocation may hold six connections. */
export const ASKED_AT_ONCE = 4

export interface ReconcileContext {
  ports: Ports
  provider: Provider
  desk: ReconciledAccount
  open: OpenAccount
}

export interface Answer {
  status: number
  headers: Headers
  body: unknown
  text: string
}

/** Sends one GET. Undefined: the provider could not be asked. */
export function get(context: ReconcileContext, path: string): Promise<Answer | undefined> {
  return send(context, { method: 'GET', path, headers: {} })
}

export async function send(
  context: ReconcileContext,
  call: { method: string; path: string; headers: Record<string, string>; body?: string }
): Promise<Answer | undefined> {
  const { ports, provider, open } = context
  const { path } = call
  const headers = new Headers({ accept: 'application/json', ...call.headers })
  const at = { path, now: ports.now(), settings: ports.settings }
  try {
    await provider.accounts.authorize(headers, open.credential, open.session, at)
    const origin = provider.routes.origin(undefined, ports.settings, open.credential)
    const sent = { ...call, headers: Object.fromEntries(headers), timeoutMs: ASK_TIMEOUT_MS }
    const answer = await makeUpstream(ports).send(origin, sent)
    const { status, headers: received, text } = answer
    return { status, headers: received, body: parseJson(text), text }
  } catch {
    return undefined
  }
}

/** The present lease. Undefined: it has ended or was bound to another job meanwhile. */
export function current(context: ReconcileContext, lease: Lease): Lease | undefined {
  const now = context.desk.leases().find((one) => one.id === lease.id)
  return now && now.state === lease.state && now.jobId === lease.jobId ? now : undefined
}

/** Reads a status answer: by the row of the path that was asked, else as the lease says. */
export function reportsIn(
  provider: Provider,
  asked: string,
  { body, text }: Answer,
  lease: Lease
): JobReport[] {
  const [path = '', search] = asked.split('?')
  const match = provider.routes.match('GET', path)
  if (!match?.route.reports) return readAsLeased(provider, lease, path, body, text)
  return provider.jobs.readReports(match, new URLSearchParams(search), body, text)
}

/** Whether the provider says that there is no such job. A 404 without JSON may come from a proxy in front of it. */
export function saysUnknown(provider: Provider, answer: Pick<Answer, 'status' | 'body'>): boolean {
  if (provider.answers.saysUnknown) return provider.answers.saysUnknown(answer)
  const isJson = typeof answer.body === 'object' && answer.body !== null
  return isJson && (answer.status === 404 || answer.status === 410)
}

/** Runs the work for all items, a few at a time. */
export async function fewAtOnce<T>(all: readonly T[], work: (one: T) => Promise<void>) {
  for (let at = 0; at < all.length; at += ASKED_AT_ONCE)
    await Promise.all(all.slice(at, at + ASKED_AT_ONCE).map(work))
}

/**
 * Reports to the desk which account owns the jobs of a creation that was found. The desk of a tenant that had the account before has
 * no such account any more, and the present holder's must not learn that tenant's jobs.
 */
export async function learnJobOwners(
  { ports, provider, desk }: ReconcileContext,
  lease: Lease,
  starts: JobStart[]
) {
  const { tenant, email } = desk.account
  if (lease.tenant !== tenant) return
  const { ownToken: token, route, requestId } = lease
  const made =
    token === undefined ? {} : { own: { token, list: listOfJobs(provider.routes.table, route) } }
  const owners = starts.map(({ jobId: id }): Owner => ({
    ...{ id, email, source: 'created', mayBeShared: false, lease: requestId },
    ...made,
  }))
  await ports
    .desk(tenant, provider.name)
    .learn(owners)
    .catch(() => ports.log('learn_failed', { requestId }))
}
