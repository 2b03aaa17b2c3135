/** What an answer of the provider means for the account that gave it. The helpers that make these: `shared/verdicts.ts`. */
import type { AccountCheck } from '#domain/accounts/park-after-refusal.ts'
import type { ParkOrder } from '#domain/accounts/parking.ts'

export type Verdict =
  | { kind: 'ok' }
  /** The request is wrong. The answer is passed on. */
  | { kind: 'caller' }
  /** Surely nothing was started. This account cannot do it, another may. Parks nothing. */
  | { kind: 'refused'; reason: string }
  /** Surely nothing was started. The account, or a part of it, is out of use for a while. */
  | ({ kind: 'park' } & AccountFault)
  /** Surely nothing was started. The account's object asks the provider whether the account is at fault before it parks. */
  | ({ kind: 'doubt'; doubt: AccountCheck } & AccountFault)
  /** Something may have been started. */
  | { kind: 'unsure' }

/** What an account is to be parked for. */
export interface AccountFault {
  /** Scope `row`: calls of the row that was called, and of no other. `until` (epoch ms) absent: the usual wait of `reason`. */
  order: Omit<ParkOrder, 'scope'> & { scope: ParkOrder['scope'] | 'row' }
  /** What the provider is asked about the account before anything is parked. */
  doubt?: AccountCheck
}
