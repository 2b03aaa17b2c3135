/** `/openapi.json`: OpenAPI 3.1 of our own surfaces, made from the schemas on the routes. */
import type { Context } from 'hono'
import * as z from 'zod'
import { AppError } from '#domain/runtime/errors.ts'
import { VERSION } from '#domain/runtime/version.ts'
import { PROVIDERS } from '#providers/index.ts'
import type { AppEnv } from '#http/request/app-env.ts'
import { enrich } from './openapi-extras.ts'
import type { App } from '#http/request/route.ts'
import { respondError } from '#http/request/respond-error.ts'

/** The same for everybody. */
const KEEP_SECONDS = 300

const INFO = {
  title: 'heygen-gateway',
  version: VERSION,
  license: { name: 'MIT', identifier: 'MIT' },
  description:
    'Many accounts behind one URL and one token. An answer that is the gateway’s own carries X-Gateway-Error; Retry-After and X-Gateway-Account where they apply. The drop-in paths (/v1, /v2, /v3 at the root and ' +
    PROVIDERS.map(({ name }) => `/${name}/*`).join(', ') +
    ') are the provider’s own and are described by it.',
}

/** Path, what it is for, its answer and with which statuses. */
const OPEN_PATHS: [string, string, z.ZodType, number[]][] = [
  [
    '/healthz',
    'Whether the gateway can serve; 503 names the setting because of which it cannot',
    z.object({ ok: z.boolean(), error: z.string().optional() }),
    [200, 503],
  ],
  [
    '/',
    'What this is, its version, and where to read on',
    z.looseObject({ name: z.string(), version: z.string() }),
    [200],
  ],
]

export function openapi(app: App) {
  // Once in the life of an isolate, at the first call: by then every route is mounted.
  let text: string | undefined
  return (c: Context<AppEnv>) => {
    text ??= JSON.stringify(documentOf(app))
    return c.body(text, 200, {
      'Content-Type': 'application/json',
      'Cache-Control': `public, max-age=${KEEP_SECONDS}`,
    })
  }
}

function documentOf(app: App) {
  const bearer = { type: 'http', scheme: 'bearer' } as const
  app.openAPIRegistry.registerComponent('securitySchemes', 'token', bearer)
  const description = 'The ADMIN_TOKEN of the deployment.'
  app.openAPIRegistry.registerComponent('securitySchemes', 'operator', { ...bearer, description })
  for (const [path, summary, schema, answers] of OPEN_PATHS) {
    app.openAPIRegistry.registerPath({
      method: 'get',
      path,
      summary,
      security: [],
      responses: Object.fromEntries(
        answers.map((status) => [
          status,
          { description: summary, content: { 'application/json': { schema } } },
        ])
      ),
    })
  }
  return enrich(app.getOpenAPI31Document({ openapi: '3.1.0', info: INFO }))
}

export function notFound(c: Context<AppEnv>): Response {
  return respondError(new AppError('not_found', 'There is no such path.'), c)
}
