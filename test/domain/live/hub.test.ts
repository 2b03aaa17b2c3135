import { expect, test } from 'vitest'
import type { Account } from '#domain/accounts/account.ts'
import {
  cardName,
  hubName,
  isHubName,
  newerCard,
  planLook,
  socketsMax,
  tenantOfHub,
  type Card,
} from '#domain/live/hub.ts'
import type { PoolAccount } from '#domain/live/pool-account.ts'

const MINUTE = 60_000
const NOW = Date.parse('2026-11-29T12:00:00.000Z')
const iso = (ms: number) => new Date(ms).toISOString()

function summary(email: string, more: Partial<PoolAccount> = {}): PoolAccount {
  return {
    tenant: 'acme',
    provider: 'heygen',
    email,
    maxJobs: 3,
    held: 1,
    free: 2,
    state: 'ok',
    parked: [],
    credentials: ['apiKey'],
    webhook: { state: 'ok' },
    jobs: [],
    errors: [],
    deliveries: { pending: 0, failing: 0, dead: 0 },
    at: iso(NOW),
    ...more,
  }
}

const card = (email: string, askedAt: number, more: Partial<PoolAccount> = {}): Card => ({
  account: summary(email, more),
  askedAt,
})

const account = (email: string, tenant = 'acme') =>
  ({ provider: 'heygen', tenant, email, key: `heygen:${email}` }) as Account

test('the operator’s hub is over all tenants, a tenant’s over its own', () => {
  expect([isHubName(hubName()), isHubName(hubName('acme')), isHubName('heygen:acme')]).toEqual([
    true,
    true,
    false,
  ])
  expect([tenantOfHub(hubName()), tenantOfHub(hubName('acme~2'))]).toEqual([undefined, 'acme~2'])
  expect([socketsMax(hubName()), socketsMax(hubName('acme'))]).toEqual([50, 20])
})

test('a new account is asked, a known one again after five minutes, one that did not answer at once', () => {
  const cards = [
    card('fresh@x.io', NOW - MINUTE),
    card('old@x.io', NOW - 5 * MINUTE),
    card('silent@x.io', NOW - MINUTE, { state: 'unreachable' }),
  ]
  const accounts = ['fresh@x.io', 'old@x.io', 'silent@x.io', 'new@x.io'].map((one) => account(one))
  const { ask, removed } = planLook(cards, { accounts, isWhole: true }, NOW, 5 * MINUTE)
  expect(ask.map(({ email }) => email)).toEqual(['old@x.io', 'silent@x.io', 'new@x.io'])
  expect(removed).toEqual([])
})

test('an account whose parking has ended by time is asked, since it says nothing itself', () => {
  const parked = (until: number) => [
    { scope: 'all', reason: 'busy', detail: '', until: iso(until) },
  ]
  const cards = [
    card('over@x.io', NOW - MINUTE, { at: iso(NOW - MINUTE), parked: parked(NOW - 1000) }),
    card('later@x.io', NOW - MINUTE, { at: iso(NOW - MINUTE), parked: parked(NOW + 1000) }),
  ]
  const accounts = [account('over@x.io'), account('later@x.io')]
  const { ask } = planLook(cards, { accounts, isWhole: true }, NOW, 5 * MINUTE)
  expect(ask.map(({ email }) => email)).toEqual(['over@x.io'])
})

test('a card without an account is removed, but not by a list that is not whole', () => {
  const cards = [card('gone@x.io', NOW)]
  const whole = planLook(cards, { accounts: [], isWhole: true }, NOW, MINUTE)
  expect(whole.removed.map(({ email }) => email)).toEqual(['gone@x.io'])
  expect(planLook(cards, { accounts: [], isWhole: false }, NOW, MINUTE).removed).toEqual([])
})

test('a tenant made again has the same name, and its accounts are its own cards by email', () => {
  const { ask, removed } = planLook(
    [card('One@x.io', NOW)],
    { accounts: [account('one@x.io', 'acme~2')], isWhole: true },
    NOW,
    MINUTE
  )
  expect([ask, removed]).toEqual([[], []])
  expect(cardName(summary('One@x.io'))).toBe('acme heygen one@x.io')
})

test('of an answer and a push that overtook it, the newer one is shown', () => {
  const pushed = card('a@x.io', NOW - MINUTE, { held: 3, at: iso(NOW + 500) })
  const answered = card('a@x.io', NOW, { held: 1, at: iso(NOW) })
  expect(newerCard(pushed, answered)).toEqual({ account: pushed.account, askedAt: NOW })
  expect(newerCard(answered, pushed).account.held).toBe(3)
})

test('an account that does not answer is shown with what it said last, and with no free slot', () => {
  const lost = card('a@x.io', NOW, { state: 'unreachable', held: 0, free: 0, at: iso(NOW + 1) })
  expect(newerCard(card('a@x.io', NOW), lost).account).toMatchObject({
    state: 'unreachable',
    held: 1,
    free: 0,
    credentials: ['apiKey'],
  })
  expect(newerCard(undefined, lost)).toEqual(lost)
})
