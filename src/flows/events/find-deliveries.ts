/**
 * Finds deliveries to a tenant's URLs over all accounts that the tenant has or had. Each search asks every account's object. That
 * is acceptable, because people search by hand.
 */
import type { Delivery } from '#domain/events/delivery.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { DeliveryQuery } from '#domain/ports/slots.ts'
import { limitConcurrency, OBJECTS_AT_ONCE } from '#flows/upstream/limit-concurrency.ts'

export interface DeliveryPage {
  deliveries: Delivery[]
  /** Where the next page goes on. */
  next?: { createdAt: number; id: string }
}

/** The objects of the accounts that a tenant has or had at these providers. */
export async function objectsOf(
  ports: Ports,
  tenant: string,
  providers: readonly string[]
): Promise<string[]> {
  const keys = providers.map(async (provider) => {
    const [{ accounts }, former] = await Promise.all([
      ports.accounts.list(tenant, provider),
      ports.desk(tenant, provider).formerKeys(),
    ])
    return [...accounts.map((account) => account.key), ...former]
  })
  return [...new Set((await Promise.all(keys)).flat())]
}

/** Newest first. */
export async function listDeliveries(
  ports: Ports,
  objects: readonly string[],
  query: DeliveryQuery
): Promise<DeliveryPage> {
  const one = { ...query, limit: query.limit + 1 }
  const pages = await limitConcurrency(objects, OBJECTS_AT_ONCE, (key) =>
    ports.slots(key).listDeliveries(one)
  )
  const all = pages.flat().toSorted((a, b) => b.createdAt - a.createdAt || compare(b.id, a.id))
  const deliveries = all.slice(0, query.limit)
  const last = deliveries.at(-1)
  if (all.length <= query.limit || !last) return { deliveries }
  return { deliveries, next: { createdAt: last.createdAt, id: last.id } }
}

/** Compares byte by byte, as SQLite sorts the objects' tables. */
function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

export async function findDelivery(
  ports: Ports,
  objects: readonly string[],
  tenant: string,
  id: string
): Promise<{ object: string; delivery: Delivery } | undefined> {
  const found = await limitConcurrency(objects, OBJECTS_AT_ONCE, async (object) => {
    const delivery = await ports.slots(object).findDelivery(tenant, id)
    return delivery && { object, delivery }
  })
  return found.find((one) => one !== undefined)
}
