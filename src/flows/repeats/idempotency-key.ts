/**
 * Runs a call under an Idempotency-Key once, on any path, and replays its answer. If a creation's answer was lost, a repeat gets
 * the job once it is found. A call that was certainly not sent frees its key.
 */
import { AppError } from '#domain/runtime/errors.ts'
import {
  isInProgress,
  KEPT_ANSWER_CHARS_MAX,
  KEY_FORM,
  KEY_RULE,
  type KeptAnswer,
  type KeyTurn,
} from '#domain/creations/idempotency.ts'
import { parseJson } from '#domain/text/json-text.ts'
import { scopedName } from '#domain/visibility/own-scope.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Desk, KeyEnd } from '#domain/ports/desk.ts'
import { CannotOpen } from '#domain/access/sealed-text.ts'
import type { JobStart } from '#domain/slots/lease.ts'
import { answerFromItem } from './answer-from-item.ts'
import { answerFromJob } from './answer-from-job.ts'
import {
  stillInProgress,
  unknownEffect,
  unknownOutcome,
} from '#flows/jobs/unknown-outcome-errors.ts'
import type { ProxyAnswer, ProxyCall, ReadCall } from '#flows/upstream/proxy-call.ts'
import { logMissingKey } from '#flows/access/missing-master-key.ts'
import { readBytes } from '#flows/upstream/read-answer.ts'
import { findOutcome, type CreationOutcome } from './read-outcome.ts'
import { searchableBy } from './recover-lost-answer.ts'

const BODY_BYTES_MAX = 16 * 1024 * 1024

type Unknown = Extract<KeyTurn, { kind: 'unknown' }>

interface KeyedCall {
  call: ProxyCall
  desk: Desk
  /** The name of the key: key, method and path. */
  name: string
  /** `repeats`: the id of the first call, of which only the answer is wanted. */
  run(repeats?: string): Promise<ProxyAnswer>
}

export async function runUnderKey(
  ports: Ports,
  call: ProxyCall,
  run: KeyedCall['run']
): Promise<ProxyAnswer> {
  const key = call.headers.get('idempotency-key')
  if (key === null) return run()
  if (!KEY_FORM.test(key)) {
    throw new AppError('bad_request', KEY_RULE)
  }
  const desk = ports.desk(call.tenant, call.provider.name)
  const name = `${call.method} ${call.path} ${scopedName(call.own, key)}`
  return takeTurn(ports, { call, desk, name, run })
}

async function takeTurn(ports: Ports, keyed: KeyedCall): Promise<ProxyAnswer> {
  const { call, desk, name } = keyed
  const turn = await desk.beginKey(name, call.requestId)
  if (turn.kind === 'replay') return replay(ports, call, turn.answer)
  if (turn.kind === 'running') throw stillInProgress()
  return turn.kind === 'unknown' ? repeat(ports, keyed, turn) : runFirst(ports, keyed)
}

async function runFirst(ports: Ports, { call, desk, name, run }: KeyedCall): Promise<ProxyAnswer> {
  const startedAt = ports.now()
  const end = (how: KeyEnd) =>
    desk
      .endKey(name, call.requestId, how)
      .catch(() => ports.log('key_not_ended', { requestId: call.requestId }))
  const answer = await run().catch(async (error: unknown) => {
    const how = endAfterError(call, error)
    await end(how)
    const isSought = how.kind === 'unknown' && how.isSought === true
    if (!isInProgress({ startedAt, isSought }, ports.now(), ports.durations.soughtMs)) throw error
    if (!(error instanceof AppError)) throw error
    throw stillInProgress(error.details.accountEmail)
  })
  // If the answer cannot be kept, the key still never starts the call again.
  await end(await endAfterAnswer(ports, call, answer).catch(() => doneWithout(answer)))
  return answer
}

/** How a key ends after an error. An unexpected error leaves the outcome unknown: the call may have been sent before it. */
function endAfterError(call: ProxyCall, error: unknown): KeyEnd {
  if (!(error instanceof AppError)) return { kind: 'unknown', isSought: isJob(call) }
  if (error.code !== 'outcome_unknown') return { kind: 'forget' }
  const { accountEmail: email, isSearchedFor: isSought = false } = error.details
  return { kind: 'unknown', isSought, ...(email === undefined ? {} : { email }) }
}

/** Answers a repeat whose first call is over and left no answer. */
async function repeat(ports: Ports, keyed: KeyedCall, turn: Unknown): Promise<ProxyAnswer> {
  const { call, desk, name } = keyed
  const { requestId, email, done } = turn
  if (done) throw cannotReplay({ ...whose(email), ...(done.jobIds ? { jobIds: done.jobIds } : {}) })
  // Only a call that starts a job leaves a lease from which the outcome can be read.
  const outcome: CreationOutcome =
    isJob(call) || isOlder(call)
      ? await findOutcome(ports, { ...call, requestId, email })
      : { kind: 'over' }
  if (outcome.kind === 'found' || outcome.kind === 'queued') {
    const answer = await answerOf(ports, keyed, outcome, requestId)
    const end = await endAfterAnswer(ports, call, answer).catch(() => doneWithout(answer))
    await desk.endKey(name, requestId, end).catch(() => ports.log('key_not_ended', { requestId }))
    return answer
  }
  // If the first call's Worker has crashed and there is no lease, nothing was sent.
  const wasNeverSent = outcome.kind === 'none' && turn.isStale === true
  if (outcome.kind === 'absent' || wasNeverSent) {
    await desk.endKey(name, requestId, { kind: 'forget' })
    return takeTurn(ports, keyed)
  }
  throw await stillUnknown(ports, call, turn, outcome)
}

