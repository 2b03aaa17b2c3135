/**
 * A POST on a path that no row knows (contract 14.8). It holds a slot for the length of the call; when its answer looks
 * like a job the slot stays as a guess, which the account's object asks about. After a lost answer there is nothing to
 * ask about, so the slot stays until the deadline of the call (`callSlotMs`) and no longer.
 */
import type { Account } from '#domain/accounts/account.ts'
import { AppError } from '#domain/runtime/errors.ts'
import {
  idsMade,
  readsOrEdits,
  saysPending,
  textsAsked,
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
import { afterRefusal, giveBack } from '#flows/slots/release-slot.ts'
import { learnIds } from '#flows/routing/learn-ids.ts'
import { joinRepeat, noteUnknown } from './join-repeats.ts'
import { unknownEffect } from '#flows/jobs/unknown-outcome-errors.ts'
import type { ProxyAnswer, ProxyCall, ReadCall } from '#flows/upstream/proxy-call.ts'
import { freeing } from './run-generation.ts'
import { judgeFor, passOn, sendOn } from '#flows/routing/send-on.ts'
import { sendPlain } from '#flows/calls/send-plain.ts'
import { SlotSearch, type Attempt } from '#flows/slots/take-slot.ts'
import { peek, readBytes, readOrKeep } from '#flows/upstream/read-answer.ts'
import { waitForSlot } from '#flows/slots/wait-for-slot.ts'

const LOOKED_AT_BYTES_MAX = 16 * 1024 * 1024
const ANSWER_BYTES_MAX = 1024 * 1024
const ROUTE_CHARS_MAX = 200
const NO_SLOT = new Set(['slots_full', 'account_unavailable'])

/** Deferred before it is awaited, like every creation. */
export async function startUnknown(ports: Ports, call: ProxyCall): Promise<ProxyAnswer> {
  const read = await lookedInto(call)
  const run = () => serve(ports, read)
  const isWhole = !(read.body instanceof ReadableStream) && !readsOrEdits(call.path)
  const work = isWhole ? joinRepeat(ports, read as ReadCall, run) : run()
  ports.defer(work.catch(() => {}))
  return work
}

type LookedInto = ProxyCall & { json: unknown }

/** JSON is read for the ids in it. What is too long to look into goes up as it came. */
async function lookedInto(call: ProxyCall): Promise<LookedInto> {
  const { body, headers } = call
  const isJson = /json/i.test(headers.get('content-type') ?? '')
  if (body instanceof ReadableStream && !isJson) return { ...call, json: undefined }
  const read = body instanceof ReadableStream ? await readOrKeep(body, LOOKED_AT_BYTES_MAX) : body
  const isRead = read instanceof Uint8Array
  return { ...call, body: read, json: isRead ? parseJson(read) : undefined }
}

async function serve(ports: Ports, call: LookedInto): Promise<ProxyAnswer> {
  const eligible = await chooseAccounts(ports, call, call.json)
  let isSent = false
  const attempt = async (among: typeof eligible) =>
    new SlotSearch(ports, call as ReadCall, among, leaseAskOf(call)).serve(({ account }) => {
      isSent = true
      return sendOnce(ports, call, account)
    })
  if (!readsOrEdits(call.path)) {
    const read = call as ReadCall
    return waitForSlot(ports, read, eligible, 1, attempt, (error) => !error.details.isOfGuesses)
  }
  return attempt(eligible).catch((error: unknown) => {
    const isFull = error instanceof AppError && NO_SLOT.has(error.code)
    if (!isFull || isSent) throw error
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

async function sendOnce(ports: Ports, call: LookedInto, account: Account): Promise<Attempt> {
  const { email } = account
  const free = async () => void (await giveBack(ports, account, call.requestId))
  const isStream = call.body instanceof ReadableStream
  const isRead = readsOrEdits(call.path)
  // What streams up may take as long as it takes.
  const giveUp = ports.timeoutSignal(ports.durations.createGiveUpMs)
  const signal = isStream ? (call.signal ?? new AbortController().signal) : giveUp
  const sent = await sendOn(ports, call, account, signal).catch(async (error: unknown) => {
    const hasLeft = error instanceof AppError && !error.details.isSealedAway
    if (!hasLeft || isRead) await free()
    throw hasLeft ? await unknown(ports, call, account) : error
  })
  if (sent.status < 400) return { kind: 'done', answer: await accepted(ports, call, account, sent) }
  const { json, body } = await peek(sent)
  const { status, headers } = sent
  const judged = { status, headers, body: json, now: ports.now(), match: undefined }
  const verdict = verdictOf(call, judged)
  const answer = { response: passOn(sent, body), email }
  if (verdict.kind === 'unsure') {
    // It may have been started: the slot stays for the time of the call, and no client is asked to send it again.
    if (!isRead) throw await unknown(ports, call, account)
    await free()
    return { kind: 'done', answer }
  }
  const { attempt } = await afterRefusal(ports, call as ReadCall, account, verdict, answer)
  // What was streamed up cannot be sent again.
  return isStream ? { kind: 'done', answer } : attempt
}

/** What ends a creation (content, what is forbidden) ends it here, too; whether it counts as one, nobody knows. */
function verdictOf(call: LookedInto, judged: Omit<JudgedAnswer, 'isJobCall'>): Verdict {
  const verdict = judgeFor(call, { ...judged, isJobCall: false })
  if (verdict.kind !== 'refused' || readsOrEdits(call.path)) return verdict
  const ofCreation = judgeFor(call, { ...judged, isJobCall: true })
  return ofCreation.kind === 'caller' ? ofCreation : verdict
}

/** It may have been made and paid for; nothing of it can be asked for later, so a repeat is told just that. */
async function unknown(ports: Ports, call: LookedInto, { email }: Account): Promise<AppError> {
  ports.log('outcome_unknown', { tenant: call.tenant, email, requestId: call.requestId })
  const isWhole = !(call.body instanceof ReadableStream) && !readsOrEdits(call.path)
  if (isWhole) await noteUnknown(ports, call as ReadCall, { email, canBeFound: false })
  return unknownEffect(email)
}

async function accepted(
  ports: Ports,
  call: LookedInto,
  account: Account,
  sent: Response
): Promise<ProxyAnswer> {
  const { email } = account
  const free = async () => void (await giveBack(ports, account, call.requestId))
  const isJson = /json/i.test(sent.headers.get('content-type') ?? '')
  const bytes = isJson
    ? await readBytes(sent.clone().body, ANSWER_BYTES_MAX).catch(async () => {
        throw await unknown(ports, call, account)
      })
    : undefined
  if (!bytes) return { response: passOn(sent, freeing(sent, ports, call, free)), email }
  const answer = parseJson(bytes)
  const response = passOn(sent, bytes)
  const ids = idsMade(answer, textsAsked(call.path, call.search, call.json))
  await learnMade(ports, call, account, ids)
  const start = saysPending(sent.status, answer) ? guessOf(call, ids) : undefined
  const isKept = start !== undefined && (await keep(ports, call, account, start))
  if (isKept) return { response, email, jobIds: [start.jobId] }
  await free()
  return { response, email }
}

/** Where a built-in row reads that path, its polls settle it too. */
function guessOf({ provider, path }: ProxyCall, ids: readonly string[]): GuessedStart | undefined {
  const [jobId, other] = ids
  if (jobId === undefined) return undefined
  const at = (id: string) => `${path.replace(/\/+$/, '')}/${encodeURIComponent(id.toWellFormed())}`
  const ask = at(jobId)
  const askElse = other === undefined ? undefined : at(other)
  const known = provider.match('GET', ask)
  const link = known?.route.reports
  const name = link?.id.startsWith('path:')
    ? known?.params[link.id.slice('path:'.length)]
    : undefined
  const watch = [ask, ...(askElse === undefined ? [] : [askElse])].map(watchOfPath)
  if (link && name !== undefined) watch.unshift(`${link.watch}:${name}`)
  return { jobId, watch, ask, ...(askElse === undefined ? {} : { askElse }) }
}

async function keep(
  ports: Ports,
  call: ProxyCall,
  account: Account,
  start: GuessedStart
): Promise<boolean> {
  for (const watch of start.watch)
    for (const state of ['completed', 'failed', 'waiting'])
      ports.toldEnds.delete(`${account.key} ${watch} ${state}`)
  return ports
    .slots(account.key)
    .keepGuess(call.requestId, start, leaseAskOf(call))
    .catch(() => {
      ports.log('guess_not_kept', { email: account.email, requestId: call.requestId })
      return false
    })
}

/** What somebody owns already, or everybody, is none of this creation's. */
async function learnMade(
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
