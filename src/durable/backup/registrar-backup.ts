/** Takes the tenants and tokens of an import into the registrar. It adds what is not there and replaces nothing. */
import type { Actor } from '#domain/access/audit.ts'
import { tenantNameOf } from '#domain/access/tenant.ts'
import type { TenantRecord, TokenRecord } from '#domain/access/token.ts'
import { ALREADY_HERE, count, isSameTenant, type TenantImported } from '#domain/backup/exported.ts'
import type { AuditLog } from '#durable/desk/audit-log.ts'
import type { DeskTables } from '#durable/desk-tables/desk-tables.ts'

const OTHER =
  'Another tenant has this name here. Remove that one first, then import again: its accounts and tokens are not mixed with those of the export.'

const TOKEN_REMOVED = 'It was removed here.'

export class RegistrarBackup {
  readonly #tables: DeskTables
  readonly #audit: AuditLog

  constructor(tables: DeskTables, audit: AuditLog) {
    this.#tables = tables
    this.#audit = audit
  }

  /** Safe to repeat. `hasPast`: see TenantRows.enter. The caller writes the copies in KV. */
  take(
    tenant: TenantRecord,
    tokens: readonly TokenRecord[],
    hasPast: boolean,
    by: Actor | undefined
  ): TenantImported {
    const imported: TenantImported = { added: {}, skipped: [] }
    const name = tenantNameOf(tenant.id)
    const known = this.#tables.tenants.named(name)
    if (known && !isSameTenant(known, tenant)) {
      imported.skipped.push({ what: 'tenants', name, why: OTHER })
      return imported
    }
    if (known) imported.skipped.push({ what: 'tenants', name, why: ALREADY_HERE })
    const named = { ...tenant, id: name }
    const id = this.#tables.inTransaction(() => this.#tables.tenants.enter(named, hasPast))
    imported.id = id
    if (!known) {
      count(imported, 'tenants')
      this.#audit.write(by, { action: 'tenant.created', tenant: id, subject: id })
    }
    for (const token of tokens) {
      const added = this.#tables.tokens.add({ ...token, tenant: id })
      if (added === 'added') {
        this.#audit.tokenCreated(by, { ...token, tenant: id }, false)
        count(imported, 'tokens')
      } else {
        const why = added === 'here' ? ALREADY_HERE : TOKEN_REMOVED
        imported.skipped.push({ what: 'tokens', name: token.id, why })
      }
    }
    return imported
  }
}
