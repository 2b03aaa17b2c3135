/**
 * Writes the ends of items that never started, which the desk hands over because each account has an outbox and the desk has none.
 * An end is an ended job under the item's id, so its event has one id, whichever account's object is handed it, however often.
 */
import type { UnstartedEnd } from '#domain/ports/line.ts'
import { isHeldByOther } from '#domain/accounts/account.ts'
import type { EndedJob } from '#domain/slots/lease.ts'
import type { UnstartedReason } from '#domain/queue/item.ts'
import { unstartedEnds } from '#domain/slots/queued-lease.ts'
import { openRefusal } from '#flows/queue/refusal.ts'
import { itemAsk } from '#flows/queue/start-item.ts'
import type { SenderContext, SenderDeps } from './context.ts'

const WHY: Readonly<Record<UnstartedReason, string>> = {
  cancelled: 'it was cancelled before it started',
  start_deadline: 'it did not start before its deadline',
  refused: 'every account that was tried has refused it',
  account_removed: 'the account that it needs was removed',
  token_removed: 'the token that asked for it was removed or has expired',
  dependency_failed: 'the job that it needs did not complete',
}

/** Returns the items whose ends are written, now or before. None while another tenant holds the account. */
export async function endUnstarted(
  context: SenderContext,
  deps: SenderDeps,
  tenant: string,
  ends: readonly UnstartedEnd[]
): Promise<string[]> {
  const { tables, ports, provider } = context
  const own = ends.filter(({ record }) => record.tenant === tenant)
  const details = new Map<string, string>()
  for (const { item, record, reason } of own) {
    const opening = record.refusal && openRefusal(ports(), provider(), tenant, record.refusal)
    const said = opening ? await opening : undefined
    details.set(item, said?.message ?? `${reason}: ${WHY[reason]}`)
  }
  await deps.readTargets(tenant)
  const { durations } = ports()
  if (isHeldByOther(tables.account(), tenant)) return []
  // From here on nothing is awaited.
  const ended = own
    .filter(({ item }) => tables.endedOf(item).length === 0)
    .flatMap((end): EndedJob[] => {
      const ask = itemAsk({ ...end, leaseId: end.item }, 0)
      return unstartedEnds(ask, details.get(end.item) ?? end.reason, end.endedAt, durations)
    })
  if (ended.length > 0) deps.end(ended)
  return own.map(({ item }) => item)
}
