/**
 * A generation that answers in the same call (speech, a voice preview): it holds a slot for the length of the call.
 * Its lease carries a deadline a little behind the moment at which the call is cut off, so the slot comes back whatever
 * happens.
 */
import { parseJson } from '#domain/text/json-text.ts'
import type { Account } from '#domain/accounts/account.ts'
import { AppError } from '#domain/runtime/errors.ts'
import type { LeaseAsk } from '#domain/slots/lease.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { chooseAccounts } from '#flows/routing/choose-accounts.ts'
import { createdOwners, learnIds } from '#flows/routing/learn-ids.ts'
import { afterRefusal, giveBack } from '#flows/slots/release-slot.ts'
import { joinRepeat, noteUnknown } from './join-repeats.ts'
import { unknownEffect } from '#flows/jobs/unknown-outcome-errors.ts'
import type { ProxyAnswer, ProxyCall, ReadCall } from '#flows/upstream/proxy-call.ts'
import { judgeFor, passOn, sendOn } from '#flows/routing/send-on.ts'
import { SlotSearch, type Attempt } from '#flows/slots/take-slot.ts'
import { peek, readBytes } from '#flows/upstream/read-answer.ts'
import { waitForSlot } from '#flows/slots/wait-for-slot.ts'

const ANSWER_BYTES_MAX = 1024 * 1024

/** Deferred before it is awaited: a client that leaves must not leave its slot taken until the deadline. */
export function runGeneration(ports: Ports, call: ReadCall): Promise<ProxyAnswer> {
  const work = joinRepeat(ports, call, () => generate(ports, call))
  ports.defer(work.catch(() => {}))
  return work
}

async function generate(ports: Ports, call: ReadCall): Promise<ProxyAnswer> {
  const eligible = await chooseAccounts(ports, call, call.json)
  return waitForSlot(ports, call, eligible, 1, (among) => {
    const search = new SlotSearch(ports, call, among, leaseAskOf(call))
    return search.serve(({ account }) => generateOn(ports, call, account))
  })
}

function leaseAskOf(call: ReadCall): LeaseAsk {
  const { meter } = call.match?.route ?? {}
  return {
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
  const free = async () => void (await giveBack(ports, account, call.requestId))
  const signal = ports.timeoutSignal(ports.durations.createGiveUpMs)
  const sent = await sendOn(ports, call, account, signal).catch(async (error: unknown) => {
    ports.defer(free())
    const hasLeft = error instanceof AppError && !error.details.isSealedAway
    throw hasLeft ? await unknownGeneration(ports, call, account) : error
  })
  const { status, headers } = sent
  const { email } = account
  if (status < 400 && call.match?.route.creates.length) {
    return { kind: 'done', answer: await pinned(ports, call, account, sent, free) }
  }
  if (status < 400) {
    const response = passOn(sent, freeing(sent, ports, call, free))
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

/** What the answer names is used in later calls, which must find their way back to this account. */
async function pinned(
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

/** It may have been made and paid for; nothing of it can be asked for later, so a repeat is told just that. */
async function unknownGeneration(
  ports: Ports,
  call: ReadCall,
  { email }: Account
): Promise<AppError> {
  ports.log('outcome_unknown', { tenant: call.tenant, email, requestId: call.requestId })
  await noteUnknown(ports, call, { email, canBeFound: false })
  return unknownEffect(email)
}

/** The answer's body as it comes; its end, or the client's leaving, frees the slot. */
export function freeing(
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
