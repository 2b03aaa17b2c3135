/** The lists, and what an account can start: long lines cost no more than short ones, and what is stepped over keeps its place. */
import { expect, test } from 'vitest'
import { capOf, retryAfterOf } from '#domain/queue/caps.ts'
import { classOf, effectivePriority } from '#domain/queue/effective-priority.ts'
import { ItemOrder } from '#domain/queue/item-order.ts'
import type { WaitingItem } from '#domain/queue/item-lists.ts'
import { mayStartBy, type Pull } from '#domain/queue/may-start.ts'
import { additionOf } from '#domain/queue/pass.ts'
import { MINUTE, newItem, newItems, pullOf, STEP } from './pool.ts'

const TEN_THOUSAND = 10_000

function filled(count: number): ItemOrder {
  const order = new ItemOrder(STEP)
  for (const one of newItems(count, { token: 'A' })) order.add(one)
  return order
}

/** The time that adding takes, in ms: the best of many rounds, since other work on the machine only makes it longer. */
function addingTakes(order: ItemOrder): number {
  const rounds = Array.from({ length: 200 }, () => {
    const added = newItems(50, { token: 'A', at: 1 })
    const began = performance.now()
    for (const one of added) order.add(one)
    const took = performance.now() - began
    for (const one of added) order.remove(one.item)
    return took
  })
  return Math.min(...rounds)
}

test('to put an item into 10,000 takes at most twice as long as into an empty line', () => {
  const long = filled(TEN_THOUSAND)
  const empty = new ItemOrder(STEP)
  // Both once, so that neither is the first that the machine has seen.
  addingTakes(empty)
  addingTakes(long)
  const [inEmpty, inLong] = [addingTakes(empty), addingTakes(long)]
  expect(inLong).toBeLessThan(2 * inEmpty + 0.005)
})

test('counts and bytes follow every item', () => {
  const order = filled(3)
  const extra = newItem({ token: 'B' })
  expect(order.add(extra)).toBe(true)
  expect(order.add(extra)).toBe(false)
  const { lists } = order
  expect([lists.count, lists.bytes, lists.countOf('A'), lists.countOf('B')]).toEqual([
    4, 8000, 3, 1,
  ])
  expect(order.remove(extra.item)).toBe(extra)
  expect(order.remove(extra.item)).toBeUndefined()
  expect([lists.count, lists.bytes, lists.countOf('B')]).toEqual([3, 6000, 0])
  expect([...lists.tokens()]).toEqual(['A'])
})

test('items of one moment go by their ids, whatever order they came in', () => {
  const order = new ItemOrder(STEP)
  const items = newItems(50, { token: 'A' })
  const shuffled = items.toSorted((a, b) => (a.item.slice(-1) < b.item.slice(-1) ? -1 : 1))
  for (const one of shuffled) order.add(one)
  const chosen = items.map(() => order.choose(pullOf('a', 1), 1)?.item)
  expect(chosen).toEqual(items.map(({ item }) => item))
})

test('an item that comes back has its old place, and its token the share that it took', () => {
  const order = filled(10)
  for (const one of newItems(10, { token: 'B' })) order.add(one)
  const first = order.choose(pullOf('a', 1), 1) as WaitingItem
  const before = order.passOf(first.sort.token)
  order.giveBack(first)
  expect(order.passOf(first.sort.token)).toBe(before - additionOf(1, 10))
  expect(order.choose(pullOf('a', 1), 1)).toBe(first)
})

test('many items that come back at once give their token no more than ten starts', () => {
  const order = filled(200)
  const chosen = Array.from({ length: 200 }, () => order.choose(pullOf('a', 1), 1) as WaitingItem)
  for (const one of newItems(300, { token: 'B' })) order.add(one)
  for (let count = 0; count < 100; count += 1) order.choose(pullOf('a', 1), 1)
  for (const one of chosen) order.giveBack(one)
  const next = Array.from({ length: 100 }, () => order.choose(pullOf('a', 1), 1)?.sort.token)
  expect(next.filter((token) => token === 'A').length).toBeLessThanOrEqual(60)
})

const WORK: Pull = { account: 'k', lane: 'k 1', free: 2, held: 1, parkings: [] }

