/** Releases a slot. After a refusal, the same call also reports the refusal to the account's object. */
import type { Account } from '#domain/accounts/account.ts'
import type { SuspectedFault, CheckResult } from '#domain/accounts/park-after-refusal.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Verdict } from '#providers/contract/provider.ts'
import {
  suspectedFaultOf,
  faultFor,
  newerAccount,
  rememberResult,
} from '#flows/accounts/report-refusal.ts'
import type { ProxyAnswer, ReadCall } from '#flows/upstream/proxy-call.ts'
import type { Attempt } from './take-slot.ts'

/** Releases the slot. False: the object did not answer; then its alarm releases the slot later. */
export async function releaseSlot(
  ports: Ports,
  account: Account,
  leaseId: string
): Promise<boolean> {
  return (await releaseFor(ports, account, leaseId)).isFreed
}

async function releaseFor(
  ports: Ports,
  account: Account,
  leaseId: string,
  fault?: SuspectedFault
): Promise<{ isFreed: boolean; finding: CheckResult }> {
  const unknown: CheckResult = { kind: 'unknown' }
  const done = await ports
    .slots(account.key)
    .release(leaseId, fault)
    .then(
      (finding) => ({ isFreed: true, finding: finding ?? unknown }),
      () => ({ isFreed: false, finding: unknown })
    )
  if (!done.isFreed) ports.log('release_failed', { email: account.email, requestId: leaseId })
  ports.hints.markFreed(account.key)
  return done
}

/** `isFreed`: false when the account may still hold a lease of the call. */
export interface AfterRefusal {
  attempt: Attempt
  isFreed: boolean
}

/** Decides how a call goes on that one account has certainly not accepted. */
export async function afterRefusal(
  ports: Ports,
  call: ReadCall,
  account: Account,
  verdict: Verdict,
  answer: ProxyAnswer
): Promise<AfterRefusal> {
  const fault = suspectedFaultOf(call, verdict, answer.response.status)
  const report = fault && faultFor(ports, account, fault)
  const { isFreed, finding } = await releaseFor(ports, account, call.requestId, report)
  const done: Attempt = { kind: 'done', answer }
  if (!fault) {
    const mayServeElsewhere = verdict.kind === 'refused'
    return { attempt: mayServeElsewhere ? { kind: 'refused', answer } : done, isFreed }
  }
  rememberResult(ports, account, fault, finding)
  if (fault.doubt === 'key')
    return { attempt: await afterKeyDoubt(ports, account, answer, finding), isFreed }
  if (finding.kind !== 'parked') return { attempt: { kind: 'refused', answer }, isFreed }
  const { parking } = finding
  // About credit and scopes the client gets the provider's own answer. For other parkings the gateway writes the error.
  const isOurs = parking.reason !== 'credit' && parking.reason !== 'scope'
  const attempt: Attempt = {
    kind: 'refused',
    parking,
    ...(isOurs ? {} : { answer: { ...answer, parking } }),
  }
  return { attempt, isFreed }
}

/**
 * Acts on the check of the account's key. If the key is good, the answer goes to the client. If it is refused, other accounts are
 * tried. If it was replaced meanwhile, the call is sent once more with the new key.
 */
async function afterKeyDoubt(
  ports: Ports,
  account: Account,
  answer: ProxyAnswer,
  finding: CheckResult
): Promise<Attempt> {
  if (finding.kind === 'parked') return { kind: 'refused', parking: finding.parking }
  if (finding.kind === 'refused') return { kind: 'refused' }
  const newer = finding.kind === 'newer' ? await newerAccount(ports, account) : undefined
  return newer ? { kind: 'retry', account: newer, answer } : { kind: 'done', answer }
}
