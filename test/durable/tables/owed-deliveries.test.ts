/** Until its first attempt has ended, a delivery about a job's end is a part of the ended job's row (RFC 0007, section 4). */
import { expect, test } from 'vitest'
import type { Delivery, EndNews } from '#domain/events/delivery.ts'
import type { Pending } from '#domain/events/delivery-queue.ts'
import type { DeliveryQuery } from '#domain/ports/slots.ts'
import type { Change, Lease } from '#domain/slots/lease.ts'
import { newTimedId, prefixOf } from '#domain/text/time-ordered-id.ts'
import { openStorage } from '../../support/sql/sqlite.ts'

interface Tables {
  leases(): Lease[]
  apply(
    change: Change,
    ofEnds?: ReadonlyMap<string, EndNews>,
    others?: readonly Delivery[]
  ): Delivery[]
  pendingDeliveries(): Pending[]
  saveDeliveries(changed: readonly Delivery[]): void
  sendAgain(delivery: Delivery): void
  deliveries: {
    list(query: DeliveryQuery): Delivery[]
    isOwed(id: string): boolean
    find(id: string): Delivery | undefined
  }
  removeDeliveriesBefore(time: number): boolean
}
/** Imported by a name that is no literal: its types are the Worker's, not those of these tests. */
const file: string = '../../../src/durable/account-tables/slots-tables.ts'
const { SlotsTables } = (await import(file)) as {
  SlotsTables: new (storage: object, now: () => number) => Tables
}

const NOW = 1_800_000_000_000
const DAY = 86_400_000

function lease(at: number): Lease {
  const id = newTimedId(at, crypto.randomUUID())
  return {
    id,
    requestId: id,
    tenant: 't',
    kind: 'job',
    state: 'running',
    route: 'POST /v3/videos',
    acquiredAt: at,
    jobId: `job-${at}`,
    watch: [`video:job-${at}`],
    nextAt: at,
    asks: 0,
    misses: 0,
    lastReportAt: at,
    fingerprint: {},
    isTracked: true,
  }
}

function delivery(at: number, name: string, kind: 'callback' | 'endpoints' = 'callback'): Delivery {
  return {
    id: `${prefixOf(at)}-${name}`,
    provider: 'heygen',
    tenant: 't',
    event: { id: name, type: 'avatar_video.success', body: `{"at":${at}}` },
    mentions: [],
    jobId: `job-${at}`,
    target: kind === 'callback' ? { kind, url: 'https://client.example.com/' } : { kind },
    state: 'pending',
    createdAt: at,
    startedAt: at,
    nextAt: at,
    tries: 0,
    attempts: [],
  }
}

/** The lives of an object over the same tables. */
function open() {
  const plain = openStorage('')
  let failing = false
  const exec = (text: string, ...values: never[]) => {
    if (failing && text.startsWith('INSERT INTO outgoing')) throw new Error('the disk is full')
    return plain.sql.exec(text, ...values)
  }
  const storage = { ...plain, sql: { exec } }
  const wake = () => {
    const tables = new SlotsTables(storage, Date.now)
    const pending = tables.pendingDeliveries().map(({ id }) => id.slice(14))
    return { tables, pending }
  }
  const count = (table: string) => plain.sql.exec(`SELECT id FROM ${table}`).toArray().length
  return { wake, count, fail: (is: boolean) => (failing = is) }
}

/** A job that ends with these deliveries. */
function endJob(tables: Tables, at: number, ...deliveries: Delivery[]): Delivery[] {
  const one = lease(at)
  tables.apply({ put: [one], drop: [], ended: [] })
  const end = { lease: one, endedAt: at, outcome: { status: 'completed' } as const }
  return tables.apply({ put: [], drop: [], ended: [end] }, new Map([[one.id, { deliveries }]]))
}

const taken = (one: Delivery): Delivery => ({ ...one, state: 'delivered', endedAt: one.createdAt })
const failed = (one: Delivery): Delivery => ({ ...one, tries: 1, attempts: [{ at: 1, ms: 1 }] })

test('a delivery gets its row when its first attempt has ended, and not before', () => {
  const { wake, count } = open()
  const { tables } = wake()
  const one = delivery(NOW, 'one')
  expect(endJob(tables, NOW, one)).toEqual([one])
  expect([count('outgoing'), tables.deliveries.isOwed(one.id)]).toEqual([0, true])
  tables.saveDeliveries([taken(one)])
  expect([count('outgoing'), tables.deliveries.isOwed(one.id)]).toEqual([1, false])
  expect(tables.deliveries.find(one.id)).toEqual(taken(one))
  expect(wake().pending).toEqual([])
})

test('what is owed is found by every later life of the object, with its body, until it has a row [I3]', () => {
  const { wake } = open()
  const [one, other] = [delivery(NOW, 'one'), delivery(NOW, 'other')]
  endJob(wake().tables, NOW, one, other)
  expect(wake().pending).toEqual(['one', 'other'])
  const { tables } = wake()
  expect(tables.deliveries.find(one.id)).toEqual(one)
  tables.saveDeliveries([taken(one)])
  expect(wake().pending).toEqual(['other'])
  const later = wake().tables
  later.saveDeliveries([failed(other)])
  const last = wake()
  expect(last.pending).toEqual(['other'])
  expect(last.tables.deliveries.isOwed(other.id)).toBe(false)
  expect(last.tables.deliveries.find(other.id)).toEqual(failed(other))
})

