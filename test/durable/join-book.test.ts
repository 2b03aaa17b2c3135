/** Unknown creations that repeats join, and events that were told, when the clock goes back over a bucket's turn. */
import { expect, test } from 'vitest'
import type { UnknownCreation } from '#domain/ports/desk.ts'
import { UnknownCreations } from '#durable/desk/unknown-creations.ts'
import {
  ForwardedEventRows,
  FORWARDED_SCHEMA,
} from '#durable/account-tables/forwarded-event-rows.ts'
import { openSql } from '../support/sql/sqlite.ts'

const SPAN = 600_000
const TURN = 2_880_000 * SPAN
const UNKNOWN = { requestId: 'first' } as UnknownCreation

function open() {
  const sql = openSql('')
  return new UnknownCreations({
    sql,
    transactionSync: <T>(work: () => T) => work(),
  } as unknown as DurableObjectStorage)
}

test('an unknown creation is found for its span, also when the clock went back [I4]', () => {
  const book = open()
  book.save('print', UNKNOWN, TURN + 5, SPAN)
  for (const now of [TURN - 5, TURN + 5, TURN + SPAN + 4])
    expect(book.find('print', now, SPAN)?.requestId).toBe('first')
  expect(book.find('print', TURN + SPAN + 5, SPAN)).toBeUndefined()
  book.forget('print', 'first', TURN - 5, SPAN)
  expect(book.find('print', TURN + 6, SPAN)).toBeUndefined()
})

test('what was told just after midnight is no news when the clock goes back before it', () => {
  const news = new ForwardedEventRows(openSql(FORWARDED_SCHEMA))
  const midnight = 20_000 * 86_400_000
  expect(news.add('event', midnight + 5)).toBe(true)
  expect(news.add('event', midnight - 5)).toBe(false)
  expect(news.add('event', midnight + 4 * 86_400_000)).toBe(false)
})
