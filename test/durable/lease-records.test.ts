/** The lease records of an object, as they stand in its tables: release 0.2.0 writes and reads the same. */
import { expect, test } from 'vitest'
import { EndedJobs, ENDED_SCHEMA, OWED_SCHEMA } from '#durable/account-tables/ended-jobs.ts'
import type { Change, EndedJob, Lease } from '#domain/slots/lease.ts'
import { newTimedId } from '#domain/text/time-ordered-id.ts'
import { openStorage } from '../support/sql/sqlite.ts'

/** Imported by a name that is no literal: its types are the Worker's, not those of these tests. */
const file: string = '../../src/durable/account-tables/slots-tables.ts'
const { SlotsTables } = (await import(file)) as {
  SlotsTables: new (
    storage: object,
    now: () => number
  ) => { leases(): Lease[]; apply(change: Change): void }
}

const NOW = Date.now()
const ID = newTimedId(NOW, crypto.randomUUID())
const COMMON = {
  id: ID,
  requestId: ID,
  tenant: 't',
  kind: 'job' as const,
  state: 'running' as const,
  route: 'POST /v3/videos',
  acquiredAt: NOW,
  jobId: 'v',
  watch: ['video:v'],
  nextAt: NOW,
  asks: 0,
  misses: 0,
  isTracked: true,
}
const RECORD = { ...COMMON, heardAt: NOW, clue: { title: 'Demo' }, isTold: true }
const LEASE: Lease = {
  ...COMMON,
  lastReportAt: NOW,
  fingerprint: { title: 'Demo' },
  expectsEvent: true,
}
const END: EndedJob = { lease: LEASE, endedAt: NOW, outcome: { status: 'completed' } }

test('a running lease stands in its table as the release before reads it, and is read back', () => {
  const storage = openStorage('')
  const tables = new SlotsTables(storage, Date.now)
  tables.apply({ put: [LEASE], drop: [], ended: [] })
  const [row] = storage.sql.exec('SELECT record FROM lease').toArray()
  expect(JSON.parse(String(row?.['record']))).toEqual(RECORD)
  expect(tables.leases()).toEqual([LEASE])
})

test('a lease that the release before has written is read', () => {
  const storage = openStorage('')
  const tables = new SlotsTables(storage, Date.now)
  storage.sql.exec('INSERT INTO lease VALUES (?, ?)', ID, JSON.stringify(RECORD))
  expect(tables.leases()).toEqual([LEASE])
})

test('an ended job stands in its table as the release before reads it, and is read back', () => {
  const storage = openStorage(ENDED_SCHEMA + OWED_SCHEMA)
  const ended = new EndedJobs(storage.sql)
  ended.add(END)
  const [row] = storage.sql.exec('SELECT record FROM ended_job').toArray()
  expect(JSON.parse(String(row?.['record']))).toEqual({ lease: RECORD, outcome: END.outcome })
  expect(ended.ofRequest(ID)).toEqual([END])
})

test('an ended job of the oldest release keeps its lease when it is moved', () => {
  const storage = openStorage('')
  const tables = new SlotsTables(storage, Date.now)
  expect(tables.leases()).toEqual([])
  const old = JSON.stringify({ ...END, lease: RECORD })
  storage.sql.exec('INSERT INTO ended VALUES (?, ?, ?)', ID, NOW, old)
  new SlotsTables(storage, Date.now)
  const [row] = storage.sql.exec('SELECT record FROM ended_job').toArray()
  expect(JSON.parse(String(row?.['record']))).toEqual({ lease: RECORD, outcome: END.outcome })
})