async function answerOf(
  ports: Ports,
  { call, run }: KeyedCall,
  outcome: Extract<CreationOutcome, { kind: 'found' | 'queued' }>,
  requestId: string
): Promise<ProxyAnswer> {
  const isOfNewer = outcome.kind === 'queued' && isOlder(call)
  if (isOfNewer) return run(requestId)
  if (outcome.kind === 'queued') return answerFromItem(ports, await withJson(call), outcome.item)
  if (isCarried(call, outcome.starts)) return run(requestId)
  return answerFromJob(ports, await withJson(call), { ...outcome, requestId })
}

async function stillUnknown(
  ports: Ports,
  call: ProxyCall,
  turn: Unknown,
  outcome: CreationOutcome
): Promise<AppError> {
  const { requestId, email, startedAt } = turn
  const isSearched = outcome.kind === 'open' && searchableBy(await withJson(call)) !== undefined
  const isSought = isSearched && (turn.isSought ?? true)
  const state = { isSought, ...(startedAt === undefined ? {} : { startedAt }) }
  if (isInProgress(state, ports.now(), ports.durations.soughtMs)) return stillInProgress(email)
  if (!isJob(call)) return unknownEffect(email)
  const who = email === undefined ? {} : { accountEmail: email }
  return unknownOutcome(call.provider.name, requestId, who)
}

function isJob({ match }: ProxyCall): boolean {
  return match?.route.job !== undefined && match.route.job !== null
}

function isOlder({ provider, match }: ProxyCall): boolean {
  return match !== undefined && provider.legacy?.rowOf(match.route) !== undefined
}

/** Whether newer calls made these jobs: their status is not asked for as the row of the older call says. */
function isCarried(call: ProxyCall, starts: readonly JobStart[]): boolean {
  if (!isOlder(call)) return false
  const [own = ''] = call.match?.route.job?.ask.split('{id}') ?? []
  return own === '' || starts.some(({ ask }) => ask !== undefined && !ask.startsWith(own))
}

/** The call with its body read. A repeat does not send the body. */
async function withJson(call: ProxyCall): Promise<ReadCall> {
  const { body } = call
  const bytes = body instanceof ReadableStream ? await readBytes(body, BODY_BYTES_MAX) : body
  return { ...call, body: bytes ?? null, json: bytes ? parseJson(bytes) : undefined }
}

function cannotReplay({ email, jobIds }: Pick<KeptAnswer, 'email' | 'jobIds'>): AppError {
  const message = 'This was done under its Idempotency-Key; its answer cannot be given again.'
  return new AppError('conflict', message, {
    ...(email === undefined ? {} : { accountEmail: email }),
    ...(jobIds ? { jobIds } : {}),
  })
}

function whose(email: string | undefined): { email?: string } {
  return email === undefined ? {} : { email }
}

/** The end of a key whose call was answered, but whose answer is not kept. */
function doneWithout({ email, jobIds }: ProxyAnswer): KeyEnd {
  return { kind: 'unknown', done: jobIds ? { jobIds } : {}, ...whose(email) }
}

/** The end of a key after an answer. Only JSON is kept. For sound or a large answer the key is only marked as done. */
async function endAfterAnswer(ports: Ports, call: ProxyCall, given: ProxyAnswer): Promise<KeyEnd> {
  const { response, email, jobIds, isQueued } = given
  // The provider failed while it worked on the call, so the outcome is unknown.
  if (!call.isCheck && (response.status >= 500 || response.status === 408)) {
    return { kind: 'unknown', isSought: false, ...whose(email) }
  }
  if (!response.ok) return { kind: 'forget' }
  const text = await textToKeep(response)
  if (text === undefined) return doneWithout(given)
  const body = await ports.vault.seal(sealName(call), text)
  const contentType = response.headers.get('content-type') ?? 'application/json'
  const answer: KeptAnswer = {
    status: response.status,
    contentType,
    body,
    ...whose(email),
    ...(jobIds ? { jobIds } : {}),
    ...(isQueued ? { isQueued } : {}),
  }
  return { kind: 'keep', answer }
}

/** The answer's text. Undefined: it is not kept. Media types ignore case, and some answers have none. */
async function textToKeep(response: Response): Promise<string | undefined> {
  const type = response.headers.get('content-type')
  if (type !== null && !/json/i.test(type)) return undefined
  const bytes = await readBytes(response.clone().body, 4 * KEPT_ANSWER_CHARS_MAX)
  const text = bytes && new TextDecoder().decode(bytes)
  const isKept = text !== undefined && text.length <= KEPT_ANSWER_CHARS_MAX
  return isKept && (type !== null || parseJson(text) !== undefined) ? text : undefined
}

async function replay(ports: Ports, call: ProxyCall, kept: KeptAnswer): Promise<ProxyAnswer> {
  const { status, contentType, body, email, jobIds, isQueued } = kept
  const text = await ports.vault.open(sealName(call), body).catch((error: unknown) => {
    logMissingKey(ports, 'kept answer', error)
    throw error instanceof CannotOpen ? cannotReplay(kept) : error
  })
  const hasNoBody = status === 204 || status === 205
  const headers = { 'content-type': contentType }
  const response = new Response(hasNoBody ? null : text, { status, headers })
  return {
    response,
    ...whose(email),
    ...(jobIds ? { jobIds } : {}),
    ...(isQueued ? { isQueued } : {}),
  }
}

/** The identity for sealing a kept answer. Answers are sealed because those of streaming sessions contain tokens. */
function sealName(call: ProxyCall): string {
  return `idempotency/${call.provider.name}/${call.tenant}`
}
