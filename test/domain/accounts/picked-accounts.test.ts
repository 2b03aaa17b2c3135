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
