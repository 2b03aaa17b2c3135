/** Writes the log lines of an account's object: jobs that ended, deliveries that were given up. */
import type { Account } from '#domain/accounts/account.ts'
import type { Delivery } from '#domain/events/delivery.ts'
import type { EndedJob } from '#domain/slots/lease.ts'
import { askedBy } from '#domain/slots/queued-lease.ts'
import type { Facts } from '#domain/runtime/log-line.ts'
import type { Ports } from '#domain/ports/ports.ts'

/** What every line of the object contains. Empty after a wipe. */
export function aboutAccount(account: Account | undefined): Facts {
  if (!account) return {}
  const { provider, tenant, email } = account
  return { provider, tenant, account: email }
}

export function logEnds(ports: Ports, ended: readonly EndedJob[]): void {
  for (const { lease, endedAt, outcome } of ended) {
    ports.log('job_ended', {
      tenant: lease.tenant,
      requestId: askedBy(lease),
      job: lease.jobId,
      route: lease.route,
      outcome: outcome.status,
      seconds: Math.round((endedAt - lease.acquiredAt) / 1000),
    })
  }
}

/** The lines never contain the URL: it may contain a secret of the receiver. */
export function logGivenUp(ports: Ports, deliveries: readonly Delivery[]): void {
  for (const one of deliveries.filter(({ state }) => state === 'dead')) {
    ports.log('delivery_given_up', {
      tenant: one.tenant,
      requestId: one.requestId,
      job: one.jobId,
      delivery: one.id,
      endpoint: one.target.kind === 'endpoint' ? one.target.endpointId : undefined,
      alert: one.target.kind === 'alert' ? one.target.alertId : undefined,
      reason: one.reason,
      attempts: one.attempts.length,
    })
  }
}
