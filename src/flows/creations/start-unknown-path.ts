/**
 * A POST on a path that no row knows (contract 14.8). It holds a slot for the length of the call. When its answer looks like
 * a job, the slot stays as a guess, and the account's object checks the status. After a lost answer there is nothing to
 * check, so the slot stays until the deadline of the call (`callSlotMs`) and no longer.
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
import { joinRepeat, noteUnknown } from './join-repeats.ts'
import { forgetReported } from '#flows/jobs/settle-job.ts'
import { unknownEffect } from '#flows/jobs/unknown-outcome-errors.ts'
import type { ProxyAnswer, ProxyCall, ReadCall } from '#flows/upstream/proxy-call.ts'
import { freeAtEnd } from './run-generation.ts'
import { judgeFor, passOn, sendOn } from '#flows/routing/send-on.ts'
import { sendPlain } from '#flows/calls/send-plain.ts'
import { serveWithSlot, type Attempt } from '#flows/slots/take-slot.ts'
import { peek, readBytes, readOrKeep } from '#flows/upstream/read-answer.ts'
import { waitForSlot } from '#flows/slots/wait-for-slot.ts'

const READ_BYTES_MAX = 16 * 1024 * 1024
const ANSWER_BYTES_MAX = 1024 * 1024
const ROUTE_CHARS_MAX = 200
const NO_SLOT = new Set(['slots_full', 'account_unavailable'])

/** `json`: undefined where the body was not read. */
type ScannedCall = ProxyCall & { json: unknown }

/** Deferred before it is awaited, like every creation. */
export async function startUnknownPath(ports: Ports, call: ProxyCall): Promise<ProxyAnswer> {
  const scanned = await scanBody(call)
  const run = () => serve(ports, scanned)
  const work = canBeRepeated(scanned) ? joinRepeat(ports, scanned as ReadCall, run) : run()
  ports.defer(work.catch(() => {}))
  return work
}

/** JSON is read for the ids in it. A body that is too long to read goes up as a stream. */
async function scanBody(call: ProxyCall): Promise<ScannedCall> {
  const { body, headers } = call
  const isJson = /json/i.test(headers.get('content-type') ?? '')
  if (body instanceof ReadableStream && !isJson) return { ...call, json: undefined }
  const read = body instanceof ReadableStream ? await readOrKeep(body, READ_BYTES_MAX) : body
  const isRead = read instanceof Uint8Array
  return { ...call, body: read, json: isRead ? parseJson(read) : undefined }
}

/** It may start something, and its whole body is known, so that repeats of it can be recognised. */
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
    return waitForSlot(ports, call as ReadCall, eligible, 1, serveAmong, canWait)
  }
  // A call that only reads or edits needs no slot: it is sent without one when all are taken.
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
    kind: 'call',
    route: `${call.method} ${call.path}`.slice(0, ROUTE_CHARS_MAX),
    count: 1,
    fingerprint: {},
    ...(readsOrEdits(call.path) ? {} : { mayBeJob: true }),
    ...(call.limit === undefined ? {} : { limit: call.limit }),
    ...(call.reply === undefined ? {} : { reply: call.reply }),
  }
}

async function sendTo(ports: Ports, call: ScannedCall, account: Account): Promise<Attempt> {
  const { email } = account
  const isStream = call.body instanceof ReadableStream
  const isRead = readsOrEdits(call.path)
  const sent = await sendOn(ports, call, account, signalFor(ports, call)).catch(
    async (error: unknown) => {
      const wasSent = error instanceof AppError && !error.details.isMasterKeyMissing
      if (!wasSent || isRead) await releaseSlot(ports, account, call.requestId)
      throw wasSent ? await unknownCall(ports, call, account) : error
    }
  )
  if (sent.status < 400) return { kind: 'done', answer: await accept(ports, call, account, sent) }
  const { json, body } = await peek(sent)
  const { status, headers } = sent
  const judged = { status, headers, body: json, now: ports.now(), match: undefined }
  const verdict = judgeUnknown(call, judged)
  const answer = { response: passOn(sent, body), email }
  if (verdict.kind === 'unsure') {
    // It may have been started: the slot stays as long as the lease of the call, and the client must not send it again.
    if (!isRead) throw await unknownCall(ports, call, account)
    await releaseSlot(ports, account, call.requestId)
    return { kind: 'done', answer }
  }
  const { attempt } = await afterRefusal(ports, call as ReadCall, account, verdict, answer)
  // A body that was streamed up is gone, so no other account is tried.
  return isStream ? { kind: 'done', answer } : attempt
}

/** A streamed body may take as long as it takes: only the client ends it. */
function signalFor(ports: Ports, { body, signal }: ScannedCall): AbortSignal {
  if (!(body instanceof ReadableStream)) return ports.timeoutSignal(ports.durations.createGiveUpMs)
  return signal ?? new AbortController().signal
}

/**
 * Whether the path makes jobs is not known. What is the client's own fault for a creation (content, a forbidden feature) is
 * the client's here too, and no other account is tried.
 */
function judgeUnknown(call: ScannedCall, judged: Omit<JudgedAnswer, 'isJobCall'>): Verdict {
  const verdict = judgeFor(call, { ...judged, isJobCall: false })
  if (verdict.kind !== 'refused' || readsOrEdits(call.path)) return verdict
  const ofCreation = judgeFor(call, { ...judged, isJobCall: true })
  return ofCreation.kind === 'caller' ? ofCreation : verdict
}

/** It may have been made and paid for, and nothing of it can be searched for. Repeats get the same error. */
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

/** Its status path is guessed as `<path>/<id>`. Where a built-in row reads that path, the clients' own polls settle the job. */
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

/** False: the object holds as many guesses as it may, and has released the slot; or it did not answer. */
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

/** Only ids that nobody owns yet: the others were not made by this call. */
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
