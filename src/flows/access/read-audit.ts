/** Who changed what, read together: the registrar's lines and those of desks, latest first. */
import type { AuditLine, AuditQuery } from '#domain/access/audit.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { limitConcurrency, OBJECTS_AT_ONCE } from '#flows/upstream/limit-concurrency.ts'

export interface AuditPage {
  lines: AuditLine[]
  /** The id behind which the next page begins. */
  next?: string
}

/** `tenants`: whose desks are asked, beside the registrar; `isOfThem`: for nothing else. */
export async function readAudit(
  ports: Ports,
  providers: readonly string[],
  { tenants, isOfThem }: { tenants: readonly string[]; isOfThem: boolean },
  query: Omit<AuditQuery, 'tenant'>
): Promise<AuditPage> {
  // One more than is shown says whether there are more.
  const wanted = { ...query, limit: query.limit + 1 }
  const asked = tenants.flatMap((tenant) =>
    providers.map((name) => () => ports.desk(tenant, name).listAudit(wanted))
  )
  const ofRegistrar = isOfThem
    ? tenants.map((tenant) => () => ports.registrar.listAudit({ ...wanted, tenant }))
    : [() => ports.registrar.listAudit(wanted)]
  const questions = [...ofRegistrar, ...asked]
  const pages = await limitConcurrency(questions, OBJECTS_AT_ONCE, (ask) => ask())
  // What was written at several desks is one change.
  const byId = new Map(pages.flat().map((line) => [line.id, line]))
  const all = [...byId.values()].toSorted((a, b) => (a.id < b.id ? 1 : -1))
  const lines = all.slice(0, query.limit)
  const last = all.length > lines.length ? lines.at(-1)?.id : undefined
  return { lines, ...(last === undefined ? {} : { next: last }) }
}
