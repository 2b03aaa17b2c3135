import { expect, test } from 'vitest'
import { instantOf } from '#domain/text/timestamps.ts'

const AT = 1_800_000_000_000

test.each([
  [AT / 1000, AT],
  [AT, AT],
  [String(AT), AT],
  [new Date(AT).toISOString(), AT],
  ['2027-01-15T08:00:00', undefined],
  [0, undefined],
  // Micro- and nanoseconds: read as milliseconds they would lie far from any creation, and the row would be nobody's.
  [AT * 1000, undefined],
  [String(AT * 1000), undefined],
  [AT * 1e6, undefined],
])('the time %s is read as %s', (time, expected) => {
  expect(instantOf(time)).toBe(expected)
})
