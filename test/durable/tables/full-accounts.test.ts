/** What a desk keeps of which accounts are full, over a restart of its object. */
import { expect, test } from 'vitest'
import { FullAccounts } from '#durable/pool/full-accounts.ts'
import { openSql } from '../../support/sql/sqlite.ts'

const NOW = Date.UTC(2026, 10, 21, 12)
const MINUTE = 60_000

/** A desk whose clock the test moves. `written`: how often it has written its row. */
function openDesk() {
  const sql = openSql('')
  const clock = { now: NOW }
  const desk = { written: 0 }
  const exec = (text: string, ...values: SqlStorageValue[]) => {
    if (text.includes('INSERT')) desk.written += 1
    return sql.exec(text, ...values)
  }
  const storage = { sql: { exec } } as unknown as DurableObjectStorage
  const start = () => new FullAccounts(storage, () => clock.now)
  return { desk, clock, start }
}

const names = (count: number) => Array.from({ length: count }, (_, at) => `heygen:${at}`)

test('after a restart a desk knows nine in ten of the accounts that were full', () => {
  const { desk, start } = openDesk()
  const before = start()
  for (const account of names(90)) before.note([{ account, fullAt: NOW }])
  expect(before.list()).toHaveLength(90)
  expect(start().list().length).toBeGreaterThanOrEqual(81)
  expect(desk.written).toBeLessThanOrEqual(30)
})

test('accounts that stay full cost a row in two and a half minutes, and few full accounts cost none', () => {
  const { desk, clock, start } = openDesk()
  const full = start()
  for (const account of names(5)) full.note([{ account, fullAt: NOW }])
  expect(desk.written).toBe(0)
  full.note(names(20).map((account) => ({ account, fullAt: NOW })))
  expect(desk.written).toBe(1)
  for (let second = 0; second < 300; second += 10) {
    clock.now = NOW + second * 1000
    full.note(names(20).map((account) => ({ account, fullAt: clock.now })))
  }
  expect(desk.written).toBe(2)
})

test('an account counts as full for five minutes, or until a slot of it was free', () => {
  const { clock, start } = openDesk()
  const full = start()
  full.note(names(2).map((account) => ({ account, fullAt: NOW })))
  full.note([{ account: 'heygen:0' }])
  expect(full.list()).toEqual([{ account: 'heygen:1', fullAt: NOW }])
  clock.now = NOW + 5 * MINUTE
  expect(full.list()).toEqual([])
})

test('what one isolate saw later counts, whichever is told first', () => {
  const { start } = openDesk()
  const full = start()
  full.note([{ account: 'heygen:a', fullAt: NOW }])
  full.note([{ account: 'heygen:a', fullAt: NOW - MINUTE }])
  expect(full.list()).toEqual([{ account: 'heygen:a', fullAt: NOW }])
})

test('a removed tenant leaves nothing', () => {
  const { start } = openDesk()
  const full = start()
  full.note(names(10).map((account) => ({ account, fullAt: NOW })))
  full.clear()
  expect(full.list()).toEqual([])
  expect(start().list()).toEqual([])
})
