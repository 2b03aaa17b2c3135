/** When the alarm must look at pending deliveries again. */
import { expect, test } from 'vitest'
import {
  isStuck,
  queueDueAt,
  type Attempting,
  type Pending,
} from '#domain/events/delivery-queue.ts'

const NOW = 1_800_000_000_000

function pending(id: string, nextAt: number): Pending {
  return { id, tenant: 't', receiver: 'r', nextAt, isTried: false }
}

function attempting(id: string, since = NOW): Attempting {
  return { pending: pending(id, since), since }
}

test('an empty queue needs no alarm', () => {
  expect(queueDueAt([], [], NOW)).toBeUndefined()
})

test('the alarm comes for the earliest delivery', () => {
  expect(queueDueAt([pending('a', NOW + 20), pending('b', NOW + 10)], [], NOW)).toBe(NOW + 10)
  expect(queueDueAt([pending('a', NOW - 20)], [], NOW)).toBe(NOW - 20)
})

test('what is due and waits for a connection needs no alarm, because the attempt that ends starts it', () => {
  const due = [pending('a', NOW - 20), pending('b', NOW - 10)]
  const at = queueDueAt(due, [attempting('a')], NOW) ?? 0
  expect(at).toBeGreaterThan(NOW + 10_000)
  expect(isStuck(attempting('a'), at - 1)).toBe(false)
  expect(isStuck(attempting('a'), at)).toBe(true)
})

test('while attempts are under way, the alarm still comes for what is due later', () => {
  expect(queueDueAt([pending('b', NOW + 5)], [attempting('a')], NOW)).toBe(NOW + 5)
})
