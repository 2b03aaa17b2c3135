/** docs/errors.md against the code: every code, its status, no other. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ERROR_STATUS } from '#domain/runtime/errors.ts'

test('the page of errors names every code with its status, and none that is not there', () => {
  const page = readFileSync('docs/errors.md', 'utf8')
  const rows = [...page.matchAll(/^\| `(\w+)` \| (\d+) \| (.+) \| (.+) \|$/gm)]
  const told = Object.fromEntries(rows.map(([, code, status]) => [code, Number(status)]))
  expect(told).toEqual(ERROR_STATUS)
})
