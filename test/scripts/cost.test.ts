/** The arithmetic of `npm run cost`. What it counts is counted by the same Worker as the budgets (test/gateway/runtime/budget.test.ts). */
import { expect, test } from 'vitest'
import { NOTHING, priceOf, totalOf } from '../../scripts/lib/cost/bill.ts'
import { excessOf } from '../../scripts/lib/cost/table.ts'

test('a million reads of a millisecond cost their Worker requests and their CPU', () => {
  const dollars = priceOf({ ...NOTHING, workerRequests: 1, cpuMs: 1 })
  expect(totalOf(dollars)).toBeCloseTo(0.32)
})

test('an object is billed for its time, for the confirmation of its writes and for its calls to the outside', () => {
  const usage = { ...NOTHING, objectRequests: 1, objectCalls: 1, objectMs: 85 }
  // 0.4 s of 128 MB at 12.50 dollars for a million GB-s.
  expect(priceOf(usage).objectTime).toBeCloseTo(0.64)
})

test('what exceeds its budget or its target is named', () => {
  const line = {
    group: 'a group',
    name: 'a call',
    per: 'call',
    count: 1,
    usage: { ...NOTHING, kvReads: 1, objectRequests: 2, rowsWritten: 3 },
    budget: { kv: 1, requests: 1, rows: 3 },
    target: 1,
  }
  expect(excessOf(line)).toEqual([
    'over: a group, a call: 2 object requests, allowed 1',
    'over: a group, a call: 3.85 dollars per million, allowed 1',
  ])
})
