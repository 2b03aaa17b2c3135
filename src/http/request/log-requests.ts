/**
 * Writes one line of the log for each request: the caller, the route, the status, the account and the time. The route is
 * written as its template, because a path may contain a hook id or a ticket.
 */
import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import { matchedRoutes } from 'hono/route'
import { emailFromHeader } from '#domain/accounts/account.ts'
import type { Facts } from '#domain/runtime/log-line.ts'
import { addressOf, matchOf } from './address.ts'
import type { AppEnv } from './app-env.ts'

type WriteLog = (event: string, about: Facts, facts: Facts) => void
type WritePoint = (env: Env, about: Facts, facts: Facts) => void

/** The members that every log line of a request has. */
export function aboutOf(c: Context<AppEnv>): Facts {
  const caller = c.get('caller') as AppEnv['Variables']['caller'] | undefined
  const behalf = c.get('onBehalfOf') as AppEnv['Variables']['onBehalfOf'] | undefined
  return {
    requestId: c.get('requestId'),
    tenant: caller?.tenant ?? behalf?.tenant,
    token: caller?.id,
  }
}

/** Measures the time until the answer's headers, not its body. The line is written even if the client disconnects. */
export function logRequests(writeLog: WriteLog, writePoint: WritePoint, now: () => number) {
  return createMiddleware<AppEnv>(async function logRequests(c, next) {
    const startedAt = now()
    const logged = next().then(() => {
      const [about, facts] = [aboutOf(c), factsOf(c, startedAt, now())]
      writeLog('request', about, facts)
      writePoint(c.env, about, facts)
    })
    c.executionCtx.waitUntil(logged)
    await logged
  })
}

function factsOf(c: Context<AppEnv>, startedAt: number, now: number): Facts {
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

/** The template of the path. Never throws, also if the path cannot be decoded. */
function templateOf(c: Context<AppEnv>): string {
  try {
    return knownTemplate(c)
  } catch {
    return '/*'
  }
}

/** For example `/v3/videos/{video_id}`, with the surface's prefix; `/*` if no route matches. */
function knownTemplate(c: Context<AppEnv>): string {
  const { pathname, surface } = addressOf(c)
  if (surface.kind === 'own') return ownTemplate(c) ?? '/*'
  const { provider, path } = surface
  const prefix = path === pathname ? '' : `/${provider.name}`
  return `${prefix}${matchOf(c)?.route.path ?? '/*'}`
}

function ownTemplate(c: Context<AppEnv>): string | undefined {
  const path = matchedRoutes(c).find((route) => !route.path.endsWith('*'))?.path
  return path?.replaceAll(/:(\w+)/g, '{$1}')
}
