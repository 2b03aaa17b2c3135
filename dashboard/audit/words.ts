/** A line of the audit as a sentence. What is not known here, from a newer gateway, is shown as it came. */

export interface AuditLine {
  at: string
  by: string
  from: string | null
  requestId: string
  action: string
  tenant: string | null
  incarnation: number | null
  provider: string | null
  subject: string | null
  detail: Record<string, unknown>
}

const ACTIONS: Readonly<Record<string, string>> = {
  'token.created': 'made the token',
  'token.changed': 'changed the token',
  'token.removed': 'removed the token',
  'tenant.created': 'made the tenant',
  'tenant.changed': 'changed the tenant',
  'tenant.removed': 'removed the tenant, its tokens and its accounts',
  'account.added': 'added the account',
  'account.updated': 'replaced the credential of the account',
  'account.limit_changed': 'changed the limit of the account',
  'account.choice_changed': 'changed the weight or priority of the account',
  'account.removed': 'removed the account',
  'account.unparked': 'unparked the account',
  'account.drained': 'drained the account',
  'account.undrained': 'ended the draining of the account',
  'settings.changed': 'changed how accounts are chosen',
  'sign_in.begun': 'began the sign-in',
  'sign_in.cancelled': 'cancelled the sign-in',
  'item.cancelled': 'cancelled the queued job',
  'queue.paused': 'paused the queue',
  'queue.resumed': 'resumed the queue',
  'job.forced': 'freed the slot by force of the job',
  'endpoint.added': 'added the webhook endpoint',
  'endpoint.changed': 'changed the webhook endpoint',
  'endpoint.secret_rotated': 'replaced the secret of the webhook endpoint',
  'endpoint.removed': 'removed the webhook endpoint',
  'callback_secret.made': 'made a new callback secret',
  'alert.added': 'added the alert',
  'alert.removed': 'removed the alert',
  'route.added': 'added the path',
  'route.removed': 'removed the path',
  'reseal.pass_begun': 'began to seal everything with the first master key',
  'audit.full': 'made so many changes that the rest of this day is not written down',
}

export function sayAction({ action }: Pick<AuditLine, 'action'>): string {
  return ACTIONS[action] ?? action
}

/** The details as short texts, such as `3 jobs at once (2 before)`. */
export function sayDetail({ detail }: Pick<AuditLine, 'detail'>): string[] {
  const { maxJobs, maxJobsBefore, now, ...rest } = detail
  return [
    ...(maxJobs === undefined ? [] : [`${text(maxJobs)} jobs at once`]),
    ...(maxJobsBefore === undefined || maxJobsBefore === maxJobs
      ? []
      : [`${text(maxJobsBefore)} before`]),
    ...(now === true ? ['at once: its running jobs were lost'] : []),
    ...Object.entries(rest).map(([name, value]) => sayOne(name, value)),
  ]
}

const NAMES: Readonly<Record<string, string>> = {
  credential: 'with',
  host: 'calls',
  row: 'path',
  replyTo: 'default reply URL on',
  email: 'account',
}

function sayOne(name: string, value: unknown): string {
  if (name === 'expiresAt') {
    if (typeof value !== 'number') return 'never expires'
    return `expires ${new Date(value).toISOString().slice(0, 16).replace('T', ' ')} UTC`
  }
  if (name === 'events' && value === null) return 'every event'
  if (name === 'replyTo' && value === null) return 'no default reply URL'
  return `${NAMES[name] ?? name} ${text(value)}`
}

function text(value: unknown): string {
  if (Array.isArray(value)) return value.map(text).join(', ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}
