/** Counts how many slots of an account are free or came free, and what the tenant sees of them. Pure. */
import { findParking, type Parking } from '#domain/accounts/parking.ts'
import { heldSlots, type Lease, type Ledger } from './lease.ts'

/** The free slots. `freeAt`: when a parking ends, because nobody is notified of that. */
export function freeSlots(ledger: Ledger, now: number): { free: number; freeAt?: number } {
  const parking = findParking(ledger.parkings, { isJob: true }, now)
  const free = parking || ledger.isRetired ? 0 : ledger.maxJobs - heldSlots(ledger, now)
  return { free: Math.max(0, free), ...(parking ? { freeAt: parking.until } : {}) }
}

/** How many came free since `heldBefore` were held. Slots above a lowered limit do not count. */
export function slotsFreed({ maxJobs }: Ledger, heldBefore: number, held: number): number {
  return Math.max(0, Math.min(heldBefore, maxJobs) - held)
}

interface SlotsShown {
  leases: Lease[]
  held: number
  maxJobs: number
  parkings: Parking[]
}

/** The slots of an account as its tenant sees them. */
export function slotsShown(ledger: Ledger, tenant: string, now: number): SlotsShown {
  return {
    leases: leasesOf(ledger, tenant),
    held: heldSlots(ledger, now),
    maxJobs: ledger.maxJobs,
    parkings: ledger.parkings.filter((parking) => parking.until > now),
  }
}

/** The slots for a tenant that held the account earlier: its last jobs, and nothing about the present holder. */
export function slotsShownToFormerHolder(ledger: Ledger, tenant: string, now: number): SlotsShown {
  const leases = leasesOf(ledger, tenant)
  const held = heldSlots({ ...ledger, leases }, now)
  return { leases, held, maxJobs: held, parkings: [] }
}

function leasesOf({ leases }: Ledger, tenant: string): Lease[] {
  return leases.filter((lease) => lease.tenant === tenant)
}
