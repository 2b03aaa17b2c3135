/** The measured pace, and what is told of it: when an item starts, and when to ask again after a full line. */
import { expect, test } from 'vitest'
import { slotEnds, startsAt } from '#domain/line/estimate.ts'
import { Pace } from '#domain/line/pace.ts'
import { retryAfterOf } from '#domain/queue/caps.ts'
import { ItemOrder } from '#domain/queue/item-order.ts'
import { placesOf } from '#domain/queue/place.ts'
import { MINUTE, newItem, play, randomOf, STEP } from '../queue/pool.ts'

const ROUTE = 'POST /v3/videos'
const TERMS = { A: { weight: 10, maxPriority: 3 }, B: { weight: 30, maxPriority: 3 } }

/** The error of each estimate, in parts of the time to the start, for a line of that many items that all wait now. */
function errors(seed: number, count: number, jobMs: () => number): number[] {
  const random = randomOf(seed)
  const accounts = { a: 1 + random(4), b: 1 + random(4), c: 1 + random(4) }
  const slots = accounts.a + accounts.b + accounts.c
  const items = Array.from({ length: count }, () =>
    newItem({ token: 'AB'[random(2)] ?? 'A', at: random(1000), priority: 3 + random(2) })
  )
  const now = 1000
  // The slots are full at first, and come free evenly or not.
  const filler = Array.from({ length: slots }, () => newItem({ token: 'F', priority: 1, at: 0 }))
  const order = new ItemOrder(STEP)
  for (const [token, of] of Object.entries(TERMS)) order.setTerms(token, of)
  for (const one of items) order.add(one)
  const places = placesOf(order.tokens(), now, STEP)
  const begun = seed % 2 === 0 ? [] : Array.from({ length: slots }, () => random(MINUTE))
  const ends = filler.map((_, index) => now + (begun[index] ?? MINUTE))
  let filled = 0
  const starts = play({
    accounts,
    terms: { ...TERMS, F: { weight: 100, maxPriority: 1 } },
    items: [
      ...filler,
      ...items.map(({ item, sort }) => ({ item, sort: { ...sort, askedAt: sort.askedAt + 1 } })),
    ],
    jobMs: ({ sort }) => {
      if (sort.token !== 'F') return jobMs()
      filled += 1
      return ends[filled - 1] ?? MINUTE
    },
  })
  return starts
    .filter(({ waiting }) => waiting.sort.token !== 'F')
    .map(({ waiting, at }) => {
      const place = places.get(waiting.item)?.place ?? 0
      const told = startsAt(place, ends, MINUTE, now) ?? 0
      return Math.abs(told - at) / (at - now)
    })
}

function median(numbers: number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0
}

test('estimates are off by a quarter at most, in the median, where jobs take a constant time', () => {
  for (let seed = 1; seed <= 30; seed += 1) {
    const count = [12, 60, 300][seed % 3] ?? 12
    expect(median(errors(seed, count, () => MINUTE)), `seed ${seed}`).toBeLessThanOrEqual(0.25)
  }
})

test('where jobs take from half to one and a half of the mean, long lines are estimated as well', () => {
  for (let seed = 1; seed <= 10; seed += 1) {
    const random = randomOf(seed)
    const off = errors(seed, 300, () => 30_000 + random(60_000))
    expect(median(off), `seed ${seed}`).toBeLessThanOrEqual(0.25)
  }
})

test('the first starts at the next end, and the next rounds follow it', () => {
  const ends = [1900, 1500, 1000]
  const at = [1, 2, 3, 4, 6].map((place) => startsAt(place, ends, 600, 1000))
  expect(at).toEqual([1000, 1500, 1900, 1600, 2500])
  expect(startsAt(1, [200], 600, 1000)).toBe(1000)
})

