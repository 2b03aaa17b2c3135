/** Deliveries of an account's object: what is owed is found by every later life of the object. */
import { expect, test } from 'vitest'
import type { Delivery } from '#domain/events/delivery.ts'
import { prefixOf } from '#domain/text/time-ordered-id.ts'
import { DeliveryRows, DELIVERIES_SCHEMA } from '#durable/account-tables/delivery-rows.ts'
import { openSql } from '../../support/sql/sqlite.ts'

const HOUR = 3_600_000
const NOW = 1_800_000_000_000

function delivery(name: string, createdAt: number, state: Delivery['state'] = 'pending'): Delivery {
  return {
    id: `${prefixOf(createdAt)}-${name}`,
    provider: 'heygen',
    tenant: 't',
    event: { id: name, type: 'avatar_video.success', body: `{"${name}":1}` },
    mentions: [],
    target: { kind: 'callback', url: 'https://client.example.com/' },
    state,
    createdAt,
    startedAt: createdAt,
    nextAt: createdAt,
    tries: 0,
    attempts: [],
  }
}

/** An object's lives over the same tables. */
function lives() {
  const sql = openSql(DELIVERIES_SCHEMA)
  const wake = () => {
    const rows = new DeliveryRows(sql)
    return { rows, owed: rows.pending().map(({ id }) => id.slice(14)) }
  }
  return { sql, wake }
}

const ended = (one: Delivery): Delivery => ({ ...one, state: 'delivered', endedAt: one.createdAt })

test('what is owed is found again, behind any number that have ended [I3]', () => {
  const { wake } = lives()
  const { rows } = wake()
  const first = delivery('first', NOW)
  const owed = delivery('owed', NOW + HOUR)
  const last = delivery('last', NOW + 2 * HOUR)
  for (const one of [first, owed, last]) rows.add(one)
  rows.save(ended(first))
  rows.save(ended(last))
  expect(wake().owed).toEqual(['owed'])
})

test('what was made while the clock had gone back by hours is found again, and is owed once', () => {
  const { wake, sql } = lives()
  const { rows } = wake()
  const ahead = delivery('ahead', NOW + 3 * HOUR)
  rows.add(ahead)
  rows.save(ended(ahead))
  const behind = delivery('behind', NOW)
  rows.add(behind)
  const { rows: later, owed } = wake()
  expect(owed).toEqual(['behind'])
  later.save(ended(behind))
  expect(wake().owed).toEqual([])
  expect(sql.exec('SELECT id FROM resent').toArray()).toEqual([])
})

test('one that an older Worker wrote, or that was sent again by hand, is owed until it ends and leaves no trace [I3]', () => {
  const { wake, sql } = lives()
  const { rows } = wake()
  const old = delivery('old', NOW - HOUR)
  rows.addOld(old)
  rows.add(delivery('new', NOW + 1000))
  const given = delivery('given', NOW - 24 * HOUR)
  rows.addOld(ended(given))
  const { rows: second, owed } = wake()
  expect(owed.toSorted()).toEqual(['new', 'old'])
  second.sendAgain(given)
  const { rows: third, owed: owedThen } = wake()
  expect(owedThen.toSorted()).toEqual(['given', 'new', 'old'])
  third.save(ended(old))
  third.save(ended(given))
  expect(wake().owed).toEqual(['new'])
  expect(sql.exec('SELECT id FROM resent').toArray()).toEqual([])
})

test('a retry that is pruned meanwhile is kept, and what has ended long ago goes', () => {
  const { wake } = lives()
  const { rows } = wake()
  const again = delivery('again', NOW)
  const gone = delivery('gone', NOW + 1)
  for (const one of [again, gone]) {
    rows.add(one)
    rows.save(ended(one))
  }
  rows.sendAgain(again)
  rows.removeBefore(NOW + HOUR)
  expect(rows.find(gone.id)).toBeUndefined()
  expect(rows.find(again.id)?.event.body).toBe('{"again":1}')
})
