/** Which events move a queued creation, over all pairs. The table is that of docs/rfc/0009-queue.md. */
import { expect, test } from 'vitest'
import { ITEM_EVENTS, move, type ItemEvent } from '#domain/queue/item-state.ts'
import type { ItemState } from '#domain/queue/item.ts'

const STATES: (ItemState | undefined)[] = [
  undefined,
  'waiting',
  'held',
  'chosen',
  'untold',
  'begun',
  'ended',
]

const TABLE: [ItemState | undefined, ItemEvent, ItemState][] = [
  [undefined, 'enqueue', 'waiting'],
  [undefined, 'enqueue_held', 'held'],
  ['held', 'ready', 'waiting'],
  ['held', 'dependency_failed', 'untold'],
  ['waiting', 'choose', 'chosen'],
  ['waiting', 'cancel', 'untold'],
  ['held', 'cancel', 'untold'],
  ['waiting', 'start_deadline', 'untold'],
  ['held', 'start_deadline', 'untold'],
  ['waiting', 'token_removed', 'untold'],
  ['held', 'token_removed', 'untold'],
  ['waiting', 'account_removed', 'untold'],
  ['held', 'account_removed', 'untold'],
  ['chosen', 'again', 'chosen'],
  ['chosen', 'back', 'waiting'],
  ['chosen', 'not_ready', 'held'],
  ['chosen', 'refused', 'untold'],
  ['waiting', 'refused', 'untold'],
  ['held', 'refused', 'untold'],
  ['chosen', 'over', 'ended'],
  ['chosen', 'begun', 'begun'],
  ['waiting', 'begun', 'begun'],
  ['held', 'begun', 'begun'],
  ['untold', 'begun', 'begun'],
  ['untold', 'told', 'ended'],
]

test('no event moves an item that the table does not name', () => {
  const moved = STATES.flatMap((from) =>
    ITEM_EVENTS.flatMap((event) => {
      const to = move(from, event)
      return to === 'refused' ? [] : [[from, event, to]]
    })
  )
  const sorted = (rows: unknown[]) => rows.map((row) => JSON.stringify(row)).toSorted()
  expect(sorted(moved)).toEqual(sorted(TABLE))
})

test('an item that has begun, or whose end was told, stays as it is', () => {
  for (const event of ITEM_EVENTS) {
    expect(move('begun', event)).toBe('refused')
    expect(move('ended', event)).toBe('refused')
  }
})

test('an item that is chosen cannot be cancelled, and one that was cancelled cannot be chosen', () => {
  expect(move('chosen', 'cancel')).toBe('refused')
  expect(move('untold', 'choose')).toBe('refused')
})
