/**
 * Tokens by hash: isolate cache, then KV, then the registrar object. KV is eventually consistent and caches misses,
 * so what it does not know is asked of the object. A removed token can live on for a minute in other places.
 */
import type { TokenBook } from '#domain/ports/ports.ts'
import type { Registrar } from '#domain/ports/desk.ts'
import { tokenRecord, type TokenRecord } from '#domain/access/token.ts'
import { Cached } from './cached.ts'
import { ISOLATE_CACHE_MS, keys, KV_CACHE_SECONDS } from './keys.ts'

export type TokenCache = Cached<TokenRecord>

export function makeTokenCache(): TokenCache {
  return new Cached<TokenRecord>(ISOLATE_CACHE_MS, {
    entries: 10_000,
    chars: 8_000_000,
    weigh: (token) => JSON.stringify(token).length,
  })
}

export function makeTokenBook(kv: KVNamespace, cache: TokenCache, registrar: Registrar): TokenBook {
  return {
    async find(hash, damp) {
      const known = cache.peek(hash, Date.now()) ?? (await readToken(kv, hash))
      if (known) {
        if (cache.peek(hash, Date.now()) === undefined) cache.put(hash, known, Date.now())
        return known
      }
      if (await damp()) return 'damped'
      const found = await registrar.findToken(hash)
      if (found) cache.put(hash, found, Date.now())
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
