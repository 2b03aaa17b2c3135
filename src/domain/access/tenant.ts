/**
 * Which tenant a name means. A tenant that is removed takes its name's past with it: one made again under that name is
 * another tenant, with an id of its own. The id stands in every name that is made of a tenant (objects, KV keys, caches,
 * sealed texts, marks upstream), so what is left of the old one can nowhere be taken for the new one's. The first tenant
 * of a name has the name itself as its id.
 */

/** In no name. */
const MARK = '~'

export function tenantIdOf(name: string, incarnation: number): string {
  return incarnation <= 1 ? name : `${name}${MARK}${incarnation}`
}

/** As it was given, and as it is shown. */
export function tenantNameOf(id: string): string {
  return id.split(MARK)[0] ?? id
}

export function incarnationOf(id: string): number {
  return Number(id.split(MARK)[1] ?? 1)
}
