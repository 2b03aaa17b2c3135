import { expect, test } from 'vitest'
import { endedKey, isSameRun } from '#domain/creations/idempotency.ts'

const RECORD = { requestId: 'r', startedAt: 1 }
const ANSWER = { status: 200, contentType: 'application/json', body: 'sealed' }

test('a key keeps its answer, forgets a refusal, and says how an unknown outcome came about', () => {
  expect(endedKey(RECORD, { kind: 'keep', answer: ANSWER }, 5)).toEqual({
    ...RECORD,
    endedAt: 5,
    answer: ANSWER,
  })
  expect(endedKey(RECORD, { kind: 'forget' }, 5)).toBeUndefined()
  const unknown = { kind: 'unknown', email: 'a@example.com', isSought: true } as const
  expect(endedKey(RECORD, unknown, 5)).toEqual({
    ...RECORD,
    endedAt: 5,
    isUnknown: true,
    email: 'a@example.com',
    isSought: true,
  })
})

test('a request that asks again holds its key until it has ended', () => {
  expect(isSameRun(RECORD, 'r')).toBe(true)
  expect(isSameRun(RECORD, 'other')).toBe(false)
  expect(isSameRun({ ...RECORD, isUnknown: true }, 'r')).toBe(false)
  expect(isSameRun({ ...RECORD, answer: ANSWER }, 'r')).toBe(false)
  expect(isSameRun(undefined, 'r')).toBe(false)
})
