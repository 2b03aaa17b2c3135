/** What a tenant is shown of an account's ledger. Where another tenant holds the account by now: its own last jobs alone. */
import { heldSlots, type Ledger } from '#domain/lease.ts'
import type { SlotsView } from '#domain/ports.ts'

export function viewOf(
  ledger: Ledger,
  tenant: string,
  isOthers: boolean,
  hookFailure: SlotsView['hookFailure']
): SlotsView {
  const now = Date.now()
  const leases = ledger.leases.filter((lease) => lease.tenant === tenant)
  const own = heldSlots({ ...ledger, leases }, now)
  if (isOthers) return { leases, held: own, maxJobs: own, parkings: [] }
  return {
    leases,
    held: heldSlots(ledger, now),
    maxJobs: ledger.maxJobs,
    parkings: ledger.parkings.filter((parking) => parking.until > now),
    ...(hookFailure === undefined ? {} : { hookFailure }),
  }
}
