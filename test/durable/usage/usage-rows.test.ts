/** The rows of usage, in the tables of an account's object: each end is counted once, whatever happens between. */
import { beforeEach, expect, test } from 'vitest'
import type { Change, EndedJob, Lease } from '#domain/slots/lease.ts'
import { newTimedId } from '#domain/text/time-ordered-id.ts'
import type { UsageOfAccount, UsageQuery } from '#domain/usage/usage.ts'
import { openStorage } from '../../support/sql/sqlite.ts'
import { Chance } from '../../support/witness/witness-random.ts'

interface Tables {
  apply(change: Change): unknown
  removeEndedBefore(time: number): boolean
  usage: {
    until: number
    fold(now: number, everyMs: number): void
    list(query: UsageQuery): UsageOfAccount[]
    creditsSince(since: number): number | undefined
    removeBefore(day: number): void
    oldestDay(): number | undefined
  }
}
/** Imported by a name that is no literal: its types are the Worker's, not those of these tests. */
const file: string = '../../../src/durable/account-tables/slots-tables.ts'
const { SlotsTables } = (await import(file)) as {
  SlotsTables: new (storage: object, now: () => number) => Tables
}

const HOUR = 3_600_000
const DAY = 24 * HOUR
const NOON = 20_000 * DAY + 12 * HOUR
const FOLD = 6 * HOUR
const ALL = { since: 0, until: 40_000 }

let storage: DurableObjectStorage
let now: number
let tables: Tables
const wake = () => (tables = new SlotsTables(storage, () => now))

beforeEach(() => {
  storage = openStorage('')
  now = NOON
  wake()
})

function lease(acquiredAt: number, more: Partial<Lease> = {}): Lease {
  const id = newTimedId(acquiredAt, crypto.randomUUID())
  return {
    id,
    requestId: id,
    tenant: 't',
    token: 'tok_a',
    kind: 'job',
    state: 'running',
    route: 'POST /v3/videos',
    acquiredAt,
    jobId: `job of ${id}`,
    watch: [`video:job of ${id}`],
    nextAt: acquiredAt,
    asks: 0,
    misses: 0,
    lastReportAt: acquiredAt,
    fingerprint: {},
    isTracked: true,
    ...more,
  }
}

function end(one: Lease, endedAt = now, status: EndedJob['outcome']['status'] = 'completed') {
  const ended = { lease: one, endedAt, outcome: { status } }
  tables.apply({ put: [], drop: [], ended: [ended] })
  return ended
}

const total = (tenant = 't') =>
  tables.usage.list({ tenant, ...ALL }).reduce((sum, { sums }) => sum + sums.jobs, 0)
const rowsOf = (table: string) => storage.sql.exec(`SELECT * FROM ${table}`).toArray()

test('an end is counted before it is folded, and not again afterwards', () => {
  end(lease(now - HOUR))
  expect(total()).toBe(1)
  expect(rowsOf('usage')).toHaveLength(0)
  now += FOLD
  tables.usage.fold(now, FOLD)
  expect(rowsOf('usage')).toHaveLength(1)
  expect(total()).toBe(1)
  tables.usage.fold((now += FOLD), FOLD)
  expect(total()).toBe(1)
})

test('an end that is written twice is counted once', () => {
  const one = lease(now - HOUR)
  end(one)
  end(one)
  expect(total()).toBe(1)
})

test('a fold writes a row for each kind of end and one for the time, and none before its time is over', () => {
  for (let n = 0; n < 30; n += 1)
    end(lease(now - HOUR, { token: `tok_${n % 3}` }), now, n % 2 === 0 ? 'completed' : 'failed')
  const before = storage.sql.exec('SELECT total_changes() AS n').one()['n'] as number
  tables.usage.fold(now + FOLD - 2, FOLD)
  expect(rowsOf('usage')).toHaveLength(0)
  tables.usage.fold(now + FOLD, FOLD)
  expect(rowsOf('usage')).toHaveLength(6)
  const after = storage.sql.exec('SELECT total_changes() AS n').one()['n'] as number
  expect(after - before).toBe(7)
})

test('an end at midnight counts on the day of the end', () => {
  const midnight = NOON + 12 * HOUR
  end(lease(midnight - HOUR), midnight - 1)
  end(lease(midnight - HOUR), midnight)
  now = midnight + FOLD
  tables.usage.fold(now, FOLD)
  expect(tables.usage.list({ tenant: 't', ...ALL }).map(({ day }) => day)).toEqual([20_000, 20_001])
  expect(tables.usage.list({ tenant: 't', since: 20_001, until: 20_001 })).toHaveLength(1)
})

test('an end while the clock has gone back is counted once', () => {
  end(lease(now - HOUR))
  tables.usage.fold((now += FOLD), FOLD)
  now -= 2 * HOUR
  end(lease(now - HOUR))
  expect(total()).toBe(2)
  tables.usage.fold((now += FOLD), FOLD)
  end(lease(now - HOUR))
  expect(total()).toBe(3)
})

