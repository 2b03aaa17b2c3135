/** Whom the desk tells that something waits: nobody needlessly, and nobody who has a slot too late. */
import { expect, test } from 'vitest'
import type { Pull } from '#domain/queue/may-start.ts'
import { Wakes } from '#domain/queue/wakes.ts'
import { newItem, newItems, pullOf } from './pool.ts'

const ACCOUNTS = ['a', 'b', 'c'].map((account) => pullOf(account, 0))
const OPEN = newItem({ token: 'A' })

function parked(account: string): Pull {
  const until = 9000
  const scope = 'row:POST /v3/videos'
  return {
    ...pullOf(account, 2),
    parkings: [{ scope, reason: 'busy', detail: '', until, streak: 1 }],
  }
}

test('after a restart every account that may serve the item is told, and no other', () => {
  const wakes = new Wakes()
  expect(wakes.toTell(OPEN, ACCOUNTS, 1000)).toEqual(['a', 'b', 'c'])
  expect(wakes.toTell(newItem({ token: 'A', lane: 'b' }), ACCOUNTS, 1000)).toEqual(['b'])
  const [refused] = newItems(1, { token: 'A' }).map(({ item, sort }) => ({
    item,
    sort: { ...sort, leftOut: ['b'] },
  }))
  expect(refused && wakes.toTell(refused, ACCOUNTS, 1000)).toEqual(['a', 'c'])
})

test('an account that had a slot left is told first, and full ones that ask by themselves are not', () => {
  const wakes = new Wakes()
  wakes.noteAsked(pullOf('a', 0), 1000, 5000)
  wakes.noteAsked(pullOf('c', 1), 1000)
  expect(wakes.toTell(OPEN, ACCOUNTS, 1001)).toEqual(['c', 'b'])
  wakes.noteTold('b', 1001, 5000)
  expect(wakes.toTell(OPEN, ACCOUNTS, 1001)).toEqual(['c'])
  // What it was told holds for a time only.
  expect(wakes.toTell(OPEN, ACCOUNTS, 5000)).toEqual(['c', 'a', 'b'])
})

test('at the end of a pause full ones that ask by themselves are told, too', () => {
  const wakes = new Wakes()
  for (const { account } of ACCOUNTS) wakes.noteAsked(pullOf(account, 0), 1000, 60_000)
  expect(wakes.toTell(OPEN, ACCOUNTS, 1001)).toEqual([])
  wakes.forgetAwake()
  expect(wakes.toTell(OPEN, ACCOUNTS, 1001)).toEqual(['a', 'b', 'c'])
})

test('an account that waits for the end of a parking is told of what the parking does not stop', () => {
  const wakes = new Wakes()
  for (const { account } of ACCOUNTS) wakes.noteAsked(parked(account), 1000, 60_000)
  expect(wakes.toTell(OPEN, ACCOUNTS, 1001)).toEqual([])
  const { item, sort } = OPEN
  const other = { item, sort: { ...sort, route: 'POST /v3/other' } }
  expect(wakes.toTell(other, ACCOUNTS, 1001)).toEqual(['a', 'b', 'c'])
  expect(wakes.toTell(OPEN, ACCOUNTS, 9000)).toEqual(['a', 'b', 'c'])
})

test('an account whose last slot was taken otherwise, and that was told, is not told again', () => {
  const wakes = new Wakes()
  wakes.noteAsked(pullOf('a', 1), 1000)
  wakes.noteTold('a', 1001, 5000)
  expect(wakes.toTell(OPEN, [pullOf('a', 0)], 1001)).toEqual([])
  // One that has asked since then has said itself what it has.
  wakes.noteAsked(pullOf('a', 1), 2001)
  wakes.noteTold('a', 2000, 5000)
  expect(wakes.toTell(OPEN, [pullOf('a', 0)], 2002)).toEqual(['a'])
})

test('an account that was told and did not ask is known by what it answered, until it asks', () => {
  const wakes = new Wakes()
  expect(wakes.saidOf('a', 1000)).toBeUndefined()
  const parking = { scope: 'jobs', reason: 'credit', detail: '', until: 9000, streak: 1 } as const
  wakes.noteTold('a', 1000, 5000, [parking])
  expect(wakes.saidOf('a', 1001)).toEqual({ parkings: [parking], isAwake: true })
  // An object of an older release answers nothing.
  wakes.noteTold('b', 1000, 5000)
  expect(wakes.saidOf('b', 5000)).toEqual({ parkings: [], isAwake: false })
  const pull = pullOf('a', 1)
  wakes.noteAsked(pull, 2000, 6000)
  wakes.noteTold('a', 1999, 7000, [parking])
  expect(wakes.saidOf('a', 2001)).toEqual({ pull, parkings: [], isAwake: true })
})

test('a look calls those that were silent longest, ten at most', () => {
  const wakes = new Wakes()
  const all = Array.from({ length: 15 }, (_, count) => `k${count}`)
  all.slice(0, 13).forEach((account, at) => wakes.noteAsked(pullOf(account, 1), at * 1000))
  const silent = wakes.silent(all, 40_000, 30_000)
  expect(silent).toEqual(['k13', 'k14', ...all.slice(0, 8)])
  expect(wakes.silent(['k12'], 40_000, 30_000)).toEqual([])
})

test('ten accounts that never answer keep no other from being called by a look', () => {
  const wakes = new Wakes()
  const all = Array.from({ length: 12 }, (_, count) => `k${count}`)
  const calledAt = (now: number) => {
    const called = wakes.silent(all, now, 30_000)
    for (const account of called) wakes.noteCalled(account, now)
    return called
  }
  expect(calledAt(1000)).toEqual(all.slice(0, 10))
  expect(calledAt(31_000)).toEqual([...all.slice(10), ...all.slice(0, 8)])
})
