/**
 * Finds tokens by hash: in the isolate's cache, in KV, or at the registrar. KV may be out of date and caches misses, so the
 * registrar is asked for a token that KV does not know. A removed token may work for up to a minute in other places.
 */
import type { TokenStore } from '#domain/ports/ports.ts'
import type { Registrar } from '#domain/ports/desk.ts'
import { tokenRecord, type TokenRecord } from '#domain/access/token.ts'
import { Cached } from './cached.ts'
import { ISOLATE_CACHE_MS, keys, KV_CACHE_SECONDS, SECRET_CACHE_MS } from './keys.ts'

export interface TokenCache {
  /** By hash. */
  records: Cached<TokenRecord>
  /** The hashes of tokens that were found, by the token itself. */
  hashes: Cached<string>
}

export function makeTokenCache(now: () => number): TokenCache {
  const weigh = (token: TokenRecord) => JSON.stringify(token).length
  return {
    records: new Cached(ISOLATE_CACHE_MS, { entries: 10_000, chars: 8_000_000, weigh }, now),
    hashes: new Cached(SECRET_CACHE_MS, { entries: 10_000 }, now),
  }
}

export function makeTokenStore(
  kv: KVNamespace,
  { records, hashes }: TokenCache,
  registrar: Registrar
): TokenStore {
  return {
    async find(hash, isLimited) {
      const cached = records.peek(hash)
      if (cached) return cached
      const stored = await readToken(kv, hash)
      if (stored) records.put(hash, stored)
      if (stored) return stored
      if (await isLimited()) return 'limited'
      const found = await registrar.findToken(hash)
      if (found) records.put(hash, found)
      return found
    },
    hashOf(token) {
      hashes.dropExpired()
      return hashes.peek(token)
    },
    noteFound: (token, hash) => hashes.put(token, hash),
    forget: (hash) => records.delete(hash),
  }
}

async function readToken(kv: KVNamespace, hash: string): Promise<TokenRecord | undefined> {
  const stored = await kv.get(keys.token(hash), { type: 'json', cacheTtl: KV_CACHE_SECONDS })
  const read = tokenRecord.safeParse(stored)
  return read.success ? read.data : undefined
}
