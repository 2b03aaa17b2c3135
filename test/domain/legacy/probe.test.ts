import { expect, test } from 'vitest'
import { isCarried } from '#domain/legacy/families.ts'
import { afterProbe, firstProbe, probeSoon, type LegacyProbe } from '#domain/legacy/probe.ts'
import { durationsAt } from '#domain/runtime/durations.ts'

const DURATIONS = durationsAt(1)
const MINUTE = 60_000
const NOW = 1_800_000_000_000
const ALIVE = { v1: 'alive' } as const

function after(probe: LegacyProbe | undefined, answer: 'alive' | 'ended' | 'unclear', at: number) {
  return afterProbe({ probe, families: ALIVE }, { v1: answer }, true, at, DURATIONS)
}

test('a family is gone only after two such answers ten minutes apart', () => {
  const first = after(undefined, 'ended', NOW)
  expect([first.families, first.probe.nextAt - NOW]).toEqual([ALIVE, 10 * MINUTE])
  expect(after(first.probe, 'ended', NOW + 9 * MINUTE).families).toEqual(ALIVE)
  const second = after(first.probe, 'ended', NOW + 10 * MINUTE)
  expect(second.families).toEqual({ v1: 'gone' })
  expect(second.probe.nextAt).toBe(NOW + 10 * MINUTE + DURATIONS.legacyDailyMs)
})

test('an unclear answer changes nothing, and a good one ends the suspicion', () => {
  const first = after(undefined, 'ended', NOW)
  const unclear = after(first.probe, 'unclear', NOW + 10 * MINUTE)
  expect(unclear.families).toEqual(ALIVE)
  const good = after(unclear.probe, 'alive', NOW + 20 * MINUTE)
  expect(good.probe.suspected).toEqual({})
  expect(after(good.probe, 'ended', NOW + 30 * MINUTE).families).toEqual(ALIVE)
})

test('nothing counts as gone while the account itself is not good', () => {
  const probe = { nextAt: 0, suspected: { v1: NOW - DURATIONS.legacyDailyMs } }
  const families = afterProbe({ probe, families: ALIVE }, { v1: 'ended' }, false, NOW, DURATIONS)
  expect(families.families).toEqual(ALIVE)
})

test('a family that was gone is alive again after one good answer', () => {
  const probe = { nextAt: 0, suspected: { v1: NOW } }
  const gone = { v1: 'gone' } as const
  const { families } = afterProbe({ probe, families: gone }, { v1: 'alive' }, true, NOW, DURATIONS)
  expect(families).toEqual(ALIVE)
})

test('an account that was read when it was added is asked a day later, others at once', () => {
  const names = ['v1', 'v2']
  const both = { v1: 'alive', v2: 'alive' } as const
  expect(firstProbe(both, names, NOW, DURATIONS).nextAt).toBe(NOW + DURATIONS.legacyDailyMs)
  expect(firstProbe({}, names, NOW, DURATIONS).nextAt).toBe(NOW + 10 * MINUTE)
  expect(firstProbe(undefined, names, NOW, DURATIONS).nextAt).toBe(NOW)
})

test('an account is not asked more often than every ten minutes, however many calls ask for it', () => {
  expect(probeSoon(undefined, NOW, DURATIONS)).toEqual({ nextAt: NOW, suspected: {} })
  const asked = { nextAt: NOW + 1000 * MINUTE, probedAt: NOW, suspected: {} }
  expect(probeSoon(asked, NOW + 9 * MINUTE, DURATIONS)).toBeUndefined()
  expect(probeSoon(asked, NOW + 10 * MINUTE, DURATIONS)?.nextAt).toBe(NOW + 10 * MINUTE)
})

test('auto sends an older call as it is only if every account is known to have its family', () => {
  const alive = { legacy: ALIVE }
  expect(isCarried('auto', [alive, alive], 'v1')).toBe(false)
  for (const other of [{}, { legacy: {} }, { legacy: { v1: 'gone' as const } }])
    expect(isCarried('auto', [alive, other], 'v1')).toBe(true)
  expect([isCarried('bridge', [alive], 'v1'), isCarried('pass', [{}], 'v1')]).toEqual([true, false])
})

test('an account whose answers stay unclear is asked less and less, down to once a day', () => {
  let probe = after(undefined, 'ended', NOW).probe
  let asked = 0
  for (; probe.nextAt < NOW + 3 * DURATIONS.legacyDailyMs; asked += 1)
    probe = after(probe, 'unclear', probe.nextAt).probe
  expect(asked).toBeLessThanOrEqual(11)
  expect(after(probe, 'ended', probe.nextAt).families).toEqual({ v1: 'gone' })
})
