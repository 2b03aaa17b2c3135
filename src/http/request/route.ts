/**
 * Mounts one of our routes behind the scope that it needs, and keeps its description for `npm run openapi` (decision 0045). A
 * route that changes something must name its scope, or it does not compile.
 */
import type { Handler } from 'hono'
import { createMiddleware } from 'hono/factory'
import { HonoBase } from 'hono/hono-base'
import { TrieRouter } from 'hono/router/trie-router'
import * as z from 'zod/mini'
import type { CallKind, Scope } from '#domain/access/token.ts'
import { checkKind } from '#flows/access/call-kinds.ts'
import type { AppEnv } from './app-env.ts'
import { fullScope } from './authenticate.ts'

export type App = HonoBase<AppEnv>

/**
 * An app of Hono's, or a part of one. `/x/` is served as `/x`. The router is said: Hono's own choice compiles all routes into one
 * regular expression at the first request of an isolate, finds that ours cannot be one, and then builds this router after all.
 */
export function newApp(): App {
  return new HonoBase<AppEnv>({ router: new TrieRouter(), strict: false })
}

/** Which token a route needs. GET takes any token by default. */
type Access =
  /** The operator's token instead of a tenant's. */
  | { isAdmin: true; needs?: never }
  | { isAdmin?: false; method: 'get'; needs?: Scope }
  | { isAdmin?: false; needs: Scope }

export type Described = Access & {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  /** Which kind of call a token may be limited to. Default: `read` for GET, else `write`. The operator's paths have none. */
  kind?: CallKind
  /** The path, with `{name}` for parameters. */
  path: string
  summary: string
  body?: z.ZodMiniObject
  /** Whether the body may also come as multipart/form-data. */
  form?: boolean
  query?: z.ZodMiniObject
  /** Query flags that need a token with the scope full, on a route for any token. */
  fullFlags?: readonly string[]
  /** Status → the schema of the body. A string is a plain-text body, an empty string no body. */
  answers: Record<number, z.core.$ZodType | string>
}

export const ownError = z
  .object({ error: z.string(), code: z.optional(z.int()) })
  .register(z.globalRegistry, { id: 'Error' })

/**
 * The description of each route, by its last handler. Hono keeps the handler with its whole path (`app.routes`), so nothing else
 * needs to know where a route is mounted. The Worker never reads it.
 *
 * @public scripts/lib/openapi/routes-of-app.ts reads it.
 */
export const descriptions = new WeakMap<object, Described>()

export function route(app: App, described: Described, ...handlers: Handler<AppEnv>[]): void {
  const { method, path } = described
  const last = handlers.at(-1)
  if (last) descriptions.set(last, described)
  const needsFull = needsOf(described) === 'full'
  const guards = [
    ...(described.isAdmin ? [] : [guardOfKind(described)]),
    ...(needsFull ? [fullScope] : guardsOf(described.fullFlags ?? [])),
  ]
  const at = path.replaceAll(/\{(\w+)\}/g, ':$1')
  app.on([method.toUpperCase()], [at], ...guards, ...handlers)
}

function needsOf({ isAdmin, needs = 'use' }: Described): Scope | 'operator' {
  return isAdmin ? 'operator' : needs
}

/** Middleware that refuses tokens that may not make calls of this kind. A path that finds its caller itself checks it itself. */
function guardOfKind({ method, kind = method === 'get' ? 'read' : 'write' }: Described) {
  return createMiddleware<AppEnv>(async function kindOfCall(c, next) {
    checkKind(kind, c.get('caller')?.routes)
    await next()
  })
}

/** Middleware that asks for the scope `full` when a flag has a value other than `false`. A flag may be given several times. */
function guardsOf(flags: readonly string[]) {
  if (flags.length === 0) return []
  const guard = createMiddleware<AppEnv>(async function fullFlags(c, next) {
    const asks = flags.some((flag) => c.req.queries(flag)?.some((value) => value !== 'false'))
    return asks ? fullScope(c, next) : next()
  })
  return [guard]
}
