/**
 * A call under an Idempotency-Key, on whatever path: run once, then replayed. A job whose creation's answer was lost is
 * given under its key as soon as it is known; what surely never left frees its key.
 */
import { AppError } from '#domain/runtime/errors.ts'
import {
  isStillSought,
  KEPT_ANSWER_CHARS_MAX,
  KEY_FORM,
  type KeptAnswer,
  type KeyTurn,
} from '#domain/creations/idempotency.ts'
import { parseJson } from '#domain/text/json-text.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Desk, KeyEnd } from '#domain/ports/desk.ts'
import { CannotOpen } from '#domain/access/sealed-text.ts'
import { foundAnswer, soughtBy } from './answer-from-job.ts'
import { stillInProgress, unknownEffect, unknownOutcome } from '#flows/jobs/unknown-outcome-errors.ts'
import type { ProxyAnswer, ProxyCall, ReadCall } from '#flows/upstream/proxy-call.ts'
import { logMissingKey } from '#flows/access/missing-master-key.ts'
import { readBytes } from '#flows/upstream/read-answer.ts'
import { findOut, type Fate } from './read-outcome.ts'

type Unknown = Extract<KeyTurn, { kind: 'unknown' }>

/** A call, and how its key is held. */
interface Keyed {
  call: ProxyCall
  desk: Desk
  name: string
  run(): Promise<ProxyAnswer>
}

export async function onceByKey(
  ports: Ports,
  call: ProxyCall,
  run: () => Promise<ProxyAnswer>
): Promise<ProxyAnswer> {
  const key = call.headers.get('idempotency-key')
  if (key === null) return run()
  if (!KEY_FORM.test(key)) {
    throw new AppError('bad_request', 'Idempotency-Key: 1 to 255 of A-Z a-z 0-9 _ : . -')
  }
  const desk = ports.desk(call.tenant, call.provider.name)
  return takeTurn(ports, { call, desk, name: `${call.method} ${call.path} ${key}`, run })
}

async function takeTurn(ports: Ports, keyed: Keyed): Promise<ProxyAnswer> {
  const { call, desk, name } = keyed
  const turn = await desk.beginKey(name, call.requestId)
  if (turn.kind === 'replay') return toAnswer(ports, call, turn.answer)
  if (turn.kind === 'running') throw stillInProgress()
  return turn.kind === 'unknown' ? repeat(ports, keyed, turn) : runOnce(ports, keyed)
}

async function runOnce(ports: Ports, { call, desk, name, run }: Keyed): Promise<ProxyAnswer> {
  const startedAt = ports.now()
  const end = (how: KeyEnd) =>
    desk
      .endKey(name, call.requestId, how)
      .catch(() => ports.log('key_not_ended', { requestId: call.requestId }))
  const answer = await run().catch(async (error: unknown) => {
    const how = endOfError(call, error)
    await end(how)
    const isSought = how.kind === 'unknown' && how.isSought === true
    if (!isStillSought({ startedAt, isSought }, ports.now(), ports.durations.soughtMs)) throw error
    if (!(error instanceof AppError)) throw error
    throw stillInProgress(error.details.accountEmail)
  })
  // Whatever keeps the answer from being kept, it was given: the key never starts it again.
  await end(await endOf(ports, call, answer).catch(() => doneWith(answer)))
  return answer
}

/** An error that nobody expected may stand at any point of the call. */
function endOfError(call: ProxyCall, error: unknown): KeyEnd {
  if (!(error instanceof AppError)) return { kind: 'unknown', isSought: isJob(call) }
  if (error.code !== 'outcome_unknown') return { kind: 'forget' }
  const { accountEmail: email, isSought = false } = error.details
  return { kind: 'unknown', isSought, ...(email === undefined ? {} : { email }) }
}

/** The same key again, when its first call is over and its answer is not there. */
async function repeat(ports: Ports, keyed: Keyed, turn: Unknown): Promise<ProxyAnswer> {
  const { call, desk, name } = keyed
  const { requestId, email } = turn
  if (turn.done) throw alreadyDone(withWhom(email, turn.done))
  // What takes no lease of a job leaves no trace to go by.
  const asked = { ...call, requestId, email }
  const fate: Fate = isJob(call) ? await findOut(ports, asked) : { kind: 'over' }
  if (fate.kind === 'found') {
    const answer = await foundAnswer(ports, await withJson(call), { ...fate, requestId })
    const end = await endOf(ports, call, answer).catch(() => doneWith(answer))
    await desk.endKey(name, requestId, end).catch(() => ports.log('key_not_ended', { requestId }))
    return answer
  }
  const neverLeft = fate.kind === 'none' && turn.isStale === true
  if (fate.kind === 'absent' || neverLeft) {
    await desk.endKey(name, requestId, { kind: 'forget' })
    return takeTurn(ports, keyed)
  }
  throw await doubtOf(ports, call, turn, fate)
}

