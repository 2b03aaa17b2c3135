import { expect, test } from 'vitest'
import { platform } from '#composition/platform.ts'
import type { Account } from '#domain/accounts/account.ts'
import type { Change, Lease } from '#domain/slots/lease.ts'
import { applyReports } from '#domain/jobs/apply-reports.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { durationsAt } from '#domain/runtime/durations.ts'
import { newSearchMemory, type ReconciledAccount } from '#flows/jobs/status-checks.ts'
import { reconcileAccount } from '#flows/jobs/reconcile-account.ts'
import { heygen } from '#providers/heygen/index.ts'

const NOW = 1_800_000_000_000
const WAITS = durationsAt(1)
const ACCOUNT = {
  provider: 'heygen',
  tenant: 't',
  email: 'a@example.com',
  key: 'heygen:a',
  credential: 'sealed',
} as Account

function lease(id: string, more: Partial<Lease> = {}): Lease {
  return {
    id,
    requestId: id,
    tenant: 't',
    kind: 'job',
    state: 'running',
    route: 'POST /v3/videos',
    acquiredAt: NOW - 60_000,
    jobId: id,
    watch: [`video:${id}`],
    ask: `/v3/videos/${id}`,
    nextAt: NOW - 1,
    asks: 0,
    misses: 0,
    lastReportAt: NOW - 60_000,
    fingerprint: {},
    isTracked: true,
    ...more,
  }
}

const VAULT = {
  firstKey: 'k1',
  otherKeys: [],
  knows: () => true,
  name: async (text: string) => text,
  seal: async () => '',
  open: async () => '{"kind":"apiKey","secrets":{"apiKey":"k"}}',
}

/** A ledger in memory, as AccountSlots keeps it in SQL. */
function deskOf(leases: Lease[]): { desk: ReconciledAccount; left: () => Lease[] } {
  let held = leases
  const apply = (change: Change) => {
    const gone = new Set([
      ...change.drop,
      ...change.ended.map((end) => end.lease.id),
      ...change.put.map((one) => one.id),
    ])
    held = [...held.filter((one) => !gone.has(one.id)), ...change.put]
    return true
  }
  const desk: ReconciledAccount = {
    account: ACCOUNT,
    leases: () => held,
    knows: (jobId) => held.some((one) => one.jobId === jobId && one.state !== 'suspect'),
    knownOf: (ids) => new Set(ids.filter((id) => desk.knows(id))),
    apply,
    settle: (reports) =>
      apply(
        applyReports(
          { maxJobs: 9, isRetired: false, leases: held, parkings: [] },
          reports,
          NOW,
          WAITS
        )
      ),
    blame: async () => {},
    ended: () => [],
    bind: () => {},
    memory: newSearchMemory(),
  }
  return { desk, left: () => held }
}

function portsWith(more: Partial<Ports>): Ports {
  return {
    ...platform,
    now: () => NOW,
    durations: WAITS,
    settings: { heygenOrigin: 'https://api.example.com' },
    log: () => {},
    ...more,
  } as Ports
}

test('what needs no provider is done although the credential cannot be opened', async () => {
  const { desk, left } = deskOf([
    lease('call', { kind: 'call', state: 'unbound', deadlineAt: NOW - 1 }),
    lease('lost', { lastReportAt: NOW - WAITS.lostMs }),
    lease('running'),
  ])
  const vault = {
    firstKey: 'k1',
    otherKeys: [],
    knows: () => true,
    seal: async () => '',
    open: () => Promise.reject(new Error('no key')),
    name: async (text: string) => text,
  }
  await reconcileAccount(portsWith({ vault }), heygen, desk)
  expect(left().map((one) => one.id)).toEqual(['running'])
  expect(left()[0]?.nextAt).toBeGreaterThan(NOW)
})

test('a lease that ended while the provider was asked about another does not come back', async () => {
  const { desk, left } = deskOf([
    ...['a', 'b', 'c', 'd'].map((id) => lease(id)),
    lease('fresh', { state: 'unbound', watch: [], acquiredAt: NOW - 31_000 }),
  ])
  const fetch = async () => {
    desk.apply({ put: [], drop: ['fresh'], ended: [] })
    return Response.json({ data: { status: 'processing' } })
  }
  await reconcileAccount(portsWith({ vault: VAULT, fetch }), heygen, desk)
  expect(
    left()
      .map((one) => one.id)
      .sort()
  ).toEqual(['a', 'b', 'c', 'd'])
})

