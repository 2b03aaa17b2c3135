import { expect, test } from 'vitest'
import { absentsElsewhere, BUSY, hasParked, keptTries } from '#domain/line/tries.ts'
import type { Try } from '#domain/queue/item.ts'

const one = (n: number, more: Partial<Try> = {}): Try => ({
  account: 'a',
  leaseIds: [`lease-${n}`],
  at: n,
  why: BUSY,
  ...more,
})

test('an item that comes back for a week keeps a bounded record of its tries', () => {
  let tries: Try[] = []
  for (let n = 0; n < 20_000; n += 1) tries = keptTries([...tries, one(n)])
  expect(tries.length).toBeLessThanOrEqual(20)
  expect(tries.at(-1)?.at).toBe(19_999)
})

test.each([0, 1])(
  'an item that was handed over many times in each of its tries keeps few of them, with %i absent leases',
  (absents) => {
    const many = (n: number) => Array.from({ length: 10 }, (_, at) => `lease-${n}-${at}`)
    const first = one(0, { leaseIds: many(0), absents })
    let tries: Try[] = [first]
    for (let n = 1; n < 2000; n += 1)
      tries = keptTries([...tries, one(n, { leaseIds: many(n), absents })])
    expect(tries).toHaveLength(20 + absents)
    expect(tries.includes(first)).toBe(absents === 1)
  }
)

test('a try that parked an account, and one under whose first lease nothing ran, are never forgotten', () => {
  const parked = one(0, { why: 'parked: credit' })
  const absent = one(1, { leaseIds: ['first', 'second'] })
  const tries = keptTries([parked, absent, ...Array.from({ length: 50 }, (_, n) => one(n + 2))])
  expect(tries).toContainEqual(parked)
  expect(tries).toContainEqual(absent)
  expect(tries.some((each) => hasParked(each))).toBe(true)
})

test('what ended as absent at other accounts counts, and at the own one its tables know it', () => {
  const tries = [
    one(0, { absents: 1 }),
    one(1, { account: 'b' }),
    one(2, { account: 'b', absents: 1 }),
  ]
  expect(absentsElsewhere(tries, 'a')).toBe(1)
  expect(absentsElsewhere(tries, 'c')).toBe(2)
  expect(absentsElsewhere([], 'a')).toBe(0)
})
