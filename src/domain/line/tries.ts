/** What is kept of the tries of a queued creation. An item that comes back every half a minute for a week would outgrow its row. */
import type { Try } from '#domain/queue/item.ts'

/** Begins the reason of an item that came back because it got an account parked. A request may park one account at most. */
export const PARKED = 'parked: '
/** A 429 is about the account at this moment, so it says nothing about the item, however many accounts answer it. */
export const BUSY = `${PARKED}busy`
/** The same without a parking: the provider counts jobs that the gateway does not see. */
export const FULL_THERE = 'full at the provider'
/** The provider said that a job named in the item has not ended. */
export const NOT_READY = 'not ready'

const KEPT_MAX = 20

/** An item goes back for an absent job once, whichever account has it then: how many of its leases ended so at other accounts. */
export function absentsElsewhere(tries: readonly Try[], account: string): number {
  const others = tries.filter((one) => one.account !== account)
  return others.reduce((sum, { absents = 0 }) => sum + absents, 0)
}

/** Whether the try got an account parked for something that may be the item's own fault. */
export function hasParked({ why = '' }: Try): boolean {
  return why.startsWith(PARKED) && why !== BUSY
}

/** Whether the provider said there that a job named in the item has not ended. */
export function wasNotReady({ why }: Try): boolean {
  return why === NOT_READY
}

/**
 * The latest ones, and those that decide something later: one that parked an account, one that came too early, and one under whose
 * first lease nothing ran. Nothing runs under the leases of the others, since their accounts have said so.
 */
export function keptTries(tries: readonly Try[]): Try[] {
  const isOld = (at: number) => at < tries.length - KEPT_MAX
  const decides = (one: Try, at: number) =>
    hasParked(one) || wasNotReady(one) || hasAbsent(one, tries.slice(0, at))
  return tries.filter((one, at) => !isOld(at) || decides(one, at))
}

/** It may hold the id of a lease that ended as `absent`. An account counts all of its tries, so what an earlier one said tells no more. */
function hasAbsent({ account, leaseIds, absents }: Try, before: readonly Try[]): boolean {
  if (leaseIds.length <= 1 || absents === 0) return false
  const isSaid = (one: Try) =>
    one.account === account && one.leaseIds.length > 1 && one.absents === absents
  return absents === undefined || !before.some((one) => isSaid(one))
}
