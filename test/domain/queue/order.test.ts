/** Which item is next: against a slow model, and the promises about priorities and waiting (issue 16, "Must show"). */
import { expect, test } from 'vitest'
import { ItemOrder, type TokenTerms } from '#domain/queue/item-order.ts'
import type { WaitingItem } from '#domain/queue/item-lists.ts'
import type { Pull } from '#domain/queue/may-start.ts'
import { placesOf } from '#domain/queue/place.ts'
import { longestWait } from '../../support/queue/fair-time.ts'
import {
  MINUTE,
  newItem,
  newItems,
  play,
  pullOf,
  randomOf,
  STEP,
  waitingIn,
  type Start,
} from './pool.ts'

const LANES = ['', '', 'a', 'b']

function urgency({ sort }: WaitingItem, now: number): number {
  return Math.max(1, sort.priority - Math.floor((now - sort.askedAt) / STEP))
}

/** Sorts everything and takes the first. It knows no lists, and nothing of what an account owes. */
function slowly(order: ItemOrder, lane: string, pull: Pull, now: number): string | undefined {
  const terms = new Map(order.tokens().map((of) => [of.token, of]))
  const able = waitingIn(order)
    .filter(({ sort }) => sort.lane === '' || sort.lane === lane)
    .filter(({ sort }) => sort.slots <= pull.free)
  const rank = (one: WaitingItem): number[] => [urgency(one, now), one.sort.askedAt]
  const heads = [...terms.keys()].flatMap((token) => {
    const own = able.filter(({ sort }) => sort.token === token)
    return own.toSorted((a, b) => compare(rank(a), rank(b)) || compareText(a.item, b.item))[0] ?? []
  })
  const between = (one: WaitingItem): number[] => {
    const of = terms.get(one.sort.token)
    const isBest = Math.max(urgency(one, now), of?.maxPriority ?? 3)
    return [isBest, of?.pass ?? 0, one.sort.askedAt]
  }
  const sorted = heads.toSorted(
    (a, b) => compare(between(a), between(b)) || compareText(a.sort.token, b.sort.token)
  )
  return sorted[0]?.item
}

function compare(one: number[], other: number[]): number {
  const at = one.findIndex((value, index) => value !== other[index])
  return at === -1 ? 0 : (one[at] ?? 0) - (other[at] ?? 0)
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : 1
}

const LINES = {
  'in ten minutes, with classes': { span: STEP - 1, classOf: (random: number) => 1 + random },
  'in three hours, all of one class': { span: 18 * STEP, classOf: () => 5 },
}

test.for(Object.entries(LINES))('the order is that of the slow model: %s', ([, line]) => {
  const { span } = line
  for (let seed = 1; seed <= 60; seed += 1) {
    const random = randomOf(seed)
    const order = new ItemOrder(STEP)
    for (const token of ['A', 'B', 'C']) {
      order.setTerms(token, { weight: 1 + random(30), maxPriority: line.classOf(random(4)) })
    }
    let now = 0
    let started = 0
    for (let step = 0; step < 150; step += 1) {
      now += random(Math.floor(span / 150))
      const lane = LANES[random(LANES.length)] ?? ''
      const wish = { token: 'ABC'[random(3)] ?? 'A', at: now, lane, slots: 1 + random(2) }
      for (let count = random(4); count > 0; count -= 1)
        order.add(newItem({ ...wish, priority: 1 + random(5) }))
      const own = random(2) === 0 ? 'a' : 'b'
      // Each time another account, which owes nobody anything.
      const pull = { ...pullOf(own, random(3)), account: `${own}${step}` }
      const wanted = slowly(order, own, pull, now)
      const got = order.choose(pull, now)
      expect(got?.item, `seed ${seed}, step ${step}`).toBe(wanted)
      if (got) started += 1
      if (got && random(5) === 0) order.giveBack(got)
    }
    expect(started).toBeGreaterThan(10)
  }
})

