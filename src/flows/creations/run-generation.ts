/**
 * Runs a generation that is answered in the same call (speech, a voice preview). It holds a slot as long as the call runs. Its
 * lease expires a little after the call's time limit, so the slot becomes free in any case.
 */
import { parseJson } from '#domain/text/json-text.ts'
import type { Account } from '#domain/accounts/account.ts'
import { AppError } from '#domain/runtime/errors.ts'
import type { LeaseAsk } from '#domain/slots/lease.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { chooseAccounts } from '#flows/routing/choose-accounts.ts'
import { createdOwners, learnIds } from '#flows/routing/learn-ids.ts'
import { afterRefusal, releaseSlot } from '#flows/slots/release-slot.ts'
import { joinRepeat, noteUnknown } from '#flows/repeats/join-repeats.ts'
import { unknownEffect } from '#flows/jobs/unknown-outcome-errors.ts'
import type { ProxyAnswer, ProxyCall, ReadCall } from '#flows/upstream/proxy-call.ts'
import { judgeFor, passOn, sendOn } from '#flows/routing/send-on.ts'
import { serveWithSlot, type Attempt } from '#flows/slots/take-slot.ts'
import { peek, readBytes } from '#flows/upstream/read-answer.ts'
import { waitForSlot } from '#flows/slots/wait-for-slot.ts'

const ANSWER_BYTES_MAX = 1024 * 1024

/** Defers the work before it is awaited. So if the client disconnects, the slot is released at once and not only at the deadline. */
export function runGeneration(ports: Ports, call: ReadCall): Promise<ProxyAnswer> {
  const work = joinRepeat(ports, call, () => generate(ports, call))
  ports.defer(work.catch(() => {}))
  return work
}

async function generate(ports: Ports, call: ReadCall): Promise<ProxyAnswer> {
  const eligible = await chooseAccounts(ports, call, call.json)
  const ask = leaseAskOf(call)
  return waitForSlot(ports, call, eligible, 1, (among) =>
    serveWithSlot(ports, call, among, {
      ask,
      attempt: ({ account }) => generateOn(ports, call, account),
    })
  )
}

function leaseAskOf(call: ReadCall): LeaseAsk {
  const { meter } = call.match?.route ?? {}
  return {
    ...(call.own ? { ownToken: call.own.token } : {}),
    leaseId: call.requestId,
    tenant: call.tenant,
    kind: 'call',
    route: `${call.match?.route.method} ${call.match?.route.path}`,
    count: 1,
    fingerprint: {},
    ...(meter === undefined ? {} : { meter }),
    ...(call.limit === undefined ? {} : { limit: call.limit }),
  }
}

async function generateOn(ports: Ports, call: ReadCall, account: Account): Promise<Attempt> {
  const free = async () => void (await releaseSlot(ports, account, call.requestId))
  const timeLimit = ports.timeoutSignal(ports.durations.createGiveUpMs)
  const sent = await sendOn(ports, call, account, timeLimit).catch(async (error: unknown) => {
    ports.defer(free())
    const wasSent = error instanceof AppError && !error.details.isUnsent
    throw wasSent ? await unknownGeneration(ports, call, account) : error
  })
  const { status, headers } = sent
  const { email } = account
  if (status < 400 && call.match?.route.creates.length) {
    return { kind: 'done', answer: await withOwners(ports, call, account, sent, free) }
  }
  if (status < 400) {
    const response = passOn(sent, freeAtEnd(sent, ports, call, free))
    return { kind: 'done', answer: { response, email } }
  }
  const { json, body } = await peek(sent)
  const judged = {
    status,
    headers,
    body: json,
    isJobCall: true,
    now: ports.now(),
    match: call.match,
  }
  const verdict = judgeFor(call, judged)
  const answer = { response: passOn(sent, body), email }
  if (verdict.kind !== 'unsure')
    return (await afterRefusal(ports, call, account, verdict, answer)).attempt
  await free()
  throw await unknownGeneration(ports, call, account)
}

/** Reads the answer before it is passed on, because later calls with its ids must go to this account. */
async function withOwners(
  ports: Ports,
  call: ReadCall,
  account: Account,
  sent: Response,
  free: () => Promise<void>
): Promise<ProxyAnswer> {
  const bytes = await readBytes(sent.body, ANSWER_BYTES_MAX).catch(() => undefined)
  ports.defer(free())
  if (!bytes) throw await unknownGeneration(ports, call, account)
  await learnIds(ports, call, createdOwners(call, account, parseJson(bytes)))
  return { response: passOn(sent, bytes), email: account.email }
}

/** The error for a lost answer. The result may have been paid for and cannot be searched for. Repeats get the same error. */
async function unknownGeneration(
  ports: Ports,
  call: ReadCall,
  { email }: Account
): Promise<AppError> {
  ports.log('outcome_unknown', { tenant: call.tenant, email, requestId: call.requestId })
  await noteUnknown(ports, call, { email, canBeFound: false })
  return unknownEffect(email)
}

/** Passes the answer's body on. The slot is released when the body ends or the client disconnects. */
export function freeAtEnd(
  sent: Response,
  ports: Ports,
  call: ProxyCall,
  free: () => Promise<void>
): BodyInit | null {
  if (!sent.body) {
    ports.defer(free())
    return null
  }
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  ports.defer(
    sent.body
      .pipeTo(writable, call.signal ? { signal: call.signal } : {})
      .catch(() => {})
      .then(free)
  )
  return readable
}
