/** Names of queued creations: they have the form of the row's ids, lead to their item, and no id of a provider looks like one. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { itemIdOf, markOf, namesOf } from '#domain/queue/item-name.ts'
import { isTimedId, newTimedId, timeOf } from '#domain/text/time-ordered-id.ts'

const NOW = Date.parse('2026-11-29T12:00:00.123Z')

function request(at = NOW): string {
  return newTimedId(at, crypto.randomUUID())
}

test('an item has the same id whenever its request asks for the same moment', () => {
  const requestId = request()
  const item = itemIdOf(requestId, NOW)
  expect(itemIdOf(requestId, NOW)).toBe(item)
  expect(isTimedId(item)).toBe(true)
  expect(timeOf(item)).toBe(NOW)
  expect(itemIdOf(requestId, NOW + 1) > item).toBe(true)
  expect(itemIdOf(request(), NOW)).not.toBe(item)
})

test("a name has the row's form, and leads to its item", () => {
  for (let count = 0; count < 500; count += 1) {
    const item = itemIdOf(request(), NOW + count)
    const hex = namesOf(item, 3, { kind: 'hex' })
    const prefixed = namesOf(item, 3, { kind: 'prefix', prefix: 'batch_' })
    expect(hex.every((name) => /^[0-9a-f]{32}$/.test(name))).toBe(true)
    expect(hex[0]).toBe(item.replaceAll('-', ''))
    expect(prefixed).toEqual(hex.map((name) => `batch_${name}`))
    for (const names of [hex, prefixed]) {
      const marks = names.map((name) => markOf(name))
      expect(marks).toEqual([0, 1, 2].map((part) => ({ item, at: NOW + count, part })))
    }
    expect(markOf(item)).toEqual({ item, at: NOW + count, part: 0 })
  }
})

test('a decimal name has 19 digits, more than the provider has, and fits into 64 bits', () => {
  const item = itemIdOf(request(), NOW)
  const names = namesOf(item, 12, { kind: 'decimal' })
  expect(new Set(names).size).toBe(12)
  for (const [part, name] of names.entries()) {
    expect(name).toMatch(/^8\d{18}$/)
    expect(BigInt(name)).toBeLessThan(2n ** 63n)
    expect(markOf(name)).toEqual({ at: NOW, part })
  }
  const late = itemIdOf(request(), Date.parse('2200-01-01T00:00:00Z'))
  expect(BigInt(namesOf(late, 1, { kind: 'decimal' })[0] ?? '')).toBeLessThan(2n ** 63n)
})

test('one digit that is different makes it an id of the provider', () => {
  const name = namesOf(itemIdOf(request(), NOW), 1, { kind: 'hex' })[0] ?? ''
  for (let at = 0; at < name.length; at += 1) {
    const other = name[at] === '0' ? '1' : '0'
    expect(markOf(name.slice(0, at) + other + name.slice(at + 1))).toBeUndefined()
  }
  for (const text of ['', '7', name.slice(1), name.toUpperCase(), `${name}0`, `https://x/${name}`])
    expect(markOf(text)).toBeUndefined()
})

/** Every text and number in the examples of a catalogue. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string' || typeof value === 'number') return [String(value)]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}

test("no id of the catalogue's examples carries the mark", () => {
  const texts = ['heygen', 'kling'].flatMap((name) =>
    textsIn(JSON.parse(readFileSync(`simulator/${name}/catalogue.json`, 'utf8')))
  )
  const words = texts.flatMap((text) => text.split(/[/?&=,\s"]+/))
  expect(words.length).toBeGreaterThan(5000)
  expect(words.filter((word) => markOf(word) !== undefined)).toEqual([])
})

test('of random ids none carries the mark', () => {
  const ids = Array.from({ length: 20_000 }, () => [crypto.randomUUID(), request()]).flat()
  expect(ids.filter((id) => markOf(id) !== undefined)).toEqual([])
})
