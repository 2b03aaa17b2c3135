/**
 * Mounts one of our routes behind the scope that it needs, and adds it to the OpenAPI text with the schemas that check its
 * input. A route that changes something must name its scope, or it does not compile.
 */
import type { OpenAPIHono, RouteConfig } from '@hono/zod-openapi'
import type { Handler } from 'hono'
import { createMiddleware } from 'hono/factory'
import * as z from 'zod'
import type { Scope } from '#domain/access/token.ts'
import type { AppEnv } from './app-env.ts'
import { fullScope } from './authenticate.ts'

export type App = OpenAPIHono<AppEnv>

/** Which token a route needs. GET takes any token by default. */
type Access =
  /** The operator's token instead of a tenant's. */
  | { isAdmin: true; needs?: never }
  | { isAdmin?: false; method: 'get'; needs?: Scope }
  | { isAdmin?: false; needs: Scope }

type Described = Access & {
  method: RouteConfig['method']
  /** The path, with `{name}` for parameters. */
  path: string
  summary: string
  body?: z.ZodObject
  /** Whether the body may also come as multipart/form-data. */
  form?: boolean
  query?: z.ZodObject
  /** Query flags that need a token with the scope full, on a route for any token. */
  fullFlags?: readonly string[]
  /** Status → the schema of the body. A string is a plain-text body, an empty string no body. */
  answers: Record<number, z.ZodType | string>
}

export const ownError = z.object({ error: z.string(), code: z.number().int().optional() }).meta({
  id: 'Error',
  description: 'The header X-Gateway-Error says which error it is. Refused log-ins have no code.',
})

export function route(app: App, described: Described, ...handlers: Handler<AppEnv>[]): void {
  const { method, path } = described
  app.openAPIRegistry.registerPath(toConfig(described))
  const guards = needsOf(described) === 'full' ? [fullScope] : guardsOf(described.fullFlags ?? [])
  const at = path.replaceAll(/\{(\w+)\}/g, ':$1')
  app.on([method.toUpperCase()], [at], ...guards, ...handlers)
}

function needsOf({ isAdmin, needs = 'use' }: Described): Scope | 'operator' {
  return isAdmin ? 'operator' : needs
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

/** Answers that every route of its kind may give. */
function commonAnswers(described: Described): Described['answers'] {
  const { body, query, isAdmin, fullFlags } = described
  const isRefusing = needsOf(described) === 'full' || fullFlags !== undefined
  return {
    401: ownError,
    429: ownError,
    500: ownError,
    ...(isAdmin ? {} : { 402: ownError }),
    ...(isRefusing ? { 403: ownError } : {}),
    ...(body || query ? { 400: ownError } : {}),
    ...(body ? { 413: ownError } : {}),
  }
}

function toConfig(described: Described): RouteConfig {
  const { method, path, summary, body, form, query, isAdmin } = described
  const answers = { ...commonAnswers(described), ...described.answers }
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => [name, z.string()])
  const params = names.length > 0 ? z.object(Object.fromEntries(names)) : undefined
  const content = body && {
    'application/json': { schema: body },
    ...(form
      ? {
          'multipart/form-data': { schema: body },
          'application/x-www-form-urlencoded': { schema: body },
        }
      : {}),
  }
  return {
    method,
    path,
    summary,
    security: [isAdmin ? { operator: [] } : { token: [needsOf(described)] }],
    request: {
      ...(content ? { body: { content, required: true } } : {}),
      ...(query ? { query } : {}),
      ...(params ? { params } : {}),
    },
    responses: Object.fromEntries(Object.entries(answers).map(toResponse)),
  }
}

function toResponse([status, body]: [string, z.ZodType | string]) {
  const description = Number(status) < 300 ? 'Success' : 'Refused'
  if (body === '') return [status, { description }]
  const content =
    typeof body === 'string'
      ? { 'text/plain': { schema: z.literal(body) } }
      : { 'application/json': { schema: body } }
  return [status, { description, content }]
}
