/**
 * A creation's callback address: ours replaces the client's in the body, and the gateway delivers the event to the client.
 * Where the provider cannot reach us, the client's address is removed, and status checks settle the job.
 */
import type { Account } from '#domain/accounts/account.ts'
import { readTarget } from '#domain/events/callback-target.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { readUtf8 } from '#domain/text/json-text.ts'
import { valueAt } from '#domain/text/json-pointer.ts'
import { putMember, replaceMember, withoutMember } from '#domain/text/json-slices.ts'
import type { Reply } from '#domain/slots/lease.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { ReadCall } from '#flows/upstream/proxy-call.ts'
import { callbackUrl, isReachable, targetPolicy } from '#flows/events/tickets.ts'

/** Where the client wants the event of this job's end: the address in the body, else the one sent beside it. */
export function replyOf(ports: Ports, call: ReadCall): Reply | undefined {
  const at = pointerOf(call)
  const own = at === undefined ? undefined : valueAt(call.json, at)
  if (own === undefined || own === null || own === '') return call.reply
  const name = at?.slice(1).replaceAll('/', '.')
  if (typeof own !== 'string') throw new AppError('bad_request', `${name} must be a string`)
  const where = readTarget(own, targetPolicy(ports, call.origin))
  if (!where.ok) throw new AppError('bad_request', `${name}: ${where.message}`)
  const { ref } = call.reply ?? {}
  return { url: where.url, ...(ref === undefined ? {} : { ref }) }
}

/** Whether this creation carries a callback of ours. An account knows under what address its provider reaches us. */
export function isTicketed(ports: Ports, call: ReadCall, account: Account): boolean {
  return (hasCallback(call) || isAdded(call)) && isReachable(ports, account.publicOrigin)
}

/** A provider that sends events only to callbacks: a creation without one gets ours. */
function isAdded({ provider, match }: ReadCall): boolean {
  return match?.route.job && !match.added
    ? provider.events?.addsCallback?.(match.route) === true
    : false
}

function hasCallback(call: ReadCall): boolean {
  const at = pointerOf(call)
  const own = at === undefined ? undefined : valueAt(call.json, at)
  return typeof own === 'string' && own !== ''
}

export async function withOwnCallback(
  ports: Ports,
  call: ReadCall,
  account: Account
): Promise<ReadCall> {
  const at = pointerOf(call)
  const isAdding = !hasCallback(call) && isTicketed(ports, call, account)
  if (at === undefined || !call.body || !(hasCallback(call) || isAdding)) return call
  const text = readUtf8(call.body)
  if (text === undefined) return call
  if (isAdding) {
    const url = JSON.stringify(await callbackUrl(ports, account, call.requestId))
    const changed = putMember(text, at, url)
    return changed === undefined ? call : { ...call, body: toBytes(changed) }
  }
  const changed = isTicketed(ports, call, account)
    ? replaceMember(text, at, JSON.stringify(await callbackUrl(ports, account, call.requestId)))
    : withoutMember(text, at)
  return { ...call, body: toBytes(changed) }
}

/** Copied, since the encoder's type leaves open what kind of buffer it returns. */
function toBytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(new TextEncoder().encode(text))
}

/** Only of a row that makes jobs: the callback of any other call stays the client's own. */
function pointerOf({ provider, match }: ReadCall): string | undefined {
  return match?.route.job ? provider.events?.callbackUrlAt(match.route) : undefined
}
