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
  return { sql, rows: new KeyRows(sql), writeOld }
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

test('the key of a creation that waits for a week is found all the time, and for a day after its start [I4]', () => {
  const { rows } = open()
  const answer = { status: 202, contentType: 'application/json', body: '', isQueued: true } as const
  rows.save(NAME, { requestId: 'one', startedAt: MIDNIGHT, answer })
  rows.save('POST /v3/videos other', { requestId: 'two', startedAt: MIDNIGHT, answer })
  let leftAt: number | 'waits' = 'waits'
  rows.lineEnd = (requestId) => (requestId === 'one' ? leftAt : undefined)
  for (let hour = 0; hour < 10 * 24; hour += 6) {
    const now = MIDNIGHT + (hour * DAY) / 24
    expect(rows.find(NAME, now)?.requestId).toBe('one')
    rows.forget(now)
    expect(rows.find(NAME, now)?.requestId).toBe('one')
  }
  const left = MIDNIGHT + 10 * DAY
  leftAt = left
  rows.forget(left + DAY - 1)
  expect(rows.find(NAME, left + DAY - 1)?.requestId).toBe('one')
  rows.forget(left + 8 * DAY)
  expect(rows.find(NAME, left + 8 * DAY)).toBeUndefined()
  expect(rows.dueAt(left + 8 * DAY)).toBeUndefined()
})

test('a key whose Worker died is kept as long as the creation that it queued waits [I4]', () => {
  const { rows } = open()
  const record = { requestId: 'one', startedAt: MIDNIGHT }
  rows.save(NAME, record)
  rows.lineEnd = () => 'waits'
  const later = MIDNIGHT + 6 * DAY
  rows.forget(later)
  rows.saveEnded(NAME, { ...record, isUnknown: true }, later + DAY)
  expect(rows.find(NAME, later + DAY)?.isUnknown).toBe(true)
})

test('a key that is no queued creation is deleted without a question to the line', () => {
  const { rows } = open()
  const answer = { status: 200, contentType: 'application/json', body: '' }
  rows.save(NAME, { requestId: 'one', startedAt: MIDNIGHT, answer })
  rows.lineEnd = () => {
    throw new Error('asked')
  }
  rows.forget(MIDNIGHT + 6 * DAY)
  expect(rows.find(NAME, MIDNIGHT + 6 * DAY)).toBeUndefined()
})

test('the answers of a day are read one after the other, since they may be more than memory has room for', () => {
  const { rows, sql } = open()
  rows.save(NAME, { requestId: 'one', startedAt: MIDNIGHT })
  rows.lineEnd = () => 'waits'
  const { exec } = sql
  sql.exec = ((text: string, ...values: unknown[]) => {
    const cursor = exec.call(sql, text, ...values)
    if (!/SELECT .*record FROM keyed WHERE day < /.test(text)) return cursor
    return Object.assign(cursor, {
      toArray: () => {
        throw new Error('all at once')
      },
    })
  }) as typeof exec
  rows.forget(MIDNIGHT + 7 * DAY)
  expect(rows.find(NAME, MIDNIGHT + 7 * DAY)?.requestId).toBe('one')
})
