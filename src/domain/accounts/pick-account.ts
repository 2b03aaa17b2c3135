/** Puts accounts in the order in which they are tried: random, so that equal accounts are used evenly (seed 000). */
import type { Account } from './account.ts'
import { importedParking } from './imported.ts'
import type { Hints } from './account-hints.ts'
import { findParking, type Parking, type Wish } from './parking.ts'

export interface Choice {
  /** Usable accounts in random order, then accounts that recently had no credit, then accounts that seem full. */
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
  const unpaid: Account[] = []
  const full: Account[] = []
  for (const account of shuffled(accounts, random)) {
    const parking =
      importedParking(account) ?? findParking(hints.parkings(account.key, now), wish, now)
    if (parking) choice.parked.push({ account, parking })
    else if (wish.isJob && hints.isFull(account.key, now)) full.push(account)
    else if (wish.isJob && hints.isUnpaid(account.key, now)) unpaid.push(account)
    else choice.candidates.push(account)
  }
  choice.candidates.push(...unpaid, ...full)
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
