/**
 * Tells an account's object what a call was refused for, and hears whether that is the account's (decision 0028). What is
 * parked, the object remembers for all and this isolate for its own next calls. One request parks at most one account, so
 * that a call which every account refuses does not empty the pool.
 */
import { findAccount, type Account } from '#domain/accounts/account.ts'
import { rowName, type Fault, type Finding } from '#domain/accounts/park-after-refusal.ts'
import type { JobReport } from '#domain/slots/lease.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { AccountFault, Provider, Verdict } from '#providers/contract/provider.ts'
import type { ProxyCall } from '#flows/upstream/proxy-call.ts'

/** What the object is told; undefined: the refusal is about no account. */
export function faultOf(
  call: Pick<ProxyCall, 'provider' | 'match' | 'method' | 'path'>,
  verdict: Verdict
): Omit<Fault, 'mayPark'> | undefined {
  if (verdict.kind !== 'park' && verdict.kind !== 'doubt') return undefined
  const part = call.provider.accounts.credentialKindFor?.(call.path)
  const fault = toFault(verdict, rowOf(call))
  return part === undefined ? fault : { ...fault, part }
}

export function rowOf({ match, method, path }: Pick<ProxyCall, 'match' | 'method' | 'path'>) {
  return rowName(method, path, match?.route)
}

function toFault({ order, doubt }: AccountFault, row: string): Omit<Fault, 'mayPark'> {
  const scope = order.scope === 'row' ? (`row:${row}` as const) : order.scope
  return { order: { ...order, scope }, ...(doubt === undefined ? {} : { doubt }) }
}

/** What the ends of jobs say of their account. */
export function faultOfEnd(provider: Provider, reports: readonly JobReport[]): Fault | undefined {
  const blame = reports
    .map((report) => provider.answers.suspectedFaultOf?.(report))
    .find((one) => one !== undefined)
  return blame && { ...toFault(blame, ''), mayPark: true }
}

/** As the account's object is told it by a Worker. */
export function filled(ports: Ports, account: Account, fault: Omit<Fault, 'mayPark'>): Fault {
  const { tenant, credential: used } = account
  return { ...fault, tenant, used, mayPark: !ports.hasParked.isTrue }
}

/** An object that cannot be asked concludes nothing. */
export async function blame(
  ports: Ports,
  account: Account,
  fault: Omit<Fault, 'mayPark'>
): Promise<Finding> {
  const { key, credential } = account
  const isAsked = fault.doubt === 'key'
  if (isAsked && ports.hints.isProved(key, credential, ports.now())) return { kind: 'good' }
  const told = filled(ports, account, fault)
  const asking = ports.slots(key).blame(told)
  const finding = await asking.catch((): Finding => ({ kind: 'unknown' }))
  noteFinding(ports, account, fault, finding)
  return finding
}

export function noteFinding(
  ports: Ports,
  account: Account,
  { doubt }: Pick<Fault, 'doubt'>,
  finding: Finding
): void {
  const { key, credential, provider, tenant, email } = account
  if (doubt === 'funds') ports.hints.noteUnpaid(key, ports.now())
  if (doubt === 'key' && finding.kind === 'good')
    ports.hints.noteProved(key, credential, ports.now() + ports.durations.provedMs)
  if (finding.kind !== 'parked') return
  const { parking } = finding
  ports.hasParked.isTrue = true
  ports.hints.noteParked(key, parking, ports.now())
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

/** The account with the credential that its object holds by now; undefined: this isolate cannot find a newer one. */
export async function newerAccount(ports: Ports, account: Account): Promise<Account | undefined> {
  const { tenant, provider, email, credential } = account
  const fresh = await ports.accounts.fresh(tenant, provider).catch(() => undefined)
  const found = fresh && findAccount(fresh, email)
  return found && found.credential !== credential ? found : undefined
}
