/** When a pool counts as full for long. */
import { expect, test } from 'vitest'
import { afterRefusal, isOver, mustRaise, type FullPool } from '#domain/alerts/pool-full.ts'
import { durationsAt } from '#domain/runtime/durations.ts'

const NOW = 1_796_000_000_000
const MINUTE = 60_000
const spans = durationsAt(1)

/** A pool that refuses a call at each of these minutes. */
function refused(...minutes: number[]): FullPool {
  let pool: FullPool | undefined
  for (const at of minutes) pool = afterRefusal(pool, NOW + at * MINUTE, spans)
  return pool as FullPool
}

test('a pool is full after ten minutes of refusals', () => {
  const nine = refused(0, 4, 8, 9.9)
  expect(mustRaise(nine, NOW + 9.9 * MINUTE, spans)).toBe(false)
  expect(mustRaise(refused(0, 4, 8, 10), NOW + 10 * MINUTE, spans)).toBe(true)
})

test('five minutes without a refusal start the ten minutes anew', () => {
  const pool = refused(0, 4, 9, 12)
  expect(pool.since).toBe(NOW + 9 * MINUTE)
  expect(mustRaise(pool, NOW + 12 * MINUTE, spans)).toBe(false)
})

test('a pool is told once while it stays full', () => {
  const pool = afterRefusal({ ...refused(0, 4, 8, 10), via: 'heygen:1' }, NOW + 12 * MINUTE, spans)
  expect(mustRaise(pool, NOW + 12 * MINUTE, spans)).toBe(false)
})

test('a pool is free again after five minutes without a refusal', () => {
  const pool = refused(0, 4)
  expect(isOver(pool, NOW + 8.9 * MINUTE, spans)).toBe(false)
  expect(isOver(pool, NOW + 9 * MINUTE, spans)).toBe(true)
})

test('refusals within half a minute write nothing', () => {
  const pool = refused(0)
  expect(afterRefusal(pool, NOW + 20_000, spans)).toBe(pool)
  expect(afterRefusal(pool, NOW + 30_000, spans)).not.toBe(pool)
})
