/** In which order accounts are tried, and what an isolate remembers of them. */
import { expect, test } from 'vitest'
import { Hints } from '#domain/accounts/account-hints.ts'
import type { Account } from '#domain/accounts/account.ts'
import { pickAccounts } from '#domain/accounts/pick-account.ts'

const NOW = Date.UTC(2026, 10, 21, 12)
const account = (name: string) =>
  ({ email: `${name}@example.com`, key: `heygen:${name}` }) as Account

test('equal accounts are picked evenly, and those believed full come last', () => {
  const accounts = ['a', 'b', 'c'].map(account)
  const hints = new Hints()
  const firsts = new Map<string, number>()
  for (let round = 0; round < 3000; round += 1) {
    const first =
      pickAccounts(accounts, { isJob: true }, hints, NOW, Math.random).candidates[0]?.email ?? ''
    firsts.set(first, (firsts.get(first) ?? 0) + 1)
  }
  expect(Math.min(...firsts.values())).toBeGreaterThan(800)
  hints.markFull('heygen:b', NOW)
  expect(
    pickAccounts(accounts, { isJob: true }, hints, NOW, Math.random).candidates.at(-1)?.key
  ).toBe('heygen:b')
})

test('a parking is believed from memory for a minute, since elsewhere it may have been lifted', () => {
  const hints = new Hints()
  const parking = {
    scope: 'all' as const,
    reason: 'credential' as const,
    detail: '',
    streak: 1,
    until: NOW + 3_600_000,
  }
  hints.markParked('heygen:a', parking, NOW)
  expect(hints.parkings('heygen:a', NOW + 59_999)).toEqual([parking])
  expect(hints.parkings('heygen:a', NOW + 60_000)).toEqual([])
})

test('a refusal is answered from memory for a second and no longer', () => {
  const hints = new Hints()
  hints.markRefusal('pool', NOW + 30_000, NOW)
  expect(hints.refusal('pool', NOW + 999)?.retryAt).toBe(NOW + 30_000)
  expect(hints.refusal('pool', NOW + 1000)).toBeUndefined()
})

test('an account that was full lately comes after those that were not for five minutes, in a small pool for half a minute', () => {
  const orderAt = (size: number, passedMs: number) => {
    const hints = new Hints()
    hints.markFull('heygen:0', NOW)
    const pool = Array.from({ length: size }, (_, at) => account(String(at)))
    // This draw leaves the order of the pool as it is.
    const last = () => 0.999
    return pickAccounts(pool, { isJob: true }, hints, NOW + passedMs, last).candidates.map(
      ({ key }) => key
    )
  }
  expect(orderAt(8, 299_999).at(-1)).toBe('heygen:0')
  expect(orderAt(8, 300_000)[0]).toBe('heygen:0')
  expect(orderAt(7, 29_999).at(-1)).toBe('heygen:0')
  expect(orderAt(7, 30_000)[0]).toBe('heygen:0')
})

test('what other isolates saw full is believed for as long as what this one saw, and a granted slot ends it', () => {
  const hints = new Hints()
  hints.learnFull([{ account: 'heygen:a', fullAt: NOW - 60_000 }])
  expect(hints.mayBeFull('heygen:a', NOW)).toBe(true)
  expect(hints.mayBeFull('heygen:a', NOW + 240_000)).toBe(false)
  hints.markRoom('heygen:a')
  expect(hints.mayBeFull('heygen:a', NOW)).toBe(false)
})

test('the desk is told each answer of a large pool once, and none of a small one', () => {
  const pool = Array.from({ length: 8 }, (_, at) => account(String(at)))
  const hints = new Hints()
  hints.markFull('heygen:0', NOW)
  hints.markRoom('heygen:1')
  hints.markFull('heygen:of-another-pool', NOW)
  expect(hints.takeSeen(pool)).toEqual([
    { account: 'heygen:0', fullAt: NOW },
    { account: 'heygen:1' },
  ])
  expect(hints.takeSeen(pool)).toEqual([])
  hints.markFull('heygen:0', NOW)
  expect(hints.takeSeen(pool.slice(1))).toEqual([])
})
