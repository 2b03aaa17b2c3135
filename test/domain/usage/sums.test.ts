/** Sums of usage: percentiles, and what nothing told. */
import { expect, test } from 'vitest'
import type { EndedJob, Lease } from '#domain/slots/lease.ts'
import { toCsv } from '#domain/usage/csv.ts'
import { jobEndOf, type JobEnd } from '#domain/usage/job-end.ts'
import { addEnd, mergeSums, NO_SUMS, percentile } from '#domain/usage/sums.ts'

const END: JobEnd = {
  tenant: 't',
  day: 1,
  token: 'tok_1',
  route: 'POST /v3/videos',
  outcome: 'completed',
  waitedMs: 0,
}

const sumsOf = (ends: Partial<JobEnd>[]) =>
  ends.reduce((sums, end) => addEnd(sums, { ...END, ...end }), NO_SUMS)

test('a percentile is wrong by a tenth at most, for any time from a millisecond to a month', () => {
  for (let ms = 1; ms < 31 * 86_400_000; ms = Math.ceil(ms * 1.37)) {
    const said = percentile(sumsOf([{ waitedMs: ms }]).waited, 0.5) ?? 0
    // A bucket of one millisecond cannot be told better.
    expect(Math.abs(said - ms), `${ms}`).toBeLessThanOrEqual(Math.max(0.5, ms / 10))
  }
  expect(percentile(sumsOf([{ waitedMs: 0 }]).waited, 0.5)).toBe(0)
})

test('half of the jobs waited no longer than p50 and nine tenths no longer than p90', () => {
  const times = Array.from({ length: 100 }, (_, n) => (n + 1) * 1000)
  const { waited } = sumsOf(times.map((waitedMs) => ({ waitedMs })))
  expect(Math.abs((percentile(waited, 0.5) ?? 0) - 50_000)).toBeLessThan(5000)
  expect(Math.abs((percentile(waited, 0.9) ?? 0) - 90_000)).toBeLessThan(9000)
})

test('sums of parts are the sums of the whole', () => {
  const ends = Array.from({ length: 40 }, (_, n) => ({
    waitedMs: n * 731,
    ...(n % 3 === 0 ? {} : { tookMs: n * 977, seconds: n / 10 }),
    ...(n % 5 === 0 ? { credits: n } : {}),
  }))
  const parts = mergeSums(sumsOf(ends.slice(0, 17)), sumsOf(ends.slice(17)))
  expect(parts).toEqual(sumsOf(ends))
})

test('What nothing tells is null: it is absent in the sums, and a job that told 0 is not', () => {
  expect(sumsOf([{}, {}])).not.toHaveProperty('seconds')
  expect(sumsOf([{}, {}])).not.toHaveProperty('credits')
  expect(sumsOf([{}, { credits: 0 }]).credits).toEqual({ sum: 0, jobs: 1 })
  expect(percentile(sumsOf([{}]).took, 0.5)).toBeUndefined()
})

const LEASE = {
  id: 'a',
  requestId: 'a',
  tenant: 't',
  route: 'POST /v3/videos',
  acquiredAt: 5000,
  jobId: 'j',
} as Lease
const endOf = (more: Partial<Lease>, status: EndedJob['outcome']['status']) =>
  jobEndOf({ lease: { ...LEASE, ...more }, endedAt: 9000, outcome: { status } })

test('what never reached the provider is no job', () => {
  const { jobId: _, ...unstarted } = LEASE
  const unstartedEnd = { lease: unstarted, endedAt: 9000, outcome: { status: 'failed' } } as const
  expect(jobEndOf(unstartedEnd)).toBeUndefined()
  expect(endOf({}, 'absent')).toBeUndefined()
  expect(endOf({}, 'lost')).toMatchObject({ outcome: 'lost', token: '' })
})

test('a queued creation has waited since it was asked for', () => {
  const item = { id: 'i', names: [], askedAt: 1000, absents: 0 }
  expect(endOf({ item }, 'completed')).toMatchObject({ waitedMs: 4000, tookMs: 4000 })
  expect(endOf({}, 'lost')).not.toHaveProperty('tookMs')
})

test('CSV has a field for each column, empty where nothing is known, and no field that a table would run', () => {
  const rows = [
    { a: 'plain', b: 0 },
    { a: '=1+2', b: null },
    { a: 'with "quotes", and\na line', b: undefined },
  ]
  expect(toCsv(['a', 'b'], rows)).toBe(
    'a,b\r\nplain,0\r\n\'=1+2,\r\n"with ""quotes"", and\na line",\r\n'
  )
})
