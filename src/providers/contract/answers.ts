/**
 * The part `answers`: what the provider's answer to one call means for the account of the call, and the gateway's own errors in
 * the shape that the provider's clients parse. Pure functions of one answer. Bodies are parsed JSON; undefined: it is not JSON.
 */
import type { AccountCheck } from '#domain/accounts/park-after-refusal.ts'
import type { ParkOrder } from '#domain/accounts/parking.ts'
import type { ErrorCode } from '#domain/runtime/errors.ts'
import type { JobReport } from '#domain/slots/lease.ts'
import type { RouteMatch } from './route-row.ts'

export interface ProviderAnswers {
  /**
   * Maps every refusal that the provider documents to a verdict. If in doubt, return `unsure`: then the
   * creation is never sent a second time. `park` and `doubt` say that the account is at fault, `caller` that the request is.
   */
  judge(answer: JudgedAnswer): Verdict
  /**
   * Whether the answer says, in the provider's own words, that the thing does not exist. Absent: a 404 or 410 in JSON says so.
   */
  saysUnknown?(answer: { status: number; body: unknown }): boolean
  /** Whether a refusal says that another call under the same Idempotency-Key still runs. Absent: none does. */
  saysInProgress?(answer: { status: number; body: unknown }): boolean
  /** Whether a refusal says that something which the call names is not ready yet, and will be. Absent: none does. */
  saysNotReady?(answer: { status: number; body: unknown }): boolean
  /** What the end of a job says about its account, for example that the account has no credit. Absent or undefined: nothing. */
  suspectedFaultOf?(report: JobReport): AccountFault | undefined
  /** The JSON body of an error of the gateway on `path`, as the provider writes its own errors there. */
  errorBody(path: string, error: OwnError): unknown
}

export interface JudgedAnswer {
  status: number
  headers: Headers
  body: unknown
  /** Whether the call would have started a job. */
  isJobCall: boolean
  /** Epoch ms, when the answer came. */
  now: number
  /** The row that was called, if it is known. */
  match?: RouteMatch | undefined
}

/** An error of the gateway's own (`domain/runtime/errors.ts`). */
export interface OwnError {
  code: ErrorCode
  /** The HTTP status that it is sent with. */
  status: number
  /** One sentence for a developer. */
  message: string
  requestId: string
  /** The provider's own code for the error, if it has one. */
  providerCode?: string | number
  /** The field of the request that is wrong. */
  field?: string
}

/** What an answer means for the account that gave it. The helpers that make these: `shared/verdicts.ts`. */
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
