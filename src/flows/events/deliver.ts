/**
 * One attempt to deliver an event to a client's URL: signed twice, in HeyGen's way and as Standard Webhooks
 * (https://www.standardwebhooks.com), and taken only with a 2xx within ten seconds. Where it goes is judged again each
 * time, redirects are not followed, and a header says that it came from a gateway, so that none sends it in circles.
 */
import { readTarget } from '#domain/events/callback-target.ts'
import type { AttemptResult, Delivery } from '#domain/events/delivery.ts'
import { secretIdentity, type DeliveryTargets } from '#domain/events/endpoint.ts'
import { HOP_HEADER, idsToHeader, REPLY_REF_HEADER, setHeader } from '#domain/text/headers.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { retryAfterAt } from '#domain/text/retry-after.ts'
import { CannotOpen } from '#domain/access/sealed-text.ts'
import { signHex, signStandard } from '#domain/events/signatures.ts'
import { logMissingKey } from '#flows/access/missing-master-key.ts'
import { targetPolicy } from './tickets.ts'

const ANSWER_WITHIN_MS = 10_000

export async function deliver(
  ports: Ports,
  delivery: Delivery,
  outlets: DeliveryTargets,
  ownOrigin: string
): Promise<AttemptResult> {
  const at = ports.now()
  const failed = (error: string, isFinal = false): AttemptResult => ({
    at,
    ms: ports.now() - at,
    error,
    isTaken: false,
    isFinal,
  })
  const { target } = delivery
  if (target.kind === 'endpoints') return failed('its endpoints are not known yet')
  const endpoint =
    target.kind === 'endpoint'
      ? outlets.endpoints.find((one) => one.id === target.endpointId)
      : undefined
  if (target.kind === 'endpoint' && !endpoint) return failed('the endpoint was removed', true)
  if (endpoint?.status === 'disabled') return failed('the endpoint is switched off', true)
  const where = readTarget(endpoint?.url ?? target.url, targetPolicy(ports, ownOrigin))
  if (!where.ok) return failed(where.message, true)
  const headers = await headersOf(ports, delivery, outlets).catch((error: unknown) => {
    logMissingKey(ports, 'signing secret', error)
    if (!(error instanceof CannotOpen)) throw error
  })
  // Unsigned it would be refused, or believed without a reason.
  if (!headers) return failed('the secret that signs it cannot be opened')
  try {
    const answer = await ports.fetch(where.url, {
      method: 'POST',
      headers,
      body: delivery.event.body,
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    })
    await answer.body?.cancel().catch(() => {})
    return resultOf(ports, at, answer)
  } catch (error) {
    const isLate = (error as Error | null)?.name === 'TimeoutError'
    return failed(isLate ? 'no answer within 10 s' : 'the receiver could not be reached')
  }
}

function resultOf(ports: Ports, at: number, answer: Response): AttemptResult {
  const { status, ok } = answer
  const retryAt = retryAfterAt(answer.headers.get('retry-after'), ports.now())
  const isRedirect = status >= 300 && status < 400
  return {
    at,
    ms: ports.now() - at,
    status,
    isTaken: ok,
    isFinal: status === 410,
    ...(isRedirect ? { error: `the receiver answered ${status}; redirects are not followed` } : {}),
    ...(retryAt === undefined ? {} : { retryAfterMs: retryAt - ports.now() }),
  }
}

async function headersOf(
  ports: Ports,
  { target, event, eventId = event.id, id, jobId, tenant, provider }: Delivery,
  outlets: DeliveryTargets
): Promise<Headers> {
  const seconds = Math.floor(ports.now() / 1000)
  const headers = new Headers({
    'content-type': 'application/json',
    'user-agent': 'heygen-gateway',
    [HOP_HEADER]: '1',
    'x-gateway-delivery': id,
    'webhook-id': eventId,
    'webhook-timestamp': String(seconds),
    'heygen-event-id': event.id,
    'heygen-timestamp': String(seconds),
  })
  const job = jobId === undefined ? undefined : idsToHeader([jobId])
  if (job !== undefined) setHeader(headers, 'x-gateway-job', job)
  const ref = target.kind === 'callback' ? target.ref : undefined
  if (ref !== undefined) setHeader(headers, REPLY_REF_HEADER, ref)
  const secrets = await openSecrets(ports, provider, tenant, target, outlets)
  const [current] = secrets
  if (current === undefined) return headers
  const hex = await signHex(current, event.body)
  headers.set('signature', hex)
  headers.set('heygen-signature', hex)
  headers.set('webhook-signature', await signStandard(secrets, eventId, seconds, event.body))
  return headers
}

/** The current one first. HeyGen's header has room for that one alone. */
async function openSecrets(
  ports: Ports,
  provider: string,
  tenant: string,
  target: Delivery['target'],
  { endpoints, callbackSecret }: DeliveryTargets
): Promise<string[]> {
  if (target.kind === 'endpoint') {
    const endpoint = endpoints.find((one) => one.id === target.endpointId)
    const identity = secretIdentity(provider, tenant, target.endpointId)
    return endpoint ? [await ports.vault.open(identity, endpoint.secret)] : []
  }
  if (!callbackSecret) return []
  const { current, previous, rotatedAt } = callbackSecret
  const isOldGood = previous !== undefined && ports.now() - rotatedAt < ports.durations.oldSecretMs
  const sealed = isOldGood ? [current, previous] : [current]
  const identity = secretIdentity(provider, tenant, 'callback')
  return Promise.all(sealed.map((one) => ports.vault.open(identity, one)))
}
