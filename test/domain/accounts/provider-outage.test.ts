import { expect, test } from 'vitest'
import { shortenInOutage } from '#domain/accounts/provider-outage.ts'

const NOW = 1_000_000
const SPANS = { outageWithinMs: 60_000, outageParkMs: 60_000 }
const refused = (account: string, at: number, until: number) => ({ account, at, until })

test('when most of a pool is refused within a minute, no account stays parked for longer than a minute', () => {
  const accounts = [refused('a', NOW, NOW + 900_000), refused('b', NOW - 59_000, NOW + 30_000)]
  expect(shortenInOutage(accounts, 3, NOW, SPANS)).toEqual([refused('a', NOW, NOW + 60_000)])
})

test('refusals that are far apart, or of few accounts, are no outage', () => {
  const apart = [refused('a', NOW, NOW + 900_000), refused('b', NOW - 61_000, NOW + 900_000)]
  expect(shortenInOutage(apart, 3, NOW, SPANS)).toBeUndefined()
  expect(shortenInOutage([refused('a', NOW, NOW + 900_000)], 1, NOW, SPANS)).toBeUndefined()
  expect(shortenInOutage(apart, 4, NOW + 1000, SPANS)).toBeUndefined()
})
