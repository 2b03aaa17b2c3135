import { expect, test } from 'vitest'
import type { Account } from '../../../src/domain/accounts/account.ts'
import {
  accountFor,
  afterPoll,
  beginSignIn,
  besideBefore,
  endSignIn,
  isJustObtained,
  isSameSession,
  nextPollAt,
  pollingAt,
  withRenewedSession,
  type PollAnswer,
} from '../../../src/domain/accounts/sign-in.ts'
import { durationsAt } from '../../../src/domain/runtime/durations.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const D = durationsAt(1)
const wish = { id: 's1', maxJobs: 2, publicOrigin: 'https://gateway.example' }

const begun = (expiresInMs = 15 * MINUTE, paceMs = 5 * SECOND) =>
  beginSignIn(wish, { sealed: 'k.codes', expiresInMs, paceMs }, 0)

const account = (more: Partial<Account> = {}): Account => ({
  provider: 'p',
  tenant: 't',
  email: 'a@example.com',
  key: 'p:user',
  maxJobs: 1,
  credential: 'k.key',
  credentialKind: 'apiKey',
  secretField: 'apiKey',
  publicOrigin: '',
  createdAt: 0,
  updatedAt: 0,
  ...more,
})
const session = (grant?: string, sealed = 'k.tokens') => ({
  sealed,
  view: {},
  obtainedAt: 0,
  expiresAt: 60 * MINUTE,
  ...(grant === undefined ? {} : { grant }),
})
const signedIn = (grant: string, more: Partial<Account> = {}) =>
  account({
    credential: `k.${grant}`,
    credentialKind: 'oauth',
    secretField: 'signIn',
    session: session(grant),
    ...more,
  })

test('the pace is the provider’s, from five seconds to a minute, and the end half an hour at most', () => {
  expect(begun(15 * MINUTE, 1 * SECOND).paceMs).toBe(5 * SECOND)
  expect(begun(15 * MINUTE, 8 * SECOND).paceMs).toBe(8 * SECOND)
  expect(begun(15 * MINUTE, 5 * MINUTE).paceMs).toBe(60 * SECOND)
  expect(begun(15 * MINUTE).expiresAt).toBe(15 * MINUTE)
  expect(begun(10 * 60 * MINUTE).expiresAt).toBe(30 * MINUTE)
})

test('slow_down adds five seconds each time, a network error doubles, and both end at a minute', () => {
  const slower = (answer: PollAnswer, times: number) => {
    let signIn = begun()
    for (let count = 0; count < times; count += 1)
      signIn = afterPoll(signIn, answer as never, SECOND)
    return signIn.paceMs / SECOND
  }
  expect([1, 2, 20].map((times) => slower({ kind: 'slow_down' }, times))).toEqual([10, 15, 60])
  expect([1, 2, 9].map((times) => slower({ kind: 'unreachable' }, times))).toEqual([10, 20, 60])
  expect(nextPollAt(begun(), 100, 30 * SECOND)).toBe(100 + 30 * SECOND)
  expect(nextPollAt(begun(), 100, SECOND)).toBe(100 + 5 * SECOND)
  expect(nextPollAt(begun(), 100, 3600 * SECOND)).toBe(100 + 60 * SECOND)
})

test('an ended sign-in has no sealed text, and a code that is used up early is not called expired', () => {
  for (const kind of ['denied', 'expired', 'lost'] as const) {
    const ended = afterPoll(begun(), { kind }, 15 * MINUTE)
    expect(ended.sealed).toBeUndefined()
    expect(ended.endedAt).toBe(15 * MINUTE)
  }
  expect(afterPoll(begun(), { kind: 'expired' }, 15 * MINUTE).status).toBe('expired')
  expect(afterPoll(begun(), { kind: 'expired' }, MINUTE).status).toBe('failed')
  expect(endSignIn(begun(), 'failed', 1, 'why')).toMatchObject({ status: 'failed', reason: 'why' })
  const unchanged = begun()
  expect(afterPoll(unchanged, { kind: 'pending' }, SECOND)).toBe(unchanged)
})

