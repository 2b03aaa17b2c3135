/** Puts accounts in the order in which they are tried: random, so that equal accounts are used evenly (seed 000). */
import type { Account } from './account.ts'
import { recordedParking } from './drained.ts'
import { LARGE_POOL } from './seen-full.ts'
import type { Hints } from './account-hints.ts'
import { findParking, type Parking, type Wish } from './parking.ts'

export interface Choice {
  /** Usable accounts in random order, then accounts that recently had no credit, then accounts that may be full, then those that seem full. */
  candidates: Account[]
  /** Accounts that seem parked for this call. Their objects are not asked. */
  parked: { account: Account; parking: Parking }[]
}

export function pickAccounts(
  accounts: readonly Account[],
  wish: Wish,
  hints: Hints,
  now: number,
  random: () => number
): Choice {
  const choice: Choice = { candidates: [], parked: [] }
  // In a small pool an even use matters more than a question saved.
  const isLarge = accounts.length >= LARGE_POOL
  const unpaid: Account[] = []
  const maybeFull: Account[] = []
  const full: Account[] = []
  for (const account of shuffled(accounts, random)) {
    const parking =
      recordedParking(account, wish) ?? findParking(hints.parkings(account.key, now), wish, now)
    if (parking) choice.parked.push({ account, parking })
    else if (wish.isJob && hints.isFull(account.key, now)) full.push(account)
    else if (wish.isJob && hints.isUnpaid(account.key, now)) unpaid.push(account)
    else if (wish.isJob && isLarge && hints.mayBeFull(account.key, now)) maybeFull.push(account)
    else choice.candidates.push(account)
  }
  choice.candidates.push(...unpaid, ...maybeFull, ...full)
  return choice
}

/** The Fisher–Yates shuffle. */
function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const result = [...items]
  for (let index = result.length - 1; index > 0; index -= 1) {
    const other = Math.floor(random() * (index + 1))
    const moved = result[index] as T
    result[index] = result[other] as T
    result[other] = moved
  }
  return result
}
