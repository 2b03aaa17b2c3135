/** Writes alerts: one sentence, and the body in the form that the receiver reads (docs/alerts.md). */
import { tenantNameOf } from '#domain/access/tenant.ts'
import type { AlertForm, AlertKind } from './alert.ts'
import type { Fault } from './alert-state.ts'

/** One message. `test`: nothing happened; the client tries its receiver. */
export interface AlertMessage {
  id: string
  kind: AlertKind | 'test'
  state: 'raised' | 'recovered'
  at: number
  /** The tenant's id; absent: a test of the operator. */
  tenant?: string
  provider?: string
  account?: string
  fault: Fault
}

export const ALERT_EVENT = 'gateway.alert'

/** Characters of a name in a chat. A message has five names at most, so it stays below Discord's limit of 2,000. */
const NAME_MAX = 150

export function bodyOf(message: AlertMessage, form: AlertForm): string {
  if (form === 'slack') return JSON.stringify({ text: textOf(message, forSlack) })
  if (form === 'discord') {
    const mentions = { allowed_mentions: { parse: [] } }
    return JSON.stringify({ content: textOf(message, inCode), ...mentions })
  }
  const { id, kind, state, at, tenant, provider, account, fault } = message
  return JSON.stringify({
    id,
    type: ALERT_EVENT,
    kind,
    state,
    at: toTime(at),
    tenant: tenant === undefined ? null : tenantNameOf(tenant),
    provider: provider ?? null,
    account: account ?? null,
    text: textOf(message, plain),
    detail: detailOf(fault),
  })
}

function detailOf({ until, since, ...rest }: Fault): Record<string, unknown> {
  return {
    ...rest,
    ...(until === undefined ? {} : { until: toTime(until) }),
    ...(since === undefined ? {} : { since: toTime(since) }),
  }
}

/** Writes a text that others chose: a name, or what a provider said. */
type Quote = (text: string) => string

function textOf({ kind, state, tenant, provider, account, fault }: AlertMessage, q: Quote): string {
  const ofTenant = tenant === undefined ? '' : `, tenant ${q(tenantNameOf(tenant))}`
  const whose = `(${q(provider ?? '')}${ofTenant})`
  const who =
    account === undefined
      ? `An account that was removed ${whose}`
      : `Account ${q(account)} ${whose}`
  const why = fault.detail === undefined ? '' : `: ${q(fault.detail)}`
  const pool = `The pool of ${q(provider ?? '')}${ofTenant}`
  if (kind === 'test') return `This is a test of an alert${ofTenant}. Nothing is wrong.`
  if (state === 'recovered') return RECOVERED[kind](who, pool)
  switch (kind) {
    case 'account_parked': {
      const until = fault.until === undefined ? '' : ` until ${toTime(fault.until)}`
      return `${who} is parked${until} for ${q(fault.reason ?? 'a refusal')}${why}.`
    }
    case 'credential_dead':
      return `${who} has a credential that ${q(provider ?? '')} refuses${why}. Give it a new one.`
    case 'balance_low':
      return `${who} has ${fault.amount} ${q(fault.unit ?? '')} left.`
    case 'dead_letter':
      return `A delivery of ${who.replace(/^A/, 'a')} was given up${why}. Send it again when its receiver works.`
    case 'webhook_missing':
      return `${who} has no webhook${why}. The ends of its jobs are found later, by status checks.`
    case 'pool_full': {
      const since = fault.since === undefined ? '' : ` since ${toTime(fault.since)}`
      return `${pool} has refused calls${since}, because all slots are taken.`
    }
    case 'queue_old': {
      const since = fault.since === undefined ? '' : ` since ${toTime(fault.since)}`
      return `${pool} has a queued creation that has waited${since}, ten times as long as was expected.`
    }
  }
}

const RECOVERED: Record<AlertKind, (who: string, pool: string) => string> = {
  account_parked: (who) => `${who} is not parked any more.`,
  credential_dead: (who) => `${who} has no refused credential any more.`,
  balance_low: (who) => `${who} has enough balance again.`,
  dead_letter: (who) => `${who} has no dead delivery any more.`,
  webhook_missing: (who) => `${who} is not without a webhook any more.`,
  pool_full: (_, pool) => `${pool} has refused no call for five minutes.`,
  queue_old: (_, pool) => `${pool} has nothing queued any more that waits for too long.`,
}

function plain(text: string): string {
  return text
}

/**
 * As code, in which neither chat reads links, mentions or markup. A name cannot end the code, because it keeps no backtick and no
 * line break.
 */
function inCode(text: string): string {
  const clean = [...text.replaceAll(/[\p{C}\p{Zl}\p{Zp}`]+/gu, ' ')]
    .slice(0, NAME_MAX)
    .join('')
    .trim()
  return clean === '' ? '(empty)' : `\`${clean}\``
}

/** Slack reads `<…>` as a link or a mention, in code, too. */
function forSlack(text: string): string {
  return inCode(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function toTime(at: number): string {
  return new Date(at).toISOString()
}
