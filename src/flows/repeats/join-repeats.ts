/**
 * Stops a repeat of a creation whose outcome is unknown: it starts nothing and gets the outcome of the first call, if that is
 * known. A repeat has the same token, method, path and bytes, and no Idempotency-Key.
 *
 * Other calls cost nothing more. The desk is asked only if this isolate, or the account list that it reads anyway, shows that
 * the tenant has a creation of unknown outcome.
 */
import { AppError } from '#domain/runtime/errors.ts'
import { hexHash } from '#domain/text/hash.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { UnknownCreation } from '#domain/ports/desk.ts'
import { answerFromItem } from './answer-from-item.ts'
import { answerFromJob } from './answer-from-job.ts'
import { unknownEffect, unknownOutcome } from '#flows/jobs/unknown-outcome-errors.ts'
import type { ProxyAnswer, ReadCall } from '#flows/upstream/proxy-call.ts'
import { findOutcome, type CreationOutcome } from './read-outcome.ts'

const HOW_TO_REPEAT = 'X-Gateway-Join: no sends it again.'
const DESK_RETRY_SECONDS = 5

/**
 * `again`: runs the call once more without starting again what the first one started. For a call out of which the gateway makes
 * others.
 */
export async function joinRepeat(
  ports: Ports,
  call: ReadCall,
  run: () => Promise<ProxyAnswer>,
  again?: (requestId: string) => Promise<ProxyAnswer>
): Promise<ProxyAnswer> {
  if (!canJoin(call) || call.isNew || !(await hasUnknown(ports, call))) return run()
  const callHash = await hashOf(call)
  const first = await unknownOf(ports, call, callHash)
  if (!first) return run()
  const { requestId, email } = first
  const joined = { joined: requestId }
  const canBeFound = first.canBeFound !== false
  const outcome: CreationOutcome = canBeFound
    ? await findOutcome(ports, { ...call, requestId, email })
    : { kind: 'over' }
  if (outcome.kind === 'found') {
    const answer = again
      ? await again(requestId)
      : await answerFromJob(ports, call, { ...outcome, requestId })
    await forget(ports, call, callHash, requestId)
    return { ...answer, ...joined }
  }
  if (outcome.kind === 'queued') {
    const answer = answerFromItem(ports, call, outcome.item)
    await forget(ports, call, callHash, requestId)
    return { ...answer, ...joined }
  }
  if (outcome.kind === 'absent') {
    await forget(ports, call, callHash, requestId)
    return again ? again(requestId) : run()
  }
  const details = { ...joined, ...(email === undefined ? {} : { accountEmail: email }) }
  throw canBeFound
    ? unknownOutcome(call.provider.name, requestId, details)
    : new AppError('outcome_unknown', `${unknownEffect().message} ${HOW_TO_REPEAT}`, details)
}

/** Records that the call's outcome is unknown, so that repeats join it. If that fails, the client still gets the error. */
export async function noteUnknown(
  ports: Ports,
  call: ReadCall,
  unknown: Pick<UnknownCreation, 'email' | 'canBeFound'>
): Promise<void> {
  if (!canJoin(call)) return
  const { tenant, provider, requestId } = call
  const at = ports.now()
  ports.hints.markUnknown(tenant, provider.name, at + ports.durations.joinMs)
  await ports
    .desk(tenant, provider.name)
    .noteUnknown(await hashOf(call), { ...unknown, requestId, at })
    .catch(() => ports.log('unknown_not_noted', { requestId }))
}

export async function forgetUnknown(ports: Ports, call: ReadCall): Promise<void> {
  if (canJoin(call)) await forget(ports, call, await hashOf(call), call.requestId)
}

/** Whether the call can be a repeat. Never with an Idempotency-Key, which is safer, and never from browsers, which share a token. */
function canJoin(call: ReadCall): boolean {
  const { headers, bearer, tokenId } = call.madeOf ?? call
  return tokenId !== undefined && bearer === undefined && !headers.has('idempotency-key')
}

async function hasUnknown(ports: Ports, { tenant, provider }: ReadCall): Promise<boolean> {
  const here = ports.hints.unknownUntil(tenant, provider.name)
  const { unknownUntil = 0 } = await ports.accounts.list(tenant, provider.name)
  return Math.max(here, unknownUntil) > ports.now()
}

/** The creation that this call may repeat. Fails if the desk does not answer: a repeat could start a second job that is paid for. */
async function unknownOf(
  ports: Ports,
  { tenant, provider }: ReadCall,
  callHash: string
): Promise<UnknownCreation | undefined> {
  return ports
    .desk(tenant, provider.name)
    .unknownOf(callHash)
    .catch(() => {
      const message = 'Whether this repeats a creation of unknown outcome could not be asked.'
      const details = { retryAfterSeconds: DESK_RETRY_SECONDS }
      throw new AppError('account_unavailable', message, details)
    })
}

async function forget(
  ports: Ports,
  { tenant, provider }: ReadCall,
  callHash: string,
  requestId: string
): Promise<void> {
  await ports
    .desk(tenant, provider.name)
    .forgetUnknown(callHash, requestId)
    .catch(() => ports.log('unknown_not_forgotten', { requestId }))
}

/**
 * A hash that a call and its repeats share. It uses the call as the client sent it, before the gateway made another call out of
 * it or put ids of asset copies in.
 */
async function hashOf(made: ReadCall): Promise<string> {
  const call = made.madeOf ?? made
  const { tokenId, method, path, search, email } = call
  const body = call.asked ?? call.body
  const bytes = body ? await hexHash(body) : ''
  return hexHash(JSON.stringify([tokenId, method, path, search, email ?? '', bytes]))
}
