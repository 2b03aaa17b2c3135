/**
 * Finds deliveries to a tenant's URLs over all accounts that the tenant has or had. Each search asks every account's object. That
 * is acceptable, because people search by hand.
 */
import { isOfToken, type Delivery } from '#domain/events/delivery.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { DeliveryQuery } from '#domain/ports/slots.ts'
import { placesOfTenant, type Place } from '#flows/accounts/places.ts'
import { askReachable } from '#flows/upstream/ask-reachable.ts'

export interface DeliveryPage {
  deliveries: Delivery[]
  /** Where the next page goes on. */
  next?: { createdAt: number; id: string }
  /** Accounts that could not be asked. Their deliveries are not on this page. */
  missing: Place[]
}

/** The objects of the accounts that a tenant has or had at these providers. */
export async function placesAt(
  ports: Ports,
  tenant: string,
  providers: readonly string[]
): Promise<Place[]> {
  const asked = providers.map((provider) => placesOfTenant(ports, tenant, provider))
  return (await Promise.all(asked)).flat()
}

/** Newest first. `mayBeEmpty`: no error if none of the places could be reached. */
export async function listDeliveries(
  ports: Pick<Ports, 'slots' | 'log' | 'after'>,
  places: readonly Place[],
  query: Omit<DeliveryQuery, 'tenant'>,
  mayBeEmpty = false
): Promise<DeliveryPage> {
  const limit = query.limit + 1
  // Each page is merged when it comes, because deliveries have bodies.
  let all: Delivery[] = []
  const asked = await askReachable(ports, places, async ({ tenant, key }) => {
    const found = await ports.slots(key).listDeliveries({ ...query, tenant, limit })
    // An object of an older release returns those of other tokens, too.
    const { ownToken } = query
    const wanted = ownToken === undefined ? found : found.filter((one) => isOfToken(one, ownToken))
    all = [...all, ...wanted].toSorted(newestFirst).slice(0, limit)
  })
  if (!mayBeEmpty) asked.failIfNone()
  const { missing } = asked
  const deliveries = all.slice(0, query.limit)
  const last = deliveries.at(-1)
  if (all.length <= query.limit || !last) return { deliveries, missing }
  return { deliveries, next: { createdAt: last.createdAt, id: last.id }, missing }
}

/** Compares ids byte by byte, as SQLite sorts the objects' tables. */
function newestFirst(a: Delivery, b: Delivery): number {
  if (a.createdAt !== b.createdAt) return b.createdAt - a.createdAt
  if (a.id === b.id) return 0
  return a.id < b.id ? 1 : -1
}

/** Undefined: no object that could be reached has it, and all could be. */
export async function findDelivery(
  ports: Pick<Ports, 'slots' | 'log' | 'after'>,
  places: readonly Place[],
  id: string
): Promise<{ object: string; delivery: Delivery } | undefined> {
  const asked = await askReachable(ports, places, ({ key, tenant }) =>
    ports.slots(key).findDelivery(tenant, id)
  )
  for (const { item, answer } of asked.answers)
    if (answer) return { object: item.key, delivery: answer }
  asked.failIfMissing()
  return undefined
}