test('a free slot is free now, an overdue job may end now, and what is not known ends evenly', () => {
  const of = (free: number, begunAt: number[]) =>
    slotEnds({ slots: 3, free, begunAt }, 600, 1000).toSorted((a, b) => a - b)
  expect(of(3, [])).toEqual([1000, 1000, 1000])
  expect(of(1, [100, 900])).toEqual([1000, 1000, 1500])
  expect(of(0, [])).toEqual([1200, 1400, 1600])
  expect(of(0, [900])).toEqual([1300, 1500, 1600])
  // An account that says more than it holds: its limit was lowered.
  expect(slotEnds({ slots: 1, free: 0, begunAt: [900, 950] }, 600, 1000)).toEqual([1500])
})

test('where nothing serves an item there is no estimate', () => {
  expect(startsAt(1, [], 600, 1000)).toBeUndefined()
})

test('the mean is that of the last 64 ends of the row, as a plain list says (generated)', () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const random = randomOf(seed)
    let pace = new Pace(5 * MINUTE)
    const all: { route: string; tookMs: number }[] = []
    for (let step = 0; step < 200; step += 1) {
      const ends = Array.from({ length: random(4) }, () => ({
        route: ['r', 's'][random(2)] ?? 'r',
        tookMs: random(100_000),
      }))
      pace.noteEnds(ends, step)
      all.push(...ends)
      for (const route of ['r', 's']) {
        const last = all.filter((end) => end.route === route).slice(-64)
        const sum = last.reduce((of, { tookMs }) => of + tookMs, 0)
        const wanted = last.length === 0 ? 5 * MINUTE : sum / last.length
        expect(pace.meanOf(route)).toBeCloseTo(wanted, 3)
      }
    }
    // After a restart the mean is the same, to the ms.
    const before = pace.meanOf('r')
    pace = new Pace(5 * MINUTE, structuredClone(pace.toRecord()))
    expect(Math.abs(pace.meanOf('r') - before)).toBeLessThanOrEqual(0.5)
  }
})

test('before the first end a job is thought to take five minutes, and what is stored stays short', () => {
  const pace = new Pace(5 * MINUTE)
  expect(pace.meanOf(ROUTE)).toBe(5 * MINUTE)
  for (let count = 0; count < 1000; count += 1)
    pace.noteEnds([{ route: `row ${count}`, tookMs: 1000 }], count)
  expect(JSON.stringify(pace.toRecord()).length).toBeLessThan(10_000)
  expect(pace.meanOf('row 999')).toBe(1000)
  expect(pace.meanOf('row 1')).toBe(5 * MINUTE)
})

test('the time to ask again is that in which a tenth of the line has started, within 5 and 59 s', () => {
  const pace = new Pace(5 * MINUTE)
  // Nine slots, and a job of 60 s in each.
  for (let count = 0; count < 90; count += 1)
    pace.noteEnds([{ route: ROUTE, tookMs: MINUTE }], (count * MINUTE) / 9)
  const now = (89 * MINUTE) / 9
  const pass = pace.startsASecond(9, now)
  expect(pass).toBeCloseTo(0.15, 2)
  expect(retryAfterOf(60, pass)).toBe(40)
  const started = play({
    accounts: { a: 9 },
    items: Array.from({ length: 60 }, () => newItem({ token: 'A' })),
    until: 40_000,
  })
  expect(started.length).toBeGreaterThanOrEqual(6)
  expect(retryAfterOf(10_000, pass)).toBe(59)
})

test('the pace falls when nothing ends any more, and after a restart it is what the slots can do', () => {
  const pace = new Pace(5 * MINUTE)
  pace.noteEnds([{ route: ROUTE, tookMs: MINUTE }], 0)
  pace.noteEnds([{ route: ROUTE, tookMs: MINUTE }], 10_000)
  expect(pace.startsASecond(9, 10_000)).toBeCloseTo(0.1, 5)
  expect(pace.startsASecond(9, 100_000)).toBeCloseTo(0.01, 5)
  expect(new Pace(5 * MINUTE, pace.toRecord()).startsASecond(9, 100_000)).toBeCloseTo(0.15, 5)
  expect(new Pace(5 * MINUTE).startsASecond(6, 0)).toBeCloseTo(0.02, 5)
})
