/**
 * Reads a tenant's accounts at a provider: one KV value, which only TenantDesk writes. It may be out of date, so it decides
 * nothing about slots. AccountSlots does. An isolate never goes back to an older version.
 */
import { accountSnapshot, type AccountSnapshot } from '#domain/accounts/account.ts'
import type { AccountStore } from '#domain/ports/ports.ts'
import type { Desk } from '#domain/ports/desk.ts'
import { Cached } from './cached.ts'
import { ISOLATE_CACHE_MS, keys, KV_CACHE_SECONDS } from './keys.ts'

export type AccountCache = Cached<AccountSnapshot>

export function makeAccountCache(now: () => number): AccountCache {
  return new Cached<AccountSnapshot>(
    ISOLATE_CACHE_MS,
    {
      entries: 5000,
      chars: 16_000_000,
      // Sealed credentials and sessions are long texts.
      weigh: (snapshot) => JSON.stringify(snapshot).length,
    },
    now
  )
}

export function makeAccountStore(
  kv: KVNamespace,
  cache: AccountCache,
  deskOf: (tenant: string, provider: string) => Desk
): AccountStore {
  const remember = (key: string, snapshot: AccountSnapshot) => {
    const last = cache.last(key)
    const newest = last && last.version > snapshot.version ? last : snapshot
    cache.put(key, newest)
    return newest
  }
  const fresh = async (tenant: string, provider: string) =>
    remember(keys.accounts(tenant, provider), await deskOf(tenant, provider).snapshot())
  return {
    fresh,
    remember: (tenant, provider, snapshot) =>
      void remember(keys.accounts(tenant, provider), snapshot),
    async list(tenant, provider) {
      const key = keys.accounts(tenant, provider)
      const known = cache.peek(key)
      if (known && known.accounts.length > 0) return known
      const stored = await kv.get(key, { type: 'json', cacheTtl: KV_CACHE_SECONDS })
      const renewed = cache.renew(key, ({ version }) => isOfVersion(stored, version))
      if (renewed && renewed.accounts.length > 0) return renewed
      const { data: read } = accountSnapshot.safeParse(stored)
      if (read && read.accounts.length > 0) return remember(key, read)
      return fresh(tenant, provider)
    },
  }
}

/** The same version has the same accounts. To check each member of a hundred accounts takes as long as half a creation. */
function isOfVersion(stored: unknown, version: number): boolean {
  return typeof stored === 'object' && (stored as { version?: unknown } | null)?.version === version
}
