/** How long a removed account keeps its credential. */
import { expect, test } from 'vitest'
import { removalStateOf, type RemovalFacts } from '#domain/accounts/removal.ts'
import { durationsAt } from '#domain/runtime/durations.ts'

const NOW = 1_800_000_000_000
const WAITS = durationsAt(1)

function stateOf(more: Partial<RemovalFacts>, now = NOW): string {
  const removed = { removedAt: NOW, hasCredential: true, leases: 0, isDelivered: true }
  return removalStateOf({ ...removed, ...more }, now, WAITS)
}

test('an account that was not removed keeps its credential', () => {
  expect(stateOf({ removedAt: undefined })).toBe('none')
  expect(stateOf({ removedAt: undefined, leases: 1 })).toBe('none')
})

test('a removed account keeps its credential for its last jobs and deliveries', () => {
  expect(stateOf({ leases: 1 })).toBe('waiting')
  expect(stateOf({ isDelivered: false })).toBe('waiting')
  expect(stateOf({})).toBe('done')
})

test('after 48 hours a removed account’s last jobs are lost, and deliveries go on without its credential', () => {
  const later = NOW + WAITS.lostMs
  expect(stateOf({ leases: 1 }, later - 1)).toBe('waiting')
  expect(stateOf({ leases: 1 }, later)).toBe('overdue')
  expect(stateOf({ isDelivered: false }, later)).toBe('done')
})

test('a job whose account has no credential is lost, because nobody can ask about it', () => {
  expect(stateOf({ hasCredential: false, leases: 1 })).toBe('overdue')
})
