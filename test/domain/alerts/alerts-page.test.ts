/** docs/alerts.md says exactly what there is. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ALERT_FORMS, ALERT_KINDS } from '#domain/alerts/alert.ts'
import { bodyOf } from '#domain/alerts/alert-text.ts'
import { PROVIDERS } from '#providers/index.ts'

const page = readFileSync('docs/alerts.md', 'utf8')

function rowsBelow(title: string): string[][] {
  const [, part = ''] = page.split(`## ${title}\n`)
  const lines = (part.split('\n## ')[0] ?? '').split('\n').filter((line) => line.startsWith('| '))
  const rows = lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim())
  )
  return rows.filter(([first]) => first?.startsWith('`'))
}

test('the table of the alerts page names exactly the kinds, in their order', () => {
  const kinds = rowsBelow('What each kind means').map(([kind]) => kind)
  expect(kinds).toEqual(ALERT_KINDS.map((kind) => `\`${kind}\``))
})

test('the alerts page names every form', () => {
  for (const form of ALERT_FORMS) expect(page).toContain(`\`${form}\``)
})

test('the alerts page names every default of a low balance', () => {
  const defaults = PROVIDERS.flatMap(({ name, accounts }) =>
    Object.entries(accounts.lowBalance ?? {}).map(([unit, below]) => [
      `\`${name}\``,
      `\`${unit}\``,
      String(below),
    ])
  )
  expect(rowsBelow('Low balances')).toEqual(defaults)
})

test('the message on the alerts page is what the gateway sends', () => {
  const [, shown = ''] = /```text\n(\{[^]*?)```/.exec(page) ?? []
  const message = {
    id: 'alrt_617a70e839b00c192b47ac1cbfa7c537',
    kind: 'account_parked',
    state: 'raised',
    at: Date.parse('2026-11-29T07:20:00.000Z'),
    tenant: 'acme',
    provider: 'heygen',
    account: 'alice@example.com',
    fault: {
      reason: 'credit',
      detail: 'no credit',
      scope: 'jobs',
      until: Date.parse('2026-11-29T07:50:00.000Z'),
    },
  } as const
  expect(JSON.parse(shown)).toEqual(JSON.parse(bodyOf(message, 'generic')))
})
