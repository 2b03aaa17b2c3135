/**
 * Keeps copies of long lists of public rows: in the isolate and in KV, as text. A copy decides nothing. One that is lost is read
 * again, and of two isolates that read at once the later one's progress stays.
 */
import { betterCopy, listCopy, type ListCopy } from '#domain/lists/list-copy.ts'
import type { ListCopyStore } from '#domain/ports/ports.ts'
import { Cached } from './cached.ts'
import { keys, KV_CACHE_SECONDS } from './keys.ts'

export type ListCopyCache = Cached<ListCopy>

/** After this time an isolate looks whether another one has read more. */
const CACHE_MS = 10 * 60_000
const EXPIRY_SECONDS_MIN = 60
/** KV takes 25 MiB. */
const BYTES_MAX = 24 * 1024 * 1024
/** What a row takes, roughly. Measuring it would cost more than it is worth. */
const ROW_CHARS = 1000

export function makeListCopyCache(now: () => number): ListCopyCache {
  return new Cached<ListCopy>(
    CACHE_MS,
    {
      entries: 200,
      chars: 30_000_000,
      weigh: ({ whole, part }) =>
        ROW_CHARS * ((whole?.rows.length ?? 0) + (part?.rows.length ?? 0)),
    },
    now
  )
}

export function makeListCopyStore(
  kv: KVNamespace,
  cache: ListCopyCache,
  keepMs: number
): ListCopyStore {
  const expirationTtl = Math.max(EXPIRY_SECONDS_MIN, Math.ceil(keepMs / 1000))
  return {
    async find(list) {
      const key = keys.listCopy(list)
      const known = cache.peek(key)
      if (known) return known
      // Without KV the list is read again.
      const stored = await kv
        .get(key, { type: 'json', cacheTtl: KV_CACHE_SECONDS })
        .catch(() => undefined)
      const read = listCopy.safeParse(stored)
      const copy = betterCopy(cache.last(key), read.success ? read.data : undefined)
      if (copy) cache.put(key, copy)
      return copy
    },
    remember: (list, copy) => cache.put(keys.listCopy(list), copy),
    async save(list, copy) {
      const bytes = new TextEncoder().encode(JSON.stringify(copy))
      if (bytes.byteLength > BYTES_MAX) return
      await kv.put(keys.listCopy(list), bytes, { expirationTtl })
    },
  }
}
