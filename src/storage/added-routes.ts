/**
 * Reads the routes that the operator added, from the isolate's cache or KV. They are read only if no built-in route matches. An
 * empty list is cached, too, so a new route may take a minute to work.
 */
import { addedRoutes, type AddedRoute } from '#domain/routing/added-route.ts'
import type { AddedRouteStore } from '#domain/ports/ports.ts'
import { Cached } from './cached.ts'
import { ISOLATE_CACHE_MS, keys, KV_CACHE_SECONDS } from './keys.ts'

export type AddedRouteCache = Cached<readonly AddedRoute[]>

const NAME = 'all'

export function makeAddedRouteCache(now: () => number): AddedRouteCache {
  return new Cached<readonly AddedRoute[]>(ISOLATE_CACHE_MS, { entries: 1 }, now)
}

export function makeAddedRouteStore(kv: KVNamespace, cache: AddedRouteCache): AddedRouteStore {
  return {
    async list() {
      const known = cache.peek(NAME)
      if (known) return known
      const stored = await kv.get(keys.routes, { type: 'json', cacheTtl: KV_CACHE_SECONDS })
      const read = addedRoutes.safeParse(stored ?? [])
      const routes = read.success ? read.data : []
      cache.put(NAME, routes)
      return routes
    },
    remember: (routes) => cache.put(NAME, routes),
  }
}
