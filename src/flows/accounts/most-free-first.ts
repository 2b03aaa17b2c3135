/**
 * Where to upload: what is uploaded to an account can be used there alone, so the account with the most free slots is
 * taken, before the first byte. A few are asked, drawn at random; an account that cannot be asked comes last.
 */
import type { Account } from '#domain/accounts/account.ts'
import type { Ports } from '#domain/ports/ports.ts'

const ASKED_MAX = 6

/** `accounts` in random order. */
export async function roomiestFirst(
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
