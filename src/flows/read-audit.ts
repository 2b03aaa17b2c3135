/** Who changed what, read together: the registrar's lines and those of desks, latest first. */
import type { AuditLine, AuditQuery } from '#domain/audit.ts'
import type { Ports } from '#domain/ports.ts'
import { inLanes, OBJECTS_AT_ONCE } from './in-lanes.ts'

export interface AuditPage {
  lines: AuditLine[]
  /** The id behind which the next page begins. */
  next?: string
}

/** `tenants`: whose desks are asked, beside the registrar. */
export async function readAudit(
  ports: Ports,
  providers: readonly string[],
  tenants: readonly string[],
  query: AuditQuery
): Promise<AuditPage> {
  // One more than is shown says whether there are more.
  const wanted = { ...query, limit: query.limit + 1 }
  const desks = tenants.flatMap((tenant) => providers.map((name) => ports.desk(tenant, name)))
  const pages = await inLanes([ports.registrar, ...desks], OBJECTS_AT_ONCE, (one) =>
    one.listAudit(wanted)
  )
  // What was written at several desks is one change.
  const byId = new Map(pages.flat().map((line) => [line.id, line]))
  const all = [...byId.values()].toSorted((a, b) => (a.id < b.id ? 1 : -1))
  const lines = all.slice(0, query.limit)
  const last = all.length > lines.length ? lines.at(-1)?.id : undefined
  return { lines, ...(last === undefined ? {} : { next: last }) }
}
