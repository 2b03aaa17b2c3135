/** When a queued creation waits for too long. */
import { expect, test } from 'vitest'
import { isOld } from '#domain/alerts/queue-old.ts'

const ASKED = 1_796_000_000_000
const MINUTE = 60_000

/** After so many minutes. */
function isOldAfter(minutes: number, expectedMs?: number): boolean {
  const item = { askedAt: ASKED, ...(expectedMs === undefined ? {} : { expectedMs }) }
  return isOld(item, ASKED + minutes * MINUTE)
}

test('a creation waits for too long at ten times what was expected', () => {
  expect([isOldAfter(299, 30 * MINUTE), isOldAfter(300, 30 * MINUTE)]).toEqual([false, true])
})

test('less than an hour is never too long, and without an estimate an hour is', () => {
  expect([isOldAfter(59, MINUTE), isOldAfter(60, MINUTE)]).toEqual([false, true])
  expect([isOldAfter(59), isOldAfter(60)]).toEqual([false, true])
})
