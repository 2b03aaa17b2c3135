/**
 * Sends a POST on a path without a row (contract 14.8). The call holds a slot while it runs. If its answer looks like a job, the
 * slot stays taken for a guessed job, and the account's object checks the status. After a lost answer there is nothing to check,
 * so the slot is released at the deadline of the call (`callSlotMs`).
 */
import type { Account } from '#domain/accounts/account.ts'
import { AppError } from '#domain/runtime/errors.ts'
import {
  createdIds,
  readsOrEdits,
  requestTexts,
  saysPending,
  watchOfPath,
  type GuessedStart,
} from '#domain/jobs/guessed-job.ts'
import { parseJson } from '#domain/text/json-text.ts'
import type { LeaseAsk } from '#domain/slots/lease.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Owner } from '#domain/routing/owner.ts'
import type { JudgedAnswer, Verdict } from '#providers/contract/provider.ts'
import { chooseAccounts } from '#flows/routing/choose-accounts.ts'
import { poolOf } from '#flows/routing/find-owners.ts'
import { afterRefusal, releaseSlot } from '#flows/slots/release-slot.ts'
import { learnIds } from '#flows/routing/learn-ids.ts'
import { joinRepeat, noteUnknown } from '#flows/repeats/join-repeats.ts'
import { forgetReported } from '#flows/jobs/settle-job.ts'
import { unknownEffect } from '#flows/jobs/unknown-outcome-errors.ts'
import type { ProxyAnswer, ProxyCall, ReadCall } from '#flows/upstream/proxy-call.ts'
import { freeAtEnd } from './run-generation.ts'
import { judgeFor, passOn, sendOn } from '#flows/routing/send-on.ts'
import { laterDeadline } from '#flows/upstream/deadline.ts'
import { sendPlain } from '#flows/calls/send-plain.ts'
import { withShare } from '#flows/slots/take-share.ts'
import { serveWithSlot, type Attempt } from '#flows/slots/take-slot.ts'
import { peek, readBytes, readOrKeep } from '#flows/upstream/read-answer.ts'
import { bodyBroken } from '#flows/upstream/read-call.ts'
import { waitForSlot } from '#flows/slots/wait-for-slot.ts'

const READ_BYTES_MAX = 16 * 1024 * 1024
const ANSWER_BYTES_MAX = 1024 * 1024
const ROUTE_CHARS_MAX = 200
const NO_SLOT = new Set(['slots_full', 'account_unavailable'])

/** `json`: undefined if the body was not read. */
type ScannedCall = ProxyCall & { json: unknown }

/** Defers the work before it is awaited, as for every creation. */
export async function startUnknownPath(ports: Ports, call: ProxyCall): Promise<ProxyAnswer> {
  const scanned = await scanBody(call)
  const run = () => serve(ports, scanned)
  const work = canBeRepeated(scanned) ? joinRepeat(ports, scanned as ReadCall, run) : run()
  ports.defer(work.catch(() => {}))
  return work
}

/** Reads a JSON body for the ids in it. A body that is too long to read is sent on as a stream. */
async function scanBody(call: ProxyCall): Promise<ScannedCall> {
  const { body, headers } = call
  const isJson = /json/i.test(headers.get('content-type') ?? '')
  if (body instanceof ReadableStream && !isJson) return { ...call, json: undefined }
  const reading = body instanceof ReadableStream ? readOrKeep(body, READ_BYTES_MAX) : body
  const read = await Promise.resolve(reading).catch(() => {
    throw bodyBroken()
  })
  const isRead = read instanceof Uint8Array
  return { ...call, body: read, json: isRead ? parseJson(read) : undefined }
}

/** Whether the call may start something and its whole body is known, so that repeats can be recognised. */
function canBeRepeated({ body, path }: ScannedCall): boolean {
  return !(body instanceof ReadableStream) && !readsOrEdits(path)
}

