/**
 * A generation that answers in the same call (speech, a voice preview): it holds a slot for the length of the call.
 * Its lease carries the deadline at which the call is cut off, so the slot is free by then whatever happens.
 */
import type { Account } from '#domain/account.ts'
import type { AppError } from '#domain/errors.ts'
import type { LeaseAsk } from '#domain/lease.ts'
import type { Ports } from '#domain/ports.ts'
import { chooseAccounts } from './choose-accounts.ts'
import { parkAccount } from './park-account.ts'
import type { ProxyAnswer, ReadCall } from './proxy-call.ts'
import { passOn, sendOn } from './send-on.ts'
import { giveBack, poolOf } from './start-job.ts'
import { SlotSearch } from './take-slot.ts'
import { parseJson, readBytes } from './upstream.ts'

const REFUSAL_BYTES_MAX = 64 * 1024
const ACCOUNTS_TRIED_MAX = 3

export async function runGeneration(ports: Ports, call: ReadCall): Promise<ProxyAnswer> {
  const eligible = await chooseAccounts(ports, call, call.json)
  const deadlineAt = ports.now() + ports.waits.createGiveUpMs
  const route = `${call.match?.route.method} ${call.match?.route.path}`
  const ask: LeaseAsk = {
    leaseId: call.requestId,
    tenant: call.tenant,
    kind: 'call',
    route,
    count: 1,
    deadlineAt,
    clue: {},
    ...(call.limit === undefined ? {} : { limit: call.limit }),
  }
  const search = new SlotSearch(
    ports,
    eligible,
    ask,
    poolOf(call, ask, eligible.accounts, eligible.isPinned)
  )
  let refusal: ProxyAnswer | undefined
  let failure: AppError | undefined
  for (let tried = 0; tried < ACCOUNTS_TRIED_MAX; tried += 1) {
    const account = await search.next()
    if (!account) break
    const result = await generateOn(ports, call, account, deadlineAt, failure !== undefined)
    if (result.isFinal) return result.answer
    if (result.order && !failure) {
      search.noteParked(account, await parkAccount(ports, account, result.order))
      failure = search.failure()
    } else refusal ??= result.answer
  }
  if (refusal) return refusal
  throw search.failure()
}

interface Generated {
  answer: ProxyAnswer
  isFinal: boolean
  order?: Parameters<typeof parkAccount>[2]
}

async function generateOn(
  ports: Ports,
  call: ReadCall,
  account: Account,
  deadlineAt: number,
  hasParked: boolean
): Promise<Generated> {
  const free = () => giveBack(ports, account, call.requestId)
  const signal = AbortSignal.timeout(Math.max(1, deadlineAt - ports.now()))
  const sent = await sendOn(ports, call, account, signal).catch((error: unknown) => {
    ports.defer(free())
    throw error
  })
  const email = account.email
  if (sent.status < 400) {
    return { answer: { response: passOn(sent, freeing(sent, ports, free)), email }, isFinal: true }
  }
  const bytes =
    (await readBytes(sent.body, REFUSAL_BYTES_MAX).catch(() => undefined)) ?? new Uint8Array()
  await free()
  const { status, headers } = sent
  const verdict = call.provider.judge({
    status,
    headers,
    body: parseJson(bytes),
    isJobCall: true,
    now: ports.now(),
  })
  const answer = { response: passOn(sent, bytes), email }
  if (verdict.kind === 'park' && !hasParked) return { answer, isFinal: false, order: verdict.order }
  return { answer, isFinal: verdict.kind === 'caller' || verdict.kind === 'unsure' }
}

/** The answer's body as it comes; its end, or the client's leaving, frees the slot. */
function freeing(sent: Response, ports: Ports, free: () => Promise<void>): BodyInit | null {
  if (!sent.body) {
    ports.defer(free())
    return null
  }
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  ports.defer(
    sent.body
      .pipeTo(writable)
      .catch(() => {})
      .then(free)
  )
  return readable
}
