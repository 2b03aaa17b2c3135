/** The providers' own paths, from their route tables: what each is for, and which of them start something. */
import { PROVIDERS } from '../../../src/providers/index.ts'
import type { Provider, Route } from '../../../src/providers/contract/provider.ts'
import { answerExample, EXAMPLES } from './examples.ts'
import { refTo, type Json, type JsonObject } from './json.ts'
import { nameOf } from './operations.ts'
import { CREATION_HEADERS, STARTED_HEADERS } from './shared.ts'
import { IN_FULL, type InFull } from './words/drop-in-in-full.ts'
import { summaryOf } from './words/drop-in-summaries.ts'

/** `x-kind` of a row, and with a capital the shared answer that explains it. */
const KINDS: Record<Route['kind'], string> = {
  'creates-job': 'creation',
  'sync-generation': 'generation',
  'job-status': 'status',
  'read-account': 'read',
  'write-account': 'change',
  'read-shared': 'read',
  'streaming-session': 'streaming',
}

function kindOf({ kind, pool }: Route): string {
  return ['merge', 'sum', 'split'].includes(pool) && kind !== 'creates-job' ? 'list' : KINDS[kind]
}

const TITLES: Record<string, string> = { heygen: 'HeyGen', kling: 'Kling' }

function titleOf({ name }: Provider): string {
  return TITLES[name] ?? name
}

export function dropInTags(): JsonObject[] {
  return PROVIDERS.map((provider) => ({
    name: `${titleOf(provider)} drop-in`,
    description: `The paths of ${titleOf(provider)}’s API, on the sum of all accounts.${
      provider === PROVIDERS[0] ? ' They are also served without the prefix.' : ''
    }`,
  }))
}

type Paths = Record<string, Record<string, JsonObject>>

function eachRow(
  make: (provider: Provider, row: Route, path: string) => JsonObject | undefined
): Paths {
  const paths: Paths = {}
  for (const provider of PROVIDERS) {
    for (const row of provider.routes.table) {
      if (row.notOffered !== undefined) continue
      const path = spelled(paths, `/${provider.name}${row.path}`)
      const operation = make(provider, row, path)
      if (operation) (paths[path] ??= {})[row.method.toLowerCase()] = operation
    }
  }
  return paths
}

/** Every row in short, for docs/openapi-drop-in.json. */
export function dropInRows(): Paths {
  return eachRow((provider, row, path) => {
    const kind = kindOf(row)
    const isBodiless = row.method === 'GET' || row.method === 'DELETE'
    return {
      operationId: nameOf(row.method.toLowerCase(), path, true),
      ...headOf(provider, row, path),
      ...(isBodiless ? {} : { requestBody: refTo('requestBodies', 'Any') }),
      responses: {
        200: refTo('responses', kind.charAt(0).toUpperCase() + kind.slice(1)),
        '4XX': refTo('responses', 'Error'),
      },
    }
  })
}

/** The rows that are described with their bodies, for docs/openapi.json. */
export function dropInPaths(): Paths {
  return eachRow((provider, row, path) => {
    const full = IN_FULL[`${row.method} ${path}`]
    if (!full) return undefined
    return {
      operationId: full.id,
      ...headOf(provider, row, path),
      ...(full.description === undefined ? {} : { description: full.description }),
      ...bodyOf(full),
      responses: { 200: answerOf(row, full), '4XX': refTo('responses', 'ProviderError') },
    }
  })
}

/** Two rows may name the same parameter differently. The document has one name for it. */
function spelled(paths: Record<string, unknown>, path: string): string {
  const formOf = (one: string) => one.replaceAll(/\{\w+\}/g, '{}')
  return Object.keys(paths).find((one) => formOf(one) === formOf(path)) ?? path
}

function headOf(provider: Provider, row: Route, path: string): JsonObject {
  const isStart = row.kind === 'creates-job' || row.kind === 'sync-generation'
  const isKept = row.pool === 'gateway' && row.method !== 'GET'
  const parameters = [
    ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => refTo('parameters', name)),
    ...(isStart ? CREATION_HEADERS : []),
  ]
  return {
    summary: summaryOf(row),
    tags: [`${titleOf(provider)} drop-in`],
    'x-kind': kindOf(row),
    ...(isKept ? { security: [{ token: ['full'] }] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
  }
}

function bodyOf(full: InFull): JsonObject {
  if (full.body === undefined) return {}
  const content = contentOf(full.body, EXAMPLES[full.id]?.request)
  return { requestBody: { required: true, content: { 'application/json': content } } }
}

function contentOf(schema: string, example: Json | undefined): JsonObject {
  return { schema: refTo('schemas', schema), ...(example === undefined ? {} : { example }) }
}

function answerOf(row: Route, full: InFull): JsonObject {
  return {
    description: 'The provider’s own answer.',
    ...(row.kind === 'creates-job' ? { headers: STARTED_HEADERS } : {}),
    content: { 'application/json': contentOf(full.answer, answerExample(full.id, full.answer)) },
  }
}

/** Path parameters of the rows: `{video_id}` is always the id of a video. */
export function dropInParameters(): JsonObject {
  const names = PROVIDERS.flatMap(({ routes }) =>
    routes.table.flatMap(({ path }) =>
      [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
    )
  )
  return Object.fromEntries(
    [...new Set(names)].map((name) => [
      name,
      {
        name,
        in: 'path',
        required: true,
        description: sentenceOf(name),
        schema: { type: 'string' },
      },
    ])
  )
}

function sentenceOf(name: string): string {
  if (name === 'model') return 'The model, such as `kling-3.0-turbo`.'
  if (name === 'id') return 'The id of the task, or your own name of it.'
  const thing = name.replace(/_id$/, '').replaceAll('_', ' ')
  return name.endsWith('_id') ? `The id of the ${thing}.` : `The ${thing}.`
}
