/** Decides whether an older call goes to the provider as it is, or is carried by newer calls (contract sections 11 and 14.11). */
import type { Account } from '#domain/accounts/account.ts'

/** The setting `LEGACY`. */
export type LegacyMode = 'auto' | 'bridge' | 'pass'

/**
 * `auto` passes a call only if every account of the tenant is known to have its family, parked accounts too. Newer calls work on
 * every account, so an account of which nothing is known counts as one that lacks the family.
 */
export function isCarried(
  mode: LegacyMode,
  accounts: readonly Pick<Account, 'legacy'>[],
  family: string
): boolean {
  if (mode !== 'auto') return mode === 'bridge'
  return accounts.some(({ legacy }) => legacy?.[family] !== 'alive')
}
