/**
 * Signs a delivery: its headers, with one signature in HeyGen's form and one by Standard Webhooks
 * (https://www.standardwebhooks.com). Another format would be added here. A header marks the delivery as one of a gateway, so that
 * no gateway accepts it and delivers it again.
 */
import { alertSecretIdentity } from '#domain/alerts/alert.ts'
import type { Delivery } from '#domain/events/delivery.ts'
import { secretIdentity, tokenSecretName, type DeliveryTargets } from '#domain/events/endpoint.ts'
import { signHex, signStandard } from '#domain/events/signatures.ts'
import { HOP_HEADER, idsToHeader, REPLY_REF_HEADER, setHeader } from '#domain/text/headers.ts'
import type { Ports } from '#domain/ports/ports.ts'

/** The headers. They have no signature if the tenant has no callback secret. Throws when a secret cannot be opened. */
export async function signedHeaders(
  ports: Ports,
  { target, event, eventId = event.id, id, jobId, tenant, provider, ownToken }: Delivery,
  targets: DeliveryTargets
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
  const secrets = await openSecrets(ports, { provider, tenant, target, ownToken }, targets)
  const [current] = secrets
  if (current === undefined) return headers
  const hex = await signHex(current, event.body)
  headers.set('signature', hex)
  headers.set('heygen-signature', hex)
  headers.set('webhook-signature', await signStandard(secrets, eventId, seconds, event.body))
  return headers
}

/** The secrets, the current one first: HeyGen's headers can carry one signature only. */
async function openSecrets(
  ports: Ports,
  {
    provider,
    tenant,
    target,
    ownToken,
  }: Pick<Delivery, 'provider' | 'tenant' | 'target'> & { ownToken: string | undefined },
  { endpoints, callbackSecret: ofTenant, tokenSecrets, alerts }: DeliveryTargets
): Promise<string[]> {
  if (target.kind === 'alert') {
    const alert = alerts?.find((one) => one.id === target.alertId)
    const name = alertSecretIdentity(target.owner, target.alertId)
    return alert ? [await ports.vault.open(name, alert.secret)] : []
  }
  if (target.kind === 'endpoint') {
    const endpoint = endpoints.find((one) => one.id === target.endpointId)
    const identity = secretIdentity(provider, tenant, target.endpointId)
    return endpoint ? [await ports.vault.open(identity, endpoint.secret)] : []
  }
  const callbackSecret = ownToken === undefined ? ofTenant : tokenSecrets?.[ownToken]
  if (!callbackSecret) return []
  const { current, previous, rotatedAt } = callbackSecret
  const isOldGood = previous !== undefined && ports.now() - rotatedAt < ports.durations.oldSecretMs
  const sealed = isOldGood ? [current, previous] : [current]
  const what = ownToken === undefined ? 'callback' : tokenSecretName(ownToken)
  const identity = secretIdentity(provider, tenant, what)
  return Promise.all(sealed.map((one) => ports.vault.open(identity, one)))
}
