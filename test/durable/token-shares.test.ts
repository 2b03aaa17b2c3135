/** What a desk keeps of tokens with limits on jobs, and what accounts' objects tell it. */
import { expect, test } from 'vitest'
import type { Ports } from '#domain/ports/ports.ts'
import { durationsAt } from '#domain/runtime/durations.ts'
import type { EndedJob, Lease } from '#domain/slots/lease.ts'
import { TokenShares } from '#durable/limits/token-shares.ts'
import { tellShares } from '#durable/limits/tell-shares.ts'
import { openSql } from '../support/sql/sqlite.ts'

const NOON = Date.parse('2026-11-29T12:00:00Z')
const MINUTE = 60_000
const DAY = 1440 * MINUTE
const ONE = { maxConcurrent: 1 }

interface Desk {
  shares: TokenShares
  /** The same rows, as an object reads them that has just woken. */
  woken(): TokenShares
  /** The leases of each account. `undefined`: its object does not answer. */
  accounts: Record<string, string[] | undefined>
  asked: string[]
  clock: { now: number }
  sql: SqlStorage
}

function openDesk(accounts: Desk['accounts'] = {}): Desk {
  const sql = openSql('')
  const clock = { now: NOON }
  const asked: string[] = []
  const ports = {
    now: () => clock.now,
    durations: durationsAt(1),
    log: () => undefined,
    after: () => new Promise<void>(() => {}),
    slots: (key: string) => ({
      limitedLeases: async () => {
        asked.push(key)
        const leases = accounts[key]
        if (!leases) throw new Error('unreachable')
        return leases
      },
    }),
  } as unknown as Ports
  const storage = { sql } as unknown as DurableObjectStorage
  const woken = () =>
    new TokenShares(storage, {
      ports: () => ports,
      tenant: 'shop',
      accountKeys: () => Object.keys(accounts),
      chosen: () => [],
    })
  return { shares: woken(), woken, accounts, asked, clock, sql }
}

test('what a token uses is there after a restart, and another token’s is not mixed with it', async () => {
  const { shares, woken } = openDesk()
  expect(await shares.take('tok_a', ONE, ['one'])).toBe(true)
  expect(await shares.take('tok_b', ONE, ['two'])).toBe(true)
  expect(await woken().take('tok_a', ONE, ['three'])).toMatchObject({ limit: 'maxConcurrent' })
  // The call came twice.
  expect(await woken().take('tok_a', ONE, ['one'])).toBe(true)
  woken().end(['one', 'unknown'], 'ended')
  expect(await woken().take('tok_a', ONE, ['three'])).toBe(true)
  expect(await woken().take('tok_b', ONE, ['four'])).not.toBe(true)
})

test('what may be over counts while any account has it, and is asked about at the next refusal', async () => {
  const { shares, accounts, asked, clock } = openDesk({ a: ['one'], b: [] })
  await shares.take('tok_a', ONE, ['one'])
  // A lease that was left at b ends there as absent, while the job runs at a.
  shares.end(['one'], 'doubtful')
  expect(await shares.take('tok_a', ONE, ['two'])).not.toBe(true)
  expect(asked.toSorted()).toEqual(['a', 'b'])
  accounts['a'] = []
  expect(await shares.take('tok_a', ONE, ['two'])).not.toBe(true)
  expect(asked, 'at most once a minute').toHaveLength(2)
  clock.now += MINUTE
  expect(await shares.take('tok_a', ONE, ['two'])).toBe(true)
})

test('a refusal asks no account while everything that runs is young, and none for a limit of the day', async () => {
  const { shares, asked, clock } = openDesk({ a: [] })
  await shares.take('tok_a', { ...ONE, jobsPerDay: 1 }, ['one'])
  clock.now += 10 * MINUTE
  expect(await shares.take('tok_a', ONE, ['two'])).not.toBe(true)
  clock.now += MINUTE
  expect(await shares.take('tok_a', { jobsPerDay: 1 }, ['two'])).not.toBe(true)
  expect(asked).toEqual([])
  expect(await shares.take('tok_a', ONE, ['two'])).toBe(true)
  expect(asked).toEqual(['a'])
})

test('creations that come while the accounts are asked get no more than the limit between them', async () => {
  const { shares, clock } = openDesk({ a: [] })
  await shares.take('tok_a', ONE, ['dead'])
  clock.now += 11 * MINUTE
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) => shares.take('tok_a', ONE, [`new-${index}`]))
  )
  expect(answers.filter((answer) => answer === true)).toHaveLength(1)
})

test('a token that has started nothing for two months is forgotten, and no other', async () => {
  const { shares, clock, sql } = openDesk()
  await shares.take('tok_old', { jobsPerDay: 9 }, ['one'])
  clock.now += 30 * DAY
  await shares.take('tok_new', { jobsPerDay: 9 }, ['two'])
  clock.now += 31 * DAY
  shares.forgetOld(clock.now)
  expect(sql.exec('SELECT token FROM token_share').toArray()).toEqual([{ token: 'tok_new' }])
  shares.forgetAll()
  expect(sql.exec('SELECT token FROM token_share').toArray()).toEqual([])
})

test('an account tells the end of jobs of limited tokens to the desk of their tenant, and calls doubtful what had no job', () => {
  const told: unknown[] = []
  const ports = {
    log: () => undefined,
    defer: () => undefined,
    desk: (tenant: string, provider: string) => ({
      endShare: async (ids: string[], how: string) => void told.push([tenant, provider, ids, how]),
    }),
  } as unknown as Ports
  const ended = (id: string, more: Partial<Lease>) =>
    ({ lease: { id, tenant: 'shop', ...more } }) as EndedJob
  tellShares(ports, 'heygen', [
    ended('free', { jobId: 'job' }),
    ended('known', { jobId: 'job', isLimited: true }),
    ended('stray', { isLimited: true }),
    ended('former', { jobId: 'job', isLimited: true, tenant: 'before' }),
  ])
  expect(told).toEqual([
    ['shop', 'heygen', ['known'], 'ended'],
    ['shop', 'heygen', ['stray'], 'doubtful'],
    ['before', 'heygen', ['former'], 'ended'],
  ])
})
