/** Values at a pointer, and no more of them than are wanted. */
import { expect, test } from 'vitest'
import { firstTextsAt, textAt, textsAt, valueAt, valuesAt } from '#domain/text/json-pointer.ts'

test('pointers with a star find every member', () => {
  const body = { a: [{ id: 'x' }, { id: 2 }, { id: '' }, null, 'text'], b: { one: { id: 'y' } } }
  expect(textsAt(body, '/a/*/id')).toEqual(['x', '2'])
  expect(textsAt(body, '/b/*/id')).toEqual(['y'])
  expect(valuesAt(body, '/constructor')).toEqual([])
  expect(valuesAt('text', '/a')).toEqual([])
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

test('the first value at a pointer is the one that all values begin with', () => {
  const document = { a: [{ b: 'x' }, { b: 7 }], c: { d: '', e: null, f: false }, '': 'empty' }
  const pointers = ['', '/', '/a', '/a/0/b', '/a/1/b', '/a/2/b', '/a/*/b', '/c/d', '/c/e', '/c/e/g']
  for (const pointer of [
    ...pointers,
    '/c/f',
    '/c/f/toString',
    '/toString',
    '/a/length',
    '/none/x',
  ]) {
    expect([pointer, valueAt(document, pointer)]).toEqual([pointer, valuesAt(document, pointer)[0]])
    expect([pointer, textAt(document, pointer)]).toEqual([pointer, textsAt(document, pointer)[0]])
  }
})
