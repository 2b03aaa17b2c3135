import { expect, test } from 'vitest'
import { bindJobs } from '#domain/jobs/bind-jobs.ts'
import { applyReports } from '#domain/jobs/apply-reports.ts'
import {
  grant,
  heldSlots,
  nextDueAt,
  release,
  type Change,
  type LeaseAsk,
  type Ledger,
} from '#domain/slots/lease.ts'
import { untrack } from '#domain/jobs/untrack-job.ts'
import { durationsAt } from '#domain/runtime/durations.ts'

const WAITS = durationsAt(1)
const NOW = 1_800_000_000_000

function empty(maxJobs = 2): Ledger {
  return { maxJobs, isRetired: false, leases: [], parkings: [] }
}

function ask(leaseId: string, more: Partial<LeaseAsk> = {}): LeaseAsk {
  return {
    leaseId,
    tenant: 't',
    kind: 'job',
    route: 'POST /v3/videos',
    count: 1,
    fingerprint: {},
    ...more,
  }
}

function after(ledger: Ledger, change: Change): Ledger {
  const gone = new Set([
    ...change.drop,
    ...change.ended.map((end) => end.lease.id),
    ...change.put.map((lease) => lease.id),
  ])
  return {
    ...ledger,
    leases: [...ledger.leases.filter((lease) => !gone.has(lease.id)), ...change.put],
  }
}

function granted(ledger: Ledger, leaseAsk: LeaseAsk): Ledger {
  const { answer, change } = grant(ledger, leaseAsk, NOW, WAITS)
  expect(answer.ok).toBe(true)
  return after(ledger, change)
}

const VIDEO = { jobId: 'v1', watch: ['video:v1'], ask: '/v3/videos/v1' }

test('as many leases are granted as there are slots, and not one more [I1]', () => {
  const full = granted(granted(empty(), ask('a')), ask('b'))
  expect(grant(full, ask('c'), NOW, WAITS).answer).toMatchObject({ ok: false, reason: 'full' })
})

test('asking again with the same lease id takes no second slot [I1]', () => {
  const once = granted(empty(1), ask('a'))
  const again = grant(once, ask('a'), NOW, WAITS)
  expect(again.answer.ok).toBe(true)
  expect(heldSlots(after(once, again.change), NOW)).toBe(1)
})

test('asking with a lease id whose job has ended takes no slot again [I4]', () => {
  const ledger = { ...empty(1), hasEnded: (requestId: string) => requestId === 'a' }
  const again = grant(ledger, ask('a'), NOW, WAITS)
  expect([again.answer.ok, again.change.put]).toEqual([false, []])
  expect(grant(ledger, ask('b'), NOW, WAITS).answer.ok).toBe(true)
})

test('a creation that starts several jobs gets all its slots or none [I1]', () => {
  const one = granted(empty(3), ask('a'))
  expect(grant(one, ask('b', { count: 3 }), NOW, WAITS).answer).toMatchObject({ reason: 'full' })
  expect(heldSlots(granted(one, ask('b', { count: 2 })), NOW)).toBe(3)
})

test('a creation that no slot number could ever hold is refused as such', () => {
  expect(grant(empty(3), ask('a', { count: 4 }), NOW, WAITS).answer).toEqual({
    ok: false,
    reason: 'too_many',
    maxJobs: 3,
  })
})

test('a per-request limit lowers the limit and never raises it', () => {
  const one = granted(empty(2), ask('a'))
  expect(grant(one, ask('b', { limit: 1 }), NOW, WAITS).answer).toMatchObject({ reason: 'full' })
  const two = granted(one, ask('c', { limit: 50 }))
  expect(grant(two, ask('d', { limit: 50 }), NOW, WAITS).answer).toMatchObject({ reason: 'full' })
})

test('an unbound lease never ends by time alone [I1]', () => {
  const one = granted(empty(1), ask('a'))
  expect(heldSlots(one, NOW + 365 * 86_400_000)).toBe(1)
})

