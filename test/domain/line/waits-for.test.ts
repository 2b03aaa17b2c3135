/** Why a creation waits. Of several reasons it is the one that must be over first. */
import { expect, test } from 'vitest'
import type { Parking } from '#domain/accounts/parking.ts'
import { hushed, waitsFor } from '#domain/line/waits-for.ts'
import { WAITS_FOR } from '#domain/queue/item.ts'
import { newItem } from '../queue/pool.ts'

const NOW = 1000
const parked: Parking = { scope: 'jobs', reason: 'credit', detail: '', until: 2000, streak: 1 }
const account = (lane: string, parkings: Parking[] = [], isDrained = false) => ({
  ...{ lane: `${lane} 1`, isDrained, parkings },
})
const beside = { accounts: [account('a'), account('b')], pauses: [], now: NOW }
const any = newItem({ token: 'A' })
const onA = newItem({ token: 'A', lane: 'a' })

test('an account that is parked for it counts only while no other one may take it', () => {
  const some = { ...beside, accounts: [account('a', [parked]), account('b')] }
  expect(waitsFor(any, some)).toBe('slot')
  expect(waitsFor(onA, some)).toBe('account')
  expect(waitsFor(onA, { ...some, now: 2000 })).toBe('slot')
  const all = { ...beside, accounts: [account('a', [parked]), account('b', [], true)] }
  expect(waitsFor(any, all)).toBe('account')
  const kling = { ...parked, scope: 'meter:avatar' as const }
  expect(waitsFor(onA, { ...beside, accounts: [account('a', [kling])] })).toBe('slot')
  expect(waitsFor(any, { ...beside, accounts: [] })).toBe('account')
})

test('a pause is the reason where it stands at every account that may take it', () => {
  expect(waitsFor(any, { ...beside, pauses: [{ lane: 'a 1' }] })).toBe('slot')
  expect(waitsFor(onA, { ...beside, pauses: [{ lane: 'a 1' }] })).toBe('pause')
  expect(waitsFor(any, { ...beside, pauses: [{ lane: 'a 1' }, { lane: 'b 1' }] })).toBe('pause')
  expect(waitsFor(any, { ...beside, pauses: [{ token: 'B' }] })).toBe('slot')
  expect(waitsFor(any, { ...beside, pauses: [{ token: 'A' }] })).toBe('pause')
  // The other account takes nothing.
  const rest = { ...beside, accounts: [account('a'), account('b', [parked])] }
  expect(waitsFor(any, { ...rest, pauses: [{ lane: 'a 1' }] })).toBe('account')
})

test('its token comes before its accounts, and a token that sees only its own hears of that alone', () => {
  const stopped = { ...beside, pauses: [{}], token: 'token_limit' as const }
  expect(waitsFor(any, stopped)).toBe('token_limit')
  expect(WAITS_FOR.map(hushed)).toEqual([
    'other_job',
    'subscription',
    'token_limit',
    'slot',
    'slot',
    'slot',
  ])
})
