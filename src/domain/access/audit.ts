/** Who changed what, when and from where (contract 13). Never a secret: names, ids and limits only. */
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
  | 'account.removed'
  | 'account.unparked'
  | 'job.forced'
  | 'endpoint.added'
  | 'endpoint.changed'
  | 'endpoint.secret_rotated'
  | 'endpoint.removed'
  | 'callback_secret.made'
  | 'route.added'
  | 'route.removed'
  | 'reseal.pass_begun'
  | 'audit.full'

/** Who asked for a change. */
export interface Actor {
  /** The token's id; absent: the operator, who has no token of a tenant. */
  token?: string
  /** The address that the call came from; absent where there is none, as in local development. */
  from?: string
  /** Names the line too, so that a change that is asked for twice is told once. */
  requestId: string
}

type Detail = string | number | boolean | null | string[]

export interface AuditEntry {
  action: AuditAction
  /** Absent: of no tenant. */
  tenant?: string
  provider?: string
  /** An id, an email, a name: what was changed. */
  subject?: string
  detail?: Record<string, Detail>
}

export interface AuditLine extends AuditEntry {
  /** In the order of time. */
  id: string
  /** Epoch ms. */
  at: number
  by: Actor
}

export interface AuditQuery {
  /** Only what is of this tenant. */
  tenant?: string
  since?: number
  /** Only what is older than the line of this id. */
  before?: string
  limit: number
}

/** So many are kept of a tenant's own changes in a day (UTC), and as many of the operator's for it. */
export const AUDIT_LINES_A_DAY = 5000

export function lineOf(entry: AuditEntry, by: Actor, now: number): AuditLine {
  const { action, subject = '' } = entry
  return { ...entry, id: [by.requestId, action, subject].join(' ').trim(), at: now, by }
}

/** A client's own text is kept so far. */
const TEXT_MAX = 200

export function shortText(text: string): string {
  return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text
}

/** Of an address only where it leads: its path and query may hold a secret. */
export function hostOf(url: string): string {
  return URL.parse(url)?.host ?? ''
}
