/** docs/field-reports.md names a test for each report; what it names is there. */
import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const ROW = /^\| ([^|]+) \| [^|]+ \| `([^`]+)` \| (.+) \|$/gm

test('every report that the page names has the test that it names', () => {
  const page = readFileSync('docs/field-reports.md', 'utf8')
  const rows = [...page.matchAll(ROW)].map(([, report = '', file = '', name = '']) => ({
    report,
    file,
    name,
  }))
  expect(rows.length).toBeGreaterThan(60)
  const lacking = rows.filter(({ file, name }) => {
    if (!existsSync(file)) return true
    return !name.startsWith('(') && !readFileSync(file, 'utf8').includes(name)
  })
  expect(lacking).toEqual([])
})
