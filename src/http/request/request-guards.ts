/** The first middlewares: the request id, the ports, and refusals of odd paths and of our own deliveries. */
import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import { getPathNoStrict } from 'hono/utils/url'
import { AppError } from '#domain/runtime/errors.ts'
import { isPlainPath } from '#domain/routing/plain-path.ts'
import { ownScopeOf } from '#domain/visibility/own-scope.ts'
import { HOP_HEADER } from '#domain/text/headers.ts'
import type { Facts } from '#domain/runtime/log-line.ts'
import type { Platform } from '#domain/ports/platform.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { refuseUnsafeAt, type Settings } from '#domain/runtime/settings.ts'
import { newTimedId } from '#domain/text/time-ordered-id.ts'
import { addressOf, routedSurfaceOf } from './address.ts'
import type { AppEnv } from './app-env.ts'
import { aboutOf } from './log-requests.ts'

/**
 * Sets the request id, and general headers of the answer. The id is never the client's, because leases are named by it.
 * Ids sort by time, as the table of leases does.
 */
export function requestId({ now, newId }: Pick<Platform, 'now' | 'newId'>) {
  return createMiddleware<AppEnv>(async function requestId(c, next) {
    c.set('requestId', newTimedId(now(), newId()))
    await next().catch((thrown: unknown) => {
      // Some libraries throw values that are not an Error. Hono's onError does not handle those.
      throw thrown instanceof Error ? thrown : new Error(String(thrown))
    })
    const { headers } = c.res
    headers.set('X-Request-Id', c.get('requestId'))
    // An answer without Cache-Control is composed, secret or an error: nobody may store it. Browsers must not guess a type.
    if (!headers.has('Cache-Control')) headers.set('Cache-Control', 'no-store')
    headers.set('X-Content-Type-Options', 'nosniff')
    if (ownScopeOf(c.get('caller'))) hideAccounts(headers)
  })
}

/** What a token that sees only its own is never told, whoever set it: names. That something is missing it is told. */
function hideAccounts(headers: Headers): void {
  for (const name of ['X-Gateway-Account', 'X-Gateway-Parked']) headers.delete(name)
  if (headers.has('X-Gateway-Partial')) headers.set('X-Gateway-Partial', 'yes')
}

type MakePorts = (env: Env, defer: Ports['defer'], about: () => Facts) => Ports

export function withPorts(makePorts: MakePorts) {
  return createMiddleware<AppEnv>(async function withPorts(c, next) {
    c.set(
      'ports',
      makePorts(
        c.env,
        (work) => c.executionCtx.waitUntil(work),
        () => aboutOf(c)
      )
    )
    await next()
  })
}

/** Refuses requests that nobody may serve: at an address where a setting is unsafe, on odd paths, and deliveries of a gateway. */
export const guards = createMiddleware<AppEnv>(async function guards(c, next) {
  const { origin, pathname } = addressOf(c)
  refuseUnsafe(c.get('ports').settings, origin)
  refuseOddPath(pathname, isAsRouted(c))
  refuseLoop(c.req.header(HOP_HEADER))
  await next()
})

/** For each object of settings, the last origin at which they were safe. */
const safeAt = new WeakMap<Settings, string>()

/** Some settings are safe on loopback only. */
function refuseUnsafe(settings: Settings, origin: string): void {
  if (safeAt.get(settings) === origin) return
  refuseUnsafeAt(settings, origin)
  safeAt.set(settings, origin)
}

/**
 * Whether the router reads the path as the URL does, so that no `..` or `\\` leads from a provider's paths to ours or among ours. It
 * compares texts, while a URL resolves such segments.
 */
function isAsRouted(c: Context<AppEnv>): boolean {
  const { origin, pathname, surface } = addressOf(c)
  if (c.req.path === pathname) return true
  if (surface.kind === 'drop-in') return routedSurfaceOf(c).kind === 'drop-in'
  return c.req.path === getPathNoStrict({ url: origin + pathname } as Request)
}

/** Refuses paths that the provider could read differently: empty segments, encoded slashes, broken encodings. */
function refuseOddPath(pathname: string, isAsRouted: boolean): void {
  if (isAsRouted && (pathname === '/' || isPlainPath(pathname))) return
  throw new AppError('bad_request', 'The path has an empty, relative or badly encoded segment.')
}

/** Refuses deliveries of a gateway, which would otherwise be delivered again without end. */
function refuseLoop(hop: string | undefined): void {
  if (hop === undefined) return
  throw new AppError(
    'loop_detected',
    'This request is a delivery from a gateway. A gateway does not accept deliveries.'
  )
}
