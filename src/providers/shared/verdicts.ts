/** Makes the verdicts that several providers share. */
import type { AccountCheck } from '#domain/accounts/park-after-refusal.ts'
import type { ParkOrder } from '#domain/accounts/parking.ts'
import type { AccountFault, RouteMatch, Verdict } from '#providers/contract/provider.ts'

/** Parks for the usual time of `reason`. */
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
  /** Epoch ms, if the provider says it. */
  until?: number | undefined
  detail?: string
  /** Whether the limit is wider than the row: the quota is used up, or there is one job too many. */
  isWide?: boolean
}

/**
 * The verdict for too many calls. Only the row is parked, unless the limit is wider. A generation that ends with its answer
 * (speech) has limits of its own and never parks jobs.
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

/** The provider's kind of quota for the job of this row. */
export function meterOf(match: RouteMatch | undefined): string | undefined {
  return match?.route.meter ?? match?.route.job?.meter
}
