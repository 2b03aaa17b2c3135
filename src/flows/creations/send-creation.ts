/** Sends a creation to one account, and judges the answer. */
import type { Ports } from '#domain/ports/ports.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { textsAt } from '#domain/text/json-pointer.ts'
import { parseJson } from '#domain/text/json-text.ts'
import type { Verdict } from '#providers/contract/provider.ts'
import { judgeFor, sendOn } from '#flows/routing/send-on.ts'
import { releaseSlot } from '#flows/slots/release-slot.ts'
import type { Granted } from '#flows/slots/take-slot.ts'
import type { ReadCall } from '#flows/upstream/proxy-call.ts'
import { readAnswer } from '#flows/upstream/read-answer.ts'
import type { Creation } from './creation.ts'
import { withOwnCallback } from './replace-callback.ts'

const ANSWER_BYTES_MAX = 1024 * 1024

/** A whole answer. `body`: its JSON; undefined if the answer is not JSON. */
export interface Received {
  response: Response
  bytes: Uint8Array<ArrayBuffer>
  body: unknown
}

/**
 * Undefined: no whole answer came in time. The provider may have accepted the creation, so its lease stays. If the gateway itself
 * failed before it sent the call, the slot is released and the error is thrown.
 */
export async function sendCreation(
  ports: Ports,
  creation: Creation,
  { account, ask: { upstreamKey } }: Granted
): Promise<Received | undefined> {
  const { call } = creation
  const timeLimit = ports.timeoutSignal(ports.durations.createGiveUpMs)
  const sending = withOwnCallback(ports, call, account).then((own) =>
    sendOn(ports, { ...own, ...(upstreamKey && { upstreamKey }) }, account, timeLimit)
  )
  const response = await sending.catch(async (error: unknown) => {
    if (error instanceof AppError && !error.details.isUnsent) return undefined
    const isFreed = await releaseSlot(ports, account, call.requestId)
    if (!isFreed) creation.mayHaveStrayLease = true
    throw error
  })
  const bytes = response && (await readAnswer(response, ANSWER_BYTES_MAX).catch(() => undefined))
  return response && bytes ? { response, bytes, body: parseJson(bytes) } : undefined
}

/** Judges the answer. An answer that names a job is `ok`, whatever else it says, because the job was started. */
export function judgeCreation(
  ports: Ports,
  call: ReadCall,
  { ask }: Granted,
  { response, body }: Received
): Verdict {
  const { provider, match } = call
  const { status, headers } = response
  if (namesJob(call, status, body)) return { kind: 'ok' }
  const judged = { status, headers, body, isJobCall: true, now: ports.now(), match }
  // No other creation has this key. So a proxy on the way sent the call twice, and one of the two calls still runs.
  const hasKey = ask.upstreamKey !== undefined
  if (status === 409 && hasKey && provider.answers.saysInProgress?.(judged))
    return { kind: 'unsure' }
  return judgeFor(call, judged)
}

function namesJob({ match, provider }: ReadCall, status: number, body: unknown): boolean {
  if (!match || status >= 300) return false
  if (match.route.job) return provider.jobs.read(match, undefined, body).length > 0
  return match.route.creates.some((pointer) => textsAt(body, pointer).length > 0)
}