test('the end of a lease that is older than a fold looks back is counted once', () => {
  end(lease(now - 9 * DAY))
  expect(total()).toBe(1)
  wake()
  tables.usage.fold((now += FOLD), FOLD)
  expect(total()).toBe(1)
})

test('a fold that a crash interrupts counts nothing', () => {
  end(lease(now - HOUR))
  end(lease(now - HOUR, { token: 'tok_b' }))
  const { exec } = storage.sql
  storage.sql.exec = ((text: string, ...values: never[]) => {
    if (text.startsWith('UPDATE usage_mark')) throw new Error('killed')
    return exec.call(storage.sql, text, ...values)
  }) as typeof exec
  expect(() => tables.usage.fold((now += FOLD), FOLD)).toThrow('killed')
  storage.sql.exec = exec
  wake()
  expect(rowsOf('usage')).toHaveLength(0)
  tables.usage.fold(now, FOLD)
  expect(total()).toBe(2)
})

test("a tenant's usage stays when the account goes to another one, who sees none of it [I5]", () => {
  end(lease(now - HOUR))
  tables.usage.fold((now += FOLD), FOLD)
  end(lease(now - HOUR))
  end(lease(now - HOUR, { tenant: 'next' }))
  expect([total('t'), total('next')]).toEqual([2, 1])
  tables.usage.fold((now += FOLD), FOLD)
  expect([total('t'), total('next')]).toEqual([2, 1])
})

test('usage is kept after its jobs are deleted, for its own time', () => {
  end(lease(now - HOUR))
  tables.usage.fold((now += 31 * DAY), FOLD)
  tables.removeEndedBefore(now - 30 * DAY)
  expect(rowsOf('ended_job')).toHaveLength(0)
  expect(total()).toBe(1)
  expect(tables.usage.oldestDay()).toBe(20_000)
  tables.usage.removeBefore(20_000)
  expect(total()).toBe(1)
  tables.usage.removeBefore(20_001)
  expect(total()).toBe(0)
})

test('usage of an object with jobs from before begins with the day of its upgrade', () => {
  end(lease(now - HOUR), NOON - 13 * HOUR)
  end(lease(now - HOUR), NOON - HOUR)
  storage.sql.exec('DELETE FROM usage')
  storage.sql.exec('DROP TABLE usage_mark')
  storage.sql.exec('DROP TABLE usage')
  storage.sql.exec('UPDATE schema SET version = version - 1')
  wake()
  expect(total()).toBe(1)
})

test('An end is counted once: after any order of ends, folds, restarts and steps of the clock', () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const chance = new Chance(seed)
    storage = openStorage('')
    now = NOON
    wake()
    const books = new Map<string, number>()
    for (let step = 0; step < 120; step += 1) {
      const what = chance.next()
      if (what < 0.6) {
        const age = chance.pick([1000, HOUR, 20 * HOUR, DAY, 3 * DAY, 9 * DAY])
        const tenant = chance.pick(['t', 'next'])
        end(lease(now - age, { tenant, token: chance.pick(['tok_a', 'tok_b']) }))
        const name = `${tenant} ${Math.floor(now / DAY)}`
        books.set(name, (books.get(name) ?? 0) + 1)
      } else if (what < 0.75) tables.usage.fold(now, FOLD)
      else if (what < 0.85) wake()
      else if (what < 0.9) now -= chance.pick([1, 1000, 2 * HOUR])
      else now += chance.pick([0, 1, 1000, HOUR, 7 * HOUR, DAY])
    }
    const counted = new Map<string, number>()
    for (const tenant of ['t', 'next']) {
      for (const { day, sums } of tables.usage.list({ tenant, ...ALL })) {
        const name = `${tenant} ${day}`
        counted.set(name, (counted.get(name) ?? 0) + sums.jobs)
      }
    }
    const sorted = (map: Map<string, number>) => [...map].toSorted(([a], [b]) => (a < b ? -1 : 1))
    expect(sorted(counted), `seed ${seed}`).toEqual(sorted(books))
  }
})

test('ended jobs are read one after the other, since a day of them may be more than memory has room for', () => {
  const told = { credits: 2 }
  for (let n = 0; n < 3; n += 1) {
    const ended = { lease: lease(now - HOUR), endedAt: now, outcome: { status: 'completed' }, told }
    tables.apply({ put: [], drop: [], ended: [ended as EndedJob] })
  }
  const { exec } = storage.sql
  storage.sql.exec = ((text: string, ...values: unknown[]) => {
    const cursor = exec.call(storage.sql, text, ...values)
    const isOfAll = /SELECT .*record FROM ended_job/.test(text) && !text.includes('LIMIT')
    if (!isOfAll) return cursor
    return Object.assign(cursor, {
      toArray: () => {
        throw new Error('all at once')
      },
    })
  }) as typeof exec
  expect(total()).toBe(3)
  expect(tables.usage.creditsSince(now - DAY)).toBe(6)
  tables.usage.fold((now += FOLD), FOLD)
  expect(total()).toBe(3)
})
