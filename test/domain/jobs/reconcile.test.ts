import { expect, test } from 'vitest'
import { holdsSlot, type Lease } from '#domain/slots/lease.ts'
import {
  afterUnknown,
  reconcileActionOf,
  keepRunning,
  searchAgainLater,
  markLost,
  waitForAnswer,
} from '#domain/jobs/reconcile.ts'
import { durationsAt } from '#domain/runtime/durations.ts'

const WAITS = durationsAt(1)
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
    lastReportAt: NOW,
    fingerprint: {},
    isTracked: true,
    ...more,
  }
}

test('a lease still unbound when its caller must have given up has its job looked for [I2]', () => {
  const due = lease({ nextAt: NOW + WAITS.firstAskMs })
  expect(reconcileActionOf(due, NOW + 29_999, WAITS)).toBeUndefined()
  expect(reconcileActionOf(due, NOW + 94_999, WAITS)).toBe('wait')
  expect(waitForAnswer(due, WAITS).put[0]?.nextAt).toBe(NOW + 95_000)
  expect(reconcileActionOf(due, NOW + 95_000, WAITS)).toBe('search')
})

test('a creation whose caller says that its answer is lost is looked for within seconds', () => {
  const given = markLost(lease({ nextAt: NOW + 120_000 }), NOW + 1000, WAITS)
  expect(given.nextAt).toBe(NOW + 6000)
  expect(reconcileActionOf(given, NOW + 6000, WAITS)).toBe('search')
})

test('a lost creation is looked for at least every two minutes, however often it was looked for [I1]', () => {
  let one = markLost(lease(), NOW, WAITS)
  let now = NOW
  for (let look = 0; look < 30; look += 1) {
    expect(one.nextAt - now).toBeLessThanOrEqual(120_000)
    now = one.nextAt
    one = searchAgainLater(one, now, WAITS).put[0] as Lease
  }
})

test('that a provider does not know a job is believed when it says so twice, a minute apart, and it is confirmed [I1]', () => {
  const running = lease({ state: 'running', jobId: 'v1', watch: ['video:v1'] })
  const first = afterUnknown(running, [running], NOW, WAITS)
  expect(first.kind).toBe('later')
  const [missed] = first.change.put as [Lease]
  expect(afterUnknown(missed, [missed], NOW + 59_999, WAITS).kind).toBe('later')
  expect(afterUnknown(missed, [missed], NOW + 60_000, WAITS).kind).toBe('confirm')
})

test('jobs that vanish together are not believed to be gone, except those whose deletion went through us [I1]', () => {
  const missed = (id: string) =>
    lease({ id, state: 'running', jobId: id, misses: 1, missedAt: NOW })
  const [one, two] = [missed('a'), missed('b')]
  const later = NOW + 60_000
  expect(afterUnknown(one, [one, two], later, WAITS).kind).toBe('later')
  const deleted = { ...one, deletedAt: NOW }
  expect(afterUnknown(deleted, [deleted, two], later, WAITS).kind).toBe('confirm')
})

test('a job that waits for a human is asked about less and less often, and given up after a week', () => {
  let waiting = lease({ state: 'running', jobId: 's', watch: ['agent-session:s'] })
  let now = NOW
  let asks = 0
  const report = { watch: 'agent-session:s', state: 'waiting' } as const
  while (reconcileActionOf({ ...waiting, nextAt: now }, now, WAITS) === 'check') {
    waiting = keepRunning(waiting, [report], now, WAITS).put[0] as Lease
    now = waiting.nextAt
    asks += 1
  }
  expect(reconcileActionOf(waiting, NOW + 7 * 86_400_000, WAITS)).toBe('give-up')
  expect(asks).toBeLessThan(50)
})

test('a job unheard of for 48 h is lost [I2]', () => {
  const running = lease({ state: 'running', jobId: 'v1', nextAt: NOW })
  expect(reconcileActionOf(running, NOW + 48 * 3_600_000 - 1, WAITS)).toBe('check')
  expect(reconcileActionOf(running, NOW + 48 * 3_600_000, WAITS)).toBe('lose')
})

test('long jobs are asked about less and less often, and at least every five minutes', () => {
  let running = lease({ state: 'running', jobId: 'v1', watch: ['video:v1'], nextAt: NOW })
  const gaps: number[] = []
  for (let asked = 0; asked < 12; asked += 1) {
    const [next] = keepRunning(running, [], NOW, WAITS).put
    gaps.push((next as Lease).nextAt - NOW)
    running = next as Lease
  }
  expect(gaps).toEqual(gaps.toSorted((a, b) => a - b))
  expect(gaps.at(-1)).toBe(300_000)
})

test('what is watched without an id of its own is never called running', () => {
  const nameless = lease({ state: 'suspect', watch: ['agent-session:s'] })
  expect(keepRunning(nameless, [], NOW, WAITS).put[0]?.state).toBe('suspect')
})

test('a lost run of a session that waits for a human holds no slot, and is given up like any other', () => {
  const session = { watch: ['agent-session:s'], ask: '/v3/video-agents/s', isReused: true } as const
  const run = lease({ ...session, watch: [...session.watch] })
  const heard = [{ watch: 'agent-session:s', state: 'waiting' as const }]
  const [waiting] = keepRunning(run, heard, NOW, WAITS).put
  if (!waiting) throw new Error('no lease')
  expect(waiting.state).toBe('suspect')
  expect(holdsSlot(waiting, NOW)).toBe(false)
  const late = NOW + WAITS.waitForHumanMs
  expect(reconcileActionOf({ ...waiting, lastReportAt: late }, late, WAITS)).toBe('give-up')
  const going = [{ watch: 'agent-session:s', state: 'running' as const }]
  const running = keepRunning(waiting, going, NOW, WAITS).put[0]
  expect(running && holdsSlot(running, NOW)).toBe(true)
})