test('an old item of its own token goes before younger ones, as its priority grows with time', () => {
  const order = new ItemOrder(STEP)
  const old = newItem({ token: 'A', at: 0, priority: 3 })
  const urgent = newItem({ token: 'A', at: STEP, priority: 2 })
  const later = newItem({ token: 'A', at: STEP, priority: 1 })
  for (const one of [later, urgent, old]) order.add(one)
  const chosen = [1, 2, 3].map(() => order.choose(pullOf('a', 3), STEP)?.item)
  expect(chosen).toEqual([later.item, old.item, urgent.item])
})

const TERMS: Record<string, TokenTerms> = {
  A: { weight: 10, maxPriority: 3 },
  B: { weight: 30, maxPriority: 1 },
  C: { weight: 1, maxPriority: 3 },
  D: { weight: 10, maxPriority: 2 },
}

/** Half an hour of generated items, more than the pool can start. */
function storm(seed: number, count: number): WaitingItem[] {
  const random = randomOf(seed)
  return Array.from({ length: count }, () =>
    newItem({
      token: 'ABCD'[random(4)] ?? 'A',
      at: random(30 * MINUTE),
      priority: 1 + random(5),
      lane: random(4) === 0 ? (LANES[random(LANES.length)] ?? '') : '',
    })
  )
}

/** An urgent item counts for its own token, and between tokens where its token may go first. */
function isAhead(urgent: WaitingItem, start: Start): boolean {
  const { token } = start.waiting.sort
  const mayBeServed = urgent.sort.lane === '' || urgent.sort.lane === start.account
  const isSame = urgent.sort.token === token
  return mayBeServed && (isSame || TERMS[urgent.sort.token]?.maxPriority === 1)
}

test('a priority 1 starts before any 3 that is younger than ten minutes, whatever a third token has', () => {
  let looked = 0
  for (let seed = 1; seed <= 12; seed += 1) {
    const items = storm(seed, 400)
    const starts = play({ accounts: { a: 3, b: 3 }, items, terms: TERMS, isWatched: true })
    expect(starts).toHaveLength(items.length)
    for (const start of starts) {
      const { priority, askedAt } = start.waiting.sort
      if (priority !== 3 || start.at - askedAt >= STEP) continue
      looked += 1
      const ahead = start.left.filter((one) => one.sort.priority === 1 && isAhead(one, start))
      expect(ahead, `seed ${seed}`).toEqual([])
    }
  }
  expect(looked).toBeGreaterThan(100)
})

test('where a token goes first for ever, the others have a fifth of their share once they have waited ten minutes', () => {
  const items = [
    ...Array.from({ length: 3000 }, (_, index) =>
      newItem({ token: 'B', priority: 1, at: Math.max(0, index - 60) * 6000 })
    ),
    ...newItems(90, { token: 'A', at: 0 }),
    ...newItems(90, { token: 'C', at: 0 }),
  ]
  const starts = play({ accounts: { a: 9 }, items, terms: TERMS, until: 300 * MINUTE })
  const young = starts.filter(({ at }) => at < STEP)
  expect(young.map(({ waiting }) => waiting.sort.token)).toEqual(young.map(() => 'B'))
  const seen = starts.filter(({ at }) => at > STEP).slice(0, 1000)
  const countOf = (token: string) =>
    seen.filter(({ waiting }) => waiting.sort.token === token).length
  // Their weights are 10 and 1 of 41.
  expect(countOf('A')).toBeGreaterThanOrEqual(Math.floor((1000 * 10) / 41 / 5) - 3)
  expect(countOf('C')).toBeGreaterThanOrEqual(Math.floor((1000 * 1) / 41 / 5) - 1)
  expect(countOf('B')).toBeGreaterThan(900)
})

test('only what has waited ten minutes gets such a start: a younger item of a third token does not', () => {
  const order = new ItemOrder(STEP)
  order.setTerms('B', { weight: 10, maxPriority: 1 })
  const items = [
    ...newItems(3, { token: 'A', at: 0 }),
    ...newItems(40, { token: 'B', priority: 1, at: STEP }),
    newItem({ token: 'C', at: STEP }),
  ]
  for (const one of items) order.add(one)
  const chosen = items.map(() => order.choose(pullOf('a', 1), STEP + 1)?.sort.token ?? '')
  const turns = `${'B'.repeat(10)}A`.repeat(3)
  expect(chosen.join('')).toBe(`${turns}${'B'.repeat(10)}C`)
})

