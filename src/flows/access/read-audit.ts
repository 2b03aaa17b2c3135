/** Reads the audit: the lines of the registrar and of desks in one list, latest first. */
import type { AuditLine, AuditQuery } from '#domain/access/audit.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { limitConcurrency, OBJECTS_AT_ONCE } from '#flows/upstream/limit-concurrency.ts'

export interface AuditPage {
  lines: AuditLine[]
  /** The id of the last line on this page. */
  next?: string
}

/** Asks the desks of `tenants` and the registrar. `isOfThem`: the registrar returns only lines of these tenants. */
export async function readAudit(
  ports: Ports,
  providers: readonly string[],
  { tenants, isOfThem }: { tenants: readonly string[]; isOfThem: boolean },
  query: Omit<AuditQuery, 'tenant'>
): Promise<AuditPage> {
  // One line more shows whether there is a next page.
  const wanted = { ...query, limit: query.limit + 1 }
  const asked = tenants.flatMap((tenant) =>
    providers.map((name) => () => ports.desk(tenant, name).listAudit(wanted))
  )
  const ofRegistrar = isOfThem
    ? tenants.map((tenant) => () => ports.registrar.listAudit({ ...wanted, tenant }))
    : [() => ports.registrar.listAudit(wanted)]
  const questions = [...ofRegistrar, ...asked]
  const pages = await limitConcurrency(questions, OBJECTS_AT_ONCE, (ask) => ask())
  // Several desks may have written the same change; it is shown once.
  const byId = new Map(pages.flat().map((line) => [line.id, line]))
  const all = [...byId.values()].toSorted((a, b) => (a.id < b.id ? 1 : -1))
  const lines = all.slice(0, query.limit)
  const last = all.length > lines.length ? lines.at(-1)?.id : undefined
  return { lines, ...(last === undefined ? {} : { next: last }) }
}
