/** Grants leases to a call, beside the slots that are kept for queued creations and for clients that wait. */
import { isHeldByOther } from '#domain/accounts/account.ts'
import type { Durations } from '#domain/runtime/durations.ts'
import {
  grant,
  slotsWanted,
  type Change,
  type Ledger,
  type LeaseAnswer,
  type LeaseAsk,
} from '#domain/slots/lease.ts'
import type { SlotsTables } from '#durable/account-tables/slots-tables.ts'
import type { SlotHolds } from './hold.ts'

interface GrantingParts {
  sender: { holds: SlotHolds; keptFrom(ask: LeaseAsk): number }
  settlement: { ledger(): Ledger; save(change: Change): unknown }
}

interface GrantingContext {
  tables: Pick<SlotsTables, 'account'>
  now(): number
  durations(): Durations
}

export async function grantSlots(
  { tables, now, durations }: GrantingContext,
  { sender, settlement }: GrantingParts,
  ask: LeaseAsk
): Promise<LeaseAnswer> {
  const { holds } = sender
  await holds.answered(ask.leaseId, slotsWanted(ask))
  // From here on nothing is awaited. The account may have gone to another tenant while this waited.
  if (isHeldByOther(tables.account(), ask.tenant))
    return { ok: false, reason: 'retired', maxJobs: 0 }
  const ledger = { ...settlement.ledger(), kept: sender.keptFrom(ask) }
  const { answer, change } = grant(ledger, ask, now(), durations())
  settlement.save(change)
  holds.drop(ask.leaseId)
  return answer
}
