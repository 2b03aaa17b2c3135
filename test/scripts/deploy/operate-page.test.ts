/** docs/operate.md against the code: every event of the log is explained. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

function sources(): string[] {
  const entries = readdirSync('src', { recursive: true, withFileTypes: true })
  const files = entries.filter((one) => one.isFile() && one.name.endsWith('.ts'))
  return files.map((one) => readFileSync(path.join(one.parentPath, one.name), 'utf8'))
}

test('the page for operators explains every event that the gateway logs', () => {
  const calls = sources().flatMap((text) => [
    ...text.matchAll(
      /\.log\(\s*(?:\w+ \? )?'(\w+)'|\bwriteLog\('(\w+)'|lineOf\('(\w+)'|noteToken\(c, '(\w+)'/g
    ),
  ])
  const events = new Set(calls.map((found) => found.slice(1).find((name) => name !== undefined)))
  expect(events.size).toBeGreaterThan(25)
  const page = readFileSync('docs/operate.md', 'utf8')
  expect([...events].filter((event) => !page.includes(`\`${event}\``))).toEqual([])
})
