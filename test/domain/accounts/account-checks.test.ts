/** When the provider is asked about a refused account again, and what its answer changes. */
import { expect, test } from 'vitest'
import {
  afterRecheck,
  checkedPart,
  dueRechecks,
  nextRecheckAt,
  recheckedBy,
  shortenedForOutage,
  standingParking,
} from '#domain/accounts/account-checks.ts'
import type { AccountStatus } from '#domain/accounts/park-after-refusal.ts'
import type { ParkOrder, Parking } from '#domain/accounts/parking.ts'
import { durationsAt } from '#domain/runtime/durations.ts'

const NOW = Date.UTC(2026, 10, 21, 12)
const WAITS = durationsAt(1)
const GOOD: AccountStatus = { key: 'good' }
const REFUSED: AccountStatus = { key: 'refused' }

function parking(more: Partial<Parking> = {}): Parking {
  const proved = { isProved: true, streak: 2 } as const
  return { scope: 'all', reason: 'credential', detail: 'no', until: NOW, ...proved, ...more }
}

function unproved(more: Partial<Parking> = {}): Parking {
  const { isProved: _, ...rest } = parking(more)
  return rest
}

test('only parkings that the provider confirmed are checked again, each when its time is over', () => {
  const all = [unproved(), parking({ until: NOW + 5 }), parking({ scope: 'key:a' })]
  expect(nextRecheckAt(all)).toBe(NOW)
  expect(dueRechecks(all, NOW)).toEqual([all[2]])
  expect(nextRecheckAt([unproved()])).toBeUndefined()
})

test('an account that is good again is unparked, and one that is still refused stays parked', () => {
  const after = (standing: AccountStatus) =>
    afterRecheck([parking()], { scope: 'all' }, standing, NOW, WAITS)
  expect(after(GOOD)).toEqual({ kind: 'lift' })
  expect(after(REFUSED)).toMatchObject({ kind: 'park', order: { scope: 'all', isProved: true } })
})

test('a provider that cannot be asked changes nothing but the time of the next check', () => {
  const result = afterRecheck([parking()], { scope: 'all' }, { key: 'unknown' }, NOW, WAITS)
  const until = NOW + WAITS.checkValidMs
  expect(result).toEqual({ kind: 'postpone', parking: parking({ until }) })
})

test('a parking that was lifted or renewed during the check is left as it is', () => {
  for (const now of [[], [unproved()], [parking({ until: NOW + 1 })]])
    expect(afterRecheck(now, { scope: 'all' }, GOOD, NOW, WAITS)).toEqual({ kind: 'keep' })
})

test('a refusal that is already proved is not proved again', () => {
  const order: ParkOrder = { scope: 'all', reason: 'credential', detail: 'no', isProved: true }
  const held = parking({ until: NOW + 1 })
  expect(standingParking([held], order, NOW)).toBe(held)
  expect(standingParking([held], order, NOW + 1)).toBeUndefined()
  expect(standingParking([unproved({ until: NOW + 1 })], order, NOW)).toBeUndefined()
})

test('during an outage of the provider no account is parked for long, and none is blamed for it', () => {
  const long = parking({ until: NOW + 3_600_000, streak: 3 })
  const short = shortenedForOutage(long, parking({ streak: 2 }), NOW, WAITS)
  expect(short).toMatchObject({ until: NOW + WAITS.outageParkMs, streak: 2 })
  expect(shortenedForOutage(long, undefined, NOW, WAITS).streak).toBe(1)
})

test('an outage brings checks forward and never puts one off', () => {
  const [soon, late] = [parking({ until: NOW + 1 }), parking({ scope: 'key:a', until: NOW + 9 })]
  expect(recheckedBy([soon, late, unproved({ until: NOW + 9 })], NOW + 5)).toEqual([
    { ...late, until: NOW + 5 },
  ])
})

test('a check is about one credential only where the account has several', () => {
  expect(checkedPart('api-key web', 'web')).toBe('web')
  expect(checkedPart('api-key', 'api-key')).toBeUndefined()
  expect(checkedPart('api-key web', 'other')).toBeUndefined()
  expect(checkedPart('api-key web', undefined)).toBeUndefined()
})
