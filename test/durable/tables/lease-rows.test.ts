/** The rows of leases: an ended lease's row is used again, and what is in memory is what the tables have. */
import { expect, test } from 'vitest'
import type { LeaseRows } from '#durable/account-tables/lease-rows.ts'
import type { Change, EndedJob, Lease } from '#domain/slots/lease.ts'
import { newTimedId } from '#domain/text/time-ordered-id.ts'
import { openStorage } from '../../support/sql/sqlite.ts'

interface Tables {
  leaseRows: LeaseRows
  leases(): Lease[]
  apply(change: Partial<Change>): unknown
  removeEndedBefore(time: number): boolean
}
/** Imported by a name that is no literal: its types are the Worker's, not those of these tests. */
const file: string = '../../../src/durable/account-tables/slots-tables.ts'
const { SlotsTables } = (await import(file)) as {
  SlotsTables: new (storage: object, now: () => number) => Tables
}

const NOW = Date.now()
const DAY = 86_400_000

function lease(at = NOW, more: Partial<Lease> = {}): Lease {
  const id = newTimedId(at, crypto.randomUUID())
  return {
    id,
    requestId: id,
    tenant: 't',
    kind: 'job',
    state: 'running',
    route: 'POST /v3/videos',
    acquiredAt: at,
    jobId: `job of ${id}`,
    watch: [`video:job of ${id}`],
    nextAt: at,
    asks: 0,
    misses: 0,
    lastReportAt: at,
    fingerprint: {},
    isTracked: true,
    ...more,
  }
}

function endOf(one: Lease, endedAt = one.acquiredAt + 1): EndedJob {
  return { lease: one, endedAt, outcome: { status: 'completed' } }
}

function open() {
  const storage = openStorage('')
  let failing = false
  const { exec } = storage.sql
  const sql = {
    exec(text: string, ...values: never[]) {
      if (failing && text.startsWith('INSERT INTO ended_job')) throw new Error('the disk is full')
      return exec(text, ...values)
    },
  }
  const wake = (): Tables => {
    const { apply, ...tables } = named(new SlotsTables({ ...storage, sql }, Date.now))
    return {
      ...tables,
      apply: (change) => apply({ put: [], drop: [], ended: [], ...change }),
    }
  }
  const rows = () => storage.sql.exec<{ id: string }>('SELECT id FROM lease').toArray()
  return { wake, rows: () => rows().map(({ id }) => id), fail: (is: boolean) => (failing = is) }
}

function named(tables: Tables): Tables {
  return {
    leaseRows: tables.leaseRows,
    leases: () => tables.leases(),
    apply: (change) => tables.apply(change),
    removeEndedBefore: (time) => tables.removeEndedBefore(time),
  }
}

test('a lease is written over the row of one that has ended, so the table has as many rows as there were leases at once', () => {
  const { wake, rows } = open()
  const tables = wake()
  for (let round = 0; round < 10; round += 1) {
    const [one, other] = [lease(NOW + round), lease(NOW + round)]
    tables.apply({ put: [one, other] })
    expect(tables.leases()).toEqual([one, other])
    tables.apply({ ended: [endOf(one), endOf(other)] })
    expect(tables.leases()).toEqual([])
  }
  expect(rows()).toHaveLength(2)
})

test('an object that wakes up knows which leases have ended, and uses their rows again [I1]', () => {
  const { wake, rows } = open()
  const [ended, running] = [lease(NOW - DAY), lease()]
  wake().apply({ put: [ended, running] })
  wake().apply({ ended: [endOf(ended)] })
  const awake = wake()
  expect(awake.leases()).toEqual([running])
  const next = lease()
  awake.apply({ put: [next] })
  expect(awake.leases()).toEqual([running, next])
  expect(wake().leases().toSorted(byId)).toEqual([running, next].toSorted(byId))
  expect(rows()).toHaveLength(2)
})

test('a lease of an old release, whose id has no time, is known to have ended', () => {
  const { wake } = open()
  const old = lease(NOW, { id: 'b9', requestId: 'b9' })
  wake().apply({ put: [old] })
  expect(wake().leases()).toEqual([old])
  wake().apply({ ended: [endOf(old)] })
  expect(wake().leases()).toEqual([])
})

test('a lease that is acquired again under the id of an ended one is running, until it ends too [I1]', () => {
  const { wake, rows } = open()
  const one = lease()
  const again = { ...one, acquiredAt: NOW + 5 }
  const tables = wake()
  tables.apply({ put: [one] })
  tables.apply({ ended: [endOf(one)] })
  tables.apply({ put: [again] })
  expect(tables.leases()).toEqual([again])
  expect(wake().leases()).toEqual([again])
  // Its end was there already, so the row would not be known as over.
  tables.apply({ ended: [endOf(again)] })
  expect(wake().leases()).toEqual([])
  expect(rows()).toEqual([])
})

test('the row of an ended lease is gone before its ended job is, so no ended job runs again', () => {
  const { wake, rows } = open()
  const [old, young] = [lease(NOW - 40 * DAY), lease(NOW)]
  const tables = wake()
  tables.apply({ put: [old, young] })
  tables.apply({ ended: [endOf(old), endOf(young)] })
  wake().removeEndedBefore(NOW - 30 * DAY)
  expect(rows()).toEqual([young.id])
  expect(wake().leases()).toEqual([])
})

test('a row that must be kept is not written over', () => {
  const { wake, rows } = open()
  const [kept, free, next, last] = [lease(), lease(), lease(), lease()]
  const tables = wake()
  tables.apply({ put: [kept, free] })
  tables.apply({ ended: [endOf(kept), endOf(free)] })
  tables.leaseRows.mayReuse = (id) => id !== kept.id
  tables.apply({ put: [next, last] })
  expect(new Set(rows())).toEqual(new Set([kept.id, next.id, last.id]))
  expect(wake().leases()).toHaveLength(2)
})

test('a released lease leaves no row', () => {
  const { wake, rows } = open()
  const one = lease()
  wake().apply({ put: [one] })
  wake().apply({ drop: [one.id] })
  expect(rows()).toEqual([])
})

test('what a failed write has begun is not in memory either [I1]', () => {
  const { wake, fail } = open()
  const [running, other] = [lease(), lease()]
  const tables = wake()
  tables.apply({ put: [running] })
  fail(true)
  expect(() => tables.apply({ put: [other], ended: [endOf(running)] })).toThrow('full')
  fail(false)
  expect(tables.leases()).toEqual([running])
  expect(wake().leases()).toEqual([running])
})

function byId(a: Lease, b: Lease): number {
  return a.id < b.id ? -1 : 1
}
