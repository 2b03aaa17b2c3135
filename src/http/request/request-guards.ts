/** What every request passes first: an id of ours, the ports, and a path that means one thing to everybody. */
import { createMiddleware } from 'hono/factory'
import { AppError } from '#domain/runtime/errors.ts'
import { HOP_HEADER } from '#domain/text/headers.ts'
import type { Facts } from '#domain/runtime/log-line.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { refuseUnsafeAt } from '#domain/runtime/settings.ts'
import { newTimedId } from '#domain/text/time-ordered-id.ts'
import type { AppEnv } from './app-env.ts'
import { aboutOf } from './log-requests.ts'

/**
 * The first and the last to touch an answer. The id is ours, never the client's: it names leases, so it must not be chosen from outside. In the order
 * of time, as their table is.
 */
export const requestId = createMiddleware<AppEnv>(async function requestId(c, next) {
  c.set('requestId', newTimedId(Date.now()))
  await next().catch((thrown: unknown) => {
    // Some libraries throw what is no Error; those would pass by onError and show as they are.
    throw thrown instanceof Error ? thrown : new Error(String(thrown))
  })
  const { headers } = c.res
  headers.set('X-Request-Id', c.get('requestId'))
  // What does not say who may keep it is composed, secret or an error: nobody may. No answer is guessed to be a page.
  if (!headers.has('Cache-Control')) headers.set('Cache-Control', 'no-store')
  headers.set('X-Content-Type-Options', 'nosniff')
})

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

/** Some settings are good only where nobody else reaches the gateway. */
export const safeHere = createMiddleware<AppEnv>(async function safeHere(c, next) {
  refuseUnsafeAt(c.get('ports').settings, new URL(c.req.url).origin)
  await next()
})

/** What a gateway delivered must not come back in: it would go round for ever. */
export const noLoops = createMiddleware<AppEnv>(async function noLoops(c, next) {
  if (c.req.header(HOP_HEADER) !== undefined) {
    throw new AppError('loop_detected', 'This is a delivery of a gateway; it takes none.')
  }
  await next()
})

/** Empty segments, encoded slashes and encodings that cannot be undone read differently here and upstream. */
export const plainPath = createMiddleware<AppEnv>(async function plainPath(c, next) {
  const { pathname } = new URL(c.req.url)
  if (pathname !== '/' && !isPlain(pathname)) {
    throw new AppError('bad_request', 'The path has an empty, relative or badly encoded segment.')
  }
  await next()
})

function isPlain(pathname: string): boolean {
  const segments = pathname.split('/').slice(1)
  const inner = segments.at(-1) === '' ? segments.slice(0, -1) : segments
  return inner.every((segment) => segment !== '' && isPlainSegment(segment))
}

function isPlainSegment(segment: string): boolean {
  try {
    const decoded = decodeURIComponent(segment)
    return decoded !== '.' && decoded !== '..' && !/[/\\\p{Cc}]/u.test(decoded)
  } catch {
    return false
  }
}
