/** How many slots of an account are free, and how many came free. */
import { expect, test } from 'vitest'
import { freeSlots, slotsFreed } from '#domain/slots/free-slots.ts'
import type { Lease, Ledger } from '#domain/slots/lease.ts'

const NOW = 1_800_000_000_000
const running = { kind: 'job', state: 'running' } as Lease

function ledger(more: Partial<Ledger> = {}): Ledger {
  return { maxJobs: 3, isRetired: false, leases: [running], parkings: [], ...more }
}

test('a removed or parked account has no free slot, and a parked one says until when', () => {
  expect(freeSlots(ledger(), NOW)).toEqual({ free: 2 })
  expect(freeSlots(ledger({ isRetired: true }), NOW)).toEqual({ free: 0 })
  const until = NOW + 60_000
  const parking = { scope: 'jobs', reason: 'busy', detail: '', until, streak: 1 } as const
  expect(freeSlots(ledger({ parkings: [parking] }), NOW)).toEqual({ free: 0, freeAt: until })
  expect(freeSlots(ledger({ parkings: [parking] }), until)).toEqual({ free: 2 })
})

test('an account with more jobs than a lowered limit has no free slot, and its ends free none above the limit', () => {
  expect(freeSlots(ledger({ maxJobs: 0 }), NOW)).toEqual({ free: 0 })
  expect(slotsFreed(ledger({ maxJobs: 2 }), 4, 3)).toBe(0)
  expect(slotsFreed(ledger({ maxJobs: 2 }), 4, 1)).toBe(1)
  expect(slotsFreed(ledger(), 1, 2)).toBe(0)
})
