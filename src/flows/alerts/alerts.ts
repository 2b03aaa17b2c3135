/** What clients do with alerts: add, remove, test. The registrar keeps them; decisions are in domain/alerts. */
import { newDelivery } from '#domain/alerts/alert-delivery.ts'
import {
  ALERTS_MAX,
  alertSecretIdentity,
  isForKind,
  OPERATOR,
  type Alert,
} from '#domain/alerts/alert.ts'
import type { Actor } from '#domain/access/audit.ts'
import { newRecordId } from '#domain/access/token.ts'
import { readTarget } from '#domain/events/callback-target.ts'
import type { AttemptResult } from '#domain/events/delivery.ts'
import { newSigningSecret } from '#domain/events/signatures.ts'
import { AppError } from '#domain/runtime/errors.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { deliver } from '#flows/events/deliver.ts'
import { targetPolicy } from '#flows/events/tickets.ts'
import { limitConcurrency, OBJECTS_AT_ONCE } from '#flows/upstream/limit-concurrency.ts'

/** The most tenants whose desks are told of an alert of the operator. Others learn of it when their accounts change. */
const TENANTS_MAX = 400

/** `owner`: the tenant or OPERATOR. `origin`: the gateway's, as the client called it. `providers`: the names of all. */
export interface AlertCaller {
  owner: string
  by: Actor
  origin: string
  providers: readonly string[]
}

export type NewAlert = Pick<Alert, 'url' | 'form' | 'events'> & {
  balanceBelow?: number | undefined
}

/** Returns the alert and its secret, which is shown once. */
export async function addAlert(
  ports: Ports,
  caller: AlertCaller,
  { url, form, events, balanceBelow }: NewAlert
): Promise<{ alert: Alert; secret: string }> {
  const { owner, by, origin } = caller
  const where = readTarget(url, targetPolicy(ports, origin))
  if (!where.ok) throw new AppError('bad_request', `url: ${where.message}`, { field: 'url' })
  const id = newRecordId('alt', ports.randomBytes)
  const secret = newSigningSecret(ports.randomBytes)
  const alert: Alert = {
    id,
    owner,
    url: where.url,
    form,
    events,
    ...(balanceBelow === undefined ? {} : { balanceBelow }),
    secret: await ports.vault.seal(alertSecretIdentity(owner, id), secret),
    createdAt: ports.now(),
  }
  const added = await ports.registrar.addAlert(alert, by)
  if (added === 'closed') throw new AppError('unauthorized', 'Unauthorized')
  if (added === 'full')
    throw new AppError('conflict', `There may be ${ALERTS_MAX} alerts. Remove one first.`)
  await refreshDesks(ports, caller, alert)
  return { alert, secret }
}

export async function findAlert(ports: Ports, owner: string, id: string): Promise<Alert> {
  const alert = (await ports.registrar.listAlerts(owner)).find((one) => one.id === id)
  if (!alert) throw new AppError('not_found', 'There is no such alert.')
  return alert
}

export async function removeAlert(ports: Ports, caller: AlertCaller, id: string): Promise<void> {
  const alert = await findAlert(ports, caller.owner, id)
  await ports.registrar.removeAlert(caller.owner, id, caller.by)
  await refreshDesks(ports, caller, alert)
}

/** Sends a message now, once, and returns what the receiver answered. It is not stored. */
export async function testAlert(
  ports: Ports,
  { owner, by, origin }: AlertCaller,
  id: string
): Promise<AttemptResult> {
  const alert = await findAlert(ports, owner, id)
  const about = owner === OPERATOR ? {} : { tenant: owner }
  const message = { id: `alrt_${by.requestId.replaceAll('-', '')}`, at: ports.now(), ...about }
  const delivery = newDelivery(alert, { ...message, kind: 'test', state: 'raised', fault: {} })
  return deliver(ports, delivery, { endpoints: [], alerts: [alert] }, origin)
}

/**
 * Desks read balances only if somebody wants to hear of low ones. A desk that cannot be reached now learns it when an account is
 * added to it.
 */
async function refreshDesks(
  ports: Ports,
  { owner, providers }: AlertCaller,
  alert: Alert
): Promise<void> {
  if (!isForKind(alert, 'balance_low')) return
  const isOperator = owner === OPERATOR
  const tenants = isOperator ? (await ports.registrar.listTenants()).map(({ id }) => id) : [owner]
  const desks = tenants
    .slice(0, TENANTS_MAX)
    .flatMap((tenant) => providers.map((name) => ports.desk(tenant, name)))
  await limitConcurrency(desks, OBJECTS_AT_ONCE, (desk) =>
    desk.refreshAlerts().catch(() => ports.log('alerts_unread'))
  )
}
