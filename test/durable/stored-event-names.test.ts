/** Stored records keep the names that older Workers read and write, whatever the code calls them. */
import { expect, test } from 'vitest'
import type { IncomingEvent } from '#domain/events/incoming-event.ts'
import { DeferredEventRows } from '#durable/account-tables/deferred-event-rows.ts'
import { EndedJobs, ENDED_SCHEMA, OWED_SCHEMA } from '#durable/account-tables/ended-jobs.ts'
import { openSql } from '../support/sql/sqlite.ts'

const NOW = 20_000 * 86_400_000
const EARLY = 'CREATE TABLE early (id TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID'

const incoming: IncomingEvent = {
  event: { id: 'evt', type: 't', body: '{}', reports: [], mentions: [], contentId: 'content' },
  via: { kind: 'hook' },
  at: NOW,
}

/** The only value of the first column. */
function stored(sql: SqlStorage, query: string): Record<string, unknown> {
  const { text } = sql.exec<{ text: string }>(query).one()
  return JSON.parse(text) as Record<string, unknown>
}

test('a deferred event is stored under the names of older Workers and read back the same', () => {
  const sql = openSql(EARLY)
  const rows = new DeferredEventRows(sql)
  rows.add(incoming)
  const { event } = stored(sql, 'SELECT record AS text FROM early')
  expect(event).toMatchObject({ id: 'evt', newsId: 'content' })
  expect(event).not.toHaveProperty('contentId')
  expect(rows.all()).toEqual([incoming])
  rows.remove(incoming)
  expect(rows.all()).toEqual([])
})

test('a forwarded event that an older Worker kept is known, and a newer one is kept in its words [I3]', () => {
  const sql = openSql(ENDED_SCHEMA + OWED_SCHEMA)
  const jobs = new EndedJobs(sql)
  const kept = { watch: 'video:v', endedAt: NOW, eventId: 'content', isForwarded: true }
  jobs.saveUnmatched(kept)
  const late = stored(sql, 'SELECT late AS text FROM ended_job')
  expect(late).toEqual({ eventId: 'content', isTold: true })
  expect(jobs.unmatched(['video:v'], 0)).toEqual([kept])
})
