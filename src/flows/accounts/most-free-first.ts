/**
 * Orders accounts by free slots, most first. It asks only a few of them, drawn at random. An account that does not answer comes
 * last. For uploads, because an upload can be used on its own account only.
 */
import type { Account } from '#domain/accounts/account.ts'
import type { Ports } from '#domain/ports/ports.ts'

const ASKED_MAX = 6

/** `accounts` in random order. */
export async function mostFreeFirst(
  ports: Ports,
  accounts: readonly Account[]
): Promise<Account[]> {
  const drawn = accounts.slice(0, ASKED_MAX)
  const rooms = drawn.map(async (account) => {
    const view = await ports
      .slots(account.key)
      .view(account.tenant)
      .catch(() => undefined)
    return { account, free: view ? view.maxJobs - view.held : -1 }
  })
  const sorted = (await Promise.all(rooms)).toSorted((a, b) => b.free - a.free)
  return sorted.map(({ account }) => account)
}
