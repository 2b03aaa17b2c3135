/** The order in which accounts are asked for a slot: at random by weight, least used, by priority. */
import { expect, test } from 'vitest'
import { Hints } from '#domain/accounts/account-hints.ts'
import type { Account } from '#domain/accounts/account.ts'
import { orderOf, withChoice, type Balancing } from '#domain/accounts/balancing.ts'
import { pickAccounts } from '#domain/accounts/pick-account.ts'
import { lastsAboutHours } from '#domain/live/lasts-about.ts'
import { Chance } from '../../support/witness/witness-random.ts'

const account = (name: string, more: Partial<Account> = {}) =>
  ({ email: `${name}@example.com`, key: `heygen:${name}`, maxJobs: 4, ...more }) as Account
const names = (accounts: Account[]) => accounts.map(({ key }) => key.slice('heygen:'.length))
const NOW = Date.UTC(2026, 10, 21, 12)

/** The shuffle as it was before weights, written down once more. */
function earlier<T>(items: readonly T[], random: () => number): T[] {
  const all = [...items]
  for (let last = all.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1))
    ;[all[last], all[other]] = [all[other] as T, all[last] as T]
  }
  return all
}

test('Random draws as before, to the draw, while weights are equal or not set', () => {
  for (const weight of [undefined, 7]) {
    const accounts = ['a', 'b', 'c', 'd', 'e'].map((name) =>
      account(name, weight === undefined ? {} : { weight })
    )
    const [one, other] = [new Chance(5), new Chance(5)]
    for (let round = 0; round < 200; round += 1) {
      const before = earlier(accounts, () => one.next())
      expect(
        orderOf(
          accounts,
          'random',
          () => 0,
          () => other.next()
        )
      ).toEqual(before)
    }
    // Both have drawn as often.
    expect(one.next()).toBe(other.next())
  }
})

test('Weights share starts by weight', () => {
  const accounts = [account('a', { weight: 60 }), account('b', { weight: 30 }), account('c')]
  const chance = new Chance(11)
  const firsts: Record<string, number> = { a: 0, b: 0, c: 0 }
  const rounds = 20_000
  for (let round = 0; round < rounds; round += 1) {
    const [first = ''] = names(
      orderOf(
        accounts,
        'random',
        () => 0,
        () => chance.next()
      )
    )
    firsts[first] = (firsts[first] ?? 0) + 1
  }
  // An account without a weight has 10.
  for (const [name, share] of [
    ['a', 0.6],
    ['b', 0.3],
    ['c', 0.1],
  ] as const)
    expect(Math.abs((firsts[name] ?? 0) / rounds - share), name).toBeLessThan(0.015)
})

test('least-used takes the account with the smallest share of its slots in use, priority 1 before 5', () => {
  const accounts = [
    account('a', { priority: 5 }),
    account('b', { priority: 1 }),
    account('c'),
    account('d', { priority: 1 }),
  ]
  const used: Record<string, number> = { a: 0.25, b: 1, c: 0, d: 0.5 }
  const order = (balancing: Balancing, seed: number) => {
    const chance = new Chance(seed)
    const share = ({ key }: Account) => used[key.slice('heygen:'.length)] ?? 0
    return names(orderOf(accounts, balancing, share, () => chance.next()))
  }
  const seconds = new Set<string | undefined>()
  for (let seed = 1; seed < 40; seed += 1) {
    expect(order('least-used', seed)).toEqual(['c', 'a', 'd', 'b'])
    const byPriority = order('priority', seed)
    // An account without a priority has 3.
    expect(byPriority.slice(2)).toEqual(['c', 'a'])
    seconds.add(byPriority[1])
  }
  // Equal ones come in random order.
  expect(seconds).toEqual(new Set(['b', 'd']))
})

test('what an isolate has seen of an account’s slots decides for five minutes, and an unknown one counts as unused', () => {
  const hints = new Hints()
  const a = account('a')
  expect(hints.usedShare(a, NOW)).toBe(0)
  hints.noteFree(a.key, 1, NOW)
  expect(hints.usedShare(a, NOW)).toBe(0.75)
  hints.markFreed(a.key)
  expect(hints.usedShare(a, NOW)).toBe(0.5)
  hints.markFull(a.key, NOW)
  expect(hints.usedShare(a, NOW)).toBe(1)
  expect(hints.usedShare(a, NOW + 5 * 60_000)).toBe(0)
})

test('the choice is about calls that take a slot: reads are spread evenly', () => {
  const accounts = [
    account('a', { priority: 1, weight: 100 }),
    account('b', { priority: 5, weight: 1 }),
  ]
  const chance = new Chance(3)
  const firstOf = (isJob: boolean) => {
    const { candidates } = pickAccounts(
      accounts,
      { isJob },
      new Hints(),
      NOW,
      () => chance.next(),
      'priority'
    )
    return names(candidates)[0]
  }
  const reads = Array.from({ length: 400 }, () => firstOf(false))
  expect(reads.filter((name) => name === 'b').length).toBeGreaterThan(150)
  expect(new Set(Array.from({ length: 50 }, () => firstOf(true)))).toEqual(new Set(['a']))
})

test('a member that is not named stays, and null takes it away', () => {
  const set = account('a', { weight: 20, priority: 2 })
  expect(withChoice(set, { weight: 30 })).toMatchObject({ weight: 30, priority: 2 })
  expect(withChoice(set, { weight: undefined, priority: null })).toEqual(
    account('a', { weight: 20 })
  )
})

test('An unknown balance is never zero, and neither is the time for which it lasts', () => {
  expect(lastsAboutHours(undefined, 10)).toBeUndefined()
  expect(lastsAboutHours(100, undefined)).toBeUndefined()
  // Nothing was used, which says nothing about the pace.
  expect(lastsAboutHours(100, 0)).toBeUndefined()
  expect(lastsAboutHours(0, 12)).toBe(0)
  expect(lastsAboutHours(100, 24)).toBe(100)
})
