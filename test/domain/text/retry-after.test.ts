/** How long a `Retry-After` means, and how long we say. */
import { expect, test } from 'vitest'
import { retryAfterAt, retryAfterSeconds } from '#domain/text/retry-after.ts'

const NOW = Date.parse('2026-11-28T10:00:00Z')
const SECOND = 1000
const HOUR = 3600 * SECOND

test('Retry-After is read as seconds or as a date, and our own stays between 5 and 59 s', () => {
  expect(retryAfterAt('30', NOW)).toBe(NOW + 30_000)
  expect(retryAfterAt(new Date(NOW + 60_000).toUTCString(), NOW)).toBe(NOW + 60_000)
  expect(retryAfterAt('soon', NOW)).toBeUndefined()
  expect(retryAfterAt(null, NOW)).toBeUndefined()
  expect(retryAfterAt('1e99', NOW)).toBeUndefined()
  expect(retryAfterAt('5, 5', NOW)).toBeUndefined()
  expect(retryAfterAt('1764500421', NOW)).toBe(NOW + 3_600_000)
  expect(retryAfterSeconds(NOW - 5, NOW)).toBe(5)
  expect(retryAfterSeconds(NOW + 3_600_000, NOW)).toBe(59)
})

test.each([
  ['7', 7 * SECOND],
  [' 120 ', 120 * SECOND],
  ['0', 0],
  ['7200', 2 * HOUR],
  ['86400', 24 * HOUR],
  ['Sat, 28 Nov 2026 10:00:30 GMT', 30 * SECOND],
  ['Sat, 28 Nov 2026 09:00:00 GMT', 0],
  // A time where a span should stand, and what lies years ahead.
  ['1764500421', HOUR],
  ['99999999999999999999', HOUR],
  ['Mon, 28 Nov 2033 10:00:00 GMT', HOUR],
  ['5, 5', undefined],
  ['1e9', undefined],
  ['0x10', undefined],
  ['-5', undefined],
  ['1.5', undefined],
  ['', undefined],
  ['soon', undefined],
  ['2026-11-28T10:00:30Z', undefined],
  ['28 Nov 2026 10:00:30', undefined],
])('Retry-After <%s> is %s ms from now', (header, span) => {
  expect(retryAfterAt(header, NOW)).toBe(span === undefined ? undefined : NOW + span)
})