test('a key and a sign-in of one provider account stand beside each other, in either order', () => {
  const both = { credentialKind: 'apiKey oauth', credential: 'k.key', secretField: 'apiKey' }
  const first = besideBefore(signedIn('s1', { maxJobs: 5 }), account())
  expect(first).toMatchObject({ ...both, maxJobs: 5, session: { grant: 's1' } })
  const second = besideBefore(account({ maxJobs: 5 }), signedIn('s1'))
  expect(second).toMatchObject({ ...both, maxJobs: 5, session: { grant: 's1' } })
  const anew = besideBefore(signedIn('s2'), first)
  expect(anew).toMatchObject({ ...both, session: { grant: 's2' } })
  const otherKey = besideBefore(account({ credential: 'k.key2' }), first)
  expect(otherKey).toMatchObject({ ...both, credential: 'k.key2', session: { grant: 's1' } })
})

test('a password and a sign-in replace each other, and so does an account of another user', () => {
  const password = account({ credentialKind: 'password', session: session() })
  expect(besideBefore(signedIn('s1'), password)).toEqual(signedIn('s1'))
  expect(besideBefore(password, signedIn('s1'))).toEqual(password)
  const other = account({ key: 'p:other' })
  expect(besideBefore(signedIn('s1'), other)).toEqual(signedIn('s1'))
  expect(besideBefore(other, signedIn('s1'))).toEqual(other)
  expect(besideBefore(account(), undefined)).toEqual(account())
})

test('a record that was read before a renewal keeps the renewed tokens', () => {
  const renewed = signedIn('s1', { session: session('s1', 'k.newer') })
  const limited = besideBefore(signedIn('s1', { maxJobs: 9 }), renewed)
  expect(limited).toMatchObject({ maxJobs: 9, session: { sealed: 'k.newer' } })
})

test('renewed tokens are saved whatever else changed, but never over those of another sign-in', () => {
  const before = signedIn('s1')
  const resealed = { updatedAt: 9, session: session('s1', 'k2.tokens') }
  expect(isSameSession(signedIn('s1', resealed), before)).toBe(true)
  expect(isSameSession(signedIn('s2'), before)).toBe(false)
  expect(isSameSession(account(), before)).toBe(false)
  const password = account({ session: session() })
  expect(isSameSession({ ...password, updatedAt: 9 }, password)).toBe(false)
})

test('the account of an approved sign-in is the one of the same user; another user’s is never replaced', () => {
  const held = [account(), account({ key: 'p:other', email: 'Other@example.com' })]
  expect(accountFor(held, 'p:user', 'new@example.com')).toEqual({ known: held[0] })
  expect(accountFor(held, 'p:third', 'other@EXAMPLE.com')).toEqual({ otherUser: held[1] })
  expect(accountFor(held, 'p:third', undefined)).toEqual({})
  // Named, or shown by the provider for a user who has no account yet.
  expect(accountFor(held, 'p:user', 'other@example.com')).toEqual({ otherUser: held[1] })
  expect(accountFor(held, 'p:third', undefined, 'other@example.com')).toEqual({
    otherUser: held[1],
  })
  expect(accountFor(held, 'p:user', undefined, 'other@example.com')).toEqual({ known: held[0] })
})

test('a renewal changes the tokens of the object’s copy and nothing else', () => {
  const held = signedIn('s1', { maxJobs: 9, claimId: 'c1' })
  const renewed = signedIn('s1', { maxJobs: 3, session: session('s1', 'k.newer') })
  expect(withRenewedSession(held, renewed)).toEqual({ ...held, session: renewed.session })
  const anew = signedIn('s2')
  expect(withRenewedSession(anew, renewed)).toBe(anew)
})

test('a pause in which the object may be put out of memory is stored, and a short one is not', () => {
  expect(pollingAt(begun(), 5 * SECOND, 0)).toBeUndefined()
  expect(pollingAt(begun(), 10 * SECOND, 0)).toEqual({ ...begun(), pollAt: 10 * SECOND })
  expect(pollingAt({ ...begun(), status: 'granted' }, 10 * SECOND, 0)).toBeUndefined()
})

test('a young token that is refused is not renewed, and a short one may be when half of it is over', () => {
  const hour = { ...session('s1'), expiresAt: 60 * MINUTE }
  expect(isJustObtained(hour, 59 * SECOND, D)).toBe(true)
  expect(isJustObtained(hour, 61 * SECOND, D)).toBe(false)
  const short = { ...hour, expiresAt: 10 * SECOND }
  expect([4, 6].map((s) => isJustObtained(short, s * SECOND, D))).toEqual([true, false])
})
