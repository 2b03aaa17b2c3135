/**
 * Decides whether a refusal, such as a 401, parks the account (decision 0028). A refusal may be the fault of the request, the
 * credential or the account. So the account's object first asks the provider about the account, and `decideParking` decides
 * by that answer.
 */
import type { ParkOrder, Parking } from './parking.ts'

/** What to ask the provider. `key`: whether the credential is valid. `funds`: whether the account can pay for anything. */
export type AccountCheck = 'key' | 'funds'

/** A refusal that may be the account's fault. Without `doubt` it certainly is, and `order` is carried out. */
export interface SuspectedFault {
  order: ParkOrder
  doubt?: AccountCheck
  /** Which credential the call used, if the account has several. */
  part?: string
  /** The sealed credential that the call used. */
  used?: string
  tenant?: string
  /** The row of the call, and the status of the provider's answer. Only for people. */
  seen?: { route: string; status?: number }
  /** One request parks at most one account. */
  mayPark: boolean
}

/**
 * `parked`: the account was at fault and is parked. `refused`: it was at fault, but this request has parked another account
 * already. `good`: the request was at fault. `newer`: the account has a newer credential. `unknown`: the provider could not be
 * asked, so nothing changes.
 */
export type CheckResult =
  | { kind: 'parked'; parking: Parking }
  | { kind: 'refused' | 'good' | 'newer' | 'unknown' }

/** What the provider says about an account when it is asked. */
export interface AccountStatus {
  /** `refused`: by the provider itself, in its own error body. `unknown`: any other failure. */
  key: 'good' | 'refused' | 'blocked' | 'unknown'
  /** Why the account is blocked, for clients. */
  detail?: string
  /** What the account has no credit for: `jobs`, or `meter:x`. */
  spent?: string[]
}

export type ParkDecision = { kind: 'park'; order: ParkOrder } | { kind: 'good' | 'unknown' }

/**
 * Decides by the provider's answer. `splitPart`: the credential that was checked, if the account has several.
 * Returns `park`: carry out `order`; `good`: the request was at fault; `unknown`: nothing changes.
 */
export function decideParking(
  { order, doubt }: Pick<SuspectedFault, 'order' | 'doubt'>,
  { key, detail, spent = [] }: AccountStatus,
  splitPart: string | undefined
): ParkDecision {
  if (doubt === undefined) return { kind: 'park', order }
  if (key === 'unknown') return { kind: 'unknown' }
  const confirmed = {
    isProved: true,
    ...(splitPart === undefined ? {} : { part: splitPart }),
  } as const
  const scope = splitPart === undefined ? 'all' : (`key:${splitPart}` as const)
  if (key === 'blocked') {
    const why = detail ?? 'the provider has blocked it'
    return { kind: 'park', order: { scope: 'all', reason: 'blocked', detail: why, ...confirmed } }
  }
  if (key === 'refused') {
    const why = detail ?? 'the provider refused its credential'
    return { kind: 'park', order: { scope, reason: 'credential', detail: why, ...confirmed } }
  }
  if (doubt === 'key' || !spent.includes(order.scope)) return { kind: 'good' }
  return { kind: 'park', order }
}

const NAME_MAX = 120

/** The name of a call's row. Without a row it is the path, with `{id}` where a segment looks like an id. */
export function rowName(
  method: string,
  path: string,
  route: { method: string; path: string } | undefined
): string {
  if (route) return `${route.method} ${route.path}`
  const template = path
    .split('/')
    .map((segment) => (isLikeAnId(segment) ? '{id}' : segment))
    .join('/')
  return `${method === 'HEAD' ? 'GET' : method} ${template}`.slice(0, NAME_MAX)
}

function isLikeAnId(segment: string): boolean {
  return /\d{4,}/.test(segment) || /^[0-9a-f-]{12,}$/i.test(segment) || segment.length > 40
}
