/** Which item is next: against a slow model, and the promises about priorities and waiting (issue 16, "Must show"). */
import { expect, test } from 'vitest'
import { ItemOrder, type TokenTerms } from '#domain/queue/item-order.ts'
import type { WaitingItem } from '#domain/queue/item-lists.ts'
import type { Pull } from '#domain/queue/may-start.ts'
import { placesOf } from '#domain/queue/place.ts'
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

/** Sorts everything and takes the first. It knows no lists, and nothing of the tenth start. */
function slowly(order: ItemOrder, pull: Pull, now: number): string | undefined {
  const terms = new Map(order.tokens().map((of) => [of.token, of]))
  const able = waitingIn(order)
    .filter(({ sort }) => sort.lane === '' || sort.lane === pull.account)
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

/** The tenth start, which the model does not know, never comes: no item waits a whole step, or all have one class. */
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
      const pull = pullOf(random(2) === 0 ? 'a' : 'b', random(3))
      const wanted = slowly(order, pull, now)
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

test('a token that goes first for ever leaves every tenth start to those that have waited ten minutes', () => {
  const items = [
    ...Array.from({ length: 3000 }, (_, index) =>
      newItem({ token: 'B', priority: 1, at: index * 6000 })
    ),
    ...newItems(30, { token: 'A', at: 0 }),
    ...newItems(30, { token: 'C', at: 0 }),
  ]
  const starts = play({ accounts: { a: 3, b: 3, c: 3 }, items, terms: TERMS, until: 300 * MINUTE })
  const seen = starts.filter(({ at }) => at > STEP).slice(0, 300)
  const others = seen.filter(({ waiting }) => waiting.sort.token !== 'B').length
  expect(others).toBeGreaterThanOrEqual(28)
  expect(others).toBeLessThanOrEqual(31)
})

test('only what has waited ten minutes gets such a start: a younger item of a third token does not', () => {
  const order = new ItemOrder(STEP)
  for (const [token, terms] of Object.entries(TERMS)) order.setTerms(token, terms)
  const items = [
    ...newItems(3, { token: 'A', at: 0 }),
    ...newItems(40, { token: 'B', priority: 1, at: STEP }),
    newItem({ token: 'C', at: STEP }),
  ]
  for (const one of items) order.add(one)
  const chosen = items.map(() => order.choose(pullOf('a', 1), STEP + 1)?.sort.token ?? '')
  expect(chosen.join('')).toBe(`${`${'B'.repeat(9)}A`.repeat(3)}${'B'.repeat(13)}C`)
})

/**
 * How many jobs were ahead of it by weight: those of its own token that went first, and of each other token as many as its weight
 * gives it meanwhile, if it had so many.
 */
function fairlyAhead(starts: Start[], at: number, terms: Record<string, TokenTerms>): number {
  const { waiting } = starts[at] as Start
  const { askedAt, token } = waiting.sort
  const between = starts.slice(0, at + 1).filter((one) => one.at >= askedAt)
  const ownCount = between.filter((one) => one.waiting.sort.token === token).length
  const left = starts.slice(at + 1).filter((one) => one.waiting.sort.askedAt <= askedAt)
  return Object.entries(terms).reduce((sum, [other, { weight }]) => {
    if (other === token) return sum + ownCount
    const theirs = [...between, ...left].filter((one) => one.waiting.sort.token === other).length
    return sum + Math.min(theirs, (ownCount * weight) / (terms[token]?.weight ?? 1))
  }, 0)
}

/** A slot must come free first, which takes a job's time at most. */
function longestFactor(
  items: WaitingItem[],
  terms: Record<string, TokenTerms>,
  graceMs: number
): number {
  const slots = 6
  const starts = play({ accounts: { a: 3, b: 3 }, items, terms })
  expect(starts).toHaveLength(items.length)
  const factors = starts.map(({ waiting, at }, index) => {
    const waitedMs = at - waiting.sort.askedAt - MINUTE - graceMs
    return waitedMs / ((fairlyAhead(starts, index, terms) * MINUTE) / slots)
  })
  return Math.max(...factors)
}

test('nothing waits more than ten times its fair time', () => {
  let longest = 0
  for (let seed = 1; seed <= 30; seed += 1) {
    const random = randomOf(seed)
    const tokens = ['A', 'B', 'C', 'D', 'E'].slice(0, 2 + random(4))
    const terms = Object.fromEntries(
      tokens.map((token) => [token, { weight: 1 + random(100), maxPriority: 3 }])
    )
    const items = tokens.flatMap((token) =>
      newItems(1 + random(120), { token }).map((one) => ({
        ...one,
        sort: { ...one.sort, at: 0, askedAt: random(20 * MINUTE), priority: 1 + random(3) },
      }))
    )
    longest = Math.max(longest, longestFactor(items, terms, 0))
  }
  expect(longest).toBeLessThan(10)
})

test('where another token goes first, nothing waits more than ten minutes and ten times its fair time', () => {
  let longest = 0
  for (let seed = 1; seed <= 12; seed += 1) {
    longest = Math.max(longest, longestFactor(storm(seed, 400).map(unpinned), TERMS, STEP))
  }
  expect(longest).toBeLessThan(10)
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
    expect(starts.map((item) => places.get(item))).toEqual(starts.map((_, index) => index + 1))
  }
})
