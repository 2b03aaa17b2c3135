/** Alerts: where the gateway writes when something is wrong, and again when it is over (docs/alerts.md). */

export const ALERT_KINDS = [
  'account_parked',
  'credential_dead',
  'balance_low',
  'dead_letter',
  'webhook_missing',
  'pool_full',
  'queue_old',
] as const

export type AlertKind = (typeof ALERT_KINDS)[number]

export const ALERT_FORMS = ['generic', 'slack', 'discord'] as const

export type AlertForm = (typeof ALERT_FORMS)[number]

/** The owner of the operator's alerts. No tenant has this id. */
export const OPERATOR = ''

export const ALERTS_MAX = 10

export interface Alert {
  id: string
  /** The tenant's id, or OPERATOR: the operator hears of all tenants. */
  owner: string
  url: string
  form: AlertForm
  /** null: every kind. */
  events: AlertKind[] | null
  /** The balance below which `balance_low` is sent, in the account's own unit. Absent: the provider's default. */
  balanceBelow?: number
  /** The signing secret, sealed. */
  secret: string
  createdAt: number
}

/** The identity that an alert's signing secret is sealed for. */
export function alertSecretIdentity(owner: string, id: string): string {
  return `alert-secret/${owner}/${id}`
}

export function isForKind({ events }: Alert, kind: AlertKind): boolean {
  return events === null || events.includes(kind)
}

/** Whether somebody must be told of low balances, so that balances have to be read. */
export function watchesBalance(alerts: readonly Alert[]): boolean {
  return alerts.some((alert) => isForKind(alert, 'balance_low'))
}

/** Only the origin: the path of a chat's address is its secret. */
export function shownUrl(url: string): string {
  const origin = URL.parse(url)?.origin
  return origin === undefined ? '…' : `${origin}/…`
}
