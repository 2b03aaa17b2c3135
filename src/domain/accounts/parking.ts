/** Decides how long an account is parked, and for which calls. park-after-refusal.ts decides whether it is parked at all. */
import type { Durations } from '#domain/runtime/durations.ts'

/** `scope`: the credential has no permission for this call. `imported`, `drained`: see imported.ts and drained.ts. */
export type ParkReason =
  | 'credential'
  | 'blocked'
  | 'credit'
  | 'limit'
  | 'busy'
  | 'scope'
  | 'imported'
  | 'drained'

/**
 * Which calls the parking stops. `all`: every call. `jobs`: calls that take a slot. `plain`: calls that do not. `meter:x`:
 * jobs of that meter. `row:x`: calls of that row (rowName in park-after-refusal.ts). `key:x`: calls with that credential.
 */
export type ParkScope =
  | 'all'
  | 'jobs'
  | 'plain'
  | `meter:${string}`
  | `row:${string}`
  | `key:${string}`

export interface Parking {
  scope: ParkScope
  reason: ParkReason
  detail: string
  until: number
  /** How often in a row it was parked without an end given by the provider. */
  streak: number
  /** An account check confirmed the refusal. At `until` the account is checked again, with credential `part`. */
  isProved?: true
  part?: string
  /** For a row: what is parked when a second row is refused, too. */
  wide?: 'plain' | 'jobs'
}

export interface ParkOrder {
  scope: ParkScope
  reason: ParkReason
  detail: string
  /** The end given by the provider, if any. */
  until?: number
  isProved?: true
  part?: string
  wide?: 'plain' | 'jobs'
}

/** What a call needs of an account. */
export interface Wish {
  isJob: boolean
  meter?: string | undefined
  row?: string | undefined
  part?: string | undefined
  /** Parkings for this reason do not count. */
  despite?: ParkReason | undefined
}

/** How many rows of one account are parked at once. Paths outside the table count as rows. */
export const ROWS_MAX = 32

/**
 * The parking after `order`. If the scope is parked already, the later end counts. The streak grows when the account is parked
 * again after a parking ended. It is forgotten one longest wait after that end. A second refused row parks all calls of its kind
 * (`wide`).
 */
export function park(
  parkings: Parking[],
  order: ParkOrder,
  now: number,
  durations: Durations
): Parking {
  const scope = isSecondRow(parkings, order, now) ? (order.wide as 'plain' | 'jobs') : order.scope
  const before = parkings.find((parking) => parking.scope === scope)
  const isStreak = before !== undefined && now < before.until + durations.parkBusyLongestMs
  const isAnew = before !== undefined && now >= before.until
  const streak = isStreak ? before.streak + (isAnew ? 1 : 0) : 1
  const until = order.until ?? now + defaultSpan(order, streak, now, durations)
  if (before && before.until > until) return { ...before, streak }
  const { until: _, ...rest } = order
  return { ...rest, scope, until, streak }
}

function isSecondRow(parkings: readonly Parking[], order: ParkOrder, now: number): boolean {
  if (order.wide === undefined || order.reason !== 'busy') return false
  return parkings.some(
    ({ scope, wide, reason, until }) =>
      scope !== order.scope && wide === order.wide && reason === 'busy' && until > now
  )
}

function defaultSpan(
  { reason, isProved }: ParkOrder,
  streak: number,
  now: number,
  durations: Durations
): number {
  if (isProved) return reproveSpan(streak, durations)
  if (reason === 'credential') return durations.parkCredentialMs
  if (reason === 'blocked') return durations.parkBlockedMs
  if (reason === 'credit') return durations.parkCreditMs
  if (reason === 'scope') return durations.parkScopeMs
  if (reason === 'limit') return untilUtcMidnight(now)
  return Math.min(durations.parkBusyMs * 2 ** (streak - 1), durations.parkBusyLongestMs)
}

/** A refused account is checked again after 1, 5 and 15 minutes, then every hour. */
function reproveSpan(streak: number, { reproveAtMs }: Durations): number {
  const hourly = reproveAtMs.at(-1) ?? 0
  const before = streak === 1 ? 0 : (reproveAtMs[streak - 2] ?? 0)
  return streak < reproveAtMs.length ? (reproveAtMs[streak - 1] ?? hourly) - before : hourly
}

/** The end of the provider's day, when daily limits end. It is UTC, as users observed (reference/peers.md section 5). */
function untilUtcMidnight(now: number): number {
  const day = 24 * 3_600_000
  return day - (now % day)
}

/** Parkings of rows that can be deleted: those that ended long ago, and those beyond the limit once `added` is saved. */
export function needlessRows(
  parkings: readonly Parking[],
  added: ParkScope,
  now: number,
  durations: Durations
): ParkScope[] {
  const rows = parkings.filter(({ scope }) => scope.startsWith('row:') && scope !== added)
  const over = rows.filter(({ until }) => until + durations.parkBusyLongestMs < now)
  const kept = rows
    .filter((row) => !over.includes(row))
    .toSorted((a, b) => b.until - a.until)
    .slice(ROWS_MAX - 1)
  return [...over, ...kept].map(({ scope }) => scope)
}

/** The parking that stops such a call; the longest if there are several. */
export function findParking(
  parkings: readonly Parking[],
  wish: Wish,
  now: number
): Parking | undefined {
  const blocking = parkings.filter(
    (parking) =>
      parking.until > now && parking.reason !== wish.despite && blocks(parking.scope, wish)
  )
  return blocking.toSorted((a, b) => b.until - a.until)[0]
}

/** Whether jobs may be asked about before their alarm: the provider asked for no pause of reads, nor of everything. */
export function mayAskUncalled(parkings: readonly Parking[], now: number): boolean {
  return !parkings.some(
    ({ scope, reason, until }) => until > now && reason === 'busy' && !isOfJobsOnly(scope)
  )
}

function isOfJobsOnly(scope: ParkScope): boolean {
  const isCreation = scope.startsWith('row:') && !scope.startsWith('row:GET ')
  return scope === 'jobs' || scope.startsWith('meter:') || isCreation
}

function blocks(scope: ParkScope, wish: Wish): boolean {
  if (scope === 'all') return true
  if (scope === 'jobs') return wish.isJob
  if (scope === 'plain') return !wish.isJob
  if (scope.startsWith('row:')) return wish.row !== undefined && scope === `row:${wish.row}`
  if (scope.startsWith('key:')) return wish.part !== undefined && scope === `key:${wish.part}`
  return wish.isJob && wish.meter !== undefined && scope === `meter:${wish.meter}`
}
