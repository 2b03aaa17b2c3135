/** What an account's object reports of a queued creation from its own tables, when the desk has not heard it or asks again. */
import type { WorkReport } from '#domain/ports/line.ts'
import { openRefusal, sealRefusal } from '#flows/queue/refusal.ts'
import { startedOwners } from '#flows/routing/learn-ids.ts'
import type { SenderContext } from './context.ts'
import type { Evidence } from './under-way.ts'

/** `endedUnder`: the lease whose end keeps what a refusal said, until the desk has it. */
interface Report {
  report: WorkReport
  endedUnder?: string
}

export async function reportOf(
  context: SenderContext,
  tenant: string,
  about: { item: string; leaseId: string },
  evidence: Evidence
): Promise<Report | undefined> {
  if (evidence.kind === 'begun') {
    const { leaseId, starts, parts } = evidence
    const account = context.tables.account()
    // Of an account that was wiped nothing is left that could serve a call about its jobs.
    const owners = account?.tenant === tenant ? startedOwners(starts, account, leaseId) : []
    return { report: { item: about.item, leaseId, kind: 'begun', owners, starts, parts } }
  }
  if (evidence.kind !== 'over') return undefined
  const { reason, detail: message, leaseId: endedUnder } = evidence
  if (reason !== 'refused' || message === undefined)
    return { report: { ...about, kind: 'over', reason } }
  const refusal = await refusalOf(context, tenant, endedUnder, message)
  return { report: { ...about, kind: 'over', reason, refusal }, endedUnder }
}

/** Sealed anew, since its key may be on its way out. If no key opens what is kept, only the sentence is left. */
async function refusalOf(
  { tables, ports, provider }: SenderContext,
  tenant: string,
  leaseId: string,
  message: string
): Promise<string> {
  const kept = tables.refusalOf(leaseId)
  const said = kept === undefined ? undefined : openRefusal(ports(), provider(), tenant, kept)
  return sealRefusal(ports(), provider(), tenant, (await said) ?? { message })
}
