import { expect, test } from 'vitest'
import { elementsAt, sliceAt, splice } from '#domain/text/json-slices.ts'
import { mergePages, toMs, type Cursor, type Row } from '#domain/lists/merge-rows.ts'

const TEXT =
  '{ "a" : {"b":[1, {"id":829836802793406551,"s":"]}\\"{"}, "x" ,[2]]}, "n\\u0065xt": null,"t": -1.50e3 }'

test('values are found as slices of the text, whatever stands in strings [I7]', () => {
  const rows = sliceAt(TEXT, '/a/b')
  const elements = elementsAt(TEXT, rows?.start ?? 0).map(({ start, end }) =>
    TEXT.slice(start, end)
  )
  expect(elements).toEqual(['1', '{"id":829836802793406551,"s":"]}\\"{"}', '"x"', '[2]'])
  expect(TEXT.slice(sliceAt(TEXT, '/next')?.start, sliceAt(TEXT, '/next')?.end)).toBe('null')
  expect(TEXT.slice(sliceAt(TEXT, '/t')?.start, sliceAt(TEXT, '/t')?.end)).toBe('-1.50e3')
  expect(sliceAt(TEXT, '/a/missing')).toBeUndefined()
  expect(sliceAt('[1]', '/a')).toBeUndefined()
  expect(elementsAt('[ ]', 0)).toEqual([])
})

test('text that is not valid JSON ends the search', () => {
  for (const broken of [
    '{"data":[}',
    '{"data":[1,}]',
    '{"data":[[]',
    '{"data":',
    '{"a":,"data":[1]}',
  ]) {
    const rows = sliceAt(broken, '/data')
    expect(elementsAt(broken, rows?.start ?? 0).length, broken).toBeLessThan(5)
  }
})

test('splicing changes nothing else, so that large numbers survive [I7]', () => {
  const next = sliceAt(TEXT, '/next')
  const spliced = splice(TEXT, next ? [{ ...next, text: '"tok"' }] : [])
  expect(spliced).toBe(TEXT.replace('null', '"tok"'))
})

const START: Cursor = { token: null, skip: 0, isDone: false }

/** A stream of an account: pages of `size` rows, tokens are offsets. */
function pageOf(rows: Row[], size: number, cursor: Cursor) {
  const from = Number(cursor.token ?? 0)
  const next = from + size < rows.length ? String(from + size) : null
  return { cursor, rows: rows.slice(from, from + size), next }
}

test('over all pages every row comes exactly once, newest first, whatever the page size', () => {
  const streams = [7, 0, 3, 12].map((count, stream) =>
    Array.from({ length: count }, (_, index) => ({
      id: `${stream}-${index}`,
      createdAt: 1000 - index * (stream + 2),
      text: '',
    }))
  )
  for (const size of [1, 2, 5, 7, 100]) {
    const seen: { id: string; createdAt: number }[] = []
    let cursors = streams.map(() => START)
    let pages = 0
    while (cursors.some((cursor) => !cursor.isDone) && pages < 200) {
      const open = cursors.map((cursor, index) =>
        cursor.isDone
          ? { cursor, rows: [], next: null }
          : pageOf(streams[index] ?? [], size, cursor)
      )
      const merged = mergePages(open, size)
      expect(merged.rows.length).toBeLessThanOrEqual(size)
      seen.push(...merged.rows.map(({ row }) => row))
      cursors = merged.cursors
      pages += 1
    }
    expect(new Set(seen.map((row) => row.id)).size, `size ${size}`).toBe(22)
    expect(seen).toHaveLength(22)
    expect(seen.map((row) => row.createdAt)).toEqual(
      seen.map((row) => row.createdAt).toSorted((a, b) => b - a)
    )
  }
})

test('times are read in whatever form they come', () => {
  expect([
    toMs(1764500000),
    toMs('1764500000'),
    toMs(1764500000123),
    toMs('2025-11-30T10:53:20Z'),
    toMs(null),
    toMs('soon'),
  ]).toEqual([1764500000000, 1764500000000, 1764500000123, 1764500000000, 0, 0])
})

test('rows that come or go between two pages neither repeat others nor hide them', () => {
  const rowsOf = (ids: number[]) => ids.map((id) => ({ id: `r${id}`, createdAt: id, text: '' }))
  const page = (ids: number[], cursor: Cursor) => ({ cursor, rows: rowsOf(ids), next: null })
  const idsOf = (merged: ReturnType<typeof mergePages>) => merged.rows.map(({ row }) => row.id)
  const first = mergePages([page([9, 7, 5, 3], START)], 2)
  expect(idsOf(first)).toEqual(['r9', 'r7'])
  const [cursor = START] = first.cursors
  expect(idsOf(mergePages([page([11, 10, 9, 7, 5, 3], cursor)], 9))).toEqual(['r5', 'r3'])
  expect(idsOf(mergePages([page([5, 3], cursor)], 9))).toEqual(['r5', 'r3'])
  expect(idsOf(mergePages([page([7, 5, 3], cursor)], 9))).toEqual(['r5', 'r3'])
})
