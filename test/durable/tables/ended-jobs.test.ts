/** Ended jobs: found by any of their names, whenever they began, and forgotten from the front. */
import { expect, test } from 'vitest'
import type { EndedJob, Lease } from '#domain/slots/lease.ts'
import { newTimedId } from '#domain/text/time-ordered-id.ts'
import { EndedJobs, ENDED_SCHEMA, OWED_SCHEMA } from '#durable/account-tables/ended-jobs.ts'
import { openSql } from '../../support/sql/sqlite.ts'

const DAY = 86_400_000
const NOON = 20_000 * DAY + DAY / 2

function end(
  name: string,
  acquiredAt: number,
  endedAt = acquiredAt + 60_000,
  id?: string
): EndedJob {
  const leaseId = id ?? newTimedId(acquiredAt, crypto.randomUUID())
  const lease = {
    id: leaseId,
    requestId: leaseId,
    tenant: 't',
    kind: 'job',
    state: 'running',
    jobId: name,
    watch: [`video:${name}`, `session:s-${name}`],
    acquiredAt,
  } as unknown as Lease
  return { lease, endedAt, outcome: { status: 'completed' } as EndedJob['outcome'] }
}

const open = () => new EndedJobs(openSql(ENDED_SCHEMA + OWED_SCHEMA))
const jobsIn = (ends: EndedJob[]) => ends.map(({ lease }) => lease.jobId)

test('a job is found by its id, by what else it is watched by and by its request, whatever its day', () => {
  const jobs = open()
  for (let day = 0; day < 35; day += 3) {
    const one = end(`job-${day}`, NOON + day * DAY)
    jobs.add(one)
    for (const name of [`job-${day}`, `s-job-${day}`, one.lease.requestId])
      expect(jobsIn(jobs.find(name))).toEqual([`job-${day}`])
  }
  expect(jobs.known(['job-3']).has('job-3')).toBe(true)
  expect(jobs.known(['job-4']).has('job-4')).toBe(false)
  expect(jobs.find(newTimedId(NOON, crypto.randomUUID()))).toEqual([])
})

test('a lease of before request ids were in the order of time is found by its request, too', () => {
  const jobs = open()
  const old = crypto.randomUUID()
  jobs.add(end('old', NOON, NOON + DAY, old))
  expect(jobsIn(jobs.find(old))).toEqual(['old'])
})

test('the latest of two jobs of one name stands first, and of an end only its own names are late', () => {
  const jobs = open()
  jobs.add(end('twice', NOON))
  const late = { watch: 'video:twice', endedAt: NOON + 5 * DAY }
  jobs.add(end('twice', NOON + 5 * DAY, NOON + 5 * DAY), [late])
  expect(jobs.find('twice').map((one) => one.endedAt)).toEqual([NOON + 5 * DAY, NOON + 60_000])
  expect(jobs.unmatched(['video:twice', 'session:s-twice'], 0)).toEqual([late])
  jobs.saveUnmatched({ ...late, eventId: 'came' })
  expect(jobs.unmatched(['video:twice'], 0)).toEqual([{ ...late, eventId: 'came' }])
})

test('what ended before is forgotten, and a job that ran for days is kept as long from its own end', () => {
  const jobs = open()
  jobs.add(end('short', NOON))
  jobs.add(end('long', NOON - DAY, NOON + 2 * DAY))
  jobs.add(end('young', NOON + 3 * DAY))
  expect(jobs.oldestAt()).toBe(NOON + 2 * DAY)
  expect(jobs.removeBefore(NOON + DAY)).toBe(false)
  expect(['short', 'long', 'young'].map((name) => jobs.known([name]).has(name))).toEqual([
    false,
    true,
    true,
  ])
  jobs.removeBefore(NOON + 2 * DAY + 1)
  expect(jobs.known(['s-long']).has('s-long')).toBe(false)
  // With the end of its six hours, so that one look takes all of them.
  expect(jobs.oldestAt()).toBe(20_003 * DAY + (3 * DAY) / 4)
  jobs.removeBefore(NOON + 40 * DAY)
  expect(jobs.oldestAt()).toBeUndefined()
})

test('a long past is forgotten a bounded number at a time', () => {
  const jobs = open()
  for (let n = 0; n < 2600; n += 1) jobs.add(end(`job-${n}`, NOON + n))
  expect(jobs.removeBefore(NOON + 30 * DAY)).toBe(true)
  expect(jobs.removeBefore(NOON + 30 * DAY)).toBe(false)
  expect(jobs.oldestAt()).toBeUndefined()
})

test('ended jobs are listed from the newest on, six hours after six hours, and a page says where it stopped', () => {
  const jobs = open()
  for (let n = 0; n < 50; n += 1) jobs.add(end(`job-${n}`, NOON + n * 3_600_000))
  const first = jobs.list({ tenant: 't', limit: 20 })
  expect(jobsIn(first.ended)).toEqual(Array.from({ length: 20 }, (_, n) => `job-${49 - n}`))
  const second = jobs.list({
    tenant: 't',
    limit: 40,
    ...(first.stoppedAt ? { before: first.stoppedAt } : {}),
  })
  expect(jobsIn(second.ended)).toEqual(Array.from({ length: 30 }, (_, n) => `job-${29 - n}`))
  expect(second.stoppedAt).toBeUndefined()
  expect(jobs.list({ tenant: 'other', limit: 5 }).ended).toEqual([])
  expect(
    jobsIn(jobs.list({ tenant: 't', limit: 50, since: NOON + 40 * 3_600_000 }).ended)
  ).toHaveLength(10)
})

test.each(['absent', 'outcome_unknown', 'lost'] as const)(
  'a creation of another tenant that ended as %s may still have a job for as long as is asked [I5]',
  (status) => {
    const jobs = open()
    const endedAt = NOON + 2 * DAY
    jobs.add({ ...end('known', NOON, endedAt) })
    expect(jobs.hasUntracedOfOthers('another', NOON)).toBe(false)
    jobs.add({ ...end('untraced', NOON, endedAt), outcome: { status } })
    expect(jobs.hasUntracedOfOthers('another', endedAt)).toBe(true)
    expect(jobs.hasUntracedOfOthers('another', endedAt + 1)).toBe(false)
    expect(jobs.hasUntracedOfOthers('t', endedAt)).toBe(false)
  }
)
