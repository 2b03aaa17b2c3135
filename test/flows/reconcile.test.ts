import { expect, test } from 'vitest'
import type { Account } from '#domain/account.ts'
import type { Change, Lease } from '#domain/lease.ts'
import { hear } from '#domain/lease.ts'
import type { Ports } from '#domain/ports.ts'
import { waitsAt } from '#domain/waits.ts'
import { reconcileAccount, type Reconciled } from '#flows/reconcile-account.ts'
import { heygen } from '#providers/heygen/index.ts'

const NOW = 1_800_000_000_000
const WAITS = waitsAt(1)
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
    heardAt: NOW - 60_000,
    clue: {},
    isTracked: true,
    ...more,
  }
}

/** A ledger in memory, as AccountSlots keeps it in SQL. */
function deskOf(leases: Lease[]): { desk: Reconciled; left: () => Lease[] } {
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
  const desk: Reconciled = {
    account: ACCOUNT,
    leases: () => held,
    knows: () => false,
    apply,
    settle: async (reports) =>
      apply(hear({ maxJobs: 9, isRetired: false, leases: held, parkings: [] }, reports, NOW)),
    park: async () => {},
  }
  return { desk, left: () => held }
}

function portsWith(more: Partial<Ports>): Ports {
  return {
    now: () => NOW,
    waits: WAITS,
    settings: { heygenOrigin: 'https://api.example.com' },
    log: () => {},
    ...more,
  } as Ports
}

test('what needs no provider is done although the credential cannot be opened', async () => {
  const { desk, left } = deskOf([
    lease('call', { kind: 'call', state: 'unbound', deadlineAt: NOW - 1 }),
    lease('lost', { heardAt: NOW - WAITS.lostMs }),
    lease('running'),
  ])
  const vault = { seal: async () => '', open: () => Promise.reject(new Error('no key')) }
  await reconcileAccount(portsWith({ vault }), heygen, desk)
  expect(left().map((one) => one.id)).toEqual(['running'])
  expect(left()[0]?.nextAt).toBeGreaterThan(NOW)
})

test('a lease that ended while the provider was asked about another does not come back', async () => {
  const { desk, left } = deskOf([
    ...['a', 'b', 'c', 'd'].map((id) => lease(id)),
    lease('fresh', { state: 'unbound', watch: [], acquiredAt: NOW - 31_000 }),
  ])
  const vault = {
    seal: async () => '',
    open: async () => '{"kind":"apiKey","secrets":{"apiKey":"k"}}',
  }
  const fetch = async () => {
    desk.apply({ put: [], drop: ['fresh'], ended: [] })
    return Response.json({ data: { status: 'processing' } })
  }
  await reconcileAccount(portsWith({ vault, fetch }), heygen, desk)
  expect(
    left()
      .map((one) => one.id)
      .sort()
  ).toEqual(['a', 'b', 'c', 'd'])
})

test('a state heard before the creation has answered does not end its lease', () => {
  const training = lease('t', { state: 'unbound', watch: ['avatar-training:g'] })
  const ledger = { maxJobs: 1, isRetired: false, leases: [training], parkings: [] }
  expect(hear(ledger, [{ watch: 'avatar-training:g', state: 'completed' }], NOW).ended).toEqual([])
})