async function serve(ports: Ports, call: ScannedCall): Promise<ProxyAnswer> {
  const eligible = await chooseAccounts(ports, call, call.json)
  let isSent = false
  const attempt = ({ account }: { account: Account }) => {
    isSent = true
    return sendTo(ports, call, account)
  }
  const serveAmong = (among: typeof eligible) =>
    serveWithSlot(ports, call as ReadCall, among, { ask: leaseAskOf(call), attempt })
  if (!readsOrEdits(call.path)) {
    const canWait = (error: AppError) => !error.details.isOfGuesses
    return withShare(ports, call, leaseAskOf(call), () =>
      waitForSlot(ports, call as ReadCall, eligible, 1, serveAmong, canWait)
    )
  }
  // A call that only reads or edits needs no slot. It is sent without one if all are taken.
  return serveAmong(eligible).catch((error: unknown) => {
    const isRefused = error instanceof AppError && NO_SLOT.has(error.code)
    if (!isRefused || isSent) throw error
    return sendPlain(ports, call, call.json)
  })
}

function leaseAskOf(call: ProxyCall): LeaseAsk {
  return {
    leaseId: call.requestId,
    tenant: call.tenant,
    ...(call.tokenId === undefined ? {} : { token: call.tokenId }),
    kind: 'call',
    route: `${call.method} ${call.path}`.slice(0, ROUTE_CHARS_MAX),
    count: 1,
    fingerprint: {},
    ...(readsOrEdits(call.path) ? {} : { mayBeJob: true }),
    ...(call.limit === undefined ? {} : { limit: call.limit }),
    ...(call.reply === undefined ? {} : { reply: call.reply }),
    ...(call.share && !readsOrEdits(call.path) ? { isLimited: true } : {}),
  }
}

async function sendTo(ports: Ports, call: ScannedCall, account: Account): Promise<Attempt> {
  const { email } = account
  const isStream = call.body instanceof ReadableStream
  const isRead = readsOrEdits(call.path)
  const { signal, ...limit } = limitFor(ports, call)
  const sent = await sendOn(ports, call, account, signal, limit)
    .catch(async (error: unknown) => {
      const wasSent = error instanceof AppError && !error.details.isUnsent
      if (!wasSent || isRead) await releaseSlot(ports, account, call.requestId)
      throw wasSent ? await unknownCall(ports, call, account) : error
    })
    .finally(limit.lift)
  if (sent.status < 400) return { kind: 'done', answer: await accept(ports, call, account, sent) }
  const { json, body } = await peek(sent)
  const { status, headers } = sent
  const judged = { status, headers, body: json, now: ports.now(), match: undefined }
  const verdict = judgeUnknown(call, judged)
  const answer = { response: passOn(sent, body), email }
  if (verdict.kind === 'unsure') {
    // The call may have started something: the slot stays until the lease expires, and the client must not send the call again.
    if (!isRead) throw await unknownCall(ports, call, account)
    await releaseSlot(ports, account, call.requestId)
    return { kind: 'done', answer }
  }
  const { attempt } = await afterRefusal(ports, call as ReadCall, account, verdict, answer)
  // A streamed body cannot be sent again, so no other account is tried.
  return isStream ? { kind: 'done', answer } : attempt
}

/** The signal that ends the call. Sending a streamed body has no time limit: only the client ends it. */
/** The limit for the answer: of a streamed body from when it was sent. */
function limitFor(
  ports: Ports,
  { body, signal }: ScannedCall
): { signal: AbortSignal; onBodySent?: () => void; lift?: () => void } {
  const { createGiveUpMs } = ports.durations
  if (!(body instanceof ReadableStream)) return { signal: ports.timeoutSignal(createGiveUpMs) }
  const deadline = laterDeadline(ports, createGiveUpMs, signal)
  return { signal: deadline.signal, onBodySent: deadline.start, lift: deadline.lift }
}

/**
 * Judges the answer, although it is not known whether the path makes jobs. A fault that is the client's for a creation (content, a
 * forbidden feature) is the client's here too, and no other account is tried.
 */
