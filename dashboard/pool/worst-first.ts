/** Which account needs a person most. Pure. */
import type { PoolAccount } from '../api-types.ts'

/** `broken`: takes no jobs until somebody acts. `hurt`: takes fewer jobs, or works without something. `well`: nothing to do. */
export type Health = 'broken' | 'hurt' | 'well'

const PLACES: Record<Health, number> = { broken: 0, hurt: 1, well: 2 }

export function healthOf(account: PoolAccount): Health {
  const { state, session, balance, webhook, parked, deliveries } = account
  if (state === 'key_missing' || state === 'unreachable' || state === 'parked') return 'broken'
  if (session?.error || (balance && balance.amount <= 0)) return 'broken'
  if (webhook.state === 'missing' || parked.length > 0) return 'hurt'
  if (deliveries.dead > 0 || deliveries.failing > 0) return 'hurt'
  return 'well'
}

/** Full is not worse than free, so that a card does not move when a job starts or ends. */
export function worstFirst(accounts: PoolAccount[]): PoolAccount[] {
  return accounts.toSorted(
    (one, other) =>
      PLACES[healthOf(one)] - PLACES[healthOf(other)] || nameOf(one).localeCompare(nameOf(other))
  )
}

function nameOf({ tenant, provider, email }: PoolAccount): string {
  return `${tenant} ${provider} ${email}`
}
