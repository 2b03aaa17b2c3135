/** JSON of others, read without taking long or deep. */
import { expect, test } from 'vitest'
import { parseJson } from '#domain/text/json-text.ts'

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
