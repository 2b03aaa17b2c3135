import { expect, test } from 'vitest'
import type { Lease } from '#domain/lease.ts'
import {
  errandOf,
  goesOn,
  isCrowded,
  matchCandidate,
  unknownToProvider,
  waitsOn,
} from '#domain/reconcile.ts'
import { waitsAt } from '#domain/waits.ts'

const WAITS = waitsAt(1)
const NOW = 1_800_000_000_000

function lease(more: Partial<Lease> = {}): Lease {
  return {
    id: 'a',
    requestId: 'a',
    tenant: 't',
    kind: 'job',
    state: 'unbound',
    route: 'POST /v3/videos',
    acquiredAt: NOW,
    watch: [],
    nextAt: NOW + WAITS.unboundMs,
    asks: 0,
    misses: 0,
    heardAt: NOW,
    clue: {},
    isTracked: true,
    ...more,
  }
}

test('a lease still unbound after 120 s has its job looked for', () => {
  const due = lease({ nextAt: NOW + WAITS.firstAskMs })
  expect(errandOf(due, NOW + 29_999, WAITS)).toBeUndefined()
  expect(errandOf(due, NOW + 119_999, WAITS)).toBe('wait')
  expect(waitsOn(due, WAITS).put[0]?.nextAt).toBe(NOW + 120_000)
  expect(errandOf(due, NOW + 120_000, WAITS)).toBe('look')
})

test('a job that is not found ends as absent only the second time, a minute later', () => {
  const first = unknownToProvider(lease(), NOW, WAITS)
  expect(first.ended).toEqual([])
  expect(first.put[0]?.nextAt).toBe(NOW + 60_000)
  expect(unknownToProvider(first.put[0] as Lease, NOW, WAITS).ended[0]?.outcome.status).toBe(
    'absent'
  )
})

test('a job unheard of for 48 h is lost', () => {
  const running = lease({ state: 'running', jobId: 'v1', nextAt: NOW })
  expect(errandOf(running, NOW + 48 * 3_600_000 - 1, WAITS)).toBe('ask')
  expect(errandOf(running, NOW + 48 * 3_600_000, WAITS)).toBe('lose')
})

test('long jobs are asked about less and less often, and at least every five minutes', () => {
  let running = lease({ state: 'running', jobId: 'v1', watch: ['video:v1'], nextAt: NOW })
  const gaps: number[] = []
  for (let asked = 0; asked < 12; asked += 1) {
    const [next] = goesOn(running, false, NOW, WAITS).put
    gaps.push((next as Lease).nextAt - NOW)
    running = next as Lease
  }
  expect(gaps).toEqual(gaps.toSorted((a, b) => a - b))
  expect(gaps.at(-1)).toBe(300_000)
})

const NONE_KNOWN = () => false

test('only the callback id binds what is found', () => {
  const mine = lease({ clue: { title: 'Demo', callbackId: 'job-1' } })
  const rows = [
    { id: 'other', title: 'Demo', createdAt: NOW + 1000, callbackId: 'job-2' },
    { id: 'mine', title: 'Renamed', createdAt: NOW + 1000, callbackId: 'job-1' },
  ]
  expect(matchCandidate(mine, rows, NONE_KNOWN)).toEqual({ candidate: rows[1], isExact: true })
})

test('a job of the same title that appeared since is only likely', () => {
  const rows = [{ id: 'x', title: 'Demo', createdAt: NOW + 1000 }]
  expect(matchCandidate(lease({ clue: { title: 'Demo' } }), rows, NONE_KNOWN)?.isExact).toBe(false)
})

test('jobs that are older, known, or carry another callback id are not the lost one', () => {
  const rows = [{ id: 'old', title: 'Demo', createdAt: NOW - 60_000 }]
  expect(matchCandidate(lease({ clue: { title: 'Demo' } }), rows, NONE_KNOWN)).toBeUndefined()
  const known = [{ id: 'known', title: 'Demo', createdAt: NOW + 1 }]
  expect(matchCandidate(lease(), known, (id) => id === 'known')).toBeUndefined()
  const foreign = [{ id: 'f', title: 'Demo', createdAt: NOW + 1, callbackId: 'theirs' }]
  const mine = lease({ clue: { title: 'Demo', callbackId: 'mine' } })
  expect(matchCandidate(mine, foreign, NONE_KNOWN)).toBeUndefined()
})

test('of several likely jobs the one that appeared first is taken', () => {
  const rows = [3000, 1000, 2000].map((after) => ({ id: `at-${after}`, createdAt: NOW + after }))
  expect(matchCandidate(lease(), rows, NONE_KNOWN)?.candidate.id).toBe('at-1000')
})

test('nothing likely is taken while another creation is on its way', () => {
  const mine = lease()
  const other = lease({ id: 'b', requestId: 'b', acquiredAt: NOW + 1000 })
  expect(isCrowded(mine, [mine, other], NOW + 2000, WAITS)).toBe(true)
  expect(isCrowded(mine, [mine, other], other.acquiredAt + WAITS.unboundMs, WAITS)).toBe(false)
  expect(isCrowded(mine, [mine, { ...other, state: 'running' }], NOW + 2000, WAITS)).toBe(false)
  expect(isCrowded(mine, [mine], NOW + 2000, WAITS)).toBe(false)
})

test('what is watched without an id of its own is never called running', () => {
  const nameless = lease({ state: 'suspect', watch: ['agent-session:s'] })
  expect(goesOn(nameless, false, NOW, WAITS).put[0]?.state).toBe('suspect')
})
