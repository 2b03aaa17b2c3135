/** While more waits, a lost event costs a slot little, whatever share of the events is lost. */
import { expect, test } from 'vitest'
import { lateAt, UsualTimes } from '#domain/jobs/late-event.ts'
import { durationsAt } from '#domain/runtime/durations.ts'
import type { Lease } from '#domain/slots/lease.ts'
import { randomOf } from '../queue/pool.ts'

const WAITS = durationsAt(1)
const NOW = 1_800_000_000_000
const ROUTE = 'POST /v3/videos'

function lease(more: Partial<Lease> = {}): Lease {
  return {
    id: 'a',
    requestId: 'a',
    tenant: 't',
    kind: 'job',
    state: 'running',
    route: ROUTE,
    acquiredAt: NOW,
    jobId: 'v1',
    watch: ['video:v1'],
    nextAt: NOW + WAITS.toldAskMs,
    asks: 0,
    misses: 0,
    lastReportAt: NOW,
    fingerprint: {},
    isTracked: true,
    expectsEvent: true,
    ...more,
  }
}

test.for([0.05, 0.2, 0.5, 0.9])(
  'a lost event costs a slot at most the time of one more job while more waits, if %s of the events are lost',
  (lost) => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const random = randomOf(seed)
      const usual = new UsualTimes()
      // The first one is told. Until then nothing is usual.
      usual.note(ROUTE, 60_000)
      for (let count = 0; count < 500; count += 1) {
        const tookMs = 55_000 + random(10_000)
        const at = lateAt(lease(), usual.of(ROUTE), WAITS) ?? Infinity
        if (random(100) < lost * 100) expect(at - NOW - tookMs).toBeLessThanOrEqual(75_000)
        else usual.note(ROUTE, tookMs)
      }
    }
  }
)

test('the last 16 jobs of the row count, and no others', () => {
  const usual = new UsualTimes()
  for (let count = 0; count < 30; count += 1) usual.note(ROUTE, 500_000)
  usual.note('POST /v3/other', 900_000)
  for (let count = 0; count < 8; count += 1) usual.note(ROUTE, 20_000)
  for (let count = 0; count < 8; count += 1) usual.note(ROUTE, 40_000)
  expect(lateAt(lease(), usual.of(ROUTE), WAITS)).toBe(NOW + 60_000)
  expect(lateAt(lease(), usual.of('POST /v3/none'), WAITS)).toBe(NOW + WAITS.quietAskMs)
})

test('it is never asked about later than without this, and only once', () => {
  expect(lateAt(lease(), [2_000_000], WAITS)).toBe(NOW + WAITS.toldAskMs)
  expect(lateAt(lease({ asks: 1 }), [1000], WAITS)).toBeUndefined()
})

test('a job that is asked about anyway, waits for a human or is not known yet is not asked about for it', () => {
  const { expectsEvent: _, ...untold } = lease()
  expect(lateAt(untold, [1000], WAITS)).toBeUndefined()
  for (const state of ['unbound', 'waiting', 'suspect'] as const)
    expect(lateAt(lease({ state }), [1000], WAITS)).toBeUndefined()
})
