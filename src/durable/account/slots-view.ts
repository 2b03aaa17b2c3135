/** What an account's object shows of itself. */
import { heldSlots, type Lease, type Ledger } from '#domain/slots/lease.ts'
import type { SlotsView } from '#domain/ports/slots.ts'

export function viewOf(
  ledger: Ledger,
  tenant: string,
  hookFailure: SlotsView['hookFailure']
): SlotsView {
  return {
    leases: leasesOf(ledger, tenant),
    held: heldSlots(ledger, Date.now()),
    maxJobs: ledger.maxJobs,
    parkings: ledger.parkings.filter((parking) => parking.until > Date.now()),
    ...(hookFailure === undefined ? {} : { hookFailure }),
  }
}

/** To a tenant that held the account before: its last jobs, and nothing of who holds it now. */
export function viewOfOthers(ledger: Ledger, tenant: string): SlotsView {
  const leases = leasesOf(ledger, tenant)
  const held = heldSlots({ ...ledger, leases }, Date.now())
  return { leases, held, maxJobs: held, parkings: [] }
}

function leasesOf({ leases }: Ledger, tenant: string): Lease[] {
  return leases.filter((lease) => lease.tenant === tenant)
}
