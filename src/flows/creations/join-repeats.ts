/**
 * Repeats join. While the outcome of a creation is not known, the same call again (same token, method, path and bytes,
 * without a key) starts nothing: it gets what became of the first one. A tenant without such a creation pays nothing: the
 * isolate knows from its own memory and from the accounts it has read anyway whether there is one to ask the desk about.
 */
import { AppError } from '#domain/runtime/errors.ts'
import { hexHash } from '#domain/text/hash.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { UnknownCreation } from '#domain/ports/desk.ts'
import { foundAnswer } from './answer-from-job.ts'
import { unknownEffect, unknownOutcome } from '#flows/jobs/unknown-outcome-errors.ts'
import type { ProxyAnswer, ReadCall } from '#flows/upstream/proxy-call.ts'
import { findOut, type Fate } from './read-outcome.ts'

export async function joinRepeat(
  ports: Ports,
  call: ReadCall,
  run: () => Promise<ProxyAnswer>
): Promise<ProxyAnswer> {
  if (!mayJoin(call) || call.isNew || !(await hasUnknown(ports, call))) return run()
  const print = await printOf(call)
  const before = await unknownOf(ports, call, print)
  if (!before) return run()
  const { requestId, email } = before
  const joined = { joined: requestId }
  const canBeFound = before.canBeFound !== false
  const asked = { ...call, requestId, email }
  const fate: Fate = canBeFound ? await findOut(ports, asked) : { kind: 'over' }
  if (fate.kind === 'found') {
    const answer = await foundAnswer(ports, call, { ...fate, requestId })
    await forget(ports, call, print, requestId)
    return { ...answer, ...joined }
  }
  if (fate.kind === 'absent') {
    await forget(ports, call, print, requestId)
    return run()
  }
  const details = { ...joined, ...(email === undefined ? {} : { accountEmail: email }) }
  throw canBeFound
    ? unknownOutcome(call.provider.name, requestId, details)
    : new AppError('outcome_unknown', `${unknownEffect().message} ${HOW_TO_REPEAT}`, details)
}

const HOW_TO_REPEAT = 'X-Gateway-Join: no sends it again.'

/** From now on repeats of it join. The client is told of the doubt either way. */
export async function noteUnknown(
  ports: Ports,
  call: ReadCall,
  unknown: Pick<UnknownCreation, 'email' | 'canBeFound'>
): Promise<void> {
  if (!mayJoin(call)) return
  const { tenant, provider, requestId } = call
  const at = ports.now()
  ports.hints.noteUnknown(tenant, provider.name, at + ports.durations.joinMs)
  await ports
    .desk(tenant, provider.name)
    .noteUnknown(await printOf(call), { ...unknown, requestId, at })
    .catch(() => ports.log('unknown_not_noted', { requestId }))
}

export async function forgetUnknown(ports: Ports, call: ReadCall): Promise<void> {
  if (mayJoin(call)) await forget(ports, call, await printOf(call), call.requestId)
}

/** What has a key is repeated by that; browsers of one tenant know nothing of each other. */
function mayJoin({ headers, bearer, tokenId }: ReadCall): boolean {
  return tokenId !== undefined && bearer === undefined && !headers.has('idempotency-key')
}

async function hasUnknown(ports: Ports, { tenant, provider }: ReadCall): Promise<boolean> {
  const here = ports.hints.unknownUntil(tenant, provider.name)
  const { unknownUntil = 0 } = await ports.accounts.list(tenant, provider.name)
  return Math.max(here, unknownUntil) > ports.now()
}

/** Closed, not open: a repeat that cannot be told from a new wish waits. */
async function unknownOf(
  ports: Ports,
  { tenant, provider }: ReadCall,
  print: string
): Promise<UnknownCreation | undefined> {
  return ports
    .desk(tenant, provider.name)
    .unknownOf(print)
    .catch(() => {
      const message = 'Whether this repeats a creation of unknown outcome could not be asked.'
      throw new AppError('account_unavailable', message, { retryAfterSeconds: 5 })
    })
}

async function forget(
  ports: Ports,
  { tenant, provider }: ReadCall,
  print: string,
  requestId: string
): Promise<void> {
  await ports
    .desk(tenant, provider.name)
    .forgetUnknown(print, requestId)
    .catch(() => ports.log('unknown_not_forgotten', { requestId }))
}

/** An account that the client names is part of what it wishes. */
async function printOf(call: ReadCall): Promise<string> {
  const { tokenId, method, path, search, email } = call
  const body = call.asked ?? call.body
  const bytes = body ? await hexHash(body) : ''
  return hexHash(JSON.stringify([tokenId, method, path, search, email ?? '', bytes]))
}