function judgeUnknown(call: ScannedCall, judged: Omit<JudgedAnswer, 'isJobCall'>): Verdict {
  const verdict = judgeFor(call, { ...judged, isJobCall: false })
  if (verdict.kind !== 'refused' || readsOrEdits(call.path)) return verdict
  const ofCreation = judgeFor(call, { ...judged, isJobCall: true })
  return ofCreation.kind === 'caller' ? ofCreation : verdict
}

/** The error for a lost answer. The result may have been paid for and cannot be searched for. Repeats get the same error. */
async function unknownCall(ports: Ports, call: ScannedCall, { email }: Account): Promise<AppError> {
  ports.log('outcome_unknown', { tenant: call.tenant, email, requestId: call.requestId })
  if (canBeRepeated(call)) {
    await noteUnknown(ports, call as ReadCall, { email, canBeFound: false })
  }
  return unknownEffect(email)
}

async function accept(
  ports: Ports,
  call: ScannedCall,
  account: Account,
  sent: Response
): Promise<ProxyAnswer> {
  const { email } = account
  const free = async () => void (await releaseSlot(ports, account, call.requestId))
  const isJson = /json/i.test(sent.headers.get('content-type') ?? '')
  const bytes = isJson
    ? await readBytes(sent.clone().body, ANSWER_BYTES_MAX).catch(async () => {
        throw await unknownCall(ports, call, account)
      })
    : undefined
  if (!bytes) return { response: passOn(sent, freeAtEnd(sent, ports, call, free)), email }
  const answer = parseJson(bytes)
  const response = passOn(sent, bytes)
  const ids = createdIds(answer, requestTexts(call.path, call.search, call.json))
  await learnCreated(ports, call, account, ids)
  const start = saysPending(sent.status, answer) ? guessOf(call, ids) : undefined
  if (start && (await keepGuess(ports, call, account, start))) {
    return { response, email, jobIds: [start.jobId] }
  }
  await free()
  return { response, email }
}

/** The guessed job. Its status path is `<path>/<id>`. If a built-in row reads that path, clients' status calls settle the job. */
function guessOf({ provider, path }: ProxyCall, ids: readonly string[]): GuessedStart | undefined {
  const [jobId, other] = ids
  if (jobId === undefined) return undefined
  const at = (id: string) => `${path.replace(/\/+$/, '')}/${encodeURIComponent(id.toWellFormed())}`
  const ask = at(jobId)
  const askElse = other === undefined ? undefined : at(other)
  const known = provider.routes.match('GET', ask)
  const link = known?.route.reports
  const name = link?.id.startsWith('path:')
    ? known?.params[link.id.slice('path:'.length)]
    : undefined
  const watch = [ask, ...(askElse === undefined ? [] : [askElse])].map(watchOfPath)
  if (link && name !== undefined) watch.unshift(`${link.watch}:${name}`)
  return { jobId, watch, ask, ...(askElse === undefined ? {} : { askElse }) }
}

/** False: guesses already hold as many slots as they may, and this slot was released; or the object did not answer. */
async function keepGuess(
  ports: Ports,
  call: ProxyCall,
  account: Account,
  start: GuessedStart
): Promise<boolean> {
  forgetReported(ports, account, start.watch)
  return ports
    .slots(account.key)
    .keepGuess(call.requestId, start, leaseAskOf(call))
    .catch(() => {
      ports.log('guess_not_kept', { email: account.email, requestId: call.requestId })
      return false
    })
}

/** Records the owner of ids that have none yet. Other ids were not created by this call. */
async function learnCreated(
  ports: Ports,
  call: ProxyCall,
  { email }: Account,
  ids: readonly string[]
): Promise<void> {
  if (ids.length === 0) return
  try {
    const { accounts } = await ports.accounts.list(call.tenant, call.provider.name)
    const pool = poolOf(call.tenant, call.provider.name, accounts)
    const known = await ports.owners.find(pool, [...ids])
    const fresh = ids.filter((id) => !known.some((owner) => owner.id === id))
    const owners = fresh.map((id): Owner => ({ id, email, source: 'created', mayBeShared: false }))
    await learnIds(ports, call, owners)
  } catch {
    ports.log('learn_failed', { requestId: call.requestId })
  }
}
