/** Builds the newer call that a row of the older ones asks for, as if the client had made it. */
import { readTarget } from '#domain/events/callback-target.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { AppError } from '#domain/runtime/errors.ts'
import type { Reply } from '#domain/slots/lease.ts'
import { withoutConditions } from '#domain/text/headers.ts'
import { targetPolicy } from '#flows/events/tickets.ts'
import type { ProxyAnswer, ProxyCall, ReadCall } from '#flows/upstream/proxy-call.ts'
import type { NewerCall } from '#providers/contract/provider.ts'

export type Ask = (ports: Ports, call: ProxyCall) => Promise<ProxyAnswer>

/** An account's object stores it as long as the job runs. */
const CALLBACK_ID_CHARS_MAX = 1024

/**
 * `creations`: how many creations of the older call were accepted before. Each has an id of its own, by which its job is found. A
 * creation that was refused started nothing, so the next one has its id, and another key at the provider.
 */
export function newerCall(
  call: ProxyCall,
  newer: NewerCall,
  { creations, refusals }: { creations: number; refusals: number },
  reply: Reply | undefined
): ProxyCall {
  const { method, path, query = {}, body, email } = newer
  // The kind of the client's own call was checked.
  const { signal, bodyBytes: _, repeats: __, kinds: ___, ...lasting } = call
  const match = call.provider.routes.match(method, path)
  const isCreation = match?.route.job !== undefined
  const requestId =
    isCreation && creations > 0 ? `${call.requestId}-${creations + 1}` : call.requestId
  return {
    ...lasting,
    // Only a read ends with the client.
    ...(method === 'GET' && signal ? { signal } : {}),
    ...(call.body instanceof ReadableStream ? {} : { madeOf: call as ReadCall }),
    requestId,
    ...(isCreation && refusals > 0 ? { attempt: refusals } : {}),
    match,
    method,
    path,
    search: searchOf(query),
    headers: headersOf(call.headers, body),
    body: body ? bytesOf(body) : null,
    // The older call itself was compared with earlier ones.
    isNew: true,
    ...(email === undefined ? {} : { email }),
    ...(reply === undefined ? {} : { reply }),
  }
}

/** The target in the older call's body comes before the one beside it. */
export function replyFor(
  ports: Ports,
  call: ProxyCall,
  { reply: wish }: NewerCall
): Reply | undefined {
  if (wish === undefined) return call.reply
  const { url, speaks, about, callbackId } = wish
  const where = url === undefined ? undefined : readTarget(url, targetPolicy(ports, call.origin))
  if (where?.ok === false) throw new AppError('bad_request', `callback_url: ${where.message}`)
  return {
    ...call.reply,
    ...(where === undefined ? {} : { url: where.url }),
    ...(speaks === undefined ? {} : { speaks }),
    ...(about === undefined ? {} : { about }),
    ...(callbackId === undefined ? {} : { callbackId: callbackId.slice(0, CALLBACK_ID_CHARS_MAX) }),
  }
}

function searchOf(query: NonNullable<NewerCall['query']>): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '')
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)]))
  return given.length === 0 ? '' : `?${search.toString()}`
}

/** The client's key stays with its own call, which runs once under it. */
function headersOf(sent: Headers, body: NewerCall['body']): Headers {
  const headers = withoutConditions(sent)
  for (const name of ['idempotency-key', 'content-type', 'content-encoding', 'content-language']) {
    headers.delete(name)
  }
  if (body) headers.set('content-type', 'application/json')
  headers.set('accept', 'application/json')
  return headers
}

function bytesOf(body: NonNullable<NewerCall['body']>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(JSON.stringify(body)))
}
