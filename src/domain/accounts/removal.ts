/**
 * A removed account keeps a sealed copy of its credential for its last jobs and deliveries, for 48 hours at most. Pure
 * decisions.
 */
import type { Durations } from '#domain/runtime/durations.ts'

export interface RemovalFacts {
  /** Absent: the account was not removed. */
  removedAt: number | undefined
  hasCredential: boolean
  leases: number
  /** No delivery to a client is pending. */
  isDelivered: boolean
}

/**
 * `none`: it was not removed. `waiting`: for its last jobs or deliveries. `overdue`: nobody waits for its last jobs any longer,
 * or nobody can check them; they are lost. `done`: its credential is no longer needed. What is still to be delivered after
 * 48 hours needs no credential.
 */
export type RemovalState = 'none' | 'waiting' | 'overdue' | 'done'

export function removalStateOf(
  { removedAt, hasCredential, leases, isDelivered }: RemovalFacts,
  now: number,
  durations: Durations
): RemovalState {
  const isExpired = hasCredential && now >= (credentialKeptUntil(removedAt, durations) ?? Infinity)
  if (leases > 0) {
    if (isExpired || !hasCredential) return 'overdue'
    return removedAt === undefined ? 'none' : 'waiting'
  }
  if (removedAt === undefined) return 'none'
  return isDelivered || isExpired ? 'done' : 'waiting'
}

export function credentialKeptUntil(
  removedAt: number | undefined,
  { lostMs }: Durations
): number | undefined {
  return removedAt === undefined ? undefined : removedAt + lostMs
}
