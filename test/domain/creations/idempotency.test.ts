import { expect, test } from 'vitest'
import { headerText, idsToHeader } from '#domain/text/headers.ts'
import { isInProgress, turnOf, type KeyRecord } from '#domain/creations/idempotency.ts'

const HOUR = 3_600_000
const SPANS = { keepMs: 24 * HOUR, keepUnknownMs: 72 * HOUR, staleMs: 150_000 }
const ANSWER = { status: 200, contentType: 'application/json', body: 'sealed' }
const at = (record: Partial<KeyRecord>, now: number) =>
  turnOf({ requestId: 'r', startedAt: 0, ...record }, now, SPANS).kind

test('an answer is given under its key for a day from when it was given, not from when its call began [I4]', () => {
  const kept = { endedAt: 2 * HOUR, answer: ANSWER }
  expect([at(kept, 25 * HOUR), at(kept, 26 * HOUR)]).toEqual(['replay', 'fresh'])
  // Written by an older version.
  expect([at({ answer: ANSWER }, 23 * HOUR), at({ answer: ANSWER }, 24 * HOUR)]).toEqual([
    'replay',
    'fresh',
  ])
})

test('an unknown outcome is kept a day longer than a job can be unheard of [I4]', () => {
  const unknown = { endedAt: 1, isUnknown: true }
  expect([at(unknown, 48 * HOUR), at(unknown, 72 * HOUR)]).toEqual(['unknown', 'fresh'])
  const done = { endedAt: 1000, isUnknown: true, done: { jobIds: ['a'] } }
  expect([at(done, 24 * HOUR), at(done, 25 * HOUR)]).toEqual(['unknown', 'fresh'])
})

test('a run that has not said how it ended is stale, which one that said so never is', () => {
  expect(at({}, 149_000)).toBe('running')
  expect(turnOf({ requestId: 'r', startedAt: 0 }, 150_000, SPANS)).toMatchObject({ isStale: true })
  const unknown = { requestId: 'r', startedAt: 0, isUnknown: true }
  expect(turnOf(unknown, 1, SPANS)).toMatchObject({ kind: 'unknown', isStale: false })
})

test('what is looked for is in progress for a while from its start, and what cannot be is not', () => {
  expect(isInProgress({ startedAt: 0, isSought: true }, 299_999, 300_000)).toBe(true)
  expect(isInProgress({ startedAt: 0, isSought: true }, 300_000, 300_000)).toBe(false)
  expect(isInProgress({ startedAt: 0 }, 1, 300_000)).toBe(false)
})

test('any text can be sent as a header, and ids in one are told apart', () => {
  for (const text of ['a\nb', '\u0000', '😀', '\ud800', 'ü'.repeat(10_000), ' x ', '']) {
    expect(() => new Headers({ 'x-any': headerText(text) })).not.toThrow()
    expect(headerText(text).length).toBeLessThanOrEqual(8000)
  }
  expect(headerText('a@b.example')).toBe('a@b.example')
  expect(idsToHeader(['a,b', 'c d', 'e'])).toBe('a%2Cb,c%20d,e')
  expect(idsToHeader(['a', 'x'.repeat(9000), '😀'.repeat(2000), 'b'])).toBe('a,b')
  expect(idsToHeader([])).toBeUndefined()
  expect(idsToHeader(['x'.repeat(9000)])).toBeUndefined()
})

test('the key of a queued creation outlives its item by a day, however long that waits [I4]', () => {
  const queued: KeyRecord = { requestId: 'r', startedAt: 0, endedAt: 0, answer: ANSWER }
  const turn = (record: KeyRecord, now: number, end: 'waits' | number | undefined) =>
    turnOf(record, now, SPANS, () => end).kind
  expect(turn(queued, 160 * HOUR, 'waits')).toBe('replay')
  expect(turn(queued, 160 * HOUR, 137 * HOUR)).toBe('replay')
  expect(turn(queued, 160 * HOUR, 136 * HOUR)).toBe('fresh')
  expect(turn(queued, 160 * HOUR, undefined)).toBe('fresh')
  expect(turn({ requestId: 'r', startedAt: 0 }, 160 * HOUR, 'waits')).toBe('unknown')
})

test('the line is not asked about a key that counts anyway', () => {
  const asked = () => {
    throw new Error('asked')
  }
  const kept: KeyRecord = { requestId: 'r', startedAt: 0, endedAt: 0, answer: ANSWER }
  expect(turnOf(kept, HOUR, SPANS, asked).kind).toBe('replay')
})