test('a lost creation without a callback id does not take the job of one that has it [I1]', async () => {
  const lost = (id: string, callbackId?: string): Lease => {
    const { jobId: _, ask: __, ...rest } = lease(id)
    const fingerprint = callbackId === undefined ? {} : { callbackId }
    return { ...rest, state: 'unbound', watch: [], acquiredAt: NOW - 200_000, fingerprint }
  }
  const { desk, left } = deskOf([lost('nameless'), lost('named', 'mine')])
  const rows = [NOW - 190_000, NOW - 180_000].map((at, index) => ({
    id: `v${index}`,
    title: 'Demo',
    created_at: Math.floor(at / 1000),
  }))
  const fetch = async (input: unknown) => {
    const url = new URL(String(input))
    if (url.pathname === '/v3/videos') return Response.json({ data: rows })
    const id = url.searchParams.get('video_id')
    return Response.json({ data: { id, callback_id: id === 'v0' ? 'mine' : null } })
  }
  const learn = async () => {}
  const madeBy = async () => undefined
  const tenant = () => ({ learn, madeBy })
  await reconcileAccount(portsWith({ vault: VAULT, fetch, desk: tenant as never }), heygen, desk)
  const found = Object.fromEntries(left().map((one) => [one.id, [one.state, one.jobId]]))
  expect(found).toEqual({ named: ['running', 'v0'], nameless: ['suspect', 'v1'] })
})

test('a state heard before the creation has answered does not end its lease [I1]', () => {
  const training = lease('t', { state: 'unbound', watch: ['avatar-training:g'] })
  const ledger = { maxJobs: 1, isRetired: false, leases: [training], parkings: [] }
  expect(
    applyReports(ledger, [{ watch: 'avatar-training:g', state: 'completed' }], NOW, WAITS).ended
  ).toEqual([])
})

test('the two hundred and first job that waits for a human, heard by asking, gives up the oldest', async () => {
  const waiting = Array.from({ length: 200 }, (_, index) =>
    lease(`w${index}`, { state: 'waiting', waitingSince: NOW - 1000 - index, nextAt: NOW + 60_000 })
  )
  const session = { watch: ['agent-session:s'], ask: '/v3/video-agents/s' }
  const { desk, left } = deskOf([...waiting, lease('s', session)])
  const vault = { open: async () => '{"kind":"apiKey","secrets":{"apiKey":"k"}}' }
  const fetch = async () => Response.json({ data: { status: 'waiting_for_input' } })
  await reconcileAccount(portsWith({ vault: vault as never, fetch }), heygen, desk)
  const ids = left().map((one) => one.id)
  expect([ids.length, ids.includes('s'), ids.includes('w199')]).toEqual([200, true, false])
})

test('that a path which may be retired knows no job is no end of it, unless its deletion went through us', async () => {
  const generation = (more: Partial<Lease>) =>
    lease('g', {
      route: 'POST /v2/photo_avatar/photo/generate',
      watch: ['photo-generation:g'],
      ask: '/v2/photo_avatar/generation/g',
      misses: 1,
      missedAt: NOW - 120_000,
      ...more,
    })
  const vault = {
    firstKey: 'k1',
    otherKeys: [],
    knows: () => true,
    seal: async () => '',
    name: async () => '',
    open: async () => '{"kind":"apiKey","secrets":{"apiKey":"k"}}',
  }
  const fetch = async (input: unknown) =>
    String(input).endsWith('/v3/users/me')
      ? Response.json({ data: {} })
      : Response.json(
          { data: null, error: { code: 'not_found', message: 'gone' } },
          { status: 404 }
        )
  const kept = deskOf([generation({})])
  await reconcileAccount(portsWith({ vault, fetch }), heygen, kept.desk)
  expect(kept.left().map((one) => one.id)).toEqual(['g'])
  const deleted = deskOf([generation({ deletedAt: NOW - 130_000 })])
  await reconcileAccount(portsWith({ vault, fetch }), heygen, deleted.desk)
  expect(deleted.left()).toEqual([])
})

test('what a key answers counts although one of the jobs has ended meanwhile, as its event came first [I3]', async () => {
  const { jobId: _, ask: __, ...rest } = lease('r')
  const lost: Lease[] = ['r', 'r.1'].map((id) => ({
    ...rest,
    ...{ id, requestId: 'r', state: 'unbound', watch: [], acquiredAt: NOW - 200_000 },
    ...{ route: 'POST /v3/video-translations', upstreamKey: 'key' },
  }))
  const { desk } = deskOf(lost)
  const first = { ...lease('first'), requestId: 'r' }
  const bound: string[][] = []
  const account: ReconciledAccount = {
    ...desk,
    knows: (jobId) => jobId === 'first',
    ended: () => [{ lease: first, endedAt: NOW - 190_000, outcome: { status: 'completed' } }],
    bind: (_request, starts) => void bound.push(starts.map(({ jobId }) => jobId)),
  }
  const fetch = async (_input: unknown, init?: RequestInit) =>
    init?.method === 'POST'
      ? Response.json({ data: { video_translation_ids: ['first', 'second', 'third'] } })
      : Response.json({ data: [] })
  const tenant = () => ({ learn: async () => {}, madeBy: async () => undefined })
  await reconcileAccount(portsWith({ vault: VAULT, fetch, desk: tenant as never }), heygen, account)
  expect(bound).toEqual([['first', 'second', 'third']])
})
