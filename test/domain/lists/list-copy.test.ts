import { expect, test } from 'vitest'
import { betterCopy, partOf, useOf, withPage, type ListCopy } from '#domain/lists/list-copy.ts'

const AGES = { freshMs: 100, keepMs: 1000 }

test('a copy is whole once its last page has come, and its age counts from the first', () => {
  const first = withPage(undefined, undefined, { email: 'a', rows: [1], next: 't' }, 10)
  expect(first).toEqual({ part: { startedAt: 10, email: 'a', next: 't', rows: [1] } })
  const part = partOf(first, 20, AGES)
  expect(withPage(first, part, { email: 'a', rows: [2] }, 20)).toEqual({
    whole: { startedAt: 10, rows: [1, 2] },
  })
})

test('a list that gives the same page token again has ended', () => {
  const first = withPage(undefined, undefined, { email: 'a', rows: [1], next: 't' }, 10)
  const second = withPage(first, first.part, { email: 'a', rows: [2], next: 't' }, 11)
  expect(second.part).toBeUndefined()
})

test('while a list is read again, its last whole copy stays', () => {
  const whole = { startedAt: 0, rows: [1, 2] }
  const copy = withPage({ whole }, undefined, { email: 'a', rows: [3], next: 't' }, 200)
  expect(copy.whole).toEqual(whole)
  expect(useOf(copy, 200, AGES)).toEqual({ rows: [1, 2], read: 'after' })
})

test('a reading that is too old is begun anew', () => {
  const copy: ListCopy = { part: { startedAt: 0, email: 'a', next: 't', rows: [1] } }
  expect(partOf(copy, 99, AGES)).toBe(copy.part)
  expect(partOf(copy, 100, AGES)).toBeUndefined()
})

test('a copy is used as it is, then while it is read again, then not any more', () => {
  const copy = { whole: { startedAt: 0, rows: [1] } }
  expect([99, 100, 999, 1000].map((now) => useOf(copy, now, AGES).read)).toEqual([
    'no',
    'after',
    'after',
    'before',
  ])
  expect(useOf(copy, 1000, AGES).rows).toBeUndefined()
  expect(useOf(undefined, 0, AGES)).toEqual({ read: 'before' })
})

test('of two copies the newer whole one counts, else the one that was read further', () => {
  const old = { whole: { startedAt: 1, rows: [] } }
  const latest = { whole: { startedAt: 2, rows: [] } }
  const part = (rows: unknown[]) => ({ part: { startedAt: 3, email: 'a', next: 't', rows } })
  expect(betterCopy(old, latest)).toBe(latest)
  expect(betterCopy(latest, part([1]))).toBe(latest)
  const further = part([1, 2])
  expect(betterCopy(part([1]), further)).toBe(further)
  expect(betterCopy(undefined, further)).toBe(further)
})
