import { expect, test } from 'vitest'
import { hoursOf, HOUR_MS, type JobTimes } from '#domain/live/throughput.ts'
import { newTimedId } from '#domain/text/time-ordered-id.ts'

const NOON = Date.parse('2026-11-29T12:00:00.000Z')
const DAY = { since: NOON - 12 * HOUR_MS, until: NOON + 12 * HOUR_MS }

function job(at: number, waited: number, end?: JobTimes['end']): JobTimes {
  const requestId = newTimedId(at - waited, '0b1f3c3e-1111-4222-8333-444455556666')
  return { requestId, acquiredAt: at, ...(end ? { end } : {}) }
}

test('a job counts in the hour in which it started, and in that in which it ended', () => {
  const jobs = [
    job(NOON + 1000, 0, { at: NOON + HOUR_MS + 1000, status: 'completed' }),
    job(NOON + 2000, 3000, { at: NOON + 5000, status: 'failed', refused: 4 }),
    job(NOON + 9000, 1000),
  ]
  const zero = { started: 0, ended: 0, completed: 0, failed: 0, lost: 0, refused: 0 }
  expect(hoursOf(jobs, DAY)).toEqual([
    {
      ...zero,
      hour: NOON,
      started: 3,
      ended: 1,
      failed: 1,
      refused: 4,
      waitedMs: 4000,
      waitedMaxMs: 3000,
      tookMs: 3000,
      tookMaxMs: 3000,
    },
    {
      ...zero,
      hour: NOON + HOUR_MS,
      ended: 1,
      completed: 1,
      waitedMs: 0,
      waitedMaxMs: 0,
      tookMs: HOUR_MS,
      tookMaxMs: HOUR_MS,
    },
  ])
})

test.each(['lost', 'gone', 'outcome_unknown'] as const)(
  'a job that ended as %s counts as lost, and its time as no render time',
  (status) => {
    const [hour] = hoursOf([job(NOON, 0, { at: NOON + 1, status })], DAY)
    expect(hour).toMatchObject({ ended: 1, lost: 1, completed: 0, tookMs: 0 })
  }
)

test.each(['absent', 'forced'] as const)(
  'a job that ended as %s only counts as ended',
  (status) => {
    const [hour] = hoursOf([job(NOON, 0, { at: NOON + 1, status })], DAY)
    expect(hour).toMatchObject({ ended: 1, lost: 0, completed: 0, failed: 0, tookMs: 0 })
  }
)

test('what began or ended outside the time does not count, and the end of the time is outside', () => {
  const before = job(DAY.since - 5000, 0, { at: DAY.since, status: 'completed' })
  const after = job(DAY.until - 1, 0, { at: DAY.until, status: 'completed' })
  const hours = hoursOf([before, after], DAY)
  expect(hours.map(({ started, ended }) => [started, ended])).toEqual([
    [0, 1],
    [1, 0],
  ])
})

test('a job with an id of an older release has waited for an unknown time, counted as none', () => {
  const old = { requestId: '2f6f0b8a-9d0e-4b7d-9b2e-2f6f0b8a9d0e', acquiredAt: NOON }
  expect(hoursOf([old], DAY)).toMatchObject([{ started: 1, waitedMs: 0 }])
})

test('a job that was queued has waited since it was asked for, not since an account was chosen', () => {
  const queued = { ...job(NOON, 0), askedAt: NOON - HOUR_MS }
  expect(hoursOf([queued], DAY)).toMatchObject([{ waitedMs: HOUR_MS, waitedMaxMs: HOUR_MS }])
})
