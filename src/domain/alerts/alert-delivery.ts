/** Makes deliveries of alerts. The outbox of an account's object sends them, as it sends events (domain/events/delivery.ts). */
import type { Delivery } from '#domain/events/delivery.ts'
import { hexHashNow } from '#domain/text/hash.ts'
import { prefixOf } from '#domain/text/time-ordered-id.ts'
import { ALERT_EVENT, bodyOf, type AlertMessage } from './alert-text.ts'
import type { Alert } from './alert.ts'
import type { AlertState, Notice } from './alert-state.ts'

/** Not `webhook-id` of any event: events of ends begin with `evt_`. */
function idOf({ kind, tenant, provider, account = '' }: AlertState, step: string, now: number) {
  return `alrt_${hexHashNow([kind, tenant, provider, account, step, now].join(' ')).slice(0, 32)}`
}

/** The same notice at the same time makes the same delivery, so that a repeated step adds none. */
export function deliveryOf(
  { alert, state: step }: Notice,
  state: AlertState,
  now: number
): Delivery {
  const { kind, tenant, provider, account, fault } = state
  const about = { tenant, provider, ...(account === undefined ? {} : { account }) }
  return newDelivery(alert, {
    id: idOf(state, step, now),
    kind,
    state: step,
    at: now,
    fault,
    ...about,
  })
}

/** `message.provider` absent: a test, which is not stored. */
export function newDelivery(alert: Alert, message: AlertMessage): Delivery {
  const { id, at, provider = '' } = message
  const { owner, url } = alert
  return {
    id: `${prefixOf(at)}-${id}.${alert.id}`,
    provider,
    // An operator's alert belongs to no tenant, so no tenant's list of deliveries has it.
    tenant: owner,
    event: { id, type: ALERT_EVENT, body: bodyOf(message, alert.form) },
    eventId: id,
    mentions: [],
    target: { kind: 'alert', url, alertId: alert.id, owner },
    state: 'pending',
    createdAt: at,
    startedAt: at,
    nextAt: at,
    tries: 0,
    attempts: [],
  }
}
