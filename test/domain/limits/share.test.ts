/** Limits of tokens on jobs, as pure decisions. */
import { expect, test } from 'vitest'
import {
  end,
  mayBeMended,
  mayStart,
  mend,
  take,
  UNUSED,
  waitFor,
  type JobLimits,
  type Use,
} from '#domain/limits/share.ts'

const MIDNIGHT = Date.parse('2026-11-30T00:00:00Z')
const NOW = Date.parse('2026-11-29T23:59:48.500Z')
const MINUTE = 60_000
const TYPICAL = 5 * MINUTE

const may = (limits: JobLimits, use: Use, jobs = 1, now = NOW) =>
  mayStart(limits, use, jobs, now, TYPICAL)

test('a token may have as many jobs at once as its limit says, and one more when one has ended', () => {
  const limits = { maxConcurrent: 2 }
  const one = take(UNUSED, ['a'], NOW)
  const two = take(one, ['b'], NOW + 1)
  expect([may(limits, UNUSED), may(limits, one)]).toEqual([true, true])
  expect(may(limits, two, 1, NOW + MINUTE)).toEqual({
    limit: 'maxConcurrent',
    value: 2,
    until: NOW + TYPICAL,
  })
  expect(may(limits, end(two, ['a'], 'ended'))).toBe(true)
})

test('a creation of several jobs takes all of them or none, and one that can never start has no time', () => {
  const use = take(UNUSED, ['a'], NOW)
  expect(may({ maxConcurrent: 3 }, use, 2)).toBe(true)
  expect(may({ maxConcurrent: 3 }, use, 3)).toMatchObject({ until: NOW + TYPICAL })
  expect(may({ maxConcurrent: 3 }, UNUSED, 4)).toEqual({ limit: 'maxConcurrent', value: 3 })
  expect(may({ jobsPerDay: 3 }, UNUSED, 4)).toEqual({ limit: 'jobsPerDay', value: 3 })
})

test('what is taken twice counts once, and what is given back twice frees one', () => {
  const use = take(take(UNUSED, ['a', 'a.1'], NOW), ['a', 'a.1'], NOW + 9)
  expect(use).toMatchObject({ count: 2, running: { a: NOW, 'a.1': NOW } })
  const ended = end(use, ['a'], 'ended')
  expect(end(ended, ['a'], 'ended')).toBe(ended)
  expect(Object.keys(ended.running)).toEqual(['a.1'])
})

test('a day is UTC: the last second refuses, and the first of the next day has all of it', () => {
  const limits = { jobsPerDay: 2 }
  const use = take(take(UNUSED, ['a'], NOW), ['b'], NOW)
  expect(may(limits, use)).toEqual({ limit: 'jobsPerDay', value: 2, until: MIDNIGHT })
  expect(may(limits, use, 1, MIDNIGHT - 1)).not.toBe(true)
  expect(may(limits, use, 2, MIDNIGHT)).toBe(true)
  // What runs over midnight still runs.
  expect(may({ maxConcurrent: 2 }, use, 1, MIDNIGHT)).not.toBe(true)
})

test('a clock that goes back over midnight gives no second day', () => {
  const use = take(UNUSED, ['a'], MIDNIGHT)
  expect(may({ jobsPerDay: 1 }, use, 1, NOW)).toMatchObject({ until: MIDNIGHT + 24 * 60 * MINUTE })
  expect(take(use, ['b'], NOW)).toMatchObject({ day: use.day, count: 2 })
})

test('what certainly started nothing is given back to its own day, and to no other', () => {
  const use = take(take(UNUSED, ['a'], NOW), ['b'], NOW)
  expect(end(use, ['a'], 'unused').count).toBe(1)
  expect(end(use, ['a'], 'ended').count).toBe(2)
  const next = take(use, ['c'], MIDNIGHT)
  expect(end(next, ['b'], 'unused').count).toBe(1)
})

test('mending drops what is old and runs nowhere, keeps what runs or is young, and gives the day nothing back', () => {
  const noon = MIDNIGHT - 720 * MINUTE
  const use = take(take(take(UNUSED, ['lost'], noon), ['runs'], noon), ['young'], noon + MINUTE)
  expect(mayBeMended(use, noon)).toBe(false)
  expect(mayBeMended(use, noon + 1)).toBe(true)
  const mended = mend(use, new Set(['runs']), noon + 1)
  expect(Object.keys(mended.running).toSorted()).toEqual(['runs', 'young'])
  expect(mended.count).toBe(3)
  expect(mend(mended, new Set(['runs']), noon + 1)).toBe(mended)
})

test('what is doubtful counts until the accounts were asked, however young it is', () => {
  const use = end(take(UNUSED, ['a'], NOW), ['a'], 'doubtful')
  expect(may({ maxConcurrent: 1 }, use)).toMatchObject({ limit: 'maxConcurrent' })
  expect(mayBeMended(use, NOW - 10 * MINUTE)).toBe(true)
  expect(mend(use, new Set(['a']), NOW - 10 * MINUTE)).toBe(use)
  expect(mend(use, new Set(), NOW - 10 * MINUTE).running).toEqual({})
})

test('how long jobs wait for their token’s own limits counts what may run at once, and the days', () => {
  const at = { meanMs: 5 * MINUTE, now: NOW }
  const toMidnight = MIDNIGHT - NOW
  const day = 1440 * MINUTE
  expect(waitFor({ maxConcurrent: 2 }, UNUSED, 10, at)).toBe(25 * MINUTE)
  const used = take(UNUSED, ['a', 'b'], NOW)
  const wait = (jobs: number) => waitFor({ jobsPerDay: 3 }, used, jobs, at)
  expect([1, 2, 4, 5, 7].map(wait)).toEqual([
    0,
    toMidnight,
    toMidnight,
    toMidnight + day,
    toMidnight + day,
  ])
  expect(waitFor({ maxConcurrent: 1, jobsPerDay: 3 }, used, 1, at)).toBe(5 * MINUTE)
})
