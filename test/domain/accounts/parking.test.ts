/** How long an account is parked, and for what. */
import { expect, test } from 'vitest'
import { findParking, park } from '#domain/accounts/parking.ts'
import { durationsAt } from '#domain/runtime/durations.ts'

const WAITS = durationsAt(1)
const NOW = Date.UTC(2026, 10, 21, 12)

test('a 429 without Retry-After parks 30 s, doubling up to 5 min', () => {
  const order = { scope: 'jobs', reason: 'busy', detail: '' } as const
  const spans: number[] = []
  let parking = park([], order, NOW, WAITS)
  let now = NOW
  for (let time = 0; time < 6; time += 1) {
    spans.push(parking.until - now)
    now = parking.until
    parking = park([parking], order, now, WAITS)
  }
  expect(spans).toEqual([30_000, 60_000, 120_000, 240_000, 300_000, 300_000])
})

test('the later end of two parkings wins', () => {
  const order = { scope: 'jobs', reason: 'busy', detail: '' } as const
  const long = park([], { ...order, until: NOW + 100_000 }, NOW, WAITS)
  expect(park([long], { ...order, until: NOW + 1000 }, NOW, WAITS).until).toBe(NOW + 100_000)
})

test('a daily limit ends at the next midnight UTC', () => {
  const parking = park([], { scope: 'meter:video', reason: 'limit', detail: '' }, NOW, WAITS)
  expect(new Date(parking.until).toISOString()).toBe('2026-11-22T00:00:00.000Z')
})

test('a parking for plain calls does not keep jobs out, and the reverse', () => {
  const parking = park([], { scope: 'plain', reason: 'busy', detail: '' }, NOW, WAITS)
  expect(findParking([parking], { isJob: true }, NOW)).toBeUndefined()
  expect(findParking([parking], { isJob: false }, NOW)).toBe(parking)
  expect(findParking([parking], { isJob: false }, parking.until)).toBeUndefined()
})
