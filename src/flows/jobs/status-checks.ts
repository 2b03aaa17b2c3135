/** Questions of an account's alarm to its provider: small, with the account's own credential, and never an exception. */
import type { Account } from '#domain/accounts/account.ts'
import { parseJson } from '#domain/text/json-text.ts'
import type { Change, EndedJob, JobReport, JobStart, Lease } from '#domain/slots/lease.ts'
import type { Candidate } from '#domain/jobs/match-lost-creations.ts'
import type { Fault } from '#domain/accounts/park-after-refusal.ts'
import type { OpenAccount, Ports } from '#domain/ports/ports.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { readAsLeased } from './read-unknown-status.ts'
import { makeUpstream } from '#flows/upstream/read-answer.ts'

/** The alarm's side of AccountSlots. */
export interface ReconciledAccount {
  account: Account
  leases(): Lease[]
  /** Whether an id is that of a job of ours that was named for certain, running or ended. */
  knows(jobId: string): boolean
  /** Which of these are. */
  knownOf(ids: readonly string[]): ReadonlySet<string>
  ended(requestId: string): EndedJob[]
  apply(change: Change): boolean
  /** What surely started these jobs named them. */
  bind(requestId: string, starts: JobStart[]): void
  settle(reports: JobReport[]): boolean
  blame(fault: Fault): Promise<unknown>
  memory: SearchMemory
}

/** What this object remembers of earlier searches. Lost with it, and then only asked for again. */
export interface SearchMemory {
  rows: Map<string, Pick<Candidate, 'seenAt' | 'state' | 'callbackId'> & { isOpened?: true }>
  /** Searches that did not come to an end yet, by the path of the list. */
  passes: Map<string, { token: string; rows: Candidate[]; startedAt: number }>
}

export function newSearchMemory(): SearchMemory {
  return { rows: new Map(), passes: new Map() }
}

const ASK_TIMEOUT_MS = 20_000
/** Fewer than the six connections that one invocation may hold. */
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

/** Undefined: the provider could not be asked. */
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
    await provider.authorize(headers, open.credential, open.session, at)
    const origin = provider.origin(undefined, ports.settings, open.credential)
    const sent = { ...call, headers: Object.fromEntries(headers), timeoutMs: ASK_TIMEOUT_MS }
    const answer = await makeUpstream(ports).send(origin, sent)
    const { status, headers: received, text } = answer
    return { status, headers: received, body: parseJson(text), text }
  } catch {
    return undefined
  }
}

/** The lease as it is now; undefined when it has ended or was bound meanwhile. */
export function current(context: ReconcileContext, lease: Lease): Lease | undefined {
  const now = context.desk.leases().find((one) => one.id === lease.id)
  return now && now.state === lease.state && now.jobId === lease.jobId ? now : undefined
}

/** What a status answer says, read by the row of the path that was asked, else as the lease has it. */
export function reportsIn(
  provider: Provider,
  asked: string,
  { body, text }: Answer,
  lease: Lease
): JobReport[] {
  const [path = '', search] = asked.split('?')
  const match = provider.match('GET', path)
  if (!match?.route.reports) return readAsLeased(provider, lease, path, body, text)
  return provider.readReports(match, new URLSearchParams(search), body, text)
}

/** Whether it says, in its own words, that there is no such job: what stands before a provider answers 404, too. */
export function saysUnknown(provider: Provider, answer: Pick<Answer, 'status' | 'body'>): boolean {
  if (provider.saysUnknown) return provider.saysUnknown(answer)
  const isJson = typeof answer.body === 'object' && answer.body !== null
  return isJson && (answer.status === 404 || answer.status === 410)
}

/** Does the same for all, a few at a time. */
export async function fewAtOnce<T>(all: readonly T[], work: (one: T) => Promise<void>) {
  for (let at = 0; at < all.length; at += ASKED_AT_ONCE)
    await Promise.all(all.slice(at, at + ASKED_AT_ONCE).map(work))
}

/** Whose the jobs of a found creation are. */
export async function learnJobOwners(
  { ports, provider, desk }: ReconcileContext,
  lease: Lease,
  starts: JobStart[]
) {
  const { tenant, email } = desk.account
  const rest = { email, source: 'created', mayBeShared: false, lease: lease.requestId } as const
  await ports
    .desk(tenant, provider.name)
    .learn(starts.map(({ jobId: id }) => ({ id, ...rest })))
    .catch(() => ports.log('learn_failed', { requestId: lease.requestId }))
}
