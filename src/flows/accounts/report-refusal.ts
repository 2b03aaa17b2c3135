/**
 * Reports a refused call to the account's object, which checks the account and decides (domain/accounts/park-after-refusal.ts).
 * This isolate remembers the result for its next calls. A request parks one account at most: a call that every account refuses
 * must not park them all.
 */
import { findAccount, type Account } from '#domain/accounts/account.ts'
import {
  rowName,
  type SuspectedFault,
  type CheckResult,
} from '#domain/accounts/park-after-refusal.ts'
import type { JobReport } from '#domain/slots/lease.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { AccountFault, Provider, Verdict } from '#providers/contract/provider.ts'
import type { ProxyCall } from '#flows/upstream/proxy-call.ts'

/** What to report; `status`: the provider's. Undefined: the refusal has nothing to do with the account. */
export function suspectedFaultOf(
  call: Pick<ProxyCall, 'provider' | 'match' | 'method' | 'path'>,
  verdict: Verdict,
  status?: number
): Omit<SuspectedFault, 'mayPark'> | undefined {
  if (verdict.kind !== 'park' && verdict.kind !== 'doubt') return undefined
  const part = call.provider.accounts.credentialKindFor?.(call.path)
  const route = rowOf(call)
  const seen = status === undefined ? { route } : { route, status }
  const fault = { ...toFault(verdict, route), seen }
  return part === undefined ? fault : { ...fault, part }
}

export function rowOf({ match, method, path }: Pick<ProxyCall, 'match' | 'method' | 'path'>) {
  return rowName(method, path, match?.route)
}

function toFault({ order, doubt }: AccountFault, row: string): Omit<SuspectedFault, 'mayPark'> {
  const scope = order.scope === 'row' ? (`row:${row}` as const) : order.scope
  return { order: { ...order, scope }, ...(doubt === undefined ? {} : { doubt }) }
}

/** The account's fault that reports of its jobs show, such as a job that failed for lack of credit. */
export function faultInReports(
  provider: Provider,
  reports: readonly JobReport[]
): SuspectedFault | undefined {
  const fault = reports
    .map((report) => provider.answers.suspectedFaultOf?.(report))
    .find((one) => one !== undefined)
  return fault && { ...toFault(fault, ''), mayPark: true }
}

/** Adds what the Worker knows: the tenant, the credential, and whether the request may park an account. */
export function faultFor(
  ports: Ports,
  account: Account,
  fault: Omit<SuspectedFault, 'mayPark'>
): SuspectedFault {
  const { tenant, credential: used } = account
  return { ...fault, tenant, used, mayPark: !ports.hasParked.isTrue }
}

/** Reports the fault. If the object cannot be reached, the result is `unknown` and nothing is parked. */
export async function reportRefusal(
  ports: Ports,
  account: Account,
  fault: Omit<SuspectedFault, 'mayPark'>
): Promise<CheckResult> {
  const { key, credential } = account
  const isAsked = fault.doubt === 'key'
  if (isAsked && ports.hints.isChecked(key, credential, ports.now())) return { kind: 'good' }
  const known = faultFor(ports, account, fault)
  const asking = ports.slots(key).blame(known)
  const finding = await asking.catch((): CheckResult => ({ kind: 'unknown' }))
  rememberResult(ports, account, fault, finding)
  return finding
}

export function rememberResult(
  ports: Ports,
  account: Account,
  { doubt }: Pick<SuspectedFault, 'doubt'>,
  finding: CheckResult
): void {
  const { key, credential, provider, tenant, email } = account
  if (doubt === 'funds') ports.hints.markUnpaid(key, ports.now())
  if (doubt === 'key' && finding.kind === 'good')
    ports.hints.markChecked(key, credential, ports.now() + ports.durations.checkValidMs)
  if (finding.kind !== 'parked') return
  const { parking } = finding
  ports.hasParked.isTrue = true
  ports.hints.markParked(key, parking, ports.now())
  const { scope, reason, until } = parking
  ports.log('parked', {
    provider,
    tenant,
    email,
    scope,
    reason,
    until: new Date(until).toISOString(),
  })
}

/** The account with its present credential; undefined: the desk no longer has the account. */
export async function newerAccount(ports: Ports, account: Account): Promise<Account | undefined> {
  const { tenant, provider, email, credential } = account
  const fresh = await ports.accounts.fresh(tenant, provider).catch(() => undefined)
  const found = fresh && findAccount(fresh, email)
  return found && found.credential !== credential ? found : undefined
}
