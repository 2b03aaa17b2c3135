/**
 * Names and ids of tenants. When a tenant is removed and its name is used again, the new tenant has a different id. Objects, KV
 * keys, caches and sealed texts use the id, so nothing of the old tenant can be mistaken for the new one's. The first tenant with
 * a name has that name as its id.
 */

/** Separates a name from its number in an id. No name contains it. */
const MARK = '~'

export function tenantIdOf(name: string, incarnation: number): string {
  return incarnation <= 1 ? name : `${name}${MARK}${incarnation}`
}

/** The name, as clients see it. */
export function tenantNameOf(id: string): string {
  return id.split(MARK)[0] ?? id
}

export function incarnationOf(id: string): number {
  return Number(id.split(MARK)[1] ?? 1)
}
