/** The audit: who changed what, when and from where (contract 13). It contains names, ids and limits, never a secret. */
export type AuditAction =
  | 'token.created'
  | 'token.changed'
  | 'token.removed'
  | 'tenant.created'
  | 'tenant.changed'
  | 'tenant.removed'
  | 'account.added'
  | 'account.updated'
  | 'account.limit_changed'
  | 'account.choice_changed'
  | 'account.removed'
  | 'account.unparked'
  | 'account.drained'
  | 'account.undrained'
  | 'account.tested'
  | 'settings.changed'
  | 'sign_in.begun'
  | 'sign_in.cancelled'
  | 'job.forced'
  | 'item.cancelled'
  | 'queue.paused'
  | 'queue.resumed'
  | 'endpoint.added'
  | 'endpoint.changed'
  | 'endpoint.secret_rotated'
  | 'endpoint.removed'
  | 'callback_secret.made'
  | 'alert.added'
  | 'alert.removed'
  | 'route.added'
  | 'route.removed'
  | 'reseal.pass_begun'
  | 'export.made'
  | 'import.made'
  | 'audit.full'

/** Who asked for a change. */
export interface Actor {
  /** The token's id; absent: the operator, who uses ADMIN_TOKEN. */
  token?: string
  /** The IP address of the call; absent in local development. */
  from?: string
  /** Part of the line's id, so that a repeated call writes one line. */
  requestId: string
}

type Detail = string | number | boolean | null | string[]

export interface AuditEntry {
  action: AuditAction
  /** Absent: the change belongs to no tenant. */
  tenant?: string
  provider?: string
  /** What was changed: an id, an email or a name. */
  subject?: string
  detail?: Record<string, Detail>
}

export interface AuditLine extends AuditEntry {
  /** Sorts by time. */
  id: string
  /** Epoch ms. */
  at: number
  by: Actor
}

export interface AuditQuery {
  /** Only lines of this tenant. */
  tenant?: string
  since?: number
  /** Only lines older than the one with this id. */
  before?: string
  limit: number
}

/** The most lines kept per tenant and day (UTC) for the tenant's changes. The operator's changes have the same limit. */
export const AUDIT_LINES_A_DAY = 5000

export function lineOf(entry: AuditEntry, by: Actor, now: number): AuditLine {
  const { action, subject = '' } = entry
  return { ...entry, id: [by.requestId, action, subject].join(' ').trim(), at: now, by }
}

/** A client's own text is cut to this length. */
const TEXT_MAX = 200

export function shortText(text: string): string {
  return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text
}

/** Only the host of a URL: its path and query may hold a secret. */
export function hostOf(url: string): string {
  return URL.parse(url)?.host ?? ''
}
