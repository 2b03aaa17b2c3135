/** Pages of the jobs of several accounts. */
import { expect, test } from 'vitest'
import { mergePages, type JobRecord } from '#domain/jobs/list-jobs.ts'
import { newTimedId } from '#domain/text/time-ordered-id.ts'

const START = Date.UTC(2026, 10, 1)
const [older, newer] = [0, 1].map((ms) => newTimedId(START + ms, crypto.randomUUID()))

function ended(id: string | undefined, isUnstarted?: true): JobRecord {
  const outcome = { status: 'failed', ...(isUnstarted ? { isUnstarted } : {}) } as const
  const lease = { id, requestId: id, acquiredAt: START } as JobRecord['lease']
  return { lease, ended: { endedAt: START, outcome } }
}

const idsOf = (pages: JobRecord[][]) =>
  mergePages(
    pages.map((jobs) => ({ jobs })),
    9
  ).jobs.map(({ lease }) => lease.id)

test('an end without a start that two accounts were handed is listed once, and the jobs of one creation at two accounts are listed both', () => {
  const cancelled = ended(newer, true)
  expect(idsOf([[cancelled, ended(older)], [cancelled]])).toEqual([newer, older])
  expect(idsOf([[ended(newer)], [ended(newer), ended(older)]])).toEqual([newer, newer, older])
})
