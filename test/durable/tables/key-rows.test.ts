/** Idempotency keys in a desk's tables: whatever the day, the clock and the Worker that wrote them. */
import { expect, test } from 'vitest'
import { KeyRows, KEYS_SCHEMA } from '#durable/desk-tables/key-rows.ts'
import { openSql } from '../../support/sql/sqlite.ts'

const DAY = 86_400_000
const MIDNIGHT = 20_000 * DAY
const OLD = 'CREATE TABLE idempotency (name TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;'
const NAME = 'POST /v3/videos key'

function open() {
  const sql = openSql(OLD + KEYS_SCHEMA)
  /** As commit 30a41a3 writes it. */
  const writeOld = (requestId: string, startedAt: number) =>
    sql.exec(
      'INSERT INTO idempotency VALUES (?, ?) ON CONFLICT DO UPDATE SET record = excluded.record',
      NAME,
      JSON.stringify({ requestId, startedAt })
    )
  return { rows: new KeyRows(sql), writeOld }
}

test('a key that began just after midnight is known when the clock goes back before it [I4]', () => {
  const { rows } = open()
  rows.save(NAME, { requestId: 'one', startedAt: MIDNIGHT + 5 })
  expect(rows.find(NAME, MIDNIGHT - 5)?.requestId).toBe('one')
  expect(rows.requestsOf('key', MIDNIGHT - 5)).toEqual(['one'])
  rows.drop(NAME, MIDNIGHT - 5)
  expect(rows.find(NAME, MIDNIGHT + 6)).toBeUndefined()
})

test('a key that an older Worker began anew, while a release was rolled back, is the one that counts [I4]', () => {
  const { rows, writeOld } = open()
  writeOld('first', MIDNIGHT)
  rows.copyOld()
  expect(rows.find(NAME, MIDNIGHT + 1)?.requestId).toBe('first')
  writeOld('second', MIDNIGHT + 1.5 * DAY)
  expect(rows.find(NAME, MIDNIGHT + 1.6 * DAY)?.requestId).toBe('second')
  rows.save(NAME, { requestId: 'third', startedAt: MIDNIGHT + 4 * DAY })
  expect(rows.find(NAME, MIDNIGHT + 4 * DAY)?.requestId).toBe('third')
})

test('a key is kept for five days after its own, and then nothing is left to look for', () => {
  const { rows, writeOld } = open()
  rows.save(NAME, { requestId: 'one', startedAt: MIDNIGHT - 1 })
  writeOld('old', MIDNIGHT - 1)
  rows.forget(MIDNIGHT + 5 * DAY - 1)
  expect(rows.find(NAME, MIDNIGHT + 5 * DAY - 1)).toBeDefined()
  const due = rows.dueAt(MIDNIGHT) ?? 0
  expect(due).toBe(MIDNIGHT + 5 * DAY)
  rows.forget(due)
  expect([rows.find(NAME, due), rows.dueAt(due)]).toEqual([undefined, undefined])
})
