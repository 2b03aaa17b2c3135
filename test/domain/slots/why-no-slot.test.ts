import { expect, test } from 'vitest'
import type { Account } from '#domain/accounts/account.ts'
import type { Parking, ParkReason } from '#domain/accounts/parking.ts'
import { whyNoSlot, type LeaseRefusal, type TriedAccounts } from '#domain/slots/why-no-slot.ts'

const NOTHING: TriedAccounts = { refusals: [], parked: [], expectedFreeAt: [] }
const full = (retryAt: number, ofGuesses?: true): LeaseRefusal => ({
  ok: false,
  reason: 'full',
  retryAt,
  ...(ofGuesses ? { ofGuesses } : {}),
})
const parked = (email: string, reason: ParkReason, until: number) => {
  const parking: Parking = { scope: 'all', reason, detail: 'x', until, streak: 1 }
  return { account: { email } as Account, parking }
}

test('slots that are taken name the moment at which the first one may be free', () => {
  const why = whyNoSlot({ ...NOTHING, refusals: [full(300), full(200)] })
  expect(why).toEqual({ kind: 'full', retryAt: 200, isForGuesses: false, isSure: true })
})

test('a pause that ends sooner than any job brings that moment forward', () => {
  const tried = { ...NOTHING, refusals: [full(300)], parked: [parked('a', 'busy', 100)] }
  expect(whyNoSlot(tried)).toMatchObject({ kind: 'full', retryAt: 100 })
})

test('an account that was not asked leaves it open whether all slots are taken', () => {
  const why = whyNoSlot({ ...NOTHING, refusals: [full(300)], expectedFreeAt: [250] })
  expect(why).toMatchObject({ kind: 'full', retryAt: 250, isSure: false })
})

test('slots that are free, but not for guesses, are told apart from slots that are taken', () => {
  const why = whyNoSlot({ ...NOTHING, refusals: [full(300, true)] })
  expect(why).toMatchObject({ kind: 'full', isForGuesses: true })
})

test('an account that is asked for a pause is busy, not full, and is so before any other parking', () => {
  const tried = {
    ...NOTHING,
    parked: [parked('broke', 'credit', 10), parked('a', 'busy', 50), parked('b', 'busy', 40)],
  }
  expect(whyNoSlot(tried)).toMatchObject({ kind: 'busy', account: { email: 'a' }, retryAt: 40 })
})

test('of parked accounts the one counts whose parking ends first', () => {
  const tried = { ...NOTHING, parked: [parked('a', 'credit', 90), parked('b', 'credential', 60)] }
  expect(whyNoSlot(tried)).toMatchObject({ kind: 'parked', account: { email: 'b' } })
})

test('a call that no account could ever hold says how much the largest one may hold', () => {
  const refusals: LeaseRefusal[] = [
    { ok: false, reason: 'too_many', maxJobs: 2 },
    { ok: false, reason: 'too_many', maxJobs: 3 },
  ]
  expect(whyNoSlot({ ...NOTHING, refusals })).toEqual({ kind: 'never', mostSlots: 3 })
})

test('without an account that could serve it, none is left', () => {
  expect(whyNoSlot(NOTHING)).toEqual({ kind: 'none' })
  const refusals: LeaseRefusal[] = [{ ok: false, reason: 'retired', maxJobs: 3 }]
  expect(whyNoSlot({ ...NOTHING, refusals })).toEqual({ kind: 'none' })
})
