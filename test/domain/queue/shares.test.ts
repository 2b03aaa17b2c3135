/** How starts are shared between tokens, played in a small pool with the real order (issue 16, "Must show"). */
import { expect, test } from 'vitest'
import { ItemOrder, type TokenTerms } from '#domain/queue/item-order.ts'
import { MINUTE, newItem, newItems, play, pullOf, randomOf, STEP, type Start } from './pool.ts'

const POOL = { a: 3, b: 3, c: 3 }

/** The share of the token in the starts from `since` to its own last one. */
function shareOf(starts: Start[], token: string, since: number): number {
  const last = starts.findLastIndex(({ waiting }) => waiting.sort.token === token)
  const seen = starts.slice(0, last + 1).filter(({ at }) => at >= since)
  return seen.filter(({ waiting }) => waiting.sort.token === token).length / seen.length
}

function weights(of: Record<string, number>): Record<string, TokenTerms> {
  return Object.fromEntries(
    Object.entries(of).map(([token, weight]) => [token, { weight, maxPriority: 3 }])
  )
}

/** Token A puts in 900, and 100 of B come later. */
const LATER = 5 * MINUTE + 1
const STORM = () => [...newItems(900, { token: 'A' }), ...newItems(100, { token: 'B', at: LATER })]

test('of two tokens the one that comes later has half of the starts until it is done', () => {
  const share = shareOf(play({ accounts: POOL, items: STORM() }), 'B', LATER)
  // The issue asks for 5 % at most. The order gives nearly none, so less would be a fault.
  expect(Math.abs(share - 0.5)).toBeLessThan(0.01)
})

test.for([
  [{ A: 10, B: 30 }, 0.75],
  [{ A: 30, B: 10 }, 0.25],
  [{ A: 1, B: 3 }, 0.75],
  [{ A: 100, B: 100 }, 0.5],
] as const)('tokens share by weight: %j', ([of, wanted]) => {
  const share = shareOf(play({ accounts: POOL, items: STORM(), terms: weights(of) }), 'B', LATER)
  expect(Math.abs(share - wanted)).toBeLessThan(0.01)
})

test('a token that asked a week ago for a while has neither debt nor credit', () => {
  const week = 7 * 24 * 60 * MINUTE
  const items = [
    ...newItems(300, { token: 'A' }),
    ...newItems(2, { token: 'B' }),
    ...newItems(300, { token: 'A', at: week }),
    ...newItems(100, { token: 'B', at: week }),
  ]
  const share = shareOf(play({ accounts: POOL, items }), 'B', week)
  expect(Math.abs(share - 0.5)).toBeLessThan(0.05)
})

test('a token that puts in one at a time has its share, and no more', () => {
  const order = new ItemOrder(STEP)
  order.setTerms('B', { weight: 30, maxPriority: 3 })
  for (const one of newItems(500, { token: 'B' })) order.add(one)
  const starts = Array.from({ length: 400 }, () => {
    if (order.lists.countOf('A') === 0) order.add(newItem({ token: 'A', at: 1 }))
    return order.choose(pullOf('a', 1), 1)?.sort.token
  })
  expect(starts.filter((token) => token === 'A')).toHaveLength(100)
})

test('a restart changes no share', () => {
  for (const restartEvery of [1, 7, 50]) {
    const starts = play({
      accounts: POOL,
      items: STORM(),
      terms: weights({ A: 10, B: 30 }),
      restartEvery,
    })
    expect(Math.abs(shareOf(starts, 'B', LATER) - 0.75)).toBeLessThan(0.05)
  }
})

test('a token that had started nothing before a restart has its share, and ten starts more at most', () => {
  const starts = play({ accounts: POOL, items: STORM(), restartEvery: 1 })
  const seen = starts.filter(({ at }) => at >= LATER).slice(0, 100)
  const got = seen.filter(({ waiting }) => waiting.sort.token === 'B').length
  expect(got).toBeGreaterThanOrEqual(50)
  expect(got).toBeLessThanOrEqual(60)
})

test('shares are those of the weights, whatever the pool, the weights, the times and the priorities', () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const random = randomOf(seed)
    const tokens = ['A', 'B', 'C', 'D'].slice(0, 2 + random(3))
    const of = Object.fromEntries(tokens.map((token) => [token, 1 + random(20)]))
    // Better priorities than 3 count inside of a token only.
    const items = tokens.flatMap((token) =>
      Array.from({ length: 600 }, () =>
        newItem({ token, at: random(1000), priority: 1 + random(3) })
      )
    )
    const accounts = { a: 1 + random(5), b: 1 + random(5), c: 1 + random(9) }
    // Every second seed has jobs that take from a tenth of a minute to three.
    const jobMs = () => (seed % 2 === 0 ? MINUTE : 6000 + random(174_000))
    const starts = play({ accounts, items, jobMs, terms: weights(of) })
    const all = Object.values(of).reduce((sum, weight) => sum + weight, 0)
    // While all of them wait.
    const whole = starts.slice(0, 500)
    for (const token of tokens) {
      const got = whole.filter(({ waiting }) => waiting.sort.token === token).length / 500
      expect(Math.abs(got - (of[token] ?? 0) / all), `seed ${seed}`).toBeLessThan(0.03)
    }
  }
})

test('what is pinned to a busy account holds up neither its token nor others', () => {
  const items = [
    ...newItems(300, { token: 'A', lane: 'a' }),
    ...newItems(300, { token: 'A' }),
    ...newItems(300, { token: 'B' }),
  ]
  const starts = play({ accounts: { a: 1, b: 4, c: 4 }, items })
  const first = starts.slice(0, 450)
  const of = (token: string) => first.filter(({ waiting }) => waiting.sort.token === token).length
  expect(Math.abs(of('B') / 450 - 0.5)).toBeLessThan(0.05)
  const pinned = starts.filter(({ waiting }) => waiting.sort.lane === 'a')
  expect(pinned.map(({ account }) => account)).toEqual(pinned.map(() => 'a'))
})

/** The account `a` is busy for four hours, and only it can serve B. Meanwhile A has 240 starts. */
test.for([undefined, 1, 17])(
  'a token that waited for one busy account has no more than ten starts to its credit (restart after: %s)',
  (restartEvery) => {
    const hours = 240 * MINUTE
    const long = newItem({ token: 'C', lane: 'a' })
    const items = [
      long,
      ...newItems(2000, { token: 'A', at: 1 }),
      ...newItems(60, { token: 'B', lane: 'a', at: 1 }),
      ...newItems(200, { token: 'B', at: hours }),
    ]
    const starts = play({
      accounts: { a: 1, b: 1 },
      jobMs: (waiting) => (waiting === long ? hours : MINUTE),
      items,
      until: hours * 2,
      ...(restartEvery === undefined ? {} : { restartEvery }),
    })
    const seen = starts.filter(({ at }) => at >= hours).slice(0, 100)
    const got = seen.filter(({ waiting }) => waiting.sort.token === 'B').length
    expect(got).toBeGreaterThanOrEqual(45)
    expect(got).toBeLessThanOrEqual(50 + 10)
  }
)
