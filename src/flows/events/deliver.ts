/**
 * One attempt to deliver an event to a client's URL. It counts as delivered only with a 2xx within ten seconds. The URL is
 * checked again each time, and redirects are not followed.
 */
import { readTarget } from '#domain/events/callback-target.ts'
import type { AttemptResult, Delivery } from '#domain/events/delivery.ts'
import type { DeliveryTargets } from '#domain/events/endpoint.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { retryAfterAt } from '#domain/text/retry-after.ts'
import { CannotOpen } from '#domain/access/sealed-text.ts'
import { logMissingKey } from '#flows/access/missing-master-key.ts'
import { signedHeaders } from './sign-delivery.ts'
import { targetPolicy } from './tickets.ts'

const ANSWER_WITHIN_MS = 10_000

export async function deliver(
  ports: Ports,
  delivery: Delivery,
  targets: DeliveryTargets,
  ownOrigin: string
): Promise<AttemptResult> {
  const at = ports.now()
  const failed = (error: string, isFinal = false): AttemptResult => ({
    at,
    ms: ports.now() - at,
    error,
    isAccepted: false,
    isFinal,
  })
  const { target } = delivery
  if (target.kind === 'endpoints') return failed('its endpoints are not known yet')
  const endpoint =
    target.kind === 'endpoint'
      ? targets.endpoints.find((one) => one.id === target.endpointId)
      : undefined
  if (target.kind === 'endpoint' && !endpoint) return failed('the endpoint was removed', true)
  if (endpoint?.status === 'disabled') return failed('the endpoint is switched off', true)
  const alert =
    target.kind === 'alert' ? targets.alerts?.find((one) => one.id === target.alertId) : undefined
  if (target.kind === 'alert' && !alert) return failed('the alert was removed', true)
  const url = endpoint?.url ?? alert?.url ?? target.url
  const where = readTarget(url, targetPolicy(ports, ownOrigin))
  if (!where.ok) return failed(where.message, true)
  const headers = await signedHeaders(ports, delivery, targets).catch((error: unknown) => {
    logMissingKey(ports, 'signing secret', error)
    if (!(error instanceof CannotOpen)) throw error
  })
  // An unsigned event is never sent: a receiver would refuse it, or would accept it without proof.
  if (!headers) return failed('the secret that signs it cannot be opened')
  try {
    const answer = await ports.fetch(where.url, {
      method: 'POST',
      headers,
      body: delivery.event.body,
      signal: ports.timeoutSignal(ANSWER_WITHIN_MS),
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
    isAccepted: ok,
    isFinal: status === 410,
    ...(isRedirect ? { error: `the receiver answered ${status}; redirects are not followed` } : {}),
    ...(retryAt === undefined ? {} : { retryAfterMs: retryAt - ports.now() }),
  }
}
