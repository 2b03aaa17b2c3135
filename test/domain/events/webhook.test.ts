/** When the registration of our webhook at an account is checked, renewed and removed. */
import { expect, test } from 'vitest'
import {
  checkHookNow,
  hookInDoubt,
  isRemovalOver,
  removeHookNow,
  withSealedSecrets,
  type Hook,
} from '#domain/events/webhook.ts'
import { durationsAt } from '#domain/runtime/durations.ts'
import type { EndedJob, Lease } from '#domain/slots/lease.ts'

const NOW = 1_800_000_000_000
const WAITS = durationsAt(1)
const LONG = WAITS.hookRetryLongestMs

function hook(more: Partial<Hook> = {}): Hook {
  return { state: 'on', id: 'h', secret: 's', checkedAt: NOW - LONG, tries: 0, ...more }
}

function ended(more: Partial<Lease> = {}): EndedJob {
  const lease = { kind: 'job', expectsEvent: true, ...more } as Lease
  return { lease, endedAt: NOW, outcome: { status: 'completed' } }
}

const missed = { ended: [ended()], isAlarm: true, lastEventAt: 0 }

test('a job that the alarm finds ended without its event has the webhook registered again', () => {
  expect(hookInDoubt(hook(), missed, NOW, WAITS)).toMatchObject({ nextAt: NOW, isDoubted: true })
})

test('a webhook is not in doubt where no event was missed', () => {
  const byStatusAnswer = { ...missed, isAlarm: false }
  const notExpected = {
    ...missed,
    ended: [ended({ expectsEvent: false }), ended({ kind: 'call' })],
  }
  for (const seen of [byStatusAnswer, notExpected])
    expect(hookInDoubt(hook(), seen, NOW, WAITS)).toBeUndefined()
})

test('a webhook is not checked again while events come, soon after a check, or when a check is due anyway', () => {
  const recent = { ...missed, lastEventAt: NOW - LONG + 1 }
  expect(hookInDoubt(hook(), recent, NOW, WAITS)).toBeUndefined()
  expect(hookInDoubt(hook({ checkedAt: NOW - LONG + 1 }), missed, NOW, WAITS)).toBeUndefined()
  expect(hookInDoubt(hook({ nextAt: NOW + 1 }), missed, NOW, WAITS)).toBeUndefined()
})

test('a removed account’s webhook is removed at once, although its last check failed before', () => {
  const removal = { removedAt: NOW - 10, now: NOW, durations: WAITS }
  const failed = hook({ checkedAt: NOW - 20, nextAt: NOW + 60_000 })
  expect(removeHookNow(failed, removal)).toMatchObject({ nextAt: NOW })
  expect(removeHookNow(hook({ checkedAt: NOW }), removal)).toMatchObject({ nextAt: NOW })
})

test('a removal of a webhook that failed waits for its turn, for 48 hours at most', () => {
  const retried = hook({ checkedAt: NOW, nextAt: NOW + 60_000 })
  expect(
    removeHookNow(retried, { removedAt: NOW - 10, now: NOW, durations: WAITS })
  ).toBeUndefined()
  const over = { removedAt: NOW - 10, now: NOW - 10 + WAITS.lostMs, durations: WAITS }
  expect(isRemovalOver(over)).toBe(true)
  expect(isRemovalOver({ ...over, now: over.now - 1 })).toBe(false)
})

test('a webhook that is changed while its secrets are sealed again keeps the change', () => {
  const before = hook({ previous: { secret: 'p', until: NOW } })
  const sealed = { secret: 's2', previous: 'p2' }
  expect(withSealedSecrets(before, before, sealed)).toMatchObject({
    secret: 's2',
    previous: { secret: 'p2', until: NOW },
  })
  const renewed = hook({ secret: 'new', previous: { secret: 's', until: NOW } })
  expect(withSealedSecrets(renewed, before, sealed)).toEqual(renewed)
})

test('an account’s first webhook is due at once', () => {
  expect(checkHookNow(undefined, NOW)).toEqual({
    state: 'wanted',
    checkedAt: 0,
    tries: 0,
    nextAt: NOW,
  })
})
