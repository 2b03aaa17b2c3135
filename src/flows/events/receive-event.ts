/**
 * Passes an incoming event to the object of its account, which verifies and applies it. The event's URL names the account.
 * All refusals are alike, so that nobody learns which URLs exist.
 */
import { AppError } from '#domain/runtime/errors.ts'
import { readUtf8 } from '#domain/text/json-text.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { openTicket } from './tickets.ts'
import { readBytes } from '#flows/upstream/read-answer.ts'

const EVENT_BYTES_MAX = 1024 * 1024

export async function receiveEvent(
  ports: Ports,
  provider: Provider,
  kind: 'webhook' | 'ticket',
  address: string,
  request: Request
): Promise<void> {
  const ticket = await openTicket(ports, provider.name, kind, address)
  if (!ticket || !provider.events) throw refused()
  const { tenant, accountKey, requestId } = ticket
  if ((requestId === undefined) !== (kind === 'webhook')) throw refused()
  const bytes = await readEventBytes(request)
  const text = readUtf8(bytes)
  const names = provider.events.signatureHeaders
  const headers = names.flatMap((name) => {
    const value = request.headers.get(name)
    return value === null ? [] : [[name, value]]
  })
  const outcome = await ports.slots(accountKey).receive({
    via: requestId === undefined ? { kind: 'hook' } : { kind: 'ticket', requestId },
    tenant,
    headers: Object.fromEntries(headers) as Record<string, string>,
    body: text ?? new TextDecoder().decode(bytes),
    ...(text === undefined ? { bytes } : {}),
  })
  if (outcome === 'refused') throw refused()
  if (outcome === 'settled') ports.hints.markFreed(accountKey)
}

async function readEventBytes(request: Request): Promise<Uint8Array<ArrayBuffer>> {
  if (Number(request.headers.get('content-length') ?? 0) > EVENT_BYTES_MAX) throw tooLarge()
  const bytes = await readBytes(request.body, EVENT_BYTES_MAX).catch(() => {
    throw new AppError('bad_request', 'The body ended before it was complete.')
  })
  if (!bytes) throw tooLarge()
  return bytes
}

function tooLarge(): AppError {
  return new AppError('too_large', 'An event may have up to 1 MiB.')
}

function refused(): AppError {
  return new AppError('unauthorized', 'Unauthorized')
}
