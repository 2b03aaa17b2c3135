/**
 * Sign-ins with a device code (RFC 8628): a person approves in a browser, and the desk asks the provider until they did. Decides
 * when to ask, what an answer changes, and how an account keeps a key and a sign-in (docs/rfc/0005-sign-in.md).
 */
import type { Durations } from '#domain/runtime/durations.ts'
import type { Account, Session, StoredSession } from './account.ts'

/** The most sign-ins of a tenant that wait for a person at one time (contract 14.15). */
export const PENDING_MAX = 5

/** What a client asks for. `email`: the name of the account, if it is new. */
export interface SignInWish {
  id: string
  maxJobs: number
  email?: string
  publicOrigin: string
}

/** What the person needs, and the code that only the gateway uses. Sealed until the sign-in ends. */
export interface DeviceCodes {
  deviceCode: string
  userCode: string
  verificationUri: string
  verificationUriComplete?: string
}

/** `granted`: the tokens are stored, and the account is not saved yet. */
export type SignInStatus =
  | 'pending'
  | 'granted'
  | 'done'
  | 'denied'
  | 'expired'
  | 'failed'
  | 'cancelled'

export interface SignIn extends SignInWish {
  status: SignInStatus
  /** The sealed codes, then the sealed tokens. Absent once it has ended. */
  sealed?: string
  /** The pause between two questions. */
  paceMs: number
  startedAt: number
  /** When it ends if nobody approves. Epoch ms. */
  expiresAt: number
  /** When to ask next. Only kept where the pause is so long that the object may be put out of memory in it. Epoch ms. */
  pollAt?: number
  endedAt?: number
  /** Why it failed, as a sentence. */
  reason?: string
  /** The email of the account that it made. */
  account?: string
}

/** The provider's answer to one question about a device code. `retryAfterMs`: the earliest next question. */
export type PollAnswer =
  | { kind: 'granted'; session: Session }
  | { kind: 'pending' }
  | { kind: 'slow_down' | 'unreachable'; retryAfterMs?: number | undefined }
  | { kind: 'denied' | 'expired' }
  /** The code cannot be used any more, although its time is not over. */
  | { kind: 'lost' }
  | { kind: 'failed'; message: string }

export function isOpen({ status }: SignIn): boolean {
  return status === 'pending' || status === 'granted'
}

/**
 * How often the provider is asked whether a person has approved (RFC 8628). Not divided by TIME_SCALE, since that makes neither the
 * provider nor a person faster.
 */
const PACE_LEAST_MS = 5000
const SLOWER_MS = 5000
const PACE_MOST_MS = 60_000
/** How long a sign-in waits for a person, and how long an approved one is tried to be saved. */
export const SIGN_IN_WITHIN_MS = 30 * 60_000

/** A new sign-in. `expiresInMs` and `paceMs` are the provider's. */
export function beginSignIn(
  wish: SignInWish,
  given: { sealed: string; expiresInMs: number; paceMs: number },
  now: number
): SignIn {
  const { sealed, expiresInMs, paceMs } = given
  return {
    ...wish,
    status: 'pending',
    sealed,
    paceMs: withinPace(paceMs),
    startedAt: now,
    expiresAt: now + Math.min(expiresInMs, SIGN_IN_WITHIN_MS),
  }
}

function withinPace(paceMs: number): number {
  return Math.min(Math.max(paceMs, PACE_LEAST_MS), PACE_MOST_MS)
}

const LOST =
  'The provider does not know the code any more. If you have approved it, the answer was lost, and it cannot be asked for again: start a new sign-in.'

/** What an answer without tokens changes. */
export function afterPoll(
  signIn: SignIn,
  answer: Exclude<PollAnswer, { kind: 'granted' }>,
  now: number
): SignIn {
  switch (answer.kind) {
    case 'pending':
      return signIn
    case 'slow_down':
      return { ...signIn, paceMs: withinPace(signIn.paceMs + SLOWER_MS) }
    case 'unreachable':
      return { ...signIn, paceMs: withinPace(signIn.paceMs * 2) }
    case 'denied':
      return endSignIn(signIn, 'denied', now)
    case 'failed':
      return endSignIn(signIn, 'failed', now, answer.message)
    case 'expired':
      // The provider's clock counts. Long before the end, the code was used up.
      if (now >= signIn.expiresAt - PACE_MOST_MS) return endSignIn(signIn, 'expired', now)
      return endSignIn(signIn, 'failed', now, LOST)
    case 'lost':
      return endSignIn(signIn, 'failed', now, LOST)
  }
}

