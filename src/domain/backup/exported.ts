/**
 * What an export has in it, and what an import says (decision 0046). An export is one sealed text. Jobs, deliveries and owners of
 * ids are not in it.
 */
import type { Alert } from '#domain/alerts/alert.ts'
import type { TenantRecord, TokenRecord } from '#domain/access/token.ts'
import type { Account } from '#domain/accounts/account.ts'
import type { DeskSettings } from '#domain/accounts/balancing.ts'
import type { CallbackSecret, Endpoint } from '#domain/events/endpoint.ts'
import type { AddedRoute } from '#domain/routing/added-route.ts'

/** An import refuses any other version. */
export const EXPORT_VERSION = 1

/** The identity that an export is sealed for. No other sealed text opens as an export. */
export const EXPORT_IDENTITY = 'export'

/** How long the sealed text may be. The Worker holds it in memory several times over. */
export const EXPORT_BYTES_MAX = 16 * 1024 * 1024

/** What one desk gives and takes. Every secret in it is sealed for the tenant's id at the gateway that it comes from. */
export interface DeskRows {
  accounts: Account[]
  endpoints: Endpoint[]
  callbackSecret?: CallbackSecret
  /** Absent: nothing was set. */
  settings?: DeskSettings
}

export interface Exported {
  version: number
  /** When it was made, epoch ms. */
  at: number
  tenants: ExportedTenant[]
  routes: AddedRoute[]
  /** The operator's. */
  alerts: Alert[]
}

export interface ExportedTenant {
  tenant: TenantRecord
  tokens: TokenRecord[]
  alerts: Alert[]
  /** By provider. A desk with nothing in it is left out. */
  desks: Record<string, DeskRows>
}

export type ImportedKind =
  | 'tenants'
  | 'tokens'
  | 'accounts'
  | 'endpoints'
  | 'callbackSecrets'
  | 'settings'
  | 'routes'
  | 'alerts'

/** Something that was not imported. `why` is a sentence. */
export interface Skipped {
  what: ImportedKind
  /** An id, an email or a name. */
  name: string
  tenant?: string
  provider?: string
  why: string
}

export interface Imported {
  added: Partial<Record<ImportedKind, number>>
  skipped: Skipped[]
}

/** `id`: the tenant's id here. Absent: the tenant was skipped. */
export type TenantImported = Imported & { id?: string }

export const ALREADY_HERE = 'It is here already.'

export function count(imported: Imported, what: ImportedKind): void {
  imported.added[what] = (imported.added[what] ?? 0) + 1
}

export function addUpImports(one: Imported, other: Imported): Imported {
  const added = { ...one.added }
  for (const [what, number] of Object.entries(other.added) as [ImportedKind, number][])
    added[what] = (added[what] ?? 0) + number
  return { added, skipped: [...one.skipped, ...other.skipped] }
}

/** A tenant that was imported before is known by the time at which it was made. Another one may have got its name. */
export function isSameTenant(one: TenantRecord, other: TenantRecord): boolean {
  return one.createdAt === other.createdAt
}

export function isEmptyDesk({ accounts, endpoints, callbackSecret, settings }: DeskRows): boolean {
  const isSet = settings !== undefined || callbackSecret !== undefined
  return accounts.length === 0 && endpoints.length === 0 && !isSet
}
