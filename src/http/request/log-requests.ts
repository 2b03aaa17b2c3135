/**
 * One line of the log for each request: who called which route, what came of it, where, and how long it took. The route
 * stands there as its template, so that no id, hook id or ticket of a path does. It costs no question to anything.
 */
import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import { matchedRoutes } from 'hono/route'
import { emailFromHeader } from '#domain/accounts/account.ts'
import type { Facts } from '#domain/runtime/log-line.ts'
import { PROVIDERS } from '#providers/index.ts'
import type { AppEnv } from './app-env.ts'
import { surfaceOf } from './surface.ts'

type WriteLog = (event: string, about: Facts, facts: Facts) => void

/** What every line that is written during a request says. */
export function aboutOf(c: Context<AppEnv>): Facts {
  const caller = c.get('caller') as AppEnv['Variables']['caller'] | undefined
  const behalf = c.get('onBehalfOf') as AppEnv['Variables']['onBehalfOf'] | undefined
  return {
    requestId: c.get('requestId'),
    tenant: caller?.tenant ?? behalf?.tenant,
    token: caller?.id,
  }
}

/** Until the answer's headers: a body that streams goes on. A client that leaves does not keep its line from being written. */
export function logRequests(writeLog: WriteLog) {
  return createMiddleware<AppEnv>(async function logRequests(c, next) {
    const startedAt = Date.now()
    const logged = next().then(() => writeLog('request', aboutOf(c), factsOf(c, startedAt)))
    c.executionCtx.waitUntil(logged)
    await logged
  })
}

function factsOf(c: Context<AppEnv>, startedAt: number): Facts {
  const now = Date.now()
  const { headers, status } = c.res
  const ports = c.get('ports') as AppEnv['Variables']['ports'] | undefined
  const upstreamMs = ports?.upstream.ms(now) ?? 0
  const behalf = c.get('onBehalfOf') as AppEnv['Variables']['onBehalfOf'] | undefined
  const email = headers.get('x-gateway-account')
  return {
    method: c.req.method,
    route: templateOf(c),
    status,
    code: headers.get('x-gateway-error') ?? undefined,
    account: email === null ? behalf?.account : emailFromHeader(email),
    job: headers.get('x-gateway-job') ?? undefined,
    ownMs: now - startedAt - upstreamMs,
    upstreamMs,
    ...(c.req.raw.signal.aborted ? { hasLeft: true } : {}),
  }
}

/** Also of a path that nobody can read. */
function templateOf(c: Context<AppEnv>): string {
  try {
    return knownTemplate(c)
  } catch {
    return '/*'
  }
}

/** `/v3/videos/{video_id}` behind the surface's prefix; what no table knows is `/*` behind it. */
function knownTemplate(c: Context<AppEnv>): string {
  const { pathname } = new URL(c.req.url)
  const surface = surfaceOf(pathname, PROVIDERS)
  if (surface.kind === 'own') return ownTemplate(c) ?? '/*'
  const { provider, path } = surface
  const prefix = path === pathname ? '' : `/${provider.name}`
  return `${prefix}${provider.routes.match(c.req.method, path)?.route.path ?? '/*'}`
}

function ownTemplate(c: Context<AppEnv>): string | undefined {
  const path = matchedRoutes(c).find((route) => !route.path.endsWith('*'))?.path
  return path?.replaceAll(/:(\w+)/g, '{$1}')
}
