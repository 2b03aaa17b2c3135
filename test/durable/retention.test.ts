/** What an account's object removes when it was kept long enough, where much has come. */
import { expect, test } from 'vitest'
import { durationsAt } from '#domain/runtime/durations.ts'

/** The parts used here of a file that has the Worker's types, not those of these tests. */
interface Retention {
  removeOld(): void
  dueAt(what: { withDeliveries: boolean }): number
}
const file: string = '../../src/durable/account/retention.ts'
const { Retention: RetentionOf } = (await import(file)) as {
  Retention: new (context: object) => Retention
}

const START = Date.UTC(2026, 10, 1)
const MINUTE = 60_000

test('a removal that leaves a rest goes on after a minute, and one that leaves none after an hour', () => {
  let now = START
  let left = 5000
  let removals = 0
  const tables = {
    usage: { fold: () => {}, removeBefore: () => {}, oldestDay: () => undefined },
    removeEndedBefore: () => false,
    removeDeliveriesBefore: () => {
      removals += 1
      left = Math.max(0, left - 2000)
      return left > 0
    },
    removeOldForwards: () => {},
    live: { removeObserversBefore: () => {} },
    oldestEndedAt: () => undefined,
    oldestDeliveryAt: () => (left > 0 ? 0 : undefined),
  }
  const retention = new RetentionOf({ tables, now: () => now, durations: () => durationsAt(1) })
  retention.removeOld()
  expect(retention.dueAt({ withDeliveries: true })).toBe(now + MINUTE)
  for (let minutes = 0; minutes < 10; minutes += 1) {
    now += MINUTE
    retention.removeOld()
  }
  expect([left, removals]).toEqual([0, 3])
  now += 53 * MINUTE
  retention.removeOld()
  expect(removals).toBe(4)
})