test('the lease of a call ends at its deadline and is swept by the next grant', () => {
  const one = granted(empty(1), ask('a', { kind: 'call' }))
  const end = NOW + WAITS.callSlotMs
  expect(WAITS.callSlotMs).toBeGreaterThan(WAITS.createGiveUpMs)
  expect(grant(one, ask('b'), end - 1, WAITS).answer).toMatchObject({ reason: 'full' })
  const later = grant(one, ask('b'), end, WAITS)
  expect(later.answer.ok).toBe(true)
  expect(later.change.drop).toEqual(['a'])
})

test('a finished job frees its slot once, and a second report changes nothing [I2]', () => {
  const held = granted(empty(1), ask('a'))
  const running = after(held, bindJobs(held, 'a', [VIDEO], NOW, WAITS))
  const end = applyReports(running, [{ watch: 'video:v1', state: 'completed' }], NOW, WAITS)
  expect(end.ended).toHaveLength(1)
  const done = after(running, end)
  expect(heldSlots(done, NOW)).toBe(0)
  expect(applyReports(done, [{ watch: 'video:v1', state: 'completed' }], NOW, WAITS)).toEqual({
    put: [],
    drop: [],
    ended: [],
  })
})

test('a job is settled under any of its names', () => {
  const held = granted(empty(1), ask('a'))
  const start = { jobId: 's1', watch: ['agent-session:s1', 'video:v9'] }
  const running = after(held, bindJobs(held, 'a', [start], NOW, WAITS))
  expect(
    applyReports(running, [{ watch: 'video:v9', state: 'failed' }], NOW, WAITS).ended[0]?.outcome
      .status
  ).toBe('failed')
})

test('binding fewer jobs than slots gives the rest back [I2]', () => {
  const held = granted(empty(5), ask('a', { count: 3 }))
  const running = after(held, bindJobs(held, 'a', [VIDEO], NOW, WAITS))
  expect(heldSlots(running, NOW)).toBe(1)
})

test('binding more jobs than slots counts every one of them [I1]', () => {
  const held = granted(empty(1), ask('a'))
  const starts = [VIDEO, { jobId: 'v2', watch: ['video:v2'] }]
  expect(heldSlots(after(held, bindJobs(held, 'a', starts, NOW, WAITS)), NOW)).toBe(2)
})

test('binding twice changes nothing the second time', () => {
  const held = granted(empty(2), ask('a'))
  const running = after(held, bindJobs(held, 'a', [VIDEO], NOW, WAITS))
  expect(bindJobs(running, 'a', [VIDEO], NOW, WAITS).put).toEqual([])
  expect(bindJobs(running, 'a', [VIDEO], NOW, WAITS).drop).toEqual([])
})

test('releasing a bound lease changes nothing', () => {
  const held = granted(empty(1), ask('a'))
  const running = after(held, bindJobs(held, 'a', [VIDEO], NOW, WAITS))
  expect(release(running, 'a').drop).toEqual([])
})

test('a job that waits for a human holds no slot, and holds one again when it goes on', () => {
  const held = granted(empty(1), ask('a'))
  const running = after(held, bindJobs(held, 'a', [VIDEO], NOW, WAITS))
  const waiting = after(
    running,
    applyReports(running, [{ watch: 'video:v1', state: 'waiting' }], NOW, WAITS)
  )
  expect(heldSlots(waiting, NOW)).toBe(0)
  const again = after(
    waiting,
    applyReports(waiting, [{ watch: 'video:v1', state: 'running' }], NOW, WAITS)
  )
  expect(heldSlots(again, NOW)).toBe(1)
})

test('a retired account grants nothing', () => {
  expect(grant({ ...empty(), isRetired: true }, ask('a'), NOW, WAITS).answer).toMatchObject({
    reason: 'retired',
  })
})

test('a parked account grants nothing until its end', () => {
  const parking = { scope: 'jobs', reason: 'busy', detail: '', until: NOW + 10, streak: 1 } as const
  const parked = { ...empty(), parkings: [parking] }
  expect(grant(parked, ask('a'), NOW, WAITS).answer).toMatchObject({
    reason: 'parked',
    retryAt: NOW + 10,
  })
  expect(grant(parked, ask('a'), NOW + 10, WAITS).answer.ok).toBe(true)
})