/** When the next question is due. `retryAfterMs` may make it later than the pace, up to the longest pause. */
export function nextPollAt(
  { paceMs }: SignIn,
  now: number,
  retryAfterMs: number | undefined
): number {
  return now + Math.max(paceMs, Math.min(retryAfterMs ?? 0, PACE_MOST_MS))
}

/** An idle object is put out of memory after 10 s, so the end of a longer pause is stored. */
const REMEMBERED_MS = 8000

/** The sign-in with the time of the next question, if that must be stored. */
export function pollingAt(signIn: SignIn, at: number, now: number): SignIn | undefined {
  if (signIn.status !== 'pending' || at - now <= REMEMBERED_MS) return undefined
  return { ...signIn, pollAt: at }
}

/** An ended sign-in. Its sealed text is gone. */
export function endSignIn(
  signIn: SignIn,
  status: Exclude<SignInStatus, 'pending' | 'granted'>,
  now: number,
  reason?: string
): SignIn {
  const { sealed: _, ...rest } = signIn
  return { ...rest, status, endedAt: now, ...(reason === undefined ? {} : { reason }) }
}

/**
 * Where the account of an approved sign-in goes. `known`: the tenant's account of the same provider account; its email stays.
 * `otherUser`: the account of another user of the provider has the email that was asked for (`wanted`), or else the email that the
 * provider shows (`shown`) of a user who has no account yet.
 */
export function accountFor(
  accounts: readonly Account[],
  key: string,
  wanted: string | undefined,
  shown?: string
): { known?: Account; otherUser?: Account } {
  const known = accounts.find((one) => one.key === key)
  const name = wanted ?? (known ? undefined : shown)
  const named = accounts.find(({ email }) => email.toLowerCase() === name?.toLowerCase())
  if (named && named.key !== key) return { otherUser: named }
  return known ? { known } : {}
}

/**
 * The record to save when an account is added again or changed. A key and a sign-in of one provider account stand beside each
 * other. Tokens that were renewed meanwhile are never replaced by older ones of the same sign-in.
 */
export function besideBefore(after: Account, before: Account | undefined): Account {
  const held = before?.session
  if (!before || before.key !== after.key || held?.grant === undefined) {
    return before ? keepKey(after, before) : after
  }
  if (after.session === undefined)
    return { ...after, session: held, credentialKind: withSignIn(after, before) }
  if (after.session.grant === held.grant) return { ...after, session: held }
  return keepKey(after, before)
}

/** A sign-in leaves the account's key as it is. */
function keepKey(after: Account, before: Account): Account {
  const isSignIn = after.session?.grant !== undefined && before.key === after.key
  const isKey = before.session === undefined || before.credentialKind.includes(' ')
  if (!isSignIn || !isKey) return after
  const { credential, secretField, region, legacy } = before
  return {
    ...after,
    credential,
    secretField,
    ...(region === undefined ? {} : { region }),
    // The key can do what it could before, so its older calls go on as they are.
    ...(legacy === undefined ? {} : { legacy }),
    credentialKind: withSignIn(before, after),
  }
}

/** `key` may have a sign-in already. */
function withSignIn(key: Account, signIn: Account): string {
  const kinds = [...key.credentialKind.split(' '), signIn.credentialKind.split(' ').at(-1)]
  return [...new Set(kinds)].join(' ')
}

/** The object's copy after a renewal. It may have another limit or a newer sign-in already, which the desk saves after it. */
export function withRenewedSession(held: Account, { session }: Account): Account {
  if (!held.session || !session || held.session.grant !== session.grant) return held
  return { ...held, session }
}

/** Whether this record still holds the session that was to be renewed. A sealing anew does not matter for a sign-in. */
export function isSameSession(account: Account, before: Account): boolean {
  const { session } = before
  if (session?.grant !== undefined) return account.session?.grant === session.grant
  return account.updatedAt === before.updatedAt
}

/** Whether a refused token is so young that a newer one would be refused as well. */
export function isJustObtained(
  { obtainedAt, expiresAt }: StoredSession,
  now: number,
  { checkValidMs }: Pick<Durations, 'checkValidMs'>
): boolean {
  return now < obtainedAt + Math.min(checkValidMs, (expiresAt - obtainedAt) / 2)
}