async function doubtOf(
  ports: Ports,
  call: ProxyCall,
  turn: Unknown,
  fate: Fate
): Promise<AppError> {
  const { requestId, email } = turn
  const canBeSought = fate.kind === 'open' && soughtBy(await withJson(call)) !== undefined
  const isSought = canBeSought && (turn.isSought ?? true)
  const state = { isSought, ...(turn.startedAt === undefined ? {} : { startedAt: turn.startedAt }) }
  if (isStillSought(state, ports.now(), ports.durations.soughtMs)) return stillInProgress(email)
  if (!isJob(call)) return unknownEffect(email)
  const who = email === undefined ? {} : { accountEmail: email }
  return unknownOutcome(call.provider.name, requestId, who)
}

/** It takes a lease that stays until its job has ended. */
function isJob({ match }: ProxyCall): boolean {
  return match?.route.job !== undefined && match.route.job !== null
}

/** The body of a creation, for what its row reads out of it. A repeat that is not sent may as well be read. */
async function withJson(call: ProxyCall): Promise<ReadCall> {
  const { body } = call
  const bytes = body instanceof ReadableStream ? await readBytes(body, BODY_BYTES_MAX) : body
  return { ...call, body: bytes ?? null, json: bytes ? parseJson(bytes) : undefined }
}

const BODY_BYTES_MAX = 16 * 1024 * 1024

function alreadyDone({ email, jobIds }: Pick<KeptAnswer, 'email' | 'jobIds'>): AppError {
  const message = 'This was done under its Idempotency-Key; its answer cannot be given again.'
  return new AppError('conflict', message, {
    ...(email === undefined ? {} : { accountEmail: email }),
    ...(jobIds ? { jobIds } : {}),
  })
}

function withWhom(email: string | undefined, { jobIds }: { jobIds?: string[] }) {
  return { ...(email === undefined ? {} : { email }), ...(jobIds ? { jobIds } : {}) }
}

function doneWith({ email, jobIds }: ProxyAnswer): KeyEnd {
  const done = jobIds ? { jobIds } : {}
  return { kind: 'unknown', done, ...(email === undefined ? {} : { email }) }
}

/** Only JSON is kept. Sound that streams, or what is too large, is remembered as done without being replayed. */
async function endOf(ports: Ports, call: ProxyCall, kept: ProxyAnswer): Promise<KeyEnd> {
  const { response, email, jobIds } = kept
  const who = email === undefined ? {} : { email }
  // From there nobody knows what came of it.
  if (!call.isCheck && (response.status >= 500 || response.status === 408)) {
    return { kind: 'unknown', isSought: false, ...who }
  }
  if (!response.ok) return { kind: 'forget' }
  const text = await textOf(response)
  if (text === undefined) return doneWith(kept)
  const body = await ports.vault.seal(sealName(call), text)
  const contentType = response.headers.get('content-type') ?? 'application/json'
  const answer: KeptAnswer = {
    status: response.status,
    contentType,
    body,
    ...who,
    ...(jobIds ? { jobIds } : {}),
  }
  return { kind: 'keep', answer }
}

/** Undefined: it is not to be kept. Media types ignore case, and some answers have none. */
async function textOf(response: Response): Promise<string | undefined> {
  const type = response.headers.get('content-type')
  if (type !== null && !/json/i.test(type)) return undefined
  const bytes = await readBytes(response.clone().body, 4 * KEPT_ANSWER_CHARS_MAX)
  const text = bytes && new TextDecoder().decode(bytes)
  const isKept = text !== undefined && text.length <= KEPT_ANSWER_CHARS_MAX
  return isKept && (type !== null || parseJson(text) !== undefined) ? text : undefined
}

async function toAnswer(ports: Ports, call: ProxyCall, kept: KeptAnswer): Promise<ProxyAnswer> {
  const { status, contentType, body, email, jobIds } = kept
  const text = await ports.vault.open(sealName(call), body).catch((error: unknown) => {
    logMissingKey(ports, 'kept answer', error)
    throw error instanceof CannotOpen ? alreadyDone(kept) : error
  })
  const hasNoBody = status === 204 || status === 205
  const headers = { 'content-type': contentType }
  const response = new Response(hasNoBody ? null : text, { status, headers })
  return { response, ...(email === undefined ? {} : { email }), ...(jobIds ? { jobIds } : {}) }
}

/** Answers of streaming sessions hold tokens, so none is kept open. */
function sealName(call: ProxyCall): string {
  return `idempotency/${call.provider.name}/${call.tenant}`
}
