/** What an isolate keeps is bounded. */
import { expect, test } from 'vitest'
import { Cached } from '#storage/cached.ts'

const NOW = Date.parse('2026-11-28T10:00:00Z')

test('a cache forgets its oldest entries when they are too many, or too large together', () => {
  const cache = new Cached<string>(
    1000,
    { entries: 3, chars: 100, weigh: (text) => text.length },
    () => NOW
  )
  for (const name of ['a', 'b', 'c', 'd']) cache.put(name, name)
  expect(['a', 'b', 'd'].map((name) => cache.peek(name))).toEqual([undefined, 'b', 'd'])
  cache.put('e', 'x'.repeat(98))
  expect(['d', 'e'].map((name) => cache.peek(name)?.length)).toEqual([undefined, 98])
  cache.put('e', 'x')
  cache.put('f', 'y')
  expect(['e', 'f'].map((name) => cache.peek(name))).toEqual(['x', 'y'])
  cache.put('g', 'z'.repeat(1000))
  expect(cache.peek('g')).toBeUndefined()
})

test('what has expired leaves the memory when it is told to', () => {
  let now = NOW
  const cache = new Cached<string>(1000, { entries: 3 }, () => now)
  cache.put('a', 'x')
  now += 500
  cache.put('b', 'y')
  now += 500
  cache.dropExpired()
  expect(['a', 'b'].map((name) => cache.last(name))).toEqual([undefined, 'y'])
})

test('a value that is still right is kept for as long as a new one, and weighs the same', () => {
  let now = NOW
  const bounds = { entries: 3, chars: 20, weigh: (text: string) => text.length }
  const cache = new Cached<string>(1000, bounds, () => now)
  cache.put('a', 'x'.repeat(9))
  cache.put('b', 'y'.repeat(8))
  now += 1500
  expect(cache.renew('a', (value) => value.startsWith('x'))).toBe('x'.repeat(9))
  expect(cache.renew('b', () => false)).toBeUndefined()
  expect(cache.renew('c', () => true)).toBeUndefined()
  now += 999
  expect(['a', 'b'].map((name) => cache.peek(name)?.length)).toEqual([9, undefined])
  cache.put('c', 'z')
  // The oldest goes first, and that is not the renewed one.
  expect(['a', 'b', 'c'].map((name) => cache.last(name)?.length)).toEqual([9, undefined, 1])
})
