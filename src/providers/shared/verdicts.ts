/** The verdicts that several providers give, written in one way. */
import type { AccountCheck } from '#domain/accounts/park-after-refusal.ts'
import type { ParkOrder } from '#domain/accounts/parking.ts'
import type { AccountFault, RouteMatch, Verdict } from '#providers/contract/provider.ts'

/** For the usual wait of `reason`. */
export function parked(
  scope: AccountFault['order']['scope'],
  reason: ParkOrder['reason'],
  detail: string
): Verdict {
  return { kind: 'park', order: { scope, reason, detail } }
}

/** A fault that the account's object confirms with the provider before anything is parked. */
export function doubted(
  doubt: AccountCheck,
  scope: ParkOrder['scope'],
  reason: ParkOrder['reason'],
  detail: string
): Verdict {
  return { kind: 'doubt', doubt, order: { scope, reason, detail } }
}

interface Throttled {
  isJobCall: boolean
  match?: RouteMatch | undefined
  /** Epoch ms, where the provider says it. */
  until?: number | undefined
  detail?: string
  /** The limit is wider than the row: the quota is used up, or there is one job too many. */
  isWide?: boolean
}

/**
 * Too many calls. Only the row is parked, unless the limit is wider. A generation that ends with its answer (speech) has limits
 * of its own and never parks jobs.
 */
export function throttled({ isJobCall, match, until, detail, isWide = false }: Throttled): Verdict {
  const isSync = match?.route.kind === 'sync-generation'
  const wide = isJobCall ? 'jobs' : 'plain'
  const order = {
    reason: 'busy',
    detail: detail ?? 'the provider answered 429: too many requests',
    ...(until === undefined ? {} : { until }),
  } as const
  if (isSync) return { kind: 'park', order: { ...order, scope: 'row' } }
  if (isWide) return { kind: 'park', order: { ...order, scope: wide } }
  return { kind: 'park', order: { ...order, scope: 'row', wide } }
}

/** What the provider counts the job of this row as. */
export function meterOf(match: RouteMatch | undefined): string | undefined {
  return match?.route.meter ?? match?.route.job?.meter
}
