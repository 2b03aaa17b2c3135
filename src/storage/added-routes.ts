/**
 * Rows that the operator added, read where no built-in row matches: isolate cache, then KV. Here absence is kept as well,
 * since a new row need not work before a minute is over.
 */
import { addedRoutes, type AddedRoute } from '#domain/routing/added-route.ts'
import type { AddedRouteBook } from '#domain/ports/ports.ts'
import { Cached } from './cached.ts'
import { ISOLATE_CACHE_MS, keys, KV_CACHE_SECONDS } from './keys.ts'

export type AddedRouteCache = Cached<readonly AddedRoute[]>

const NAME = 'all'

export function makeAddedRouteCache(): AddedRouteCache {
  return new Cached<readonly AddedRoute[]>(ISOLATE_CACHE_MS, { entries: 1 })
}

export function makeAddedRouteBook(kv: KVNamespace, cache: AddedRouteCache): AddedRouteBook {
  return {
    async list() {
      const known = cache.peek(NAME, Date.now())
      if (known) return known
      const stored = await kv.get(keys.routes, { type: 'json', cacheTtl: KV_CACHE_SECONDS })
      const read = addedRoutes.safeParse(stored ?? [])
      const routes = read.success ? read.data : []
      cache.put(NAME, routes, Date.now())
      return routes
    },
    note: (routes) => cache.put(NAME, routes, Date.now()),
  }
}
