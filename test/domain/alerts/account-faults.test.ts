/** What counts as a fault of an account. */
import { expect, test } from 'vitest'
import { faultsOf, parkedUntil } from '#domain/alerts/account-faults.ts'
import type { Parking } from '#domain/accounts/parking.ts'
import type { Hook } from '#domain/events/webhook.ts'

const NOW = 1_796_000_000_000
const MINUTE = 60_000

function parking(more: Partial<Parking>): Parking {
  return { scope: 'all', reason: 'credit', detail: 'x', until: NOW + MINUTE, streak: 1, ...more }
}

function faults(parkings: Parking[], hook?: Hook, isRemoved = false) {
  return faultsOf({ isRemoved, parkings, hook }, NOW)
}

const NONE = { account_parked: undefined, credential_dead: undefined, webhook_missing: undefined }
const failed: Hook = { state: 'failed', checkedAt: NOW, tries: 3, message: 'no' }

test('an account without parkings and with its webhook has no fault', () => {
  expect(faults([])).toEqual(NONE)
  expect(faults([], { ...failed, state: 'on' })).toEqual(NONE)
})

test.each(['busy', 'scope'] as const)('a parking for %s is no fault', (reason) => {
  expect(faults([parking({ reason })])).toEqual(NONE)
})

test.each(['credit', 'limit', 'blocked'] as const)(
  'an account parked for %s is parked',
  (reason) => {
    expect(faults([parking({ reason })])).toMatchObject({
      account_parked: { reason },
      credential_dead: undefined,
    })
  }
)

test('a parking whose time is over is no fault, unless a check must end it', () => {
  expect(faults([parking({ until: NOW })])).toEqual(NONE)
  const proved = parking({ reason: 'credential', until: NOW, isProved: true, streak: 2 })
  expect(faults([proved])).toMatchObject({ credential_dead: { reason: 'credential' } })
})

test('a credential that the provider refused once is not dead yet, and not well', () => {
  const first = parking({ reason: 'credential', isProved: true })
  expect(faults([first])).toEqual({})
  expect(faults([first], failed)).toEqual({})
})

test('a credential that the provider refused twice is dead, and no webhook is missing for it', () => {
  const second = parking({ reason: 'credential', isProved: true, streak: 2 })
  const found = faults([second], failed)
  expect(found).toMatchObject({ credential_dead: { reason: 'credential' } })
  expect('webhook_missing' in found).toBe(false)
})

test('a webhook is missing after three failed registrations', () => {
  expect(faults([], { ...failed, tries: 2 }).webhook_missing).toBeUndefined()
  expect(faults([], failed).webhook_missing).toEqual({ reason: 'failed', detail: 'no' })
})

test('a removed account has no fault', () => {
  expect(faults([parking({})], failed, true)).toEqual({ ...NONE, balance_low: undefined })
})

test('an account is looked at again when the first parking ends by its time alone', () => {
  const proved = parking({ isProved: true, until: NOW + 1 })
  expect(parkedUntil([proved, parking({}), parking({ until: NOW + 9 * MINUTE })], NOW)).toBe(
    NOW + MINUTE
  )
  expect(parkedUntil([proved], NOW)).toBeUndefined()
})
