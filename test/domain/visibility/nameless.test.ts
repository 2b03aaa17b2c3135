/** Errors for own tokens name no account, and do not tell when others' jobs end. */
import { expect, test } from 'vitest'
import { namelessError, noAccount } from '#domain/visibility/nameless.ts'
import { AppError, ERROR_STATUS, type ErrorCode } from '#domain/runtime/errors.ts'

const CODES = Object.keys(ERROR_STATUS) as ErrorCode[]

test.each(CODES)('%s goes without the account of the call [I5]', (code) => {
  const details = {
    accountEmail: 'ann@example.com',
    retryAfterSeconds: 7,
    useapiStatus: 596,
  } as const
  const error = namelessError(new AppError(code, 'A sentence.', details))
  expect([error.code, error.status]).toEqual([code, ERROR_STATUS[code]])
  expect(error.details.accountEmail).toBeUndefined()
  expect(error.details.useapiStatus).toBeUndefined()
})

test.each<ErrorCode>([
  'slots_full',
  'queue_full',
  'account_unavailable',
  'owners_conflict',
  'no_accounts',
  'upstream_unreachable',
  'upstream_timeout',
])('the sentence of %s is the same whatever it was [I5]', (code) => {
  const said = (text: string) => namelessError(new AppError(code, text)).message
  expect(said('All slots of account ann are taken.')).toBe(said('Account kim is parked.'))
  expect(said('x')).not.toContain('x@')
})

test('a full pool says the same time however long others’ jobs run [I5]', () => {
  const waits = [5, 20, 59].map(
    (retryAfterSeconds) =>
      namelessError(new AppError('slots_full', 'Full.', { retryAfterSeconds })).details
        .retryAfterSeconds
  )
  expect(new Set(waits).size).toBe(1)
})

test('a full line says the same time, but where it is the token’s own part [I5]', () => {
  const waitOf = (more: object) =>
    namelessError(new AppError('queue_full', 'Full.', { retryAfterSeconds: 59, ...more })).details
      .retryAfterSeconds
  expect([waitOf({}), waitOf({ isNameless: true })]).toEqual([15, 59])
})

test('a sentence that names nobody is kept', () => {
  const error = new AppError('account_unavailable', 'Too many ids.', { isNameless: true })
  expect(namelessError(error).message).toBe('Too many ids.')
})

test.each(CODES)('no sentence of %s names an account [I5]', (code) => {
  const text = 'The call starts 3 jobs, and account ann@example.com may hold 2.'
  expect(namelessError(new AppError(code, text)).message).not.toContain('@')
})

test('what the client itself named as an account is said again', () => {
  expect(namelessError(noAccount('ann@example.com')).message).toBe(
    'Account ann@example.com not found'
  )
})
