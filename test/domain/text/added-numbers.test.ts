/** Numbers, also as text, added up. */
import { expect, test } from 'vitest'
import { totalOf } from '#domain/text/add-numbers.ts'

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
