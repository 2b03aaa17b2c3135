/** The order in which accounts are asked for a slot, as the tenant chose it. Pure. */
import type { Account } from './account.ts'

/** `random`: by weight. `least-used`: the account with the smallest share of its slots in use. `priority`: 1 before 5. */
export const BALANCES = ['random', 'least-used', 'priority'] as const
export type Balancing = (typeof BALANCES)[number]

export const WEIGHT_MAX = 100
export const PRIORITY_MAX = 5
const WEIGHT_UNLESS_SAID = 10
const PRIORITY_UNLESS_SAID = 3

/** An account's part in the choice. Absent: 10 and 3. */
export type AccountChoice = Pick<Account, 'weight' | 'priority'>

/** What a tenant sets for its accounts at one provider. */
export interface DeskSettings {
  balance?: Balancing
}

/** Null: as if it had never been set. Undefined: as it was. */
export interface AccountChoiceChange {
  weight?: number | null | undefined
  priority?: number | null | undefined
}

export function choiceOf({ weight, priority }: AccountChoice): AccountChoice {
  return {
    ...(weight === undefined ? {} : { weight }),
    ...(priority === undefined ? {} : { priority }),
  }
}

export function withChoice(account: Account, change: AccountChoiceChange): Account {
  const { weight, priority, ...rest } = account
  const heavy = change.weight === undefined ? weight : (change.weight ?? undefined)
  const urgent = change.priority === undefined ? priority : (change.priority ?? undefined)
  return {
    ...rest,
    ...(heavy === undefined ? {} : { weight: heavy }),
    ...(urgent === undefined ? {} : { priority: urgent }),
  }
}

/** `usedShare`: which share of its slots is in use, from 0 to 1. Accounts that are equal come in random order, by weight. */
export function orderOf(
  accounts: readonly Account[],
  balancing: Balancing,
  usedShare: (account: Account) => number,
  random: () => number
): Account[] {
  const drawn = shuffledByWeight(accounts, random)
  if (balancing === 'least-used') return sortedBy(drawn, usedShare)
  if (balancing === 'priority')
    return sortedBy(drawn, ({ priority = PRIORITY_UNLESS_SAID }) => priority)
  return drawn
}

function sortedBy(accounts: Account[], rankOf: (account: Account) => number): Account[] {
  const ranks = new Map(accounts.map((account) => [account, rankOf(account)]))
  return accounts.toSorted((a, b) => (ranks.get(a) ?? 0) - (ranks.get(b) ?? 0))
}

/** The first account is drawn by weight, then the second among the others, and so on. */
function shuffledByWeight(accounts: readonly Account[], random: () => number): Account[] {
  const weights = accounts.map(({ weight = WEIGHT_UNLESS_SAID }) => weight)
  if (weights.every((weight) => weight === weights[0])) return shuffled(accounts, random)
  // The time until an event of that rate. The account whose event comes first is first.
  const times = new Map(
    accounts.map((account, at) => [account, -Math.log(1 - random()) / (weights[at] ?? 1)])
  )
  return accounts.toSorted((a, b) => (times.get(a) ?? 0) - (times.get(b) ?? 0))
}

/** The Fisher–Yates shuffle. */
export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const result = [...items]
  for (let index = result.length - 1; index > 0; index -= 1) {
    const other = Math.floor(random() * (index + 1))
    const moved = result[index] as T
    result[index] = result[other] as T
    result[other] = moved
  }
  return result
}