/** B can use one account only. A has more everywhere, so its pass is always the larger one. */
test('what a token has pinned to an account is not kept waiting by its starts at others', () => {
  const items = [
    ...newItems(900, { token: 'B', lane: 'a' }),
    ...newItems(2000, { token: 'A', at: 1 }),
    ...newItems(30, { token: 'A', lane: 'a' }),
  ]
  const starts = play({ accounts: { a: 3, b: 3, c: 3 }, items })
  const pinned = starts.filter(({ waiting: { sort } }) => sort.token === 'A' && sort.lane === 'a')
  expect(pinned).toHaveLength(30)
  const fairMs = (30 * 2 * MINUTE) / 3
  expect(pinned.at(-1)?.at).toBeLessThan(10 * fairMs)
  // The others were not, so that B has what only it can use.
  const first = starts.filter(({ at, account }) => account === 'a' && at < 60 * MINUTE)
  const ofB = first.filter(({ waiting }) => waiting.sort.token === 'B').length
  expect(ofB / first.length).toBeGreaterThan(0.8)
})

function longestFactor(
  items: WaitingItem[],
  terms: Record<string, TokenTerms>,
  graceMs: number
): number {
  const slots = { a: 3, b: 3 }
  const starts = play({ accounts: slots, items, terms })
  expect(starts).toHaveLength(items.length)
  const turns = starts.map(({ waiting: { sort }, account, at }) => ({ ...sort, account, at }))
  const weights = Object.fromEntries(
    Object.entries(terms).map(([token, { weight }]) => [token, weight])
  )
  return longestWait(turns, { weights, slots, jobMs: MINUTE, graceMs })
}

/** Backlogs of up to five tokens, of very different sizes and weights. `lanes`: where items may be pinned to. */
function backlogs(seed: number, lanes: string[]): [WaitingItem[], Record<string, TokenTerms>] {
  const random = randomOf(seed)
  const tokens = ['A', 'B', 'C', 'D', 'E'].slice(0, 2 + random(4))
  const terms = Object.fromEntries(
    tokens.map((token) => [token, { weight: 1 + random(100), maxPriority: 3 }])
  )
  const items = tokens.flatMap((token) => {
    const lane = lanes[random(lanes.length)] ?? ''
    return Array.from({ length: 1 + random(120) }, () => {
      const wish = { token, at: random(20 * MINUTE), priority: 1 + random(3) }
      return newItem({ ...wish, lane: random(3) === 0 ? '' : lane })
    })
  })
  return [items, terms]
}

test.for([
  ['', [''], 1.5],
  [', also where some is pinned', ['', 'a', 'b'], 10],
] as const)('nothing waits more than ten times its fair time%s', ([, lanes, most]) => {
  for (let seed = 1; seed <= 30; seed += 1) {
    const [items, terms] = backlogs(seed, [...lanes])
    const factor = longestFactor(items, terms, 0)
    expect(factor, `seed ${seed}`).toBeLessThan(most)
  }
})

test('where another token goes first, nothing waits more than ten minutes and ten times its fair time', () => {
  for (let seed = 1; seed <= 12; seed += 1) {
    expect(longestFactor(storm(seed, 400), TERMS, STEP), `seed ${seed}`).toBeLessThan(10)
  }
})

function unpinned({ item, sort }: WaitingItem): WaitingItem {
  return { item, sort: { ...sort, lane: '' } }
}

test('the places are those in which the items start, if nothing else comes and nothing ages', () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const order = new ItemOrder(STEP)
    for (const [token, terms] of Object.entries(TERMS)) order.setTerms(token, terms)
    const now = 31 * MINUTE
    for (const one of storm(seed, 200)) order.add(unpinned(one))
    const places = placesOf(order.tokens(), now, STEP)
    const starts = Array.from({ length: 200 }, () => order.choose(pullOf('a', 1), now)?.item ?? '')
    expect(starts.map((item) => places.get(item)?.place)).toEqual(
      starts.map((_, index) => index + 1)
    )
  }
})
