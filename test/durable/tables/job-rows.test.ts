/** Which jobs a creation started, and on which account: one row for each job answers both, and old rows go by whole spans of six hours. */
import { expect, test } from 'vitest'
import type { Account } from '#domain/accounts/account.ts'
import type { JobsOf, Made } from '#domain/ports/desk.ts'
import type { Owner } from '#domain/routing/owner.ts'
import { newTimedId } from '#domain/text/time-ordered-id.ts'
import { openSql } from '../../support/sql/sqlite.ts'

interface Jobs {
  learn(owners: readonly Owner[], accounts: readonly Account[], now: number): Owner[]
  find(ids: readonly string[], accounts: readonly Account[]): Owner[]
  jobsOf(requestIds: readonly string[]): JobsOf[]
  saveMade(requestId: string, made: Made): void
  forget(now: number, before: number): void
  dueAt(keepMs: number): number | undefined
}
/** Imported by a name that is no literal: its types are the Worker's, not those of these tests. */
const file: string = '../../../src/durable/desk-tables/job-rows.ts'
const { JobRows, JOB_ACCOUNTS_SCHEMA, JOB_OWNERS_SCHEMA, MADE_SCHEMA } = (await import(file)) as {
  JobRows: new (sql: object) => Jobs
  JOB_ACCOUNTS_SCHEMA: string
  JOB_OWNERS_SCHEMA: string
  MADE_SCHEMA: string
}

const HOUR = 3_600_000
const DAY = 24 * HOUR
const SPAN = 6 * HOUR
const NOW = Math.floor(Date.now() / SPAN) * SPAN
const EMAIL = 'a@example.com'
const ACCOUNTS = [{ email: EMAIL, createdAt: 1 }] as unknown as Account[]

function ownersAt(at: number, ...ids: string[]): Owner[] {
  const lease = newTimedId(at, crypto.randomUUID())
  return ids.map((id) => {
    const start = { jobId: id, watch: [`video:${id}`], ask: `/v3/videos/${id}` }
    return { id, email: EMAIL, source: 'created', mayBeShared: false, lease, start }
  })
}

function open() {
  const sql = openSql(JOB_OWNERS_SCHEMA + MADE_SCHEMA + JOB_ACCOUNTS_SCHEMA)
  return { sql, jobs: new JobRows(sql) }
}

test('a job’s row tells its account by the job, and the jobs of a creation in the order of its answer', () => {
  const { jobs } = open()
  const owners = ownersAt(NOW, 'z', 'a', 'm')
  expect(jobs.learn(owners, ACCOUNTS, NOW + 1)).toEqual([])
  const lease = owners[0]?.lease ?? ''
  expect(jobs.jobsOf([lease, crypto.randomUUID()])).toEqual([
    { requestId: lease, email: EMAIL, starts: owners.map(({ start }) => start), at: NOW + 1 },
  ])
  const { start: _, ...known } = owners[1] as Owner
  expect(jobs.find(['a', 'unknown'], ACCOUNTS)).toEqual([known])
})

test('what is no job of a creation is left to the other owners', () => {
  const { jobs } = open()
  const [job] = ownersAt(NOW, 'job') as [Owner]
  const { start: _, ...found } = job
  const listed: Owner = { id: 'x', email: EMAIL, source: 'listed', mayBeShared: true }
  expect(jobs.learn([job, found, listed], ACCOUNTS, NOW)).toEqual([found, listed])
})

test('a job of an account that was removed, or added again, has no owner, but its creation is known', () => {
  const { jobs } = open()
  const [job] = ownersAt(NOW, 'job') as [Owner]
  jobs.learn([job], [], NOW)
  expect(jobs.find(['job'], ACCOUNTS)).toEqual([])
  expect(jobs.jobsOf([job.lease ?? ''])).toHaveLength(1)
  jobs.learn([job], ACCOUNTS, NOW)
  const again = [{ email: EMAIL, createdAt: 2 }] as unknown as Account[]
  expect(jobs.find(['job'], ACCOUNTS)).toHaveLength(1)
  expect(jobs.find(['job'], again)).toEqual([])
})

test('a creation whose answer names the id of another creation’s job takes none of that one’s jobs [I1]', () => {
  const { jobs } = open()
  const first = ownersAt(NOW, 'own', 'same')
  const second = ownersAt(NOW, 'same', 'other').map((one) => ({ ...one, email: 'b@example.com' }))
  jobs.learn(first, ACCOUNTS, NOW)
  for (let times = 0; times < 2; times += 1) jobs.learn(second, ACCOUNTS, NOW + 1)
  const namesOf = ([owner]: Owner[]) => {
    const [known] = jobs.jobsOf([owner?.lease ?? ''])
    return [known?.email, ...(known?.starts.map(({ jobId }) => jobId) ?? [])]
  }
  expect(namesOf(first)).toEqual([EMAIL, 'own', 'same'])
  expect(namesOf(second)).toEqual(['b@example.com', 'same', 'other'])
})

test('a creation is kept with the key of its account, also where the Worker is an older one that does not tell it', () => {
  const { jobs } = open()
  const accounts = [{ email: EMAIL, createdAt: 1, key: 'heygen:now' }] as unknown as Account[]
  const [told, untold, gone] = [ownersAt(NOW, 'a'), ownersAt(NOW, 'b'), ownersAt(NOW, 'c')]
  jobs.learn(
    told.map((one) => ({ ...one, key: 'heygen:then' })),
    accounts,
    NOW
  )
  jobs.learn(untold, accounts, NOW)
  jobs.learn(gone, [], NOW)
  const keyOf = ([owner]: Owner[]) => jobs.jobsOf([owner?.lease ?? ''])[0]?.key
  expect([told, untold, gone].map(keyOf)).toEqual(['heygen:then', 'heygen:now', undefined])
})

test('of 200,000 jobs the old ones are deleted by whole spans, a bounded number at a time, and the others are found without a scan', () => {
  const { sql, jobs } = open()
  const fill = `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < 200000)
    INSERT INTO job_owner (span, id, email, account_since, request_id, place, start, learned_at)
    SELECT ?1 - (i * 800 / 200000), printf('job%d', i), ?2, 1, 'r', 0, '{}', 0 FROM n`
  sql.exec(fill, NOW / SPAN, EMAIL)
  const count = () => Number(sql.exec('SELECT COUNT(*) AS n FROM job_owner').one()['n'])
  const before = NOW - 90 * DAY
  expect(jobs.dueAt(90 * DAY)).toBeLessThan(NOW)
  jobs.forget(NOW, before)
  expect(count()).toBe(180_000)
  for (let n = 0; n < 6; n += 1) jobs.forget(NOW, before)
  const kept = count()
  jobs.forget(NOW, before)
  expect(count()).toBe(kept)
  // 360 spans of 800 are younger, and the present one.
  expect(kept).toBe(361 * 250)
  expect(jobs.dueAt(90 * DAY)).toBeGreaterThanOrEqual(NOW)
  expect(jobs.find(['job0', 'job90000', 'job199999'], ACCOUNTS)).toHaveLength(2)
})
