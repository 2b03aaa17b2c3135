/** Puts accounts in the order in which they are tried: at random unless the tenant chose another (seed 000). */
import type { Account } from './account.ts'
import { recordedParking } from './drained.ts'
import { orderOf, shuffled, type Balancing } from './balancing.ts'
import { LARGE_POOL } from './seen-full.ts'
import type { Hints } from './account-hints.ts'
import { findParking, type Parking, type Wish } from './parking.ts'

export interface Choice {
  /** Usable accounts in the tenant's order (at random, unless it chose another), then accounts that recently had no credit, then accounts that may be full, then those that seem full. */
  candidates: Account[]
  /** Accounts that seem parked for this call. Their objects are not asked. */
  parked: { account: Account; parking: Parking }[]
}

export function pickAccounts(
  accounts: readonly Account[],
  wish: Wish,
  hints: Hints,
  now: number,
  random: () => number,
  balancing: Balancing = 'random'
): Choice {
  const choice: Choice = { candidates: [], parked: [] }
  // In a small pool an even use matters more than a question saved.
  const isLarge = accounts.length >= LARGE_POOL
  const unpaid: Account[] = []
  const maybeFull: Account[] = []
  const full: Account[] = []
  // Weights and priorities share starts, not reads.
  const usedShare = (account: Account) => hints.usedShare(account, now)
  const ordered = wish.isJob
    ? orderOf(accounts, balancing, usedShare, random)
    : shuffled(accounts, random)
  for (const account of ordered) {
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
