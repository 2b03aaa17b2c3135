/** Parking: an account, or a part of what it can do, is out of rotation until a time. */
import type { Durations } from '#domain/runtime/durations.ts'

/** `scope`: its key may not do this. */
export type ParkReason = 'credential' | 'blocked' | 'credit' | 'limit' | 'busy' | 'scope'

/**
 * `all`: everything. `jobs`: what takes a slot. `plain`: what does not. `meter:x`: jobs of that meter. `row:x`: calls of that
 * row (domain/fault.ts). `key:x`: calls that go with that one of its credentials.
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
  /** How often in a row it was parked without being told until when. */
  streak: number
  /** The provider refused it when it was asked: it is asked again at `until`, with the credential of that name. */
  isProved?: true
  part?: string
  /** Of a row: what a second refused row parks with it. */
  wide?: 'plain' | 'jobs'
}

export interface ParkOrder {
  scope: ParkScope
  reason: ParkReason
  detail: string
  /** The provider's own word, if it gave one. */
  until?: number
  isProved?: true
  part?: string
  wide?: 'plain' | 'jobs'
}

/** What a call wants of an account. */
export interface Wish {
  isJob: boolean
  meter?: string | undefined
  row?: string | undefined
  part?: string | undefined
  /** What keeps it out for this reason is overlooked. */
  despite?: ParkReason | undefined
}

/** Rows of one account that are parked at once; paths outside the table are rows, too. */
export const ROWS_MAX = 32

/**
 * Parks what `order` names. The later end wins; a streak survives one wait after its end, and grows only when it is parked
 * anew after it. A second row that is refused while another is parked parks what both belong to.
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

/** A refused account is asked about at 1, 5 and 15 minutes, then hourly. */
function reproveSpan(streak: number, { reproveAtMs }: Durations): number {
  const hourly = reproveAtMs.at(-1) ?? 0
  const before = streak === 1 ? 0 : (reproveAtMs[streak - 2] ?? 0)
  return streak < reproveAtMs.length ? (reproveAtMs[streak - 1] ?? hourly) - before : hourly
}

/** Daily limits end at the provider's day; UTC is what its users observed (reference/peers.md section 5). */
function untilUtcMidnight(now: number): number {
  const day = 24 * 3_600_000
  return day - (now % day)
}

/** Parkings of rows that need not be kept: over for long, or one too many beside a new one. */
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

/** The parking that keeps an account from serving a wish, the longest if there are several. */
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

function blocks(scope: ParkScope, wish: Wish): boolean {
  if (scope === 'all') return true
  if (scope === 'jobs') return wish.isJob
  if (scope === 'plain') return !wish.isJob
  if (scope.startsWith('row:')) return wish.row !== undefined && scope === `row:${wish.row}`
  if (scope.startsWith('key:')) return wish.part !== undefined && scope === `key:${wish.part}`
  return wish.isJob && wish.meter !== undefined && scope === `meter:${wish.meter}`
}
