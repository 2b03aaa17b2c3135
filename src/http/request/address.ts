/** What the URL of a request says. It is parsed once, because every request needs it several times. */
import type { Context } from 'hono'
import { PROVIDERS } from '#providers/index.ts'
import type { RouteMatch } from '#providers/contract/provider.ts'
import type { AppEnv } from './app-env.ts'
import { surfaceOf, type Surface } from './surface.ts'

export interface Address {
  origin: string
  /** As the client wrote it, not decoded. */
  pathname: string
  search: string
  surface: Surface
  /** The row of a drop-in path, once somebody asked for it. */
  match?: RouteMatch | undefined
}

const known = new WeakMap<Request, Address>()

export function addressOf({ req }: Context<AppEnv>): Address {
  const found = known.get(req.raw)
  if (found) return found
  const { origin, pathname, search } = new URL(req.url)
  const address = { origin, pathname, search, surface: surfaceOf(pathname, PROVIDERS) }
  known.set(req.raw, address)
  return address
}

/** The row of a drop-in path; undefined: there is none. Throws if the path cannot be decoded. */
export function matchOf(c: Context<AppEnv>): RouteMatch | undefined {
  const address = addressOf(c)
  const { surface } = address
  if (surface.kind === 'own') return undefined
  if (!('match' in address)) {
    address.match = surface.provider.routes.match(c.req.method, surface.path)
  }
  return address.match
}

/** The surface by the path as the router reads it: decoded. The router decides which handler serves the request. */
export function routedSurfaceOf(c: Context<AppEnv>): Surface {
  const { pathname, surface } = addressOf(c)
  return c.req.path === pathname ? surface : surfaceOf(c.req.path, PROVIDERS)
}
