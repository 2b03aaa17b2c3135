import { expect, test } from 'vitest'
import type { Account } from '#domain/accounts/account.ts'
import type { Parking } from '#domain/accounts/parking.ts'
import { summaryOf, unreachableSummary, type AccountFacts } from '#domain/live/summary.ts'
import type { Lease } from '#domain/slots/lease.ts'

const NOW = Date.parse('2026-11-29T12:00:00.000Z')
const iso = (at: number) => new Date(at).toISOString()

const ACCOUNT = {
  provider: 'heygen',
  tenant: 'acme~2',
  email: 'a@example.com',
  maxJobs: 2,
  credential: 'k1.sealed.secret',
  credentialKind: 'apiKey oauth',
} as Account

function lease(id: string, more: Partial<Lease> = {}): Lease {
  const times = { acquiredAt: NOW - 1000, nextAt: NOW, lastReportAt: NOW }
  const base = { id, requestId: id, tenant: 'acme~2', kind: 'job', state: 'running' } as const
  const rest = { route: 'POST /v3/videos', watch: [], asks: 0, misses: 0, fingerprint: {} }
  return { ...base, ...times, ...rest, jobId: `job-${id}`, isTracked: true, ...more }
}

function parking(scope: Parking['scope'], more: Partial<Parking> = {}): Parking {
  return { scope, reason: 'busy', detail: 'slow down', until: NOW + 60_000, streak: 1, ...more }
}

function facts(more: Partial<AccountFacts> & { leases?: Lease[]; parkings?: Parking[] } = {}) {
  const { leases = [], parkings = [], ...rest } = more
  const ledger = { maxJobs: 2, isRetired: false, leases, parkings }
  const known = { hook: undefined, errors: [], balance: undefined, used24h: undefined }
  const deliveries = { pending: 0, failing: 0, dead: 0 }
  return { account: ACCOUNT, ledger, isOpenable: true, ...known, deliveries, ...rest }
}

const stateOf = (more: Parameters<typeof facts>[0]) => summaryOf(facts(more), NOW).state

test('the state names the reason why an account gets no job: no master key before parked, parked before full', () => {
  const two = [lease('1'), lease('2')]
  expect(stateOf({})).toBe('ok')
  expect(stateOf({ leases: two })).toBe('full')
  expect(stateOf({ leases: two, parkings: [parking('all')] })).toBe('parked')
  expect(stateOf({ parkings: [parking('all')], isOpenable: false })).toBe('key_missing')
  expect(summaryOf(facts({ isOpenable: false }), NOW).free).toBe(0)
})

test('a parking of one row, meter or credential, and one that is over, leave the account in use', () => {
  for (const scope of ['row:GET /v3/videos', 'meter:video', 'key:oauth', 'plain'] as const) {
    const { state, parked } = summaryOf(facts({ parkings: [parking(scope)] }), NOW)
    expect([state, parked.length], scope).toEqual(['ok', 1])
  }
  const over = summaryOf(facts({ parkings: [parking('all', { until: NOW })] }), NOW)
  expect([over.state, over.parked]).toEqual(['ok', []])
})

test('jobs come newest first, only the tenant’s own, and one that may be another’s has no id [I5]', () => {
  const { jobs, held } = summaryOf(
    facts({
      leases: [
        lease('old', { acquiredAt: NOW - 9000 }),
        lease('new', { acquiredAt: NOW - 10, state: 'unbound' }),
        lease('lost', { acquiredAt: NOW - 20, state: 'unbound', lostAt: NOW }),
        lease('maybe', { acquiredAt: NOW - 30, state: 'suspect' }),
        lease('theirs', { tenant: 'other' }),
      ],
    }),
    NOW
  )
  expect(held).toBe(5)
  expect(jobs.map(({ requestId, status, id }) => [requestId, status, id])).toEqual([
    ['new', 'starting', 'job-new'],
    ['lost', 'outcome_unknown', 'job-lost'],
    ['maybe', 'outcome_unknown', null],
    ['old', 'running', 'job-old'],
  ])
})

test('the webhook is missing until it is registered, and none where it was never asked for', () => {
  const hook = { checkedAt: 0, tries: 1, secret: 'k1.sealed.whsec', id: 'hook-1' }
  const webhookOf = (more: object) =>
    summaryOf(facts({ hook: { ...hook, ...more } as never }), NOW).webhook
  expect(summaryOf(facts(), NOW).webhook).toEqual({ state: 'none' })
  expect(webhookOf({ state: 'on', message: 'old' })).toEqual({ state: 'ok' })
  expect(webhookOf({ state: 'failed', message: 'refused', nextAt: NOW })).toEqual({
    state: 'missing',
    error: 'refused',
    retry: iso(NOW),
  })
})

test('the last five errors come newest first, and a summary holds no sealed text [I6]', () => {
  const errors = [1, 2, 3, 4, 5, 6].map((at) => ({ at: NOW + at, text: `e${at}`, route: 'r' }))
  const session = { sealed: 'k1.sealed.session', view: {}, obtainedAt: 0, expiresAt: NOW }
  const hook = { state: 'on', checkedAt: 0, tries: 0, secret: 'k1.sealed.whsec' } as const
  const account = { ...ACCOUNT, session: { ...session, refused: 'sign in again' } }
  const summary = summaryOf(facts({ account, errors, hook }), NOW)
  expect(summary.errors.map(({ text }) => text)).toEqual(['e6', 'e5', 'e4', 'e3', 'e2'])
  expect(summary.errors[0]).toMatchObject({ status: null, code: null })
  expect(summary.session).toEqual({ expires: iso(NOW), error: 'sign in again' })
  expect(summary).toMatchObject({ tenant: 'acme', credentials: ['apiKey', 'oauth'] })
  expect(JSON.stringify([summary, unreachableSummary(account, NOW)])).not.toContain('sealed')
})