test('a lease that still owes keeps its row, and the next lease gets another [I3]', () => {
  const { wake, count } = open()
  const { tables } = wake()
  const one = delivery(NOW, 'one')
  endJob(tables, NOW, one)
  tables.apply({ put: [lease(NOW + 1)], drop: [], ended: [] })
  expect(count('lease')).toBe(2)
  const awake = wake().tables
  awake.apply({ put: [lease(NOW + 2)], drop: [], ended: [] })
  expect(count('lease')).toBe(3)
  awake.saveDeliveries([taken(one)])
  awake.apply({ put: [lease(NOW + 3)], drop: [], ended: [] })
  expect(count('lease')).toBe(3)
})

test('a first attempt whose row cannot be written leaves the delivery owed [I3]', () => {
  const { wake, count, fail } = open()
  const { tables } = wake()
  const one = delivery(NOW, 'one')
  endJob(tables, NOW, one)
  fail(true)
  expect(() => tables.saveDeliveries([failed(one)])).toThrow('the disk is full')
  fail(false)
  expect(tables.deliveries.find(one.id)).toEqual(one)
  tables.apply({ put: [lease(NOW + 1)], drop: [], ended: [] })
  expect(count('lease')).toBe(2)
  expect(wake().pending).toEqual(['one'])
})

test('one that fails after later ones were taken is found again [I3]', () => {
  const { wake } = open()
  const { tables } = wake()
  const [first, later] = [delivery(NOW, 'first'), delivery(NOW + DAY, 'later')]
  endJob(tables, NOW, first)
  endJob(tables, NOW + DAY, later)
  tables.saveDeliveries([taken(later)])
  tables.saveDeliveries([failed(first)])
  expect(wake().pending).toEqual(['first'])
})

test('lists show what is owed in its place, by state, job and time, in pages', () => {
  const { wake } = open()
  const { tables } = wake()
  const all = [0, 1, 2, 3].map((at) => delivery(NOW + at * 1000, `d${at}`))
  all.forEach((one) => endJob(tables, one.createdAt, one))
  const [, second, , fourth] = all
  tables.saveDeliveries([second, fourth].flatMap((one) => (one ? [taken(one)] : [])))
  const names = (query: Partial<DeliveryQuery>) =>
    tables.deliveries.list({ tenant: 't', limit: 9, ...query }).map(({ id }) => `${id.slice(14)}`)
  expect(names({})).toEqual(['d3', 'd2', 'd1', 'd0'])
  expect(names({ state: 'pending' })).toEqual(['d2', 'd0'])
  expect(names({ state: 'delivered' })).toEqual(['d3', 'd1'])
  expect(names({ job: `job-${NOW + 2000}` })).toEqual(['d2'])
  expect(names({ tenant: 'other' })).toEqual([])
  expect(names({ limit: 2 })).toEqual(['d3', 'd2'])
  const before = { createdAt: NOW + 2000, id: all[2]?.id ?? '' }
  expect(names({ before, limit: 2 })).toEqual(['d1', 'd0'])
  expect(names({ since: NOW + 1000, until: NOW + 3000 })).toEqual(['d2', 'd1'])
})

test('what was taken and removed a week later is not owed again, although its lease’s row was never used again', () => {
  const { wake, count } = open()
  const { tables } = wake()
  const one = delivery(NOW, 'one')
  endJob(tables, NOW, one)
  tables.saveDeliveries([taken(one)])
  tables.removeDeliveriesBefore(NOW + 8 * DAY)
  expect([count('outgoing'), count('lease')]).toEqual([0, 0])
  expect(wake().pending).toEqual([])
})

test('a retry by hand of one that waits for its first attempt gives it a row', () => {
  const { wake, count } = open()
  const { tables } = wake()
  const one = delivery(NOW, 'one')
  endJob(tables, NOW, one)
  tables.sendAgain(one)
  expect([count('outgoing'), wake().pending]).toEqual([1, ['one']])
})

test('deliveries have rows at once where the endpoints are not known, the bodies are long, or a hundred are owed', () => {
  const { wake, count } = open()
  const { tables } = wake()
  endJob(tables, NOW, delivery(NOW, 'unread', 'endpoints'), delivery(NOW, 'callback'))
  expect(count('outgoing')).toBe(2)
  const long = delivery(NOW + 1, 'long')
  long.event.body = 'x'.repeat(70_000)
  endJob(tables, NOW + 1, long)
  expect(count('outgoing')).toBe(3)
  for (let n = 0; n < 102; n += 1) endJob(tables, NOW + 10 + n, delivery(NOW + 10 + n, `n${n}`))
  expect(count('outgoing')).toBe(5)
  expect(wake().pending).toHaveLength(105)
})

test('an event that is about no job has a row from the start', () => {
  const { wake, count } = open()
  const { tables } = wake()
  tables.apply({ put: [], drop: [], ended: [] }, new Map(), [delivery(NOW, 'forwarded')])
  expect([count('outgoing'), wake().pending]).toEqual([1, ['forwarded']])
})
