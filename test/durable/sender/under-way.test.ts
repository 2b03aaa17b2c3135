/** What an account's tables say of a queued creation that is handed over again. */
import { expect, test } from 'vitest'
import type { EndedJob, Lease, Outcome } from '#domain/slots/lease.ts'
import { evidenceOf, underWayOf } from '#durable/sender/under-way.ts'

function lease(requestId: string, more: Partial<Lease> = {}): Lease {
  return {
    id: requestId,
    requestId,
    tenant: 't',
    kind: 'job',
    state: 'unbound',
    route: 'POST /v3/videos',
    acquiredAt: 1,
    watch: [],
    nextAt: 2,
    asks: 0,
    misses: 0,
    lastReportAt: 1,
    fingerprint: {},
    isTracked: true,
    item: { id: 'i', names: ['n'], askedAt: 1, absents: 0 },
    ...more,
  }
}

const BOUND: Partial<Lease> = { state: 'running', jobId: 'v', watch: ['video:v'] }
const SUSPECT: Partial<Lease> = { state: 'suspect', jobId: 'other', watch: ['video:other'] }

function end(one: Lease, outcome: Outcome): EndedJob {
  return { lease: one, endedAt: 3, outcome }
}

function evidence(leases: Lease[], ended: EndedJob[], ids = ['a', 'b']) {
  return evidenceOf(ids, leases, (id) => ended.filter((one) => one.lease.requestId === id))
}

const ABSENT = end(lease('a'), { status: 'absent' })
const SECOND = lease('b', { item: { id: 'i', names: ['n'], askedAt: 1, absents: 1 } })

test.for([
  ['nothing is there', [], [], { kind: 'none', absents: 0 }],
  ['one try has ended as absent', [], [ABSENT], { kind: 'none', absents: 1 }],
  ['two have', [], [ABSENT, end(SECOND, { status: 'absent' })], { kind: 'over', reason: 'absent' }],
  ['it is being sent or searched for', [lease('a')], [], { kind: 'under way' }],
  ['it may be a job that may be another one’s', [lease('a', SUSPECT)], [], { kind: 'under way' }],
  [
    'its job runs',
    [lease('b', BOUND)],
    [ABSENT],
    { kind: 'begun', leaseId: 'b', starts: [{ jobId: 'v', watch: ['video:v'] }] },
  ],
  [
    'its job has ended',
    [],
    [end(lease('a', BOUND), { status: 'failed' })],
    { kind: 'begun', leaseId: 'a', starts: [{ jobId: 'v', watch: ['video:v'] }] },
  ],
  [
    'its job was unheard of for two days',
    [],
    [end(lease('a', BOUND), { status: 'lost' })],
    { kind: 'begun', leaseId: 'a', starts: [{ jobId: 'v', watch: ['video:v'] }] },
  ],
  [
    'nobody knows what became of it',
    [],
    [end(lease('a', SUSPECT), { status: 'outcome_unknown' })],
    { kind: 'over', reason: 'outcome_unknown' },
  ],
  [
    'it was never found',
    [],
    [end(lease('a'), { status: 'lost' })],
    { kind: 'over', reason: 'lost' },
  ],
  [
    'its refusal was told',
    [],
    [end(lease('a'), { status: 'failed', detail: 'too long', isUnstarted: true })],
    { kind: 'over', reason: 'refused', detail: 'too long' },
  ],
] as [string, Lease[], EndedJob[], object][])(
  'whether it is sent again is decided where %s [I4]',
  ([, leases, ended, expected]) => {
    expect(evidence(leases, ended)).toEqual(expected)
  }
)

test('an item of several jobs never goes back, because one of them may have run', () => {
  const item = { id: 'i', names: ['n', 'm'], askedAt: 1, absents: 0 }
  const one = end(lease('a', { item }), { status: 'absent' })
  expect(evidence([], [one])).toEqual({ kind: 'over', reason: 'absent' })
})

test('an item of which one job is still searched for is under way, though another one runs', () => {
  const leases = [lease('a', BOUND), lease('a', { id: 'a.1' })]
  expect(evidence(leases, [])).toEqual({ kind: 'under way' })
  expect(underWayOf(leases, 't')).toEqual(['i'])
})

test('a tenant’s desk is not told of another tenant’s items [I5]', () => {
  expect(underWayOf([lease('a'), lease('b', BOUND)], 'other')).toEqual([])
})
