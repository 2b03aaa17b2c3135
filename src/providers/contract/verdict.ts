/** What an answer of the provider means for the account that gave it. The helpers that make these: `shared/verdicts.ts`. */
import type { AccountCheck } from '#domain/accounts/park-after-refusal.ts'
import type { ParkOrder } from '#domain/accounts/parking.ts'

export type Verdict =
  | { kind: 'ok' }
  /** The request is wrong. The answer is passed on. */
  | { kind: 'caller' }
  /** Surely nothing was started. This account cannot do it, but another may. Nothing is parked. */
  | { kind: 'refused'; reason: string }
  /** Surely nothing was started. The account, or a part of it, is out of use for a while. */
  | ({ kind: 'park' } & AccountFault)
  /** Surely nothing was started. Before the account is parked, its object asks the provider whether the account is at fault. */
  | ({ kind: 'doubt'; doubt: AccountCheck } & AccountFault)
  /** Something may have been started. */
  | { kind: 'unsure' }

/** What to park of an account, and why. */
export interface AccountFault {
  /** Scope `row`: only calls of the row that was called. `until` (epoch ms) absent: the usual time for `reason`. */
  order: Omit<ParkOrder, 'scope'> & { scope: ParkOrder['scope'] | 'row' }
  /** What to ask the provider about the account before anything is parked. */
  doubt?: AccountCheck
}
