/**
 * Replaces the client's callback URL in a creation's body by the gateway's, which delivers the event to the client. If the
 * provider cannot reach the gateway, the client's URL is removed, and status checks find the job's end.
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

/** Where the client wants the event of the job's end: the URL in the body, else the one sent beside it. */
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

/** Whether the creation contains our callback URL. The account's record has the origin under which its provider reaches us. */
export function isTicketed(ports: Ports, call: ReadCall, account: Account): boolean {
  return (hasCallback(call) || isAdded(call)) && isReachable(ports, account.publicOrigin)
}

/** Whether a creation without a callback URL gets ours, because the provider sends events to callbacks only. */
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

/** The text as bytes. They are copied, because the encoder's type does not say which buffer it returns. */
function toBytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(new TextEncoder().encode(text))
}

/** Where the body has the callback URL. Undefined unless the row makes jobs: other calls keep the client's own URL. */
function pointerOf({ provider, match }: ReadCall): string | undefined {
  return match?.route.job ? provider.events?.callbackUrlAt(match.route) : undefined
}
