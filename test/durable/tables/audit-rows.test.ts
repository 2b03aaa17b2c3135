/** Lines of who changed what in an object's tables. */
import { afterEach, expect, test, vi } from 'vitest'
import { AUDIT_LINES_A_DAY, type Actor } from '#domain/access/audit.ts'
import { newTimedId } from '#domain/text/time-ordered-id.ts'
import { AUDIT_SCHEMA, AuditRows } from '#durable/desk-tables/audit-rows.ts'
import { openSql } from '../../support/sql/sqlite.ts'

const DAY = 86_400_000
const NOON = 20_000 * DAY + DAY / 2

afterEach(() => void vi.useRealTimers())

function open(now = NOON) {
  vi.useFakeTimers({ now, toFake: ['Date'] })
  const sql = openSql(AUDIT_SCHEMA)
  return { sql, rows: new AuditRows(sql, () => Date.now()) }
}

function by(token?: string): Actor {
  return {
    requestId: newTimedId(Date.now(), crypto.randomUUID()),
    ...(token === undefined ? {} : { token }),
  }
}

const ENTRY = {
  action: 'account.added',
  tenant: 't',
  provider: 'heygen',
  subject: 'a@b.c',
} as const

test('a change that is asked for twice leaves one line', () => {
  const { rows } = open()
  const actor = by('tok_1')
  rows.write(actor, ENTRY)
  rows.write(actor, ENTRY)
  rows.write(by('tok_1'), ENTRY)
  expect(rows.list({ limit: 10 })).toHaveLength(2)
})

test('a flood of a tenant ends at its bound, says so, and hides neither the operator nor another tenant [I5]', () => {
  const { sql, rows } = open()
  for (let n = 0; n < AUDIT_LINES_A_DAY + 10; n += 1) rows.write(by('tok_1'), ENTRY)
  // An object that woke up counts again.
  const woken = new AuditRows(sql, () => Date.now())
  woken.write(by('tok_1'), ENTRY)
  woken.write(by(), { action: 'token.removed', tenant: 't', subject: 'tok_1' })
  woken.write(by('tok_2'), { ...ENTRY, tenant: 'u' })
  const lines = woken.list({ tenant: 't', limit: AUDIT_LINES_A_DAY * 2 })
  const count = (action: string) => lines.filter((line) => line.action === action).length
  expect(lines).toHaveLength(AUDIT_LINES_A_DAY + 1)
  expect([count('account.added'), count('audit.full'), count('token.removed')]).toEqual([
    AUDIT_LINES_A_DAY - 1,
    1,
    1,
  ])
  expect(woken.list({ tenant: 'u', limit: 10 })).toHaveLength(1)
  vi.setSystemTime(NOON + DAY)
  woken.write(by('tok_1'), ENTRY)
  expect(woken.list({ tenant: 't', since: NOON + DAY, limit: 10 })).toHaveLength(1)
})

test('what is forgotten is the oldest, a bounded number of it', () => {
  const { rows } = open()
  for (let n = 0; n < 2100; n += 1) rows.write(by('tok_1'), ENTRY)
  vi.setSystemTime(NOON + 100 * DAY)
  rows.write(by('tok_1'), ENTRY)
  expect(rows.dueAt(90 * DAY)).toBe(NOON + 90 * DAY)
  rows.forget(NOON + DAY)
  expect(rows.list({ limit: 5000 })).toHaveLength(101)
  rows.forget(NOON + DAY)
  expect(rows.list({ limit: 5000 })).toHaveLength(1)
  expect(rows.dueAt(90 * DAY)).toBe(NOON + 190 * DAY)
})

test('without who asked, as an older Worker asks, nothing is written', () => {
  const { rows } = open()
  rows.write(undefined, ENTRY)
  expect(rows.list({ limit: 10 })).toEqual([])
})
