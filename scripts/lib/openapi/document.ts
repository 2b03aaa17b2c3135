/** Puts the document together: our own paths, the providers' paths and what clients receive (decision 0045). */
import type * as z from 'zod'
import { PROVIDERS } from '../../../src/providers/index.ts'
import { VERSION } from '../../../src/domain/runtime/version.ts'
import { dropInParameters, dropInPaths, dropInRows, dropInTags } from './drop-in.ts'
import { EXAMPLES } from './examples.ts'
import type { JsonObject } from './json.ts'
import { forAnyProvider, operationOf } from './operations.ts'
import { OTHER_SCHEMAS, otherPaths } from './other-paths.ts'
import type { AppRoute } from './routes-of-app.ts'
import { Schemas } from './schemas.ts'
import { HEADERS, PARAMETERS, RESPONSES, RESPONSES_OF_ROWS, SECURITY_SCHEMES } from './shared.ts'
import { shareRepeated } from './share.ts'
import { withoutUnused } from './unused.ts'
import { DELIVERY_PARAMETERS, WEBHOOK_SCHEMAS, WEBHOOKS } from './webhooks.ts'
import { SCHEMAS_IN_FULL } from './words/drop-in-in-full.ts'
import { OPERATIONS } from './words/names.ts'
import { DROP_IN_TEXT, INFO_TEXT, TAGS } from './words/purposes.ts'

type Paths = Record<string, Record<string, JsonObject>>

export interface Made {
  /** Our own paths, and the first steps on the providers’. */
  document: JsonObject
  /** Every row of the providers’ tables. */
  dropIn: JsonObject
  /** What is missing, one line each. */
  problems: string[]
}

/** Operations without an example of an answer, and why. */
const NO_EXAMPLE: RegExp[] = [
  /^(get|options|post)(Webhook|Callback)$/, // the secret address of a provider
]

export function documentOf(routes: AppRoute[], ownError: z.core.$ZodType): Made {
  const schemas = new Schemas()
  schemas.of(ownError, 'output', 'Error')
  const paths: Paths = {}
  const problems: string[] = []
  const own: JsonObject[] = []
  for (const { method, path, described } of routes) {
    if (described) {
      const shared = OPERATIONS[`${method} ${forAnyProvider(path)}`]
      const made = { ...operationOf({ method, path, described }, schemas), ...shared }
      ;(paths[path] ??= {})[method] = made
      own.push(made)
    }
  }
  const mounted = new Set(routes.map(({ method, path }) => `${method} ${path}`))
  add(paths, otherPaths(mounted))
  problems.push(...[...mounted].filter((key) => !isDescribed(paths, key)).map(undescribed))
  add(paths, dropInPaths())
  problems.push(...schemas.undescribed.map((field) => `${field}: a field without a description`))
  if (Object.keys(EXAMPLES).length > 0) problems.push(...own.flatMap(withoutExample))
  const document = assemble(paths, schemas)
  shareRepeated(document)
  return { document: withoutUnused(document), dropIn: dropInDocument(), problems }
}

function undescribed(key: string): string {
  return `${key}: a route without a description`
}

function isDescribed(paths: Paths, key: string): boolean {
  const [method = '', path = ''] = key.split(' ')
  return paths[path]?.[method] !== undefined || NOT_OFFERED.has(key)
}

/** Calls of useapi.net that are answered with 501, because the provider's API has nothing like them. */
const NOT_OFFERED = new Set(
  PROVIDERS.flatMap(({ name, useapi }) =>
    (useapi?.tasks?.missing ?? []).map(
      ({ method, path }) => `${method.toLowerCase()} /v1/${name}${path}`
    )
  )
)

/** Adds paths that are not there yet: what `route()` mounted comes first. */
function add(paths: Paths, more: Paths): void {
  for (const [path, methods] of Object.entries(more)) {
    paths[path] = { ...methods, ...paths[path] }
  }
}

function assemble(paths: Paths, schemas: Schemas): JsonObject {
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods))
  const used = new Set(operations.flatMap(({ tags }) => tags as string[]))
  const tags = Object.entries(TAGS)
    .filter(([name]) => used.has(name))
    .map(([name, description]) => ({ name, description }))
  const rows = { url: '/openapi-drop-in.json', description: 'Every path of the provider.' }
  return {
    ...head('heygen-gateway', INFO_TEXT),
    tags: [...tags, ...dropInTags().map((tag) => ({ ...tag, externalDocs: rows }))],
    paths,
    webhooks: WEBHOOKS,
    components: {
      ...common,
      parameters: { ...dropInParameters(), ...PARAMETERS, ...DELIVERY_PARAMETERS },
      responses: RESPONSES,
      schemas: sorted({
        ...schemas.components,
        ...OTHER_SCHEMAS,
        ...SCHEMAS_IN_FULL,
        ...WEBHOOK_SCHEMAS,
      }),
    },
  }
}

const common = { securitySchemes: SECURITY_SCHEMES, headers: HEADERS }

function head(title: string, description: string): JsonObject {
  return {
    openapi: '3.1.0',
    info: { title, version: VERSION, description, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: '/', description: 'The gateway that serves this document.' }],
    security: [{ token: ['use'] }],
  }
}

function dropInDocument(): JsonObject {
  const document = {
    ...head('heygen-gateway: the providers’ paths', DROP_IN_TEXT),
    tags: dropInTags(),
    paths: dropInRows(),
    components: {
      ...common,
      parameters: { ...PARAMETERS, ...dropInParameters() },
      requestBodies: {
        Any: {
          description: 'What the provider’s documentation says. Files as the provider takes them.',
          content: {
            'application/json': { schema: { type: 'object', additionalProperties: true } },
            '*/*': { schema: {} },
          },
        },
      },
      responses: RESPONSES_OF_ROWS,
    },
  }
  shareRepeated(document)
  return withoutUnused(document)
}

function sorted(record: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(record).toSorted(([one], [other]) => (one < other ? -1 : 1))
  )
}

function withoutExample({ operationId, responses }: JsonObject): string[] {
  const id = String(operationId)
  const [status, answer] = Object.entries(responses as JsonObject)[0] ?? []
  const hasBody = JSON.stringify(answer).includes('application/json')
  if (!hasBody || EXAMPLES[id] || NO_EXAMPLE.some((one) => one.test(id))) return []
  return [`${id}: no example of its answer ${status} (scripts/lib/openapi/tour.ts)`]
}
