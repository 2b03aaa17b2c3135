import { expect, test } from 'vitest'
import { postpone, keepRunning } from '#domain/jobs/reconcile.ts'
import { isOnlySpaced, ringsAt, type RingFacts } from '#domain/jobs/when-asked.ts'
import { durationsAt } from '#domain/runtime/durations.ts'
import type { Lease } from '#domain/slots/lease.ts'

const WAITS = durationsAt(1)
const NOW = 1_800_000_000_000
const SECOND = 1000
const MINUTE = 60 * SECOND

function lease(more: Partial<Lease> = {}): Lease {
  return {
    id: 'a',
    requestId: 'a',
    tenant: 't',
    kind: 'job',
    state: 'running',
    route: 'POST /v3/videos',
    acquiredAt: NOW,
    jobId: 'v1',
    watch: ['video:v1'],
    nextAt: NOW + WAITS.firstAskMs,
    asks: 0,
    misses: 0,
    lastReportAt: NOW,
    fingerprint: {},
    isTracked: true,
    ...more,
  }
}

function facts(isAwaited: boolean, more: Partial<RingFacts> = {}): RingFacts {
  return { now: NOW, durations: WAITS, isCovered: false, isAwaited: () => isAwaited, ...more }
}

/** The ages at which the alarm rings for a job that runs on, in seconds. The object forgets all counts between rings. */
function ringsOf(first: Lease, isAwaited: boolean, count: number): number[] {
  const ages: number[] = []
  let one = first
  while (ages.length < count) {
    const at = ringsAt(one, facts(isAwaited))
    if (at === undefined) throw new Error('it never rings')
    ages.push((at - NOW) / SECOND)
    const [kept] = keepRunning(one, [], at, WAITS).put
    one = { ...first, nextAt: kept?.nextAt ?? 0 }
  }
  return ages
}

test('while nobody waits for a job, the alarm rings for it only after five minutes; while somebody waits, after half a minute [I2]', () => {
  expect(ringsOf(lease(), true, 6)).toEqual([30, 75, 142.5, 243.75, 395.625, 623.4375])
  expect(ringsOf(lease(), false, 4)).toEqual([305, 487.5, 761.25, 1061.25])
})

test('for a job that an event tells the alarm rings after ten minutes, then every five, whoever waits', () => {
  const told = lease({ expectsEvent: true, nextAt: NOW + WAITS.toldAskMs })
  for (const isAwaited of [true, false])
    expect(ringsOf(told, isAwaited, 3)).toEqual([600, 900, 1200])
})

test('for a creation whose Worker died the alarm rings after ten minutes at the latest, and a call sees it after 95 s [I2]', () => {
  const told = lease({ state: 'unbound', expectsEvent: true, nextAt: NOW + 95 * SECOND })
  expect(ringsAt(told, facts(true))).toBe(NOW + 10 * MINUTE)
  expect(ringsAt(lease({ state: 'unbound' }), facts(false))).toBe(NOW + 305 * SECOND)
})

test('the alarm keeps to a search, a doubt, a deletion, a guess, a wait for a human and the end of a call [I1, I2]', () => {
  const cases: Partial<Lease>[] = [
    { state: 'unbound', lostAt: NOW },
    { state: 'unbound', looks: 1, expectsEvent: true },
    { state: 'suspect' },
    { misses: 1, missedAt: NOW },
    { ending: { word: 'timeout', since: NOW } },
    { deletedAt: NOW },
    { guess: { until: NOW + 2 * MINUTE } },
    { state: 'waiting', waitingSince: NOW },
    { kind: 'call', deadlineAt: NOW + 7 * SECOND },
  ]
  for (const one of cases)
    expect(ringsAt(lease({ nextAt: NOW + 7 * SECOND, ...one }), facts(false))).toBe(
      NOW + 7 * SECOND
    )
})

test('what is overdue needs no earlier alarm while one is set, unless it has an appointment', () => {
  const later = { now: NOW + MINUTE, isCovered: true }
  expect(ringsAt(lease(), facts(true, later))).toBeUndefined()
  expect(ringsAt(lease({ misses: 1 }), facts(true, later))).toBe(NOW + 30 * SECOND)
  expect(ringsAt(lease(), facts(true, { ...later, isCovered: false }))).toBe(NOW + 30 * SECOND)
})

test('a check that only moves the next check needs no row; what counts towards an end does', () => {
  const row = lease()
  const [kept] = keepRunning(row, [], NOW + 5 * MINUTE, WAITS).put
  const [postponed] = postpone(row, NOW + 5 * MINUTE, WAITS).put
  expect(isOnlySpaced(row, kept as Lease, WAITS)).toBe(true)
  expect(isOnlySpaced(row, postponed as Lease, WAITS)).toBe(true)
  const changes: Partial<Lease>[] = [
    { misses: 1, missedAt: NOW },
    { ending: { word: 'timeout', since: NOW } },
    { deletedAt: NOW },
    { lostAt: NOW },
    { looks: 1 },
    { state: 'waiting', waitingSince: NOW },
    { watch: ['video:v1', 'video:v2'] },
    { isTracked: false },
    { nextAt: NOW },
    { lastReportAt: NOW + WAITS.keepReportMs },
  ]
  for (const change of changes) expect(isOnlySpaced(row, { ...row, ...change }, WAITS)).toBe(false)
})

test('without a readable answer a job is asked about again after half of the usual pause', () => {
  const at = NOW + 305 * SECOND
  expect(postpone(lease(), at, WAITS).put[0]?.nextAt).toBe(at + 91.25 * SECOND)
  expect(keepRunning(lease(), [], at, WAITS).put[0]?.nextAt).toBe(at + 182.5 * SECOND)
})
