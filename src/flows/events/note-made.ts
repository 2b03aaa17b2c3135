/**
 * Records what a job of an own token made, as far as the event of its end names it, before the token's client hears of it: the client
 * may go on with that at once, and never ask for the job's status (docs/rfc/0010-sees-own.md).
 */
import type { Delivery } from '#domain/events/delivery.ts'
import type { Owner } from '#domain/routing/owner.ts'
import { inTime } from '#domain/runtime/in-time.ts'
import { textsAt } from '#domain/text/json-pointer.ts'
import { parseJson } from '#domain/text/json-text.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Provider } from '#providers/contract/provider.ts'

/** Never throws. What could not be recorded is learned when the token reads the job's status. */
export async function noteMade(
  ports: Pick<Ports, 'after' | 'desk' | 'log'>,
  { name, events }: Provider,
  { tenant, ownToken: token, isToTenant, event, jobId, providerJobId }: Delivery,
  email: string | undefined
): Promise<void> {
  if (token === undefined || isToTenant || !events?.madeAt || email === undefined) return
  const body = parseJson(event.body)
  const made = Object.entries(events.madeAt).flatMap(([pointer, list]) =>
    textsAt(body, pointer).map((id) => ({ id, own: { token, list } }))
  )
  const owners = made
    .filter(({ id }) => id !== jobId && id !== providerJobId)
    .map((one): Owner => ({ ...one, email, source: 'created', mayBeShared: false }))
  if (owners.length === 0) return
  const learning = ports.desk(tenant, name).learn(owners)
  await inTime(ports, learning).catch(() => ports.log('learn_failed', { tenant }))
}
