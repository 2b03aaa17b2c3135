import { expect, test } from 'vitest'
import {
  afterSearch,
  matchRows,
  type Candidate,
  type Match,
} from '#domain/jobs/match-lost-creations.ts'
import { bindJobs } from '#domain/jobs/bind-jobs.ts'
import { applyReports } from '#domain/jobs/apply-reports.ts'
import { release, type Lease, type Ledger } from '#domain/slots/lease.ts'
import { durationsAt } from '#domain/runtime/durations.ts'

const WAITS = durationsAt(1)
const NOW = 1_800_000_000_000

function lost(id: string, more: Partial<Lease> = {}): Lease {
  return {
    id,
    requestId: id,
    tenant: 't',
    kind: 'job',
    state: 'unbound',
    route: 'POST /v3/videos',
    acquiredAt: NOW,
    lostAt: NOW,
    watch: [],
    nextAt: NOW,
    asks: 0,
    misses: 0,
    lastReportAt: NOW,
    fingerprint: {},
    isTracked: true,
    ...more,
  }
}

const row = (id: string, more: Partial<Candidate> = {}): Candidate => ({
  id,
  times: [NOW + 1000],
  state: 'running',
  ...more,
})

function matchOf(
  leases: Lease[],
  rows: Candidate[],
  { known = [] as string[], others = [] as Lease[] } = {}
): Record<string, string> {
  const matches = matchRows(leases, [...leases, ...others], rows, (id) => known.includes(id), WAITS)
  const told = (match: Match) => ('row' in match ? `${match.kind} ${match.row.id}` : match.kind)
  return Object.fromEntries([...matches].map(([id, match]) => [id, told(match)]))
}

test('only a callback id names the job of a lost creation', () => {
  const mine = lost('a', { fingerprint: { title: 'Demo', callbackId: 'job-1' } })
  const rows = [
    row('other', { title: 'Demo', callbackId: 'job-2' }),
    row('mine', { title: 'Renamed', callbackId: 'job-1' }),
  ]
  expect(matchOf([mine], rows)).toEqual({ a: 'exact mine' })
  const titled = lost('a', { fingerprint: { title: 'Demo' } })
  expect(matchOf([titled], [row('x', { title: 'Demo' })])).toEqual({ a: 'suspect x' })
})

test.each([
  ['no time', {}],
  ['its clock 30 s behind', { times: [NOW - 30_000] }],
  ['its clock 30 s ahead', { times: [NOW + 120_000] }],
  ['a clock an hour behind, as its Date header shows', { times: [NOW - 3_600_000, NOW + 500] }],
])('a row with %s may be the lost creation’s, and holds its slot [I1]', (_, more) => {
  const { times: _times, ...plain } = row('x')
  expect(matchOf([lost('a')], [{ ...plain, ...more }])).toEqual({ a: 'suspect x' })
})

test('a row that is older, younger than the giving up, known, seen before or another’s is not the lost creation’s [I1]', () => {
  const rows = [
    row('older', { times: [NOW - 61_000] }),
    row('six minutes later', { times: [NOW + 360_000] }),
    row('known'),
    row('seen', { times: [], seenAt: NOW - 1 }),
    row('theirs', { callbackId: 'theirs' }),
  ]
  expect(
    matchOf([lost('a', { fingerprint: { callbackId: 'mine' } })], rows, { known: ['known'] })
  ).toEqual({
    a: 'none',
  })
})

test('a callback id that another creation of unknown outcome has too is no proof [I1]', () => {
  const fingerprint = { callbackId: 'constant' }
  const rows = [row('x', fingerprint), row('y', fingerprint)]
  const both = matchOf([lost('a', { fingerprint }), lost('b', { fingerprint })], rows)
  expect(Object.values(both).toSorted()).toEqual(['suspect x', 'suspect y'])
  const young = lost('young', { fingerprint })
  expect(
    matchOf([lost('a', { fingerprint })], [row('x', fingerprint)], { others: [young] })
  ).toEqual({
    a: 'suspect x',
  })
})

test('the jobs of one creation share its callback id', () => {
  const fingerprint = { callbackId: 'mine' }
  const parts = ['a', 'a.1'].map((id) => lost(id, { requestId: 'a', fingerprint }))
  expect(matchOf(parts, [row('x', fingerprint), row('y', fingerprint)])).toEqual({
    a: 'exact x',
    'a.1': 'exact y',
  })
})

