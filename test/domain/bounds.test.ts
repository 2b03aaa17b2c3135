import { expect, test } from 'vitest'
import { parseJson } from '#domain/text/json-text.ts'
import { withoutSecrets } from '#domain/runtime/log-line.ts'
import { RateLimit } from '#domain/runtime/rate-limit.ts'
import { retryAfterAt } from '#domain/text/retry-after.ts'
import { totalOf } from '#domain/text/add-numbers.ts'
import { firstTextsAt, textsAt } from '#domain/text/json-pointer.ts'
import { stateOfSigned, signToken } from '#domain/access/signed-token.ts'
import { Cached } from '#storage/cached.ts'

const NOW = Date.parse('2026-11-28T10:00:00Z')
const SECOND = 1000
const HOUR = 3600 * SECOND

test.each([
  ['7', 7 * SECOND],
  [' 120 ', 120 * SECOND],
  ['0', 0],
  ['7200', 2 * HOUR],
  ['86400', 24 * HOUR],
  ['Sat, 28 Nov 2026 10:00:30 GMT', 30 * SECOND],
  ['Sat, 28 Nov 2026 09:00:00 GMT', 0],
  // A time where a span should stand, and what lies years ahead.
  ['1764500421', HOUR],
  ['99999999999999999999', HOUR],
  ['Mon, 28 Nov 2033 10:00:00 GMT', HOUR],
  ['5, 5', undefined],
  ['1e9', undefined],
  ['0x10', undefined],
  ['-5', undefined],
  ['1.5', undefined],
  ['', undefined],
  ['soon', undefined],
  ['2026-11-28T10:00:30Z', undefined],
  ['28 Nov 2026 10:00:30', undefined],
])('Retry-After <%s> is %s ms from now', (header, span) => {
  expect(retryAfterAt(header, NOW)).toBe(span === undefined ? undefined : NOW + span)
})

test.each([
  [[60, 40], 100],
  [['60', 40], 100],
  [['0.1', 0.2], 0.3],
  [[null, undefined, 'much', 5], 5],
  [[' 7 ', -2], 5],
  [['1e9', '0x10', NaN, Infinity], undefined],
  [[], undefined],
])('%j adds up to %s', (values, total) => {
  expect(totalOf(values)).toBe(total)
})

test('so many a minute under a name are given, and each name has its own', () => {
  const searches = new RateLimit(3)
  const taken = (name: string, ...seconds: number[]) =>
    seconds.map((second) => searches.take(name, NOW + second * SECOND))
  expect(taken('a', 0, 0, 10, 59)).toEqual([true, true, true, false])
  expect(searches.freeAt('a', NOW + 59 * SECOND)).toBe(NOW + 60 * SECOND)
  expect(taken('b', 59)).toEqual([true])
  expect(taken('a', 60, 60, 60, 70, 70)).toEqual([true, true, false, true, false])
})

test('the first texts at a pointer are those that all of them begin with', () => {
  const document = { a: [{ b: 'x' }, { b: 7 }, { b: '' }, { b: null }, {}, 'text'], c: { d: 'y' } }
  for (const pointer of ['/a/*/b', '/c/d', '/*/d', '/a', '', '/none/*/x', '/a/*'])
    for (const most of [0, 1, 100])
      expect([pointer, firstTextsAt(document, pointer, most)]).toEqual([
        pointer,
        textsAt(document, pointer).slice(0, most),
      ])
})

test('who has enough texts stops reading', () => {
  const read: number[] = []
  const rows = Array.from({ length: 100 }, (_, n) => ({
    get id() {
      read.push(n)
      return `id${n}`
    },
  }))
  expect(firstTextsAt({ rows }, '/rows/*/id', 5)).toHaveLength(5)
  expect(Math.max(...read)).toBe(4)
})

test('a cache forgets its oldest entries when they are too many, or too large together', () => {
  const cache = new Cached<string>(1000, { entries: 3, chars: 100, weigh: (text) => text.length })
  for (const name of ['a', 'b', 'c', 'd']) cache.put(name, name, NOW)
  expect(['a', 'b', 'd'].map((name) => cache.peek(name, NOW))).toEqual([undefined, 'b', 'd'])
  cache.put('e', 'x'.repeat(98), NOW)
  expect(['d', 'e'].map((name) => cache.peek(name, NOW)?.length)).toEqual([undefined, 98])
  cache.put('e', 'x', NOW)
  cache.put('f', 'y', NOW)
  expect(['e', 'f'].map((name) => cache.peek(name, NOW))).toEqual(['x', 'y'])
  cache.put('g', 'z'.repeat(1000), NOW)
  expect(cache.peek('g', NOW)).toBeUndefined()
})

const SECRET = 'a secret of thirty-two characters'
const at = (seconds: number) => NOW / 1000 + seconds

test.each([
  ['good', 1800, -5],
  ['good', 1800, 45],
  ['early', 1800, 120],
  ['good', -45, -1800],
  ['expired', -120, -1800],
  ['good', 24 * 3600, -5],
  ['long', 48 * 3600, -5],
  ['long', Date.parse('9999-12-31T00:00:00Z') / 1000 - at(0), -5],
])('a signed token is %s when it ends in %i s and begins in %i s', async (state, exp, nbf) => {
  const token = await signToken({ iss: 'me', exp: at(exp), nbf: at(nbf) }, SECRET)
  expect(await stateOfSigned(token, SECRET, NOW)).toBe(state)
  expect(await stateOfSigned(token, `${SECRET}!`, NOW)).toBe('forged')
})

test.each([
  ['arrays in arrays', '['.repeat(501) + ']'.repeat(501)],
  ['objects in objects', `${'{"a":'.repeat(501)}1${'}'.repeat(501)}`],
  ['two megabytes of brackets', '['.repeat(1_000_000) + ']'.repeat(1_000_000)],
  ['a million empty objects', `[${'{},'.repeat(1_000_000)}{}]`],
  ['a million numbers', `[${'1,'.repeat(1_000_001)}1]`],
])('%s are not read as JSON', (_, text) => {
  expect(parseJson(text)).toBeUndefined()
})

test('brackets and commas inside a text are no nesting, whatever stands before its last quote', () => {
  const value = {
    '[': '[['.repeat(1000),
    quoted: `"${'{'.repeat(1000)}`,
    back: '\\',
    list: ['\\"[', 1],
  }
  expect(parseJson(JSON.stringify(value))).toEqual(value)
  const deep = '['.repeat(500) + ']'.repeat(500)
  expect(JSON.stringify(parseJson(deep))).toBe(deep)
  expect(parseJson(`["${'['.repeat(600)}`)).toBeUndefined()
})

test('a long line of the log without a secret is looked through once, not from each of its hyphens', () => {
  const before = performance.now()
  for (const line of ['a-'.repeat(50_000), 'eyJ-'.repeat(25_000)])
    expect(withoutSecrets(line)).toBe(line)
  // Read anew from each hyphen it takes half a minute.
  expect(performance.now() - before).toBeLessThan(5000)
})
