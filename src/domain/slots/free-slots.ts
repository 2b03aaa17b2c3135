/** How many slots of an account are free, and how many came free since. Pure; durable/account/slot-watchers.ts asks. */
import { findParking } from '#domain/accounts/parking.ts'
import { heldSlots, type Ledger } from './lease.ts'

/** `freeAt`: when a parking ends, since nobody is notified of that. */
export function freeSlots(ledger: Ledger, now: number): { free: number; freeAt?: number } {
  const parking = findParking(ledger.parkings, { isJob: true }, now)
  const free = parking || ledger.isRetired ? 0 : ledger.maxJobs - heldSlots(ledger, now)
  return { free: Math.max(0, free), ...(parking ? { freeAt: parking.until } : {}) }
}

/** How many came free since `heldBefore` were held. Slots above a lowered limit do not count. */
export function slotsFreed({ maxJobs }: Ledger, heldBefore: number, held: number): number {
  return Math.max(0, Math.min(heldBefore, maxJobs) - held)
}
