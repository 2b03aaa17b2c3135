import type { Doubt } from '#domain/accounts/park-after-refusal.ts'
import type { ParkOrder } from '#domain/accounts/parking.ts'
import type { RouteMatch } from './route.ts'

/** What an account is parked for; `row`: calls of the row that was called, and of no other. */
export interface Blame {
  order: Omit<ParkOrder, 'scope'> & { scope: ParkOrder['scope'] | 'row' }
  /** Asked of the provider before anything is parked. */
  doubt?: Doubt
}

/** What the provider's answer to a call means for the account that gave it. */
export type Verdict =
  | { kind: 'ok' }
  /** The caller's own mistake: the answer passes through. */
  | { kind: 'caller' }
  /** Surely not accepted; this account cannot, another may. Parks nothing. */
  | { kind: 'refused'; reason: string }
  /** Surely not accepted; the account is out for a while. `until` absent: the usual wait of `reason`. */
  | ({ kind: 'park' } & Blame)
  /** Surely not accepted. Whether it is the account's, its object finds out; `order` is what is parked if so. */
  | ({ kind: 'doubt'; doubt: Doubt } & Blame)
  /** It may have been accepted. */
  | { kind: 'unsure' }

/** For the usual wait of `reason`. */
export function parked(
  scope: Blame['order']['scope'],
  reason: ParkOrder['reason'],
  detail: string
): Verdict {
  return { kind: 'park', order: { scope, reason, detail } }
}

export function doubted(
  doubt: Doubt,
  scope: ParkOrder['scope'],
  reason: ParkOrder['reason'],
  detail: string
): Verdict {
  return { kind: 'doubt', doubt, order: { scope, reason, detail } }
}

interface Throttled {
  isJobCall: boolean
  match?: RouteMatch | undefined
  /** The provider's own word. */
  until?: number | undefined
  detail?: string
  /** It is about more than the row: its quota is used up, or a creation is one too many. */
  isWide?: boolean
}

/**
 * Too many calls: the row waits, and no other, unless it is about more. What answers in the call itself (speech) has limits
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