test('an account gets what it can start now, and nothing else', () => {
  const one = (of: object): WaitingItem => {
    const { item, sort } = newItem({ token: 'A' })
    return { item, sort: { ...sort, ...of } }
  }
  const park = (scope: 'jobs' | `row:${string}` | `meter:${string}` | `key:${string}`): Pull => ({
    ...WORK,
    parkings: [{ scope, reason: 'busy', detail: '', until: 2000, streak: 1 }],
  })
  const may = (pull: Pull, waiting: WaitingItem, now = 1000) => mayStartBy(pull, now)(waiting)
  expect(may(WORK, one({}))).toBe(true)
  expect(may(WORK, one({ slots: 2 }))).toBe(true)
  expect(may(WORK, one({ slots: 3 }))).toBe(false)
  expect(may(WORK, one({ limit: 2 }))).toBe(true)
  expect(may(WORK, one({ limit: 1 }))).toBe(false)
  expect(may(WORK, one({ startBy: 1000 }))).toBe(false)
  expect(may(WORK, one({ leftOut: ['other'] }))).toBe(true)
  expect(may(WORK, one({ leftOut: ['k'] }))).toBe(false)
  expect(may(park('row:POST /v3/videos'), one({}))).toBe(false)
  expect(may(park('row:POST /v3/videos'), one({ route: 'POST /v3/other' }))).toBe(true)
  expect(may(park('row:POST /v3/videos'), one({}), 2000)).toBe(true)
  expect(may(park('meter:m'), one({ meter: 'm' }))).toBe(false)
  expect(may(park('key:oauth'), one({ part: 'oauth' }))).toBe(false)
  expect(may(park('key:oauth'), one({ part: 'apiKey' }))).toBe(true)
  expect(may(park('jobs'), one({}))).toBe(false)
  const back = one({})
  expect(may({ ...WORK, gaveBack: new Set([back.item]) }, back)).toBe(false)
})

test('what an account cannot start is stepped over, and a lane of another account is not looked at', () => {
  const order = new ItemOrder(STEP)
  const wide = newItem({ token: 'A', slots: 3 })
  const pinned = newItem({ token: 'A', lane: 'b' })
  const open = newItem({ token: 'A', at: 1 })
  for (const one of [wide, pinned, open]) order.add(one)
  expect(order.choose(pullOf('a', 1), 1)).toBe(open)
  expect(order.choose(pullOf('a', 1), 1)).toBeUndefined()
  expect(order.choose(pullOf('b', 1), 1)).toBe(pinned)
  expect(order.choose(pullOf('a', 3), 1)).toBe(wide)
})

test('an account that was added again under its email does not get what was pinned to the earlier one', () => {
  const order = new ItemOrder(STEP)
  order.add(newItem({ token: 'A', lane: 'a' }))
  expect(order.choose({ ...pullOf('a', 1), lane: 'a 2' }, 1)).toBeUndefined()
})

test('a token that is stopped starts nothing, and holds up nobody', () => {
  const order = filled(5)
  const other = newItem({ token: 'B', at: 5 })
  order.add(other)
  const stopped = { ...pullOf('a', 1), stopped: new Set(['A']) }
  expect(order.choose(stopped, 5)).toBe(other)
  expect(order.choose(stopped, 5)).toBeUndefined()
})

test('an item is one step more urgent for every ten minutes, and between tokens only as far as its token may be', () => {
  const steps = [0, 9.9, 10, 29, 600].map((minutes) => effectivePriority(3, minutes * MINUTE, STEP))
  expect(steps).toEqual([3, 3, 2, 1, 1])
  expect(effectivePriority(4, -5000, STEP)).toBe(4)
  expect([classOf(1, 3), classOf(4, 3), classOf(1, 1)]).toEqual([3, 4, 1])
})

test('the cap that an item would break is named, and the time to wait follows the pace', () => {
  const some = { items: 5, bytes: 1000, ofToken: 2 }
  expect(capOf(some, 2000)).toBeUndefined()
  expect(capOf(some, 2000, 2)).toBe('token')
  expect(capOf({ ...some, items: TEN_THOUSAND }, 2000)).toBe('items')
  expect(capOf({ ...some, bytes: 512 * 1024 * 1024 - 100 }, 200)).toBe('bytes')
  expect([retryAfterOf(1000, 10), retryAfterOf(1000, 1000), retryAfterOf(1000, 0.1)]).toEqual([
    10, 5, 59,
  ])
  expect(retryAfterOf(1000, 0)).toBe(59)
})