test('as many lost creations hold a row as there are rows that may be theirs', () => {
  const old = lost('old')
  const young = lost('young', { acquiredAt: NOW + 200_000 })
  const rows = [row('only old', { times: [NOW] }), row('both', { times: [NOW + 145_000] })]
  // The old one is served first and would do with either.
  expect(Object.values(matchOf([old, young], rows.toReversed())).toSorted()).toEqual([
    'suspect both',
    'suspect only old',
  ])
})

test('an exact match takes its row back from whoever was taken for it', () => {
  const suspect = lost('nameless', { state: 'suspect', jobId: 'x', watch: ['video:x'] })
  const named = lost('named', { fingerprint: { callbackId: 'mine' } })
  expect(matchOf([suspect, named], [row('x', { callbackId: 'mine' })])).toEqual({
    named: 'exact x',
    nameless: 'none',
  })
})

test('the one that gets no row of several is not said to be absent', () => {
  expect(matchOf([lost('a'), lost('b')], [row('x')])).toEqual({ a: 'suspect x', b: 'taken' })
  expect(matchOf([lost('a')], [row('x', { state: 'over' })])).toEqual({ a: 'over' })
})

function searched(lease: Lease, match: Match, now: number, isWhole = true) {
  const start = { jobId: 'x', watch: ['video:x'] }
  return afterSearch(lease, match, { isWhole, start }, now, WAITS)
}

test('only two whole searches, a minute apart and after two minutes, say that a creation never arrived [I1]', () => {
  const none: Match = { kind: 'none' }
  const early = searched(lost('a'), none, NOW + 100_000)
  expect(early.put[0]?.misses).toBe(0)
  const partial = searched(lost('a'), none, NOW + 130_000, false)
  expect(partial.put[0]?.misses).toBe(0)
  const first = searched(lost('a'), none, NOW + 130_000).put[0] as Lease
  expect(first.misses).toBe(1)
  expect(searched(first, none, NOW + 189_000).ended).toEqual([])
  expect(searched(first, none, NOW + 190_000).ended[0]?.outcome.status).toBe('absent')
  expect(searched(first, { kind: 'taken' }, NOW + 190_000).ended[0]?.outcome.status).toBe(
    'outcome_unknown'
  )
})

function ledger(...leases: Lease[]): Ledger {
  return { maxJobs: 9, isRetired: false, leases, parkings: [] }
}

test('when the job that it was taken for ends, it is looked for at once, and what was searched before counts', () => {
  const held = searched(lost('a'), { kind: 'suspect', row: row('x') }, NOW + 10_000).put[0] as Lease
  const over = [{ watch: 'video:x', state: 'completed' as const }]
  const again = applyReports(ledger(held), over, NOW + 20_000, WAITS)
  expect(again.ended).toEqual([])
  expect(again.put[0]).toMatchObject({ state: 'unbound', mayHaveRun: true })
  const sure = { ...held, misses: 2, missedAt: NOW + 130_000 }
  const [left] = applyReports(ledger(sure), over, NOW + 300_000, WAITS).put as [Lease]
  expect(left.nextAt).toBe(NOW + 300_000)
  const other: Match = { kind: 'suspect', row: row('y') }
  expect(searched(left, other, NOW + 300_000).put[0]?.state).toBe('suspect')
  expect(searched(left, { kind: 'over' }, NOW + 300_000).ended[0]?.outcome.status).toBe(
    'outcome_unknown'
  )
})

test('a list that no longer shows the job that it was taken for must be seen twice, too', () => {
  const held = searched(lost('a'), { kind: 'suspect', row: row('x') }, NOW + 10_000).put[0] as Lease
  const sure = { ...held, misses: 2, missedAt: NOW + 130_000 }
  const gone = searched(sure, { kind: 'none' }, NOW + 300_000)
  expect(gone.ended).toEqual([])
  const [left] = gone.put as [Lease]
  expect(searched(left, { kind: 'none' }, NOW + 360_000).ended[0]?.outcome.status).toBe(
    'outcome_unknown'
  )
})

test('a late binding names what was only suspected, and takes the job back from another', () => {
  const start = { jobId: 'x', watch: ['video:x'] }
  const suspect = lost('a', { state: 'suspect', ...start })
  expect(bindJobs(ledger(suspect), 'a', [start], NOW, WAITS).put).toMatchObject([
    { id: 'a', state: 'running', jobId: 'x' },
  ])
  const found = lost('b', { state: 'running', isFound: true, ...start })
  const taken = bindJobs(ledger(lost('a'), found), 'a', [start], NOW, WAITS).put
  expect(taken.map((one) => [one.id, one.state])).toEqual([
    ['a', 'running'],
    ['b', 'unbound'],
  ])
})

