/** Decides why no account granted a slot, from the answer of each account. Pure. */
import type { Account } from '#domain/accounts/account.ts'
import type { Parking } from '#domain/accounts/parking.ts'
import { passedAsParked, type PassedAccount } from './choice-note.ts'
import type { LeaseAnswer } from './lease.ts'

export type LeaseRefusal = Extract<LeaseAnswer, { ok: false }>

export interface ParkedAccount {
  account: Account
  parking: Parking
}

export interface TriedAccounts {
  /** Answers of accounts that were asked for a lease and refused it. */
  refusals: readonly LeaseRefusal[]
  /** Accounts that were parked: before the search, by their answer, or because of this call. */
  parked: readonly ParkedAccount[]
  /** For each account that seemed full and was not asked: when a slot is expected to be free, epoch ms. */
  expectedFreeAt: readonly number[]
}

/**
 * `full`: slots are taken; `isForGuesses`: only those for paths without a row; `isSure`: no account was left out; `isQueued`: queued
 * creations wait for them too. `busy`:
 * no slot is known to be taken, but the provider asked for a pause. `parked`: the account whose parking ends first.
 * `never`: the call needs more slots than any account may hold. `none`: no account is left.
 */
export type NoSlot =
  | { kind: 'full'; retryAt: number; isForGuesses: boolean; isSure: boolean; isQueued?: boolean }
  | { kind: 'busy'; account: Account; parking: Parking; retryAt: number }
  | { kind: 'parked'; account: Account; parking: Parking }
  | { kind: 'never'; mostSlots: number }
  | { kind: 'none' }

export function whyNoSlot({ refusals, parked, expectedFreeAt }: TriedAccounts): NoSlot {
  const full = refusals.flatMap((answer) => (answer.reason === 'full' ? [answer] : []))
  const freeAt = [...full.map((answer) => answer.retryAt), ...expectedFreeAt]
  const busy = parked.filter(({ parking }) => parking.reason === 'busy')
  const retryAt = Math.min(...freeAt, ...busy.map(({ parking }) => parking.until))
  if (freeAt.length > 0) {
    const isForGuesses = full.some((answer) => answer.ofGuesses === true)
    const isQueued = full.some((answer) => answer.isQueued === true)
    const isSure = expectedFreeAt.length === 0
    return { kind: 'full', retryAt, isForGuesses, isSure, ...(isQueued ? { isQueued } : {}) }
  }
  const [firstBusy] = busy
  if (firstBusy) return { kind: 'busy', ...firstBusy, retryAt }
  const [soonest] = parked.toSorted((a, b) => a.parking.until - b.parking.until)
  if (soonest) return { kind: 'parked', ...soonest }
  if (!refusals.some(({ reason }) => reason === 'too_many')) return { kind: 'none' }
  const limits = refusals.flatMap((answer) => ('maxJobs' in answer ? [answer.maxJobs] : []))
  return { kind: 'never', mostSlots: Math.max(...limits) }
}

/** What the story of the job keeps of a refusal. */
export function passedFor(email: string, refusal: LeaseRefusal): PassedAccount {
  if (refusal.reason === 'too_many') return { email, why: 'too_few_slots' }
  if (refusal.reason !== 'parked') return { email, why: refusal.reason }
  return refusal.parking ? passedAsParked(email, refusal.parking) : { email, why: 'parked' }
}
