/**
 * A tenant's accounts at a provider, one KV value, written by TenantDesk alone. Eventually consistent: nothing here
 * decides capacity; AccountSlots does. A version that was once seen is never followed by an older one.
 */
import { accountSnapshot, type AccountSnapshot } from '#domain/accounts/account.ts'
import type { AccountBook } from '#domain/ports/ports.ts'
import type { Desk } from '#domain/ports/desk.ts'
import { Cached } from './cached.ts'
import { ISOLATE_CACHE_MS, keys, KV_CACHE_SECONDS } from './keys.ts'

export type AccountCache = Cached<AccountSnapshot>

export function makeAccountCache(): AccountCache {
  return new Cached<AccountSnapshot>(ISOLATE_CACHE_MS, {
    entries: 5000,
    chars: 16_000_000,
    // Sealed credentials and sessions are what is long.
    weigh: (snapshot) => JSON.stringify(snapshot).length,
  })
}

export function makeAccountBook(
  kv: KVNamespace,
  cache: AccountCache,
  deskOf: (tenant: string, provider: string) => Desk
): AccountBook {
  const note = (key: string, snapshot: AccountSnapshot) => {
    const last = cache.last(key)
    const newest = last && last.version > snapshot.version ? last : snapshot
    cache.put(key, newest, Date.now())
    return newest
  }
  const fresh = async (tenant: string, provider: string) =>
    note(keys.accounts(tenant, provider), await deskOf(tenant, provider).snapshot())
  return {
    fresh,
    note: (tenant, provider, snapshot) => void note(keys.accounts(tenant, provider), snapshot),
    async list(tenant, provider) {
      const key = keys.accounts(tenant, provider)
      const known = cache.peek(key, Date.now())
      if (known && known.accounts.length > 0) return known
      const stored = await readSnapshot(kv, key)
      if (stored && stored.accounts.length > 0) return note(key, stored)
      return fresh(tenant, provider)
    },
  }
}

async function readSnapshot(kv: KVNamespace, key: string): Promise<AccountSnapshot | undefined> {
  const stored = await kv.get(key, { type: 'json', cacheTtl: KV_CACHE_SECONDS })
  const read = accountSnapshot.safeParse(stored)
  return read.success ? read.data : undefined
}