test('a daily limit on videos does not keep other jobs out', () => {
  const parking = {
    scope: 'meter:video',
    reason: 'limit',
    detail: '',
    until: NOW + 10,
    streak: 1,
  } as const
  const parked = { ...empty(), parkings: [parking] }
  expect(grant(parked, ask('a', { meter: 'video' }), NOW, WAITS).answer.ok).toBe(false)
  expect(grant(parked, ask('b'), NOW, WAITS).answer.ok).toBe(true)
})

test('untracking keeps the slot, forcing frees it', () => {
  const held = granted(empty(1), ask('a'))
  const running = after(held, bindJobs(held, 'a', [VIDEO], NOW, WAITS))
  const untracked = after(running, untrack(running.leases, 't', 'v1', false, NOW))
  expect(heldSlots(untracked, NOW)).toBe(1)
  expect(heldSlots(after(untracked, untrack(untracked.leases, 't', 'v1', true, NOW)), NOW)).toBe(0)
  expect(untrack(running.leases, 'somebody else', 'v1', true, NOW).ended).toEqual([])
})

test('the alarm is due at the earliest lease [I2]', () => {
  const both = granted(granted(empty(), ask('a', { kind: 'call' })), ask('b'))
  expect(nextDueAt(both)).toBe(NOW + WAITS.firstAskMs)
  expect(nextDueAt(granted(empty(), ask('a', { kind: 'call' })))).toBe(NOW + WAITS.callSlotMs)
  expect(nextDueAt(empty())).toBeUndefined()
})

/** Replayable by its seed (mulberry32). */
function randomBy(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

test('over random histories no more slots are held than the limit, and none leaks [I1, I2]', () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const random = randomBy(seed)
    let ledger = empty(1 + Math.floor(random() * 5))
    const open: string[] = []
    for (let step = 0; step < 60; step += 1) {
      const dice = random()
      const id = `r${step}`
      if (dice < 0.5) {
        const { answer, change } = grant(ledger, ask(id), NOW, WAITS)
        ledger = after(ledger, change)
        if (answer.ok) open.push(id)
      } else if (open.length > 0) {
        const at = Math.floor(random() * open.length)
        const one = open[at] ?? ''
        if (dice < 0.65)
          ledger = after(
            ledger,
            bindJobs(ledger, one, [{ jobId: one, watch: [`video:${one}`] }], NOW, WAITS)
          )
        else if (dice < 0.8) ledger = after(ledger, release(ledger, one))
        else
          ledger = after(
            ledger,
            applyReports(ledger, [{ watch: `video:${one}`, state: 'completed' }], NOW, WAITS)
          )
      }
      expect(heldSlots(ledger, NOW), `seed ${seed}`).toBeLessThanOrEqual(ledger.maxJobs)
    }
    for (const id of open) {
      ledger = after(ledger, release(ledger, id))
      ledger = after(
        ledger,
        applyReports(ledger, [{ watch: `video:${id}`, state: 'completed' }], NOW, WAITS)
      )
    }
    expect(heldSlots(ledger, NOW), `seed ${seed}`).toBe(0)
  }
})

test('a lost creation that was taken for another’s job is looked for again when the other claims it', () => {
  const lost = granted(empty(3), ask('lost'))
  const [lease] = lost.leases
  if (!lease) throw new Error('no lease')
  const mistaken = { ...lost, leases: [{ ...lease, ...VIDEO, state: 'suspect' as const }] }
  const held = granted(mistaken, ask('a'))
  const claimed = after(held, bindJobs(held, 'a', [VIDEO], NOW, WAITS))
  expect(claimed.leases.map((one) => [one.requestId, one.state, one.jobId])).toEqual(
    expect.arrayContaining([
      ['a', 'running', 'v1'],
      ['lost', 'unbound', undefined],
    ])
  )
  expect(heldSlots(claimed, NOW)).toBe(2)
})
