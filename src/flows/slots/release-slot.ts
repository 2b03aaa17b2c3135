/** A slot is given back after a refusal; in the same breath the account's object hears what the refusal was. */
import type { Account } from '#domain/accounts/account.ts'
import type { Fault, Finding } from '#domain/accounts/park-after-refusal.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Verdict } from '#providers/contract/provider.ts'
import { faultOf, filled, newerAccount, noteFinding } from '#flows/accounts/judge-refusal.ts'
import type { ProxyAnswer, ReadCall } from '#flows/upstream/proxy-call.ts'
import type { Attempt } from './take-slot.ts'

/** A slot that cannot be given back now (false) comes back by the alarm. */
export async function releaseSlot(
  ports: Ports,
  account: Account,
  leaseId: string
): Promise<boolean> {
  return (await giveBackFor(ports, account, leaseId)).isFreed
}

async function giveBackFor(
  ports: Ports,
  account: Account,
  leaseId: string,
  fault?: Fault
): Promise<{ isFreed: boolean; finding: Finding }> {
  const unknown: Finding = { kind: 'unknown' }
  const done = await ports
    .slots(account.key)
    .release(leaseId, fault)
    .then(
      (finding) => ({ isFreed: true, finding: finding ?? unknown }),
      () => ({ isFreed: false, finding: unknown })
    )
  if (!done.isFreed) ports.log('release_failed', { email: account.email, requestId: leaseId })
  ports.hints.noteFreed(account.key)
  return done
}

/** `isFreed` false: a lease of the call may be left behind. */
export interface AfterRefusal {
  attempt: Attempt
  isFreed: boolean
}

/** What becomes of a call that one account has surely not accepted. */
export async function afterRefusal(
  ports: Ports,
  call: ReadCall,
  account: Account,
  verdict: Verdict,
  answer: ProxyAnswer
): Promise<AfterRefusal> {
  const fault = faultOf(call, verdict)
  const told = fault && filled(ports, account, fault)
  const { isFreed, finding } = await giveBackFor(ports, account, call.requestId, told)
  const done: Attempt = { kind: 'done', answer }
  if (!fault) {
    const isElsewhere = verdict.kind === 'refused'
    return { attempt: isElsewhere ? { kind: 'refused', answer } : done, isFreed }
  }
  noteFinding(ports, account, fault, finding)
  if (fault.doubt === 'key')
    return { attempt: await ofKey(ports, account, answer, finding), isFreed }
  if (finding.kind !== 'parked') return { attempt: { kind: 'refused', answer }, isFreed }
  const { parking } = finding
  // What it waits for is ours to tell where nobody else serves; what it cannot pay or may not do is the provider's own word.
  const isOurs = parking.reason !== 'credit' && parking.reason !== 'scope'
  const attempt: Attempt = {
    kind: 'refused',
    parking,
    ...(isOurs ? {} : { answer: { ...answer, parking } }),
  }
  return { attempt, isFreed }
}

/** A good key: the provider's own answer is the client's. A refused one is not the client's matter. */
async function ofKey(
  ports: Ports,
  account: Account,
  answer: ProxyAnswer,
  finding: Finding
): Promise<Attempt> {
  if (finding.kind === 'parked') return { kind: 'refused', parking: finding.parking }
  if (finding.kind === 'refused') return { kind: 'refused' }
  const newer = finding.kind === 'newer' ? await newerAccount(ports, account) : undefined
  return newer ? { kind: 'retry', account: newer, answer } : { kind: 'done', answer }
}