test('a binding without its lease makes one, unless that job has already ended', () => {
  const start = { jobId: 'x', watch: ['video:x'] }
  const again = {
    leaseId: 'a',
    tenant: 't',
    kind: 'job' as const,
    route: 'POST /v3/videos',
    count: 1,
    fingerprint: {},
  }
  expect(bindJobs(ledger(), 'a', [start], NOW, WAITS, { ask: again }).put).toMatchObject([
    { id: 'a', state: 'running', jobId: 'x' },
  ])
  const outcome = { status: 'absent' } as const
  const absent = { lease: lost('a'), endedAt: NOW, outcome }
  expect(bindJobs(ledger(), 'a', [start], NOW, WAITS, { ended: [absent] }).put).toMatchObject([
    { id: 'a.1', state: 'running', jobId: 'x' },
  ])
  const done = { lease: lost('a', { state: 'running', ...start }), endedAt: NOW, outcome }
  expect(bindJobs(ledger(), 'a', [start], NOW, WAITS, { ended: [done], ask: again }).put).toEqual(
    []
  )
})

test('a word that means an end elsewhere ends a job when it is said twice, a minute apart', () => {
  const running = lost('a', { state: 'running', jobId: 'x', watch: ['video:x'] })
  const said = [{ watch: 'video:x', state: 'ending' as const, word: 'cancelled' }]
  const first = applyReports(ledger(running), said, NOW, WAITS).put[0] as Lease
  expect(applyReports(ledger(first), said, NOW + 59_999, WAITS).ended).toEqual([])
  expect(applyReports(ledger(first), said, NOW + 60_000, WAITS).ended[0]?.outcome).toEqual({
    status: 'failed',
    detail: 'cancelled',
  })
  const unclear = [{ watch: 'video:x', state: 'unclear' as const, word: 'zzz' }]
  expect(applyReports(ledger(running), unclear, NOW, WAITS)).toEqual({
    put: [],
    drop: [],
    ended: [],
  })
})

test('of more than two hundred jobs that wait for a human the oldest are given up', () => {
  const waiting = Array.from({ length: 201 }, (_, n) =>
    lost(`w${n}`, {
      state: n === 200 ? 'running' : 'waiting',
      jobId: `s${n}`,
      watch: [`agent-session:s${n}`],
      waitingSince: NOW + n,
    })
  )
  const heard = [{ watch: 'agent-session:s200', state: 'waiting' as const }]
  const change = applyReports(ledger(...waiting), heard, NOW + 1000, WAITS)
  expect(change.ended.map((end) => [end.lease.id, end.outcome.status])).toEqual([['w0', 'lost']])
})

const NOT_ITS_OWN = { ending: { word: 'error', since: NOW - 100_000 }, deletedAt: NOW - 100_000 }

test('what was heard of the job that it was taken for says nothing of its own', () => {
  const suspect = lost('a', { state: 'suspect', jobId: 'x', watch: ['video:x'], ...NOT_ITS_OWN })
  const ledger: Ledger = { maxJobs: 3, isRetired: false, leases: [suspect], parkings: [] }
  const named = bindJobs(ledger, 'a', [{ jobId: 'y', watch: ['video:y'] }], NOW, WAITS).put[0]
  const over = [{ watch: 'video:x', state: 'completed' as const }]
  const again = applyReports(ledger, over, NOW, WAITS).put[0]
  const unheld = afterSearch(
    suspect,
    { kind: 'none' },
    { isWhole: true, start: undefined },
    NOW,
    WAITS
  )
  for (const lease of [named, again, unheld.put[0]]) {
    expect(lease).toBeDefined()
    expect(lease).not.toHaveProperty('ending')
    expect(lease).not.toHaveProperty('deletedAt')
  }
})

test('a creation that was refused gives back the slot also when it was taken for another’s job meanwhile [I2]', () => {
  const leases = [lost('a', { state: 'suspect', jobId: 'x', watch: ['video:x'] })]
  const ledger: Ledger = { maxJobs: 3, isRetired: false, leases, parkings: [] }
  expect(release(ledger, 'a').drop).toEqual(['a'])
})
