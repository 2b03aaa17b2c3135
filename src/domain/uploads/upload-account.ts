/**
 * Chooses the home account of a token: the account that gets its uploads. An upload can be used on its own account only, so
 * uploads that follow each other go to one account, as many as it has slots.
 */
export interface Home {
  email: string
  since: number
  /** How many uploads the account has got as home. */
  used: number
}

interface HomeAccount {
  email: string
  maxJobs: number
  /** The account's known jobs and its uploads of the last minutes. */
  load: number
}

export interface HomeChoice {
  /** The accounts to choose from, at least one. */
  accounts: readonly HomeAccount[]
  before: Home | undefined
  /** The account that has the tenant's private avatars or voices, if it is only one. */
  likeness: string | undefined
  now: number
  homeMs: number
  random: () => number
}

/** Keeps the home `before` while it is valid. Else picks the owner of avatars and voices, else the account with most free slots. */
export function homeOf(choice: HomeChoice): Home | undefined {
  const { accounts, before, likeness, now, homeMs } = choice
  const old = before && accounts.find(({ email }) => email === before.email)
  const isYoung = before !== undefined && now < before.since + homeMs && now >= before.since
  const isFull = old !== undefined && before !== undefined && before.used >= old.maxJobs
  if (before && old && isYoung && !isFull) return before
  const owner = accounts.find(({ email }) => email === likeness)
  // An owner that just got as many uploads as it has slots is skipped once. Otherwise it would get all uploads.
  const isSpent = isYoung && isFull && before?.email === owner?.email
  const chosen = owner && !(isSpent && accounts.length > 1) ? owner : mostFree(choice)
  return chosen && { email: chosen.email, since: now, used: 0 }
}

function mostFree({ accounts, random }: HomeChoice): HomeAccount | undefined {
  const drawn = accounts.map((account) => ({ account, lot: random() }))
  const room = ({ maxJobs, load }: HomeAccount) => maxJobs - load
  return drawn.toSorted((a, b) => room(b.account) - room(a.account) || a.lot - b.lot)[0]?.account
}
