/**
 * Sends a call that takes no slot. A read is tried on up to three accounts when one refuses or fails. Any other call is sent
 * once, because it may have had an effect. A call about an id goes to the account that owns it, also while it is parked.
 */
import { parseJson } from '#domain/text/json-text.ts'
import type { Account } from '#domain/accounts/account.ts'
import { AppError } from '#domain/runtime/errors.ts'
import type { SuspectedFault, CheckResult } from '#domain/accounts/park-after-refusal.ts'
import { pickAccounts } from '#domain/accounts/pick-account.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { unavailable } from '#flows/accounts/unavailable.ts'
import type { Verdict } from '#providers/contract/provider.ts'
import { deleteCopies } from '#flows/uploads/asset-copies.ts'
import {
  reportRefusal,
  suspectedFaultOf,
  newerAccount,
  rowOf,
} from '#flows/accounts/report-refusal.ts'
import { chooseAccounts, type Eligible } from '#flows/routing/choose-accounts.ts'
import { createdOwners, learnIds } from '#flows/routing/learn-ids.ts'
import { unknownEffect } from '#flows/jobs/unknown-outcome-errors.ts'
import { laterDeadline } from '#flows/upstream/deadline.ts'
import type { ProxyAnswer, ProxyCall } from '#flows/upstream/proxy-call.ts'
import { readUsually } from '#flows/jobs/read-unknown-status.ts'
import { judgeFor, passOn, sendOn } from '#flows/routing/send-on.ts'
import { noteDeleted, settleJobs } from '#flows/jobs/settle-job.ts'
import { homeFirst } from '#flows/uploads/upload-account.ts'
import { peek, readOrKeepAnswer } from '#flows/upstream/read-answer.ts'

const TRIES_MAX = 3
const HEADERS_WITHIN_MS = 100_000
const STATUS_BYTES_MAX = 1024 * 1024

/** The result on one account. `again`: another account may succeed. */
interface Try {
  answer?: ProxyAnswer
  error?: AppError
  again: boolean
}

export async function sendPlain(
  ports: Ports,
  call: ProxyCall,
  json: unknown
): Promise<ProxyAnswer> {
  return sendOnAccounts(ports, call, json).catch((error: unknown) => {
    if (!isUncertain(call, error)) throw error
    const { tenant, requestId } = call
    const email = error.details.accountEmail
    ports.log('outcome_unknown', { tenant, email, requestId })
    throw unknownEffect(email)
  })
}

/** Whether a failed POST may have started something that costs money: its path has no row, or it has an idempotency key. */
function isUncertain(call: ProxyCall, error: unknown): error is AppError {
  if (call.method !== 'POST' || (call.match && !call.headers.has('idempotency-key'))) return false
  const code = error instanceof AppError ? error.code : undefined
  return code === 'upstream_unreachable' || code === 'upstream_timeout'
}

async function sendOnAccounts(ports: Ports, call: ProxyCall, json: unknown): Promise<ProxyAnswer> {
  const eligible = await chooseAccounts(ports, call, json)
  const drawn = usable(ports, call, eligible)
  const accounts = await homeFirst(ports, call, drawn, eligible.accounts)
  const isRead = call.method === 'GET' || call.method === 'HEAD' || isReadByPost(call)
  const tries: Try[] = []
  for (const account of accounts.slice(0, isRead ? TRIES_MAX : 1)) {
    const result = await tryOn(ports, call, account)
    if (!result.again) return resultOf(result)
    tries.push(result)
  }
  return resultOf(tries.findLast((one) => one.answer) ?? tries.findLast((one) => one.error))
}

/** Whether the call is a read by POST whose body is in memory, so that it can be sent again. */
function isReadByPost({ match, body }: ProxyCall): boolean {
  return match?.route.kind === 'read-account' && !(body instanceof ReadableStream)
}

function usable(ports: Ports, call: ProxyCall, eligible: Eligible): Account[] {
  const now = ports.now()
  if (eligible.isPinned) return eligible.accounts
  const wish = {
    isJob: false,
    row: rowOf(call),
    part: call.provider.accounts.credentialKindFor?.(call.path),
  }
  const { accounts } = eligible
  const { candidates, parked } = pickAccounts(accounts, wish, ports.hints, now, ports.random)
  // If no account's key has the scope, the client gets the provider's own refusal.
  const limited = parked.find(({ parking }) => parking.reason === 'scope')
  if (candidates.length === 0 && limited) return [limited.account]
  const first = parked.toSorted((a, b) => a.parking.until - b.parking.until)[0]
  if (candidates.length === 0 && first) throw unavailable(first.account, first.parking, now)
  const hangs = ({ key }: Account) => Number(ports.hints.hasHungLately(key, now))
  return candidates.toSorted((a, b) => hangs(a) - hangs(b))
}

