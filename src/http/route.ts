/** Mounts a route of ours and puts it into the OpenAPI text, from the same schemas that check its input. */
import type { OpenAPIHono, RouteConfig } from '@hono/zod-openapi'
import type { Handler } from 'hono'
import * as z from 'zod'
import type { AppEnv } from './app-env.ts'

export type App = OpenAPIHono<AppEnv>

interface Described {
  method: RouteConfig['method']
  /** With `{name}` for parameters. */
  path: string
  summary: string
  body?: z.ZodObject
  /** Whether the body may also come as multipart/form-data. */
  form?: boolean
  query?: z.ZodObject
  /** For the operator's token instead of a tenant's. */
  isAdmin?: boolean
  /** Status → the body's schema, beside what every route may answer; a string is a plain-text answer, an empty one no body. */
  answers: Record<number, z.ZodType | string>
}

export const ownError = z
  .object({ error: z.string(), code: z.number().int().optional() })
  .meta({ description: 'Which error: header X-Gateway-Error. Refused log-ins have no code.' })

export function route(app: App, described: Described, ...handlers: Handler<AppEnv>[]): void {
  const { method, path } = described
  app.openAPIRegistry.registerPath(toConfig(described))
  app.on([method.toUpperCase()], [path.replaceAll(/\{(\w+)\}/g, ':$1')], ...handlers)
}

/** What every route of its kind may answer besides. */
function commonAnswers({ body, query, isAdmin }: Described): Described['answers'] {
  return {
    401: ownError,
    429: ownError,
    500: ownError,
    ...(isAdmin ? {} : { 402: ownError }),
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
    ...(form ? { 'multipart/form-data': { schema: body } } : {}),
  }
  return {
    method,
    path,
    summary,
    security: [isAdmin ? { operator: [] } : { token: [] }],
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
