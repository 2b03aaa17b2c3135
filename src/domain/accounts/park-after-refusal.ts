/**
 * Who is at fault when a call is refused: the request, the key or the account (decision 0028). A refusal is doubted before it
 * parks anything: the account's object asks the provider about the account itself.
 */
import type { ParkOrder, Parking } from './parking.ts'

/** `key`: whether its credential is good. `funds`: whether it can pay anything at all. */
export type Doubt = 'key' | 'funds'

/** What a call met. Without a doubt it is the account's, and `order` is carried out. */
export interface Fault {
  order: ParkOrder
  doubt?: Doubt
  /** Which of the account's credentials the call went with, where it may have several. */
  part?: string
  /** The sealed credential it went with. */
  used?: string
  tenant?: string
  /** One request parks at most one account. */
  mayPark: boolean
}

/**
 * `parked`: the account's, and parked. `refused`: the account's, but this request has parked another. `good`: the request's.
 * `newer`: the account has another credential by now. `unknown`: the provider could not be asked; nothing is concluded.
 */
export type Finding =
  | { kind: 'parked'; parking: Parking }
  | { kind: 'refused' | 'good' | 'newer' | 'unknown' }

/** What the provider says of an account when it is asked. */
export interface Standing {
  /** `refused`: in its own envelope. `unknown`: anything that proves nothing. */
  key: 'good' | 'refused' | 'blocked' | 'unknown'
  /** What a client is told of a block. */
  detail?: string
  /** What nothing can be paid of any more: `jobs`, or `meter:x`. */
  spent?: string[]
}

export type ParkDecision = { kind: 'guilty'; order: ParkOrder } | { kind: 'good' | 'unknown' }

/** `splitPart`: the credential that was asked about, where the account has others beside it. */
export function decideParking(
  { order, doubt }: Pick<Fault, 'order' | 'doubt'>,
  { key, detail, spent = [] }: Standing,
  splitPart: string | undefined
): ParkDecision {
  if (doubt === undefined) return { kind: 'guilty', order }
  if (key === 'unknown') return { kind: 'unknown' }
  const proved = {
    isProved: true,
    ...(splitPart === undefined ? {} : { part: splitPart }),
  } as const
  const scope = splitPart === undefined ? 'all' : (`key:${splitPart}` as const)
  if (key === 'blocked') {
    const why = detail ?? 'the provider has blocked it'
    return { kind: 'guilty', order: { scope: 'all', reason: 'blocked', detail: why, ...proved } }
  }
  if (key === 'refused') {
    const why = detail ?? 'the provider refused its credential'
    return { kind: 'guilty', order: { scope, reason: 'credential', detail: why, ...proved } }
  }
  if (doubt === 'key' || !spent.includes(order.scope)) return { kind: 'good' }
  return { kind: 'guilty', order }
}

const NAME_MAX = 120

/** What a call is remembered under: the row that it is of, or its path with what looks like an id left out. */
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

/** More than half of a pool, and two or more: then it is rather the provider that is ill. */
export function isOutage(refused: number, pool: number): boolean {
  return refused >= 2 && refused * 2 > pool
}
