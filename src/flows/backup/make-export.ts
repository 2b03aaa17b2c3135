/**
 * Reads what an export needs of the registrar and of every desk, and seals it. The objects are read one after the other, so a
 * change during the export may be in it or not.
 */
import { OPERATOR } from '#domain/alerts/alert.ts'
import { tenantNameOf } from '#domain/access/tenant.ts'
import {
  EXPORT_BYTES_MAX,
  EXPORT_IDENTITY,
  EXPORT_VERSION,
  isEmptyDesk,
  type DeskRows,
  type Exported,
  type ExportedTenant,
} from '#domain/backup/exported.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { limitConcurrency, OBJECTS_AT_ONCE } from '#flows/upstream/limit-concurrency.ts'

const TOO_LARGE =
  'The export would be larger than 16 MiB. Export one tenant at a time with ?tenant=, and import each.'

/** `only`: the name of the one tenant that is wanted; absent: all. */
export async function makeExport(
  ports: Ports,
  providers: readonly string[],
  only?: string
): Promise<{ text: string; tenants: number; accounts: number }> {
  const { registrar, vault, now } = ports
  const [all, tokens, routes, alerts] = await Promise.all([
    registrar.listTenants(),
    registrar.listTokens(),
    registrar.listRoutes(),
    registrar.listAlerts(OPERATOR),
  ])
  const wanted = all.filter(({ id }) => only === undefined || tenantNameOf(id) === only)
  if (only !== undefined && wanted.length === 0)
    throw new AppError('not_found', 'There is no such tenant')
  const asked = wanted.flatMap(({ id }) => providers.map((provider) => ({ id, provider })))
  let left = EXPORT_BYTES_MAX
  const rows = await limitConcurrency(asked, OBJECTS_AT_ONCE, async ({ id, provider }) => {
    // The desks that are left are not asked once the export is too large.
    if (left < 0) return undefined
    const found = await ports.desk(id, provider).exportRows()
    left -= JSON.stringify(found).length
    return { id, provider, found }
  })
  if (left < 0) throw new AppError('too_large', TOO_LARGE)
  const desksOf = (tenant: string): Record<string, DeskRows> =>
    Object.fromEntries(
      rows.flatMap((one) =>
        one && one.id === tenant && !isEmptyDesk(one.found) ? [[one.provider, one.found]] : []
      )
    )
  const heard = await limitConcurrency(wanted, OBJECTS_AT_ONCE, ({ id }) =>
    registrar.listAlerts(id)
  )
  const tenants = wanted.map((tenant, at): ExportedTenant => ({
    tenant,
    tokens: tokens.filter((token) => token.tenant === tenant.id),
    alerts: heard[at] ?? [],
    desks: desksOf(tenant.id),
  }))
  const exported: Exported = { version: EXPORT_VERSION, at: now(), tenants, routes, alerts }
  const text = await vault.seal(EXPORT_IDENTITY, JSON.stringify(exported))
  if (text.length > EXPORT_BYTES_MAX) throw new AppError('too_large', TOO_LARGE)
  const accounts = rows.reduce((sum, one) => sum + (one?.found.accounts.length ?? 0), 0)
  return { text, tenants: tenants.length, accounts }
}
