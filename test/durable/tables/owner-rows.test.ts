/** How long the desk keeps which account an id belongs to, where many ids come. */
import { expect, test } from 'vitest'
import { openSql } from '../../support/sql/sqlite.ts'

/** The parts used here of a file that has the Worker's types, not those of these tests. */
interface Owners {
  forget(before: number, keepMs: number, everyMs: number, now: number): number | undefined
}
const file: string = '../../../src/durable/desk-tables/owner-rows.ts'
const { OwnerRows, OWNERS_SCHEMA } = (await import(file)) as {
  OwnerRows: new (sql: SqlStorage) => Owners
  OWNERS_SCHEMA: string
}

const HOUR = 3_600_000
const START = Date.UTC(2026, 0, 1)

/** So many ids that no list has shown before, as `learn` writes them. */
const LEARN = `INSERT INTO owned_id (id, email, source, may_be_shared, learned_at, account_since, epoch)
  WITH RECURSIVE count (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < ?)
  SELECT lower(hex(randomblob(16))), 'a@x.io', 'created', 0, ?, 1, 1 FROM count`

test('where many ids come, little more of them is kept than of the time for which they are kept', () => {
  const sql = openSql(`${OWNERS_SCHEMA}; CREATE TABLE owner (id TEXT PRIMARY KEY, record TEXT)`)
  sql.exec('INSERT INTO pruning (id, started_at, place) VALUES (1, ?, ?)', START, '')
  const rows = new OwnerRows(sql)
  const rowsOf = (where: string, at: number) =>
    sql.exec<{ n: number }>(`SELECT COUNT(*) AS n FROM owned_id WHERE ${where}`, at).toArray()[0]?.n
  // As a pool of a hundred accounts makes them that uploads a file for each of its jobs.
  const anHour = 5000
  const keepMs = 6 * HOUR
  for (let hour = 0; hour < 40; hour += 1) {
    const now = START + hour * HOUR
    sql.exec(LEARN, anHour, now)
    rows.forget(now - keepMs, keepMs, HOUR, now)
    expect(rowsOf('learned_at >= ?', now - keepMs)).toBe(anHour * Math.min(hour + 1, 7))
  }
  expect(rowsOf('learned_at >= ?', 0)).toBeLessThan(anHour * 7 * 2)
})
