/** So many a minute. */
import { expect, test } from 'vitest'
import { RateLimit } from '#domain/runtime/rate-limit.ts'

const NOW = Date.parse('2026-11-28T10:00:00Z')
const SECOND = 1000

test('so many a minute under a name are given, and each name has its own', () => {
  const searches = new RateLimit(3)
  const taken = (name: string, ...seconds: number[]) =>
    seconds.map((second) => searches.take(name, NOW + second * SECOND))
  expect(taken('a', 0, 0, 10, 59)).toEqual([true, true, true, false])
  expect(searches.freeAt('a', NOW + 59 * SECOND)).toBe(NOW + 60 * SECOND)
  expect(taken('b', 59)).toEqual([true])
  expect(taken('a', 60, 60, 60, 70, 70)).toEqual([true, true, false, true, false])
})
