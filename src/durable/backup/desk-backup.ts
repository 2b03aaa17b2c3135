/** Gives the rows of a desk for an export, and takes rows of an import. It adds what is not there and replaces nothing. */
import type { Actor } from '#domain/access/audit.ts'
import { BUSY, type Account } from '#domain/accounts/account.ts'
import { ALREADY_HERE, count, type DeskRows, type Imported } from '#domain/backup/exported.ts'
import type { AuditLog } from '#durable/desk/audit-log.ts'
import type { DeskAccounts } from '#durable/desk/desk-accounts.ts'
import type { WebhookEndpoints } from '#durable/desk/webhook-endpoints.ts'
import type { DeskTables } from '#durable/desk-tables/desk-tables.ts'

const REMOVED = 'Its tenant was removed here.'
const HELD =
  'Another tenant or another email has this provider account here. Remove it there first.'

export interface DeskBackupParts {
  tables: DeskTables
  accounts: DeskAccounts
  endpoints: WebhookEndpoints
  audit: AuditLog
}

export class DeskBackup {
  readonly #parts: DeskBackupParts

  constructor(parts: DeskBackupParts) {
    this.#parts = parts
  }

  rows(): DeskRows {
    const { accounts, endpoints } = this.#parts.tables
    if (accounts.isClosed) return { accounts: [], endpoints: [] }
    const { settings } = accounts
    return {
      accounts: accounts.snapshot().accounts,
      ...endpoints.all(),
      ...(settings.balance === undefined ? {} : { settings }),
    }
  }

  /** Safe to repeat. The caller writes the copy in KV. */
  async take(rows: DeskRows, by: Actor | undefined): Promise<Imported> {
    const imported: Imported = { added: {}, skipped: [] }
    for (const account of rows.accounts) {
      const why = await this.#takeAccount(account, by)
      if (why === undefined) count(imported, 'accounts')
      else imported.skipped.push({ what: 'accounts', name: account.email, why })
    }
    this.#takeSecrets(rows, imported, by)
    this.#takeSettings(rows, imported, by)
    return imported
  }

  /** Why the account was skipped. */
  async #takeAccount(account: Account, by: Actor | undefined): Promise<string | undefined> {
    const { tables, accounts } = this.#parts
    if (tables.accounts.isClosed) return REMOVED
    if (tables.accounts.find(account.email)) return ALREADY_HERE
    const added = await accounts.add(account, by)
    if (added === 'busy') return BUSY
    return added ? undefined : HELD
  }

  #takeSettings({ settings }: DeskRows, imported: Imported, by: Actor | undefined): void {
    const { tables, audit } = this.#parts
    if (!settings || tables.accounts.isClosed) return
    const before = tables.accounts.settings
    if (before.balance !== undefined) {
      imported.skipped.push({ what: 'settings', name: 'settings', why: ALREADY_HERE })
      return
    }
    tables.inTransaction(() => {
      tables.accounts.saveSettings(settings)
      audit.settings(by, settings, before)
    })
    count(imported, 'settings')
  }

  #takeSecrets(
    { endpoints, callbackSecret }: DeskRows,
    imported: Imported,
    by: Actor | undefined
  ): void {
    const { tables, audit } = this.#parts
    const known = new Set(tables.endpoints.endpoints().map(({ id }) => id))
    for (const endpoint of endpoints) {
      const { id: name } = endpoint
      if (known.has(name)) imported.skipped.push({ what: 'endpoints', name, why: ALREADY_HERE })
      else if (this.#parts.endpoints.add(endpoint, by)) count(imported, 'endpoints')
      else imported.skipped.push({ what: 'endpoints', name, why: 'There are too many endpoints.' })
    }
    if (!callbackSecret || tables.accounts.isClosed) return
    if (tables.endpoints.callbackSecret()) {
      imported.skipped.push({ what: 'callbackSecrets', name: 'callback', why: ALREADY_HERE })
      return
    }
    tables.endpoints.saveCallbackSecret(callbackSecret)
    audit.callbackSecret(by)
    count(imported, 'callbackSecrets')
  }
}
