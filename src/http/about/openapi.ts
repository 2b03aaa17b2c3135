/** `/openapi.json`: OpenAPI 3.1 of our own paths, made from the schemas of the routes. */
import type { Context } from 'hono'
import * as z from 'zod'
import { AppError } from '#domain/runtime/errors.ts'
import { VERSION } from '#domain/runtime/version.ts'
import { PROVIDERS } from '#providers/index.ts'
import type { AppEnv } from '#http/request/app-env.ts'
import { enrich } from './openapi-extras.ts'
import type { App } from '#http/request/route.ts'
import { respondError } from '#http/request/respond-error.ts'

/** How long clients may cache the document, which is the same for all. */
const KEEP_SECONDS = 300

const INFO = {
  title: 'heygen-gateway',
  version: VERSION,
  license: { name: 'MIT', identifier: 'MIT' },
  description:
    'Many accounts behind one URL and one token. An error of the gateway’s own carries X-Gateway-Error, and Retry-After and X-Gateway-Account where they apply. Not described here are the provider’s own paths (/v1, /v2, /v3 at the root and ' +
    PROVIDERS.map(({ name }) => `/${name}/*`).join(', ') +
    '): see the provider’s documentation.',
}

/** Path, summary, the schema of the answer, and its statuses. */
const OPEN_PATHS: [string, string, z.ZodType, number[]][] = [
  [
    '/healthz',
    'Whether the gateway can serve. A 503 names the setting that is wrong',
    z.object({ ok: z.boolean(), error: z.string().optional() }),
    [200, 503],
  ],
  [
    '/',
    'The name and version of the gateway, and where its documentation is',
    z.looseObject({ name: z.string(), version: z.string() }),
    [200],
  ],
]

export function openapi(app: App) {
  // Made once per isolate, at the first call, when every route is mounted.
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
