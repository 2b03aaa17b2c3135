/** Decides what is wrong with an account, from its parkings and its webhook. */
import type { Parking } from '#domain/accounts/parking.ts'
import type { Hook } from '#domain/events/webhook.ts'
import type { AlertKind } from './alert.ts'
import type { Fault } from './alert-state.ts'

/**
 * How often in a row the provider itself must have refused an account. One refusal may be the provider's own outage, which the next
 * check shows a minute later.
 */
const REFUSALS_MIN = 2
/** How often a registration must have failed. The pauses double, so this is after about three minutes. */
const HOOK_TRIES_MIN = 3

export interface AccountFacts {
  /** The account was removed: nothing of it is wrong any more. */
  isRemoved: boolean
  parkings: readonly Parking[]
  hook: Hook | undefined
}

/** The faults of each kind that the facts say something about. Undefined: nothing is wrong. A kind that is absent: not known. */
export type AccountFaults = Partial<Record<AlertKind, Fault | undefined>>

export function faultsOf({ isRemoved, parkings, hook }: AccountFacts, now: number): AccountFaults {
  if (isRemoved)
    return {
      account_parked: undefined,
      credential_dead: undefined,
      webhook_missing: undefined,
      balance_low: undefined,
    }
  const standing = parkings.filter((parking) => stands(parking, now))
  // Before the second refusal nothing is known: neither that it is dead nor that it is well.
  const isUnsure = standing.some(isFirstRefusal)
  const sure = standing.filter((parking) => !isFirstRefusal(parking))
  const dead = sure.find(({ reason }) => reason === 'credential')
  const blocked = longest(sure.filter(({ reason }) => PARKED.includes(reason)))
  // Without a credential no webhook can be registered. That is no second fault.
  const canRegister = dead === undefined && !isUnsure
  return {
    ...(isUnsure && !(dead ?? blocked)
      ? {}
      : {
          account_parked: toFault(blocked ?? dead),
          credential_dead: toFault(dead),
        }),
    ...(canRegister ? { webhook_missing: hookFault(hook) } : {}),
  }
}

const PARKED = ['blocked', 'credit', 'limit']

/** A proved parking stands until a check lifts it, also in the moment in which its time is over and it is checked. */
function stands({ until, isProved, reason }: Parking, now: number): boolean {
  const isTold = PARKED.includes(reason) || reason === 'credential'
  return isTold && (isProved === true || until > now)
}

function isFirstRefusal({ isProved, streak }: Parking): boolean {
  return isProved === true && streak < REFUSALS_MIN
}

function longest(parkings: readonly Parking[]): Parking | undefined {
  return parkings.toSorted((a, b) => b.until - a.until)[0]
}

function toFault(parking: Parking | undefined): Fault | undefined {
  if (!parking) return undefined
  const { reason, detail, scope, until } = parking
  return { reason, detail, scope, until }
}

function hookFault(hook: Hook | undefined): Fault | undefined {
  if (hook?.state !== 'failed' || hook.tries < HOOK_TRIES_MIN) return undefined
  return { reason: 'failed', detail: hook.message ?? 'it could not be registered' }
}

/** When a parking ends by its time alone. The account must be looked at again then. Undefined: none does. */
export function parkedUntil(parkings: readonly Parking[], now: number): number | undefined {
  const ends = parkings.filter((one) => stands(one, now) && !one.isProved).map((one) => one.until)
  return ends.length === 0 ? undefined : Math.min(...ends)
}
