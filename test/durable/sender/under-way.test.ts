/** What an account's tables say of a queued creation that is handed over again. */
import { expect, test } from 'vitest'
import { goesBack, withAbsentCreations } from '#domain/slots/queued-lease.ts'
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
  [
    'two have',
    [],
    [ABSENT, end(SECOND, { status: 'absent' })],
    { kind: 'over', leaseId: 'b', reason: 'absent' },
  ],
  ['it is being sent or searched for', [lease('a')], [], { kind: 'under way' }],
  ['it may be a job that may be another one’s', [lease('a', SUSPECT)], [], { kind: 'under way' }],
  [
    'its job runs',
    [lease('b', BOUND)],
    [ABSENT],
    { kind: 'begun', leaseId: 'b', starts: [{ jobId: 'v', watch: ['video:v'] }], parts: [0] },
  ],
  [
    'its job has ended',
    [],
    [end(lease('a', BOUND), { status: 'failed' })],
    { kind: 'begun', leaseId: 'a', starts: [{ jobId: 'v', watch: ['video:v'] }], parts: [0] },
  ],
  [
    'its job was unheard of for two days',
    [],
    [end(lease('a', BOUND), { status: 'lost' })],
    { kind: 'begun', leaseId: 'a', starts: [{ jobId: 'v', watch: ['video:v'] }], parts: [0] },
  ],
  [
    'nobody knows what became of it',
    [],
    [end(lease('a', SUSPECT), { status: 'outcome_unknown' })],
    { kind: 'over', leaseId: 'a', reason: 'outcome_unknown' },
  ],
  [
    'it was never found',
    [],
    [end(lease('a'), { status: 'lost' })],
    { kind: 'over', leaseId: 'a', reason: 'lost' },
  ],
  [
    'its refusal was told',
    [],
    [end(lease('a'), { status: 'failed', detail: 'too long', isUnstarted: true })],
    { kind: 'over', leaseId: 'a', reason: 'refused', detail: 'too long' },
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
  expect(evidence([], [one])).toEqual({ kind: 'over', leaseId: 'a', reason: 'absent' })
})

test('an item of which one job is still searched for is under way, though another one runs', () => {
  const leases = [lease('a', BOUND), lease('a', { id: 'a.1' })]
  expect(evidence(leases, [])).toEqual({ kind: 'under way' })
  expect(underWayOf(leases, 't')).toEqual(['i'])
})

test('a tenant’s desk is not told of another tenant’s items [I5]', () => {
  expect(underWayOf([lease('a'), lease('b', BOUND)], 'other')).toEqual([])
})

const NAMES = Array.from({ length: 12 }, (_, part) => `n${part}`)
const ofTwelve = (part: number, more: Partial<Lease> = {}, absents = 0) =>
  lease('a', {
    id: part === 0 ? 'a' : `a.${part}`,
    item: { id: 'i', names: NAMES, askedAt: 1, absents },
    ...more,
  })

test('of several jobs of one creation each is reported under its own name', () => {
  const running = [10, 2].map((part) =>
    ofTwelve(part, { state: 'running', jobId: `v${part}`, watch: [] })
  )
  const over = end(ofTwelve(0, { state: 'running', jobId: 'v0', watch: [] }), {
    status: 'completed',
  })
  expect(evidence(running, [over])).toMatchObject({
    kind: 'begun',
    starts: [{ jobId: 'v0' }, { jobId: 'v2' }, { jobId: 'v10' }],
    parts: [0, 2, 10],
  })
})

test('a creation of several jobs goes back only if all of them are absent, together and for the first time [I4]', () => {
  const absent = (parts: number[], absents = 0) =>
    withAbsentCreations(parts.map((part) => end(ofTwelve(part, {}, absents), { status: 'absent' })))
  const all = NAMES.map((_, part) => part)
  expect(absent(all).every(goesBack)).toBe(true)
  expect(evidence([], absent(all))).toEqual({ kind: 'none', absents: 1 })
  expect(absent(all.slice(1)).some(goesBack)).toBe(false)
  expect(evidence([], absent(all.slice(1))).kind).toBe('over')
  expect(absent(all, 1).some(goesBack)).toBe(false)
})
