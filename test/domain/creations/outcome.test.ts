import { expect, test } from 'vitest'
import { outcomeOf } from '#domain/creations/outcome.ts'
import type { JobRecord } from '#domain/jobs/list-jobs.ts'
import type { Lease, Outcome } from '#domain/slots/lease.ts'

function record(state: Lease['state'], jobId?: string, status?: Outcome['status']): JobRecord {
  const lease = { kind: 'job', state, watch: [], ...(jobId === undefined ? {} : { jobId }) }
  const ended = status === undefined ? {} : { ended: { endedAt: 1, outcome: { status } } }
  return { lease, ...ended } as unknown as JobRecord
}

test('an outcome is open as long as one job of the creation is searched for', () => {
  expect(outcomeOf([record('unbound')])).toEqual({ kind: 'open' })
  expect(outcomeOf([record('running', 'v'), record('suspect', 'w')])).toEqual({ kind: 'open' })
})

test('jobs that are bound are the outcome, whether they run or have ended', () => {
  const records = [record('running', 'v'), record('waiting', 'w', 'lost')]
  expect(outcomeOf(records)).toEqual({
    kind: 'found',
    starts: [
      { jobId: 'v', watch: [] },
      { jobId: 'w', watch: [] },
    ],
  })
})

test('the job of a suspect is not the outcome, and one that never arrived has none', () => {
  expect(outcomeOf([record('suspect', 'v', 'outcome_unknown')])).toEqual({ kind: 'over' })
  expect(outcomeOf([record('running', 'v', 'outcome_unknown')])).toEqual({ kind: 'over' })
  expect(outcomeOf([record('unbound', undefined, 'absent')])).toEqual({ kind: 'absent' })
})
