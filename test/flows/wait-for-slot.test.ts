import { expect, test } from 'vitest'
import { platform } from '#composition/platform.ts'
import type { Account } from '#domain/accounts/account.ts'
import { AppError, type ErrorCode } from '#domain/runtime/errors.ts'
import { durationsAt } from '#domain/runtime/durations.ts'
import { RecentMap } from '#domain/runtime/recent-map.ts'
import { Hints } from '#domain/accounts/account-hints.ts'
import { recordedParking } from '#domain/accounts/drained.ts'
import { findParking } from '#domain/accounts/parking.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Turn } from '#domain/ports/desk.ts'
import type { Waiter } from '#domain/slots/waiting-line.ts'
import type { ProxyAnswer, ReadCall } from '#flows/upstream/proxy-call.ts'
import { waitForSlot } from '#flows/slots/wait-for-slot.ts'

const account = (name: string) => ({ email: name, key: name }) as unknown as Account
const ELIGIBLE = { accounts: [account('a'), account('b')], isPinned: false }
const SERVED: ProxyAnswer = { response: new Response('served') }

/** A desk that gives these turns, one after the other, and what was asked of it and tried. */
function scene(turns: (Turn | Error)[], outcomes: Record<string, (ErrorCode | 'ok')[]>) {
  const asked: Waiter[] = []
  const freed: string[] = []
  const tried: string[] = []
  const full = { count: 0 }
  const desk = {
    awaitTurn: async (waiter: Waiter) => {
      asked.push(waiter)
      const turn = turns.shift() ?? 'none'
      if (turn instanceof Error) throw turn
      return turn
    },
    noteFreed: async (key: string) => void freed.push(key),
    noteFull: async () => {
      full.count += 1
    },
  }
  const ports = {
    ...platform,
    now: () => 0,
    hints: new Hints(),
    memory: new RecentMap(10),
    durations: durationsAt(1),
    defer: () => {},
    desk: () => desk,
  } as unknown as Ports
  const attempt = async ({ accounts: all }: { accounts: Account[] }) => {
    const wish = { isJob: true }
    const accounts = all.filter(
      (one) =>
        !recordedParking(one, wish) && !findParking(ports.hints.parkings(one.key, 0), wish, 0)
    )
    const names = accounts.map(({ key }) => key).join('+')
    tried.push(names)
    const outcome = outcomes[names]?.shift() ?? 'slots_full'
    if (outcome !== 'ok') throw new AppError(outcome, names)
    return SERVED
  }
  const run = (signal?: AbortSignal, eligible = ELIGIBLE) => {
    const call = { tenant: 't', provider: { name: 'p' }, requestId: 'r', waitSeconds: 9 }
    const full = { ...call, ...(signal && { signal }) } as unknown as ReadCall
    return waitForSlot(ports, full, eligible, 1, attempt)
  }
  return { asked, freed, tried, full, run, hints: ports.hints }
}

test('who waits asks once, and then tries the account that it is sent to and no other', async () => {
  const { asked, tried, run } = scene([{ go: 'b' }], { b: ['ok'] })
  expect(await run()).toBe(SERVED)
  expect(asked.map((waiter) => waiter.accounts)).toEqual([['a', 'b']])
  expect(tried).toEqual(['a+b', 'b'])
})

test('who finds no room goes back and says where', async () => {
  const { asked, run } = scene([{ go: 'b' }, { go: 'a' }], { a: ['ok'] })
  expect(await run()).toBe(SERVED)
  expect(asked.map((waiter) => waiter.tried)).toEqual([undefined, 'b'])
})

test('an account that serves nobody for now is not waited for any more', async () => {
  const outcomes = { b: ['account_unavailable' as const], a: ['ok' as const] }
  const { asked, run } = scene([{ go: 'b' }, { go: 'a' }], outcomes)
  expect(await run()).toBe(SERVED)
  expect(asked.map((waiter) => waiter.accounts)).toEqual([['a', 'b'], ['a']])
})

test('the account that the desk names is asked, although this isolate takes it for drained still', async () => {
  const { asked, tried, run } = scene([{ go: 'b' }], { b: ['ok'] })
  const drained = { ...account('b'), isDrained: true }
  const served = await run(undefined, { accounts: [account('a'), drained], isPinned: false })
  expect(served).toBe(SERVED)
  expect([tried, asked.length]).toEqual([['a', 'b'], 1])
})

test('an account that has just left a question unanswered is not asked, as what it granted may be released late [I1]', async () => {
  const { tried, run, hints } = scene([{ go: 'b' }, 'none'], { b: ['ok'] })
  const parking = { scope: 'jobs', reason: 'busy', detail: '', until: 60_000, streak: 1 } as const
  hints.markParked('b', parking, 0)
  await expect(run()).rejects.toThrow()
  expect(tried).not.toContain('b')
})

test('a client that has left passes its turn on and starts nothing [I2]', async () => {
  const { freed, tried, run } = scene([{ go: 'b' }], { b: ['ok'] })
  await expect(run(AbortSignal.abort())).rejects.toThrow('a+b')
  expect([freed, tried]).toEqual([['b'], ['a+b']])
})

test('whom the line does not take asks every account once more', async () => {
  const { tried, run } = scene(['none'], { 'a+b': ['slots_full', 'ok'] })
  expect(await run()).toBe(SERVED)
  expect(tried).toEqual(['a+b', 'a+b'])
})

test('an older desk, which does not say where, is believed that there may be room', async () => {
  const { tried, run } = scene(['go'], { 'a+b': ['slots_full', 'ok'] })
  expect(await run()).toBe(SERVED)
  expect(tried).toEqual(['a+b', 'a+b'])
})

test('what may have been started is told at once [I4]', async () => {
  const { asked, run } = scene([{ go: 'b' }, { go: 'a' }], { b: ['outcome_unknown'] })
  await expect(run()).rejects.toThrow('b')
  expect(asked).toHaveLength(1)
})

test('a client whose line cannot be asked is told what it would have been told without waiting', async () => {
  const { tried, run } = scene([new Error('the desk is down')], {})
  await expect(run()).rejects.toThrow('a+b')
  expect(tried).toEqual(['a+b'])
})

test('a client whose line breaks off while it comes back is told that all are full', async () => {
  const { run } = scene([{ go: 'b' }, new Error('the desk is down')], {})
  await expect(run()).rejects.toThrow('a+b')
})

test('a pool that refuses calls is said to be full once a minute, and not by a call that found a slot', async () => {
  const outcomes = { b: ['ok' as const] }
  const { full, run } = scene(['none', 'none', { go: 'b' }], outcomes)
  await expect(run()).rejects.toThrow('a+b')
  await expect(run()).rejects.toThrow('a+b')
  expect(await run()).toBe(SERVED)
  expect(full.count).toBe(1)
})