function resultOf(last: Try | undefined): ProxyAnswer {
  if (last?.answer) return last.answer
  throw last?.error ?? new AppError('internal', 'No account was tried.')
}

async function tryOn(
  ports: Ports,
  call: ProxyCall,
  account: Account,
  isRepeat = false
): Promise<Try> {
  const sent = await send(ports, call, account)
  if (sent instanceof AppError) return { error: sent, again: true }
  if (sent.status < 400) {
    if (call.method !== 'GET') await noteDeletion(ports, call, account)
    return { answer: await passStatus(ports, call, account, sent), again: false }
  }
  const { json, body } = await peek(sent)
  const answer = { response: passOn(sent, body), email: account.email }
  const verdict = verdictOf(ports, call, sent, json)
  if (verdict.kind === 'caller') return { answer, again: false }
  const fault = suspectedFaultOf(call, verdict, sent.status)
  if (!fault) return { answer, again: true }
  const finding = await reportRefusal(ports, account, fault)
  if (finding.kind === 'newer' && !isRepeat && !(call.body instanceof ReadableStream)) {
    const newer = await newerAccount(ports, account)
    if (newer) return tryOn(ports, call, newer, true)
  }
  return refusedTry(ports, account, fault, finding, answer)
}

/** If the client deleted something: tells the object of a job, and deletes the copies of an upload. */
async function noteDeletion(ports: Ports, call: ProxyCall, account: Account): Promise<void> {
  await noteDeleted(ports, call.provider, account, call).catch(() =>
    ports.log('settle_failed', { email: account.email, requestId: call.requestId })
  )
  ports.defer(deleteCopies(ports, call))
}

/** Turns a refused account key into a gateway error. A 401 of the provider would look as if the client's token were wrong. */
function refusedTry(
  ports: Ports,
  account: Account,
  { doubt }: Pick<SuspectedFault, 'doubt'>,
  finding: CheckResult,
  answer: ProxyAnswer
): Try {
  if (finding.kind === 'refused') return doubt === 'key' ? { again: true } : { answer, again: true }
  if (finding.kind !== 'parked')
    return { answer, again: doubt !== 'key' || finding.kind !== 'good' }
  const { parking } = finding
  const isOurs = ['credential', 'blocked', 'limit'].includes(parking.reason)
  if (!isOurs) return { answer: { ...answer, parking }, again: true }
  return { error: unavailable(account, parking, ports.now()), again: true }
}

function verdictOf(ports: Ports, call: ProxyCall, sent: Response, body: unknown): Verdict {
  const { status, headers } = sent
  const { match } = call
  return judgeFor(call, { status, headers, body, isJobCall: false, now: ports.now(), match })
}

/** Waits at most `HEADERS_WITHIN_MS` for the answer's headers, from when the body was sent: that may take any time. */
async function send(ports: Ports, call: ProxyCall, account: Account): Promise<Response | AppError> {
  const deadline = laterDeadline(ports, HEADERS_WITHIN_MS, call.signal)
  if (!(call.body instanceof ReadableStream)) deadline.start()
  try {
    return await sendOn(ports, call, account, deadline.signal, { onBodySent: deadline.start })
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  } finally {
    deadline.lift()
  }
}

/** Reads a status answer before it is passed on. If it says that a job ended, the job is settled first. */
async function passStatus(
  ports: Ports,
  call: ProxyCall,
  account: Account,
  sent: Response
): Promise<ProxyAnswer> {
  const email = account.email
  const { reports: link, creates = [], lists = [] } = call.match?.route ?? {}
  const isNaming = creates.length > 0 || (call.own?.isMaking === true && lists.length > 0)
  const isTelling = call.match ? link !== undefined || isNaming : mayTell(call, sent)
  if (!isTelling || call.method === 'HEAD') return { response: passOn(sent), email }
  const bytes = await readOrKeepAnswer(sent, STATUS_BYTES_MAX).catch(() => {
    throw new AppError(
      'upstream_unreachable',
      'The answer of the provider ended before it was complete.'
    )
  })
  if (bytes instanceof ReadableStream) return { response: passOn(sent, bytes), email }
  const query = new URLSearchParams(call.search)
  const text = new TextDecoder().decode(bytes)
  const answer = parseJson(text)
  await learnIds(ports, call, createdOwners(call, account, answer))
  const reports = call.match
    ? call.provider.jobs.readReports(call.match, query, answer, text)
    : readUsually(call.provider, call.path, answer, text)
  await settleJobs(ports, call.provider, account, reports).catch(() =>
    ports.log('settle_failed', { email, requestId: call.requestId })
  )
  return { response: passOn(sent, bytes), email }
}

/** Whether an answer on a path that no row matches may be the status of a guessed job. */
function mayTell({ method }: ProxyCall, { headers }: Response): boolean {
  return method === 'GET' && /json/i.test(headers.get('content-type') ?? '')
}
