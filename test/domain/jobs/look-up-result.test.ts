import { expect, test } from 'vitest'
import { lookUpResultOf, type LookUpResult } from '#domain/jobs/look-up-result.ts'
import type { EndedJob, Lease, Outcome } from '#domain/slots/lease.ts'

const UNKNOWN: LookUpResult = { kind: 'unknown' }
const lease = (state: Lease['state'], jobId?: string) =>
  ({ kind: 'job', state, watch: [], ...(jobId === undefined ? {} : { jobId }) }) as unknown as Lease
const ended = (status: Outcome['status'], one = lease('unbound')): EndedJob => ({
  lease: one,
  endedAt: 1,
  outcome: { status },
})

test('a creation whose job is bound is found, running or ended, with the answer that the provider gave again', () => {
  const starts = [{ jobId: 'v', watch: [] }]
  expect(lookUpResultOf([lease('running', 'v')], [], UNKNOWN)).toEqual({ kind: 'found', starts })
  const over = [ended('completed', lease('running', 'v'))]
  const last: LookUpResult = { kind: 'found', starts, body: '{}' }
  expect(lookUpResultOf([], over, last)).toEqual({ kind: 'found', starts, body: '{}' })
})

test('a creation of several jobs is not found before all of them are', () => {
  const both = [lease('running', 'v'), lease('unbound')]
  const last: LookUpResult = { kind: 'found', starts: [{ jobId: 'v', watch: [] }] }
  expect(lookUpResultOf(both, [], last)).toEqual(UNKNOWN)
  expect(lookUpResultOf(both, [], { kind: 'later' })).toEqual({ kind: 'later' })
})

test('the job of a suspect is not told as the creation’s', () => {
  expect(lookUpResultOf([lease('suspect', 'v')], [], UNKNOWN)).toEqual(UNKNOWN)
  expect(lookUpResultOf([], [ended('outcome_unknown', lease('suspect', 'v'))], UNKNOWN)).toEqual(
    UNKNOWN
  )
})

test('a creation is absent only when all of it has ended as absent, and when there was one', () => {
  expect(lookUpResultOf([], [ended('absent')], UNKNOWN)).toEqual({ kind: 'absent' })
  expect(lookUpResultOf([], [ended('absent'), ended('lost')], UNKNOWN)).toEqual(UNKNOWN)
  expect(lookUpResultOf([], [], UNKNOWN)).toEqual(UNKNOWN)
})
