/**
 * Decides how long a removed account's object keeps the sealed credential: until its last jobs and deliveries are over, for 48
 * hours at most.
 */
import type { Durations } from '#domain/runtime/durations.ts'

export interface RemovalFacts {
  /** Absent: the account was not removed. */
  removedAt: number | undefined
  hasCredential: boolean
  leases: number
  /** True when no delivery to a client is pending. */
  isDelivered: boolean
}

/**
 * `none`: the account was not removed. `waiting`: its last jobs or deliveries are not over. `overdue`: its last jobs took too
 * long, or cannot be checked; they are lost. `done`: its credential is no longer needed. Deliveries that are pending after 48
 * hours need no credential.
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
