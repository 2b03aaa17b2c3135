/** Parking: an account, or a part of what it can do, is out of rotation until a time. */
import type { Waits } from './waits.ts'

export type ParkReason = 'credential' | 'blocked' | 'credit' | 'limit' | 'busy'

/** `all`: everything. `jobs`: what takes a slot. `plain`: what does not. `meter:x`: jobs of that meter. */
export type ParkScope = 'all' | 'jobs' | 'plain' | `meter:${string}`

export interface Parking {
  scope: ParkScope
  reason: ParkReason
  detail: string
  until: number
  /** How often in a row it was parked without being told until when. */
  streak: number
}

export interface ParkOrder {
  scope: ParkScope
  reason: ParkReason
  detail: string
  /** The provider's own word, if it gave one. */
  until?: number
}

/** What a call wants of an account. */
export interface Wish {
  isJob: boolean
  meter?: string | undefined
}

/** Parks what `order` names. The later end wins; a streak survives one wait after its end. */
export function park(parkings: Parking[], order: ParkOrder, now: number, waits: Waits): Parking {
  const before = parkings.find((parking) => parking.scope === order.scope)
  const isStreak = before !== undefined && now < before.until + waits.parkBusyLongestMs
  const streak = isStreak ? before.streak + 1 : 1
  const until = order.until ?? now + defaultSpan(order.reason, streak, now, waits)
  if (before && before.until > until) return { ...before, streak }
  return { scope: order.scope, reason: order.reason, detail: order.detail, until, streak }
}

function defaultSpan(reason: ParkReason, streak: number, now: number, waits: Waits): number {
  if (reason === 'credential') return waits.parkCredentialMs
  if (reason === 'blocked') return waits.parkBlockedMs
  if (reason === 'credit') return waits.parkCreditMs
  if (reason === 'limit') return untilUtcMidnight(now)
  return Math.min(waits.parkBusyMs * 2 ** (streak - 1), waits.parkBusyLongestMs)
}

/** Daily limits end at the provider's day; UTC is what its users observed (reference/peers.md section 5). */
function untilUtcMidnight(now: number): number {
  const day = 24 * 3_600_000
  return day - (now % day)
}

/** The parking that keeps an account from serving a wish, the longest if there are several. */
export function findParking(
  parkings: readonly Parking[],
  wish: Wish,
  now: number
): Parking | undefined {
  const blocking = parkings.filter((parking) => parking.until > now && blocks(parking.scope, wish))
  return blocking.toSorted((a, b) => b.until - a.until)[0]
}

function blocks(scope: ParkScope, wish: Wish): boolean {
  if (scope === 'all') return true
  if (scope === 'jobs') return wish.isJob
  if (scope === 'plain') return !wish.isJob
  return wish.isJob && wish.meter !== undefined && scope === `meter:${wish.meter}`
}
