/**
 * Where a token uploads: what is uploaded to an account can be used there alone, so uploads that follow each other go to
 * one account, their home, for as many as it has slots.
 */
export interface Home {
  email: string
  since: number
  /** Uploads that went there. */
  used: number
}

interface HomeAccount {
  email: string
  maxJobs: number
  /** Jobs and uploads of the last minutes, as far as they are known. */
  load: number
}

export interface HomeChoice {
  /** Those that may be chosen, at least one. */
  accounts: readonly HomeAccount[]
  before: Home | undefined
  /** The one account that has private avatars or voices of the tenant. */
  likeness: string | undefined
  now: number
  homeMs: number
  random: () => number
}

/** `before` while it holds, else the owner of avatars and voices, else the account that is believed roomiest. */
export function homeOf(choice: HomeChoice): Home | undefined {
  const { accounts, before, likeness, now, homeMs } = choice
  const old = before && accounts.find(({ email }) => email === before.email)
  const isYoung = before !== undefined && now < before.since + homeMs && now >= before.since
  const isFull = old !== undefined && before !== undefined && before.used >= old.maxJobs
  if (before && old && isYoung && !isFull) return before
  const owner = accounts.find(({ email }) => email === likeness)
  // One that has just taken as many as it has slots is passed over once, or it would have to hold them all.
  const isSpent = isYoung && isFull && before?.email === owner?.email
  const chosen = owner && !(isSpent && accounts.length > 1) ? owner : roomiest(choice)
  return chosen && { email: chosen.email, since: now, used: 0 }
}

function roomiest({ accounts, random }: HomeChoice): HomeAccount | undefined {
  const drawn = accounts.map((account) => ({ account, lot: random() }))
  const room = ({ maxJobs, load }: HomeAccount) => maxJobs - load
  return drawn.toSorted((a, b) => room(b.account) - room(a.account) || a.lot - b.lot)[0]?.account
}
