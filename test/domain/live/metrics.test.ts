import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { metricsText } from '#domain/live/metrics.ts'
import type { Pool, PoolAccount, PoolQueue } from '#domain/live/pool-account.ts'
import { readMetrics } from '../../support/live/prometheus.ts'

const AT = '2026-11-29T12:00:00.000Z'
const SECONDS = Date.parse(AT) / 1000

/** An account for which every metric has a value. */
const FULL: PoolAccount = {
  tenant: 'acme',
  provider: 'heygen',
  email: 'a@example.com',
  maxJobs: 3,
  held: 2,
  free: 0,
  state: 'parked',
  parked: [{ scope: 'row:POST /v3/videos', reason: 'busy', detail: 'd', until: AT }],
  credentials: ['password'],
  session: { expires: AT, error: 'sign in again' },
  webhook: { state: 'missing' },
  jobs: [
    { id: 'v1', requestId: 'r1', type: 'POST /v3/videos', status: 'running', since: AT },
    { id: null, requestId: 'r2', type: 'POST /v3/videos', status: 'starting', since: AT },
  ],
  errors: [{ at: AT, status: 429, code: 'busy', text: 't', route: 'POST /v3/videos' }],
  balance: { amount: 12.5, unit: 'usd', at: AT },
  lastsAboutHours: 30,
  deliveries: { pending: 1, failing: 1, dead: 2 },
  at: AT,
}
const QUEUE: PoolQueue = {
  tenant: 'acme',
  provider: 'heygen',
  waiting: 7,
  starting: 1,
  oldest: AT,
  startsAMinute: 2.5,
}
const pool = (...accounts: PoolAccount[]): Pool => ({
  at: AT,
  isWhole: true,
  accounts,
  queues: [QUEUE],
})

test('every metric of an account has its value, and the text is what the format allows', () => {
  const metrics = readMetrics(metricsText(pool(FULL), '1.2.3'))
  const valueOf = (name: string) => metrics.get(`gateway_${name}`)?.samples[0]?.value
  expect(valueOf('accounts')).toBe(1)
  expect(valueOf('account_slots')).toBe(3)
  expect(valueOf('account_slots_held')).toBe(2)
  expect(valueOf('account_parked_until_seconds')).toBe(SECONDS)
  expect(valueOf('account_session_failed')).toBe(1)
  expect(valueOf('account_webhook_missing')).toBe(1)
  expect(valueOf('account_balance')).toBe(12.5)
  expect(valueOf('account_balance_lasts_hours')).toBe(30)
  expect(metrics.get('gateway_account_balance')?.samples[0]?.labels).toEqual({
    tenant: 'acme',
    provider: 'heygen',
    account: 'a@example.com',
    unit: 'usd',
  })
  const states = metrics.get('gateway_account_state')?.samples.filter(({ value }) => value === 1)
  expect(states?.map(({ labels }) => labels['state'])).toEqual(['parked'])
  expect(metrics.get('gateway_account_jobs')?.samples).toHaveLength(2)
})

test('what is not known is left out, and is not zero', () => {
  const { session: _, balance: __, lastsAboutHours: ___, ...rest } = FULL
  const idle = { ...rest, parked: [], jobs: [], errors: [], webhook: { state: 'none' } as const }
  const names = [...readMetrics(metricsText(pool(idle), '1')).keys()]
  for (const name of [
    'balance',
    'balance_lasts_hours',
    'session_failed',
    'parked_until_seconds',
    'last_error_seconds',
  ])
    expect(names).not.toContain(`gateway_account_${name}`)
})

test('what waits is told by tenant and provider, and what is not known is left out', () => {
  const metrics = readMetrics(metricsText(pool(FULL), '1'))
  const samplesOf = (name: string) => metrics.get(`gateway_queue_${name}`)?.samples
  const labels = { tenant: 'acme', provider: 'heygen' }
  expect(samplesOf('waiting')).toMatchObject([{ labels, value: 7 }])
  expect(samplesOf('starting')).toMatchObject([{ labels, value: 1 }])
  expect(samplesOf('oldest_asked_seconds')).toMatchObject([{ labels, value: SECONDS }])
  expect(samplesOf('starts_a_minute')).toMatchObject([{ labels, value: 2.5 }])
  const empty = { ...pool(FULL), queues: [{ ...QUEUE, waiting: 0, oldest: null }] }
  const names = [...readMetrics(metricsText(empty, '1')).keys()]
  expect(names).toContain('gateway_queue_waiting')
  expect(names).not.toContain('gateway_queue_oldest_asked_seconds')
  const { queues: _, ...older } = pool(FULL)
  expect(metricsText(older, '1')).not.toContain('gateway_queue')
})

test('an empty pool is a valid text, and a name with odd characters is escaped', () => {
  expect(readMetrics(metricsText(pool(), '1')).get('gateway_accounts')?.samples[0]?.value).toBe(0)
  const odd = { ...FULL, email: 'a"\\\n}=b@example.com' }
  const { samples } = readMetrics(metricsText(pool(odd), '1')).get('gateway_account_slots') ?? {}
  expect(samples?.[0]?.labels['account']).toBe(odd.email)
})

const NAMES = [...readMetrics(metricsText(pool(FULL), '1')).keys()]

test.each(['deploy/prometheus-alerts.yml', 'deploy/grafana-dashboard.json', 'docs/metrics.md'])(
  'every metric that %s names exists',
  (file) => {
    const named = new Set(readFileSync(file, 'utf8').match(/\bgateway_[a-z_]+/g))
    expect([...named].filter((name) => !NAMES.includes(name))).toEqual([])
    expect(named.size).toBeGreaterThan(8)
  }
)

test('docs/metrics.md has every metric in its table', () => {
  const rows = readFileSync('docs/metrics.md', 'utf8').matchAll(/^\| `(gateway_[a-z_]+)` /gm)
  expect([...rows].map(([, name]) => name).toSorted()).toEqual(NAMES.toSorted())
})

test('the board is JSON that Grafana imports: each panel has a query and a place', () => {
  const board = JSON.parse(readFileSync('deploy/grafana-dashboard.json', 'utf8')) as {
    schemaVersion: number
    panels: { title: string; targets?: { expr: string }[]; gridPos: { w: number } }[]
  }
  expect(board.schemaVersion).toBeGreaterThan(30)
  for (const { title, targets, gridPos } of board.panels) {
    expect(title).not.toBe('')
    expect(gridPos.w).toBeGreaterThan(0)
    expect(
      targets?.every(({ expr }) => expr !== ''),
      title
    ).toBe(true)
  }
})
