/** Puts a route of ours into the OpenAPI text, from the same schemas that check its input. */
import type { OpenAPIHono, RouteConfig } from '@hono/zod-openapi'
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
  params?: string[]
  /** Status → the body's schema; a string is a plain-text answer. */
  answers: Record<number, z.ZodType | string>
}

export const ownError = z
  .object({ error: z.string(), code: z.number().int() })
  .meta({ description: 'Which error: header X-Gateway-Error.' })

export function documented(app: App, described: Described): void {
  const { method, path, summary, body, form, query, params, answers } = described
  const content = body && {
    'application/json': { schema: body },
    ...(form ? { 'multipart/form-data': { schema: body } } : {}),
  }
  const paths = params && z.object(Object.fromEntries(params.map((name) => [name, z.string()])))
  app.openAPIRegistry.registerPath({
    method,
    path,
    summary,
    request: {
      ...(content ? { body: { content, required: true } } : {}),
      ...(query ? { query } : {}),
      ...(paths ? { params: paths } : {}),
    },
    responses: Object.fromEntries(Object.entries(answers).map(toResponse)),
  })
}

function toResponse([status, body]: [string, z.ZodType | string]) {
  if (typeof body === 'string') {
    return [status, body === '' ? { description: 'No body' } : plainText(body)]
  }
  return [
    status,
    {
      description: Number(status) < 300 ? 'Success' : 'Refused',
      content: { 'application/json': { schema: body } },
    },
  ]
}

function plainText(text: string) {
  return { description: text, content: { 'text/plain': { schema: z.string() } } }
}
