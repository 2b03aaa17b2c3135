/**
 * Decides when the provider is asked again about a refused account, and what the answer changes (decision 0028).
 * durable/account/account-checks.ts asks the provider.
 */
import { decideParking, type AccountStatus } from './park-after-refusal.ts'
import type { ParkOrder, Parking, ParkScope } from './parking.ts'
import type { Durations } from '#domain/runtime/durations.ts'

/** What the provider last said of an account. */
export interface Proof {
  at: number
  standing: AccountStatus
}

/** True for a minute after an answer, so that many refused calls cause only one question. */
export function isFresh({ at }: Proof, now: number, { checkValidMs }: Durations): boolean {
  return now < at + checkValidMs
}

/** Which credential a check is about, if the account has several; undefined: the account has one. */
export function checkedPart(credentialKind: string, part: string | undefined): string | undefined {
  const kinds = credentialKind.split(' ')
  return part !== undefined && kinds.length > 1 && kinds.includes(part) ? part : undefined
}

/** The parking that already stands for the same proved reason. */
export function standingParking(
  parkings: readonly Parking[],
  order: ParkOrder,
  now: number
): Parking | undefined {
  const known = parkings.find(({ scope }) => scope === order.scope)
  return known?.isProved && order.isProved && known.until > now ? known : undefined
}

/**
 * Shortens a parking while the provider refuses most accounts of the pool, because the provider is then the more likely cause.
 * A refusal during an outage does not lengthen the account's next parking. `before`: its parking until now.
 */
export function shortenedForOutage(
  parking: Parking,
  before: Parking | undefined,
  now: number,
  { outageParkMs }: Durations
): Parking {
  const until = Math.min(parking.until, now + outageParkMs)
  return { ...parking, until, streak: before?.streak ?? 1 }
}

/** Parkings that the alarm checks again: the provider itself refused the account. */
function provedParkings(parkings: readonly Parking[]): Parking[] {
  return parkings.filter(({ isProved }) => isProved)
}

export function nextRecheckAt(parkings: readonly Parking[]): number | undefined {
  const ends = provedParkings(parkings).map(({ until }) => until)
  return ends.length === 0 ? undefined : Math.min(...ends)
}

export function dueRechecks(parkings: readonly Parking[], now: number): Parking[] {
  return provedParkings(parkings).filter(({ until }) => until <= now)
}

/** The parkings that must change so that each is checked again at `until` or earlier. */
export function recheckedBy(parkings: readonly Parking[], until: number): Parking[] {
  return provedParkings(parkings)
    .filter((parking) => parking.until > until)
    .map((parking) => ({ ...parking, until }))
}

/**
 * `keep`: the parking is gone or was renewed meanwhile. `park`: the account is still refused. `postpone`: the provider could not
 * be asked and is asked again later. `lift`: the account can be used again.
 */
export type RecheckResult =
  | { kind: 'keep' | 'lift' }
  | { kind: 'park'; order: ParkOrder }
  | { kind: 'postpone'; parking: Parking }

/** What a repeated check of a proved parking means. `part`: the result of checkedPart. */
export function afterRecheck(
  parkings: readonly Parking[],
  { scope, part }: { scope: ParkScope; part?: string | undefined },
  standing: AccountStatus,
  now: number,
  { checkValidMs }: Durations
): RecheckResult {
  const still = provedParkings(parkings).find((one) => one.scope === scope)
  if (!still || still.until > now) return { kind: 'keep' }
  const decision = decideParking({ order: still, doubt: 'key' }, standing, part)
  if (decision.kind === 'park') return { kind: 'park', order: decision.order }
  if (decision.kind === 'unknown')
    return { kind: 'postpone', parking: { ...still, until: now + checkValidMs } }
  return { kind: 'lift' }
}

/** A parking of this scope whose time is over. */
export function isOver(parkings: readonly Parking[], scope: ParkScope, now: number): boolean {
  const left = parkings.find((one) => one.scope === scope)
  return left !== undefined && left.until <= now
}
