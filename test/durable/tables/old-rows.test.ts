/** Rows of commit 30a41a3, written as it writes them: before there were versions, and while a release is rolled back. */
import { expect, test } from 'vitest'
import { DeliveryRows, DELIVERIES_SCHEMA } from '#durable/account-tables/delivery-rows.ts'
import { EndedJobs, ENDED_SCHEMA, OWED_SCHEMA } from '#durable/account-tables/ended-jobs.ts'
import { moveOldRows } from '#durable/account-tables/old-rows.ts'
import { openStorage } from '../../support/sql/sqlite.ts'

const OLD_SCHEMA = `
  CREATE TABLE ended (id TEXT PRIMARY KEY, ended_at INTEGER NOT NULL, record TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE late (watch TEXT PRIMARY KEY, ended_at INTEGER NOT NULL, record TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE delivery (id TEXT PRIMARY KEY, is_pending INTEGER NOT NULL, record TEXT NOT NULL) WITHOUT ROWID;`
const NOW = 1_800_000_000_000
const HOUR = 3_600_000

function open() {
  const storage = openStorage(OLD_SCHEMA + ENDED_SCHEMA + OWED_SCHEMA + DELIVERIES_SCHEMA)
  const wake = (breaksAt = Infinity) => {
    const ended = new EndedJobs(storage.sql)
    const deliveries = new DeliveryRows(storage.sql)
    let taken = 0
    const fragile = Object.create(deliveries, {
      addOld: {
        value: (...one: Parameters<DeliveryRows['addOld']>) => {
          if ((taken += 1) > breaksAt) throw new Error('the object dies')
          deliveries.addOld(...one)
        },
      },
    }) as DeliveryRows
    moveOldRows(storage, ended, fragile)
    return { ended, deliveries, owed: deliveries.pending().map(({ id }) => id.slice(14)) }
  }
  return { ...storage, wake }
}

type Opened = ReturnType<typeof open>

function writeDelivery({ sql }: Opened, name: string, at: number, isPending: boolean): void {
  const record = {
    id: name,
    provider: 'heygen',
    tenant: 't',
    event: { id: name, type: 'avatar_video.success', body: `{"${name}":1}` },
    mentions: [],
    target: { kind: 'callback', url: 'https://client.example.com/' },
    state: isPending ? 'pending' : 'delivered',
    createdAt: at,
    startedAt: at,
    nextAt: at,
    tries: 0,
    attempts: [],
    ...(isPending ? {} : { endedAt: at }),
  }
  sql.exec('INSERT INTO delivery VALUES (?, ?, ?)', name, isPending ? 1 : 0, JSON.stringify(record))
}

function writeEnded({ sql }: Opened, job: string, at: number): string {
  const id = crypto.randomUUID()
  const lease = { id, requestId: id, tenant: 't', kind: 'job', state: 'running', jobId: job }
  const end = {
    lease: { ...lease, watch: [`video:${job}`], acquiredAt: at },
    endedAt: at + 1000,
    outcome: { status: 'completed' },
  }
  sql.exec('INSERT INTO ended VALUES (?, ?, ?)', id, end.endedAt, JSON.stringify(end))
  const late = { watch: `video:${job}`, endedAt: end.endedAt }
  sql.exec('INSERT INTO late VALUES (?, ?, ?)', late.watch, late.endedAt, JSON.stringify(late))
  return id
}

test('what is owed is owed once and what ended is known, although the object dies in the middle of moving it [I3]', () => {
  const opened = open()
  const names = Array.from({ length: 1200 }, (_, n) => `d-${String(n).padStart(4, '0')}`)
  for (const [n, name] of names.entries())
    writeDelivery(opened, name, NOW - n * 60_000, n % 3 === 0)
  const request = writeEnded(opened, 'job', NOW)
  for (const breaksAt of [3, 700]) expect(() => opened.wake(breaksAt)).toThrow('the object dies')
  const owed = names.filter((_, n) => n % 3 === 0)
  for (let life = 0; life < 2; life += 1) {
    const woken = opened.wake()
    expect(woken.owed.toSorted()).toEqual(owed)
    expect(woken.ended.find(request)).toHaveLength(1)
    expect(woken.ended.unmatched(['video:job'], 0)).toHaveLength(1)
  }
  const counted = opened.sql.exec<{ n: number }>('SELECT COUNT(*) AS n FROM outgoing').one()
  expect(counted.n).toBe(names.length)
})

test('what an older Worker wrote while a release was rolled back is taken over beside the newer rows', () => {
  const opened = open()
  writeDelivery(opened, 'before', NOW, true)
  const first = opened.wake()
  const { id } = first.deliveries.list({ tenant: 't', limit: 1 })[0] ?? { id: '' }
  const before = first.deliveries.find(id)
  writeDelivery(opened, 'meanwhile', NOW + HOUR, true)
  writeDelivery(opened, 'told', NOW + 2 * HOUR, false)
  const request = writeEnded(opened, 'job', NOW + HOUR)
  const second = opened.wake()
  expect(second.owed.toSorted()).toEqual(['before', 'meanwhile'])
  expect(second.ended.find(request)).toHaveLength(1)
  if (before) second.deliveries.save({ ...before, state: 'delivered', endedAt: NOW + 3 * HOUR })
  expect(opened.wake().owed).toEqual(['meanwhile'])
})
