/**
 * Finds tokens by hash: in the isolate's cache, in KV, or at the registrar. KV may be out of date and caches misses, so the
 * registrar is asked for a token that KV does not know. A removed token may work for up to a minute in other places.
 */
import type { TokenStore } from '#domain/ports/ports.ts'
import type { Registrar } from '#domain/ports/desk.ts'
import { tokenRecord, type TokenRecord } from '#domain/access/token.ts'
import { Cached } from './cached.ts'
import { ISOLATE_CACHE_MS, keys, KV_CACHE_SECONDS } from './keys.ts'

export type TokenCache = Cached<TokenRecord>

export function makeTokenCache(now: () => number): TokenCache {
  return new Cached<TokenRecord>(
    ISOLATE_CACHE_MS,
    {
      entries: 10_000,
      chars: 8_000_000,
      weigh: (token) => JSON.stringify(token).length,
    },
    now
  )
}

export function makeTokenStore(
  kv: KVNamespace,
  cache: TokenCache,
  registrar: Registrar
): TokenStore {
  return {
    async find(hash, isLimited) {
      const known = cache.peek(hash) ?? (await readToken(kv, hash))
      if (known) {
        if (cache.peek(hash) === undefined) cache.put(hash, known)
        return known
      }
      if (await isLimited()) return 'limited'
      const found = await registrar.findToken(hash)
      if (found) cache.put(hash, found)
      return found
    },
    forget: (hash) => cache.delete(hash),
  }
}

async function readToken(kv: KVNamespace, hash: string): Promise<TokenRecord | undefined> {
  const stored = await kv.get(keys.token(hash), { type: 'json', cacheTtl: KV_CACHE_SECONDS })
  const read = tokenRecord.safeParse(stored)
  return read.success ? read.data : undefined
}
