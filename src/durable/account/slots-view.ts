/** What an account's object shows about its slots. */
import { heldSlots, type Lease, type Ledger } from '#domain/slots/lease.ts'
import type { SlotsView } from '#domain/ports/slots.ts'

export function viewOf(
  ledger: Ledger,
  tenant: string,
  hookFailure: SlotsView['hookFailure'],
  now: number
): SlotsView {
  return {
    leases: leasesOf(ledger, tenant),
    held: heldSlots(ledger, now),
    maxJobs: ledger.maxJobs,
    parkings: ledger.parkings.filter((parking) => parking.until > now),
    ...(hookFailure === undefined ? {} : { hookFailure }),
  }
}

/** For a tenant that held the account before: its last jobs, and nothing about the present holder. */
export function viewOfFormerHolder(ledger: Ledger, tenant: string, now: number): SlotsView {
  const leases = leasesOf(ledger, tenant)
  const held = heldSlots({ ...ledger, leases }, now)
  return { leases, held, maxJobs: held, parkings: [] }
}

function leasesOf({ leases }: Ledger, tenant: string): Lease[] {
  return leases.filter((lease) => lease.tenant === tenant)
}
