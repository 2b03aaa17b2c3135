/** The providers' own paths, from their route tables: what each is for, and which of them start something. */
import { PROVIDERS } from '../../../src/providers/index.ts'
import type { Provider, Route } from '../../../src/providers/contract/provider.ts'
import { answerExample, EXAMPLES } from './examples.ts'
import { refTo, type Json, type JsonObject } from './json.ts'
import { CREATION_HEADERS, STARTED_HEADERS } from './shared.ts'
import { IN_FULL, type InFull } from './words/drop-in-in-full.ts'
import { summaryOf } from './words/drop-in-summaries.ts'

/** The shared answer of a row says what kind of call it is. */
const KINDS: Record<Route['kind'], string> = {
  'creates-job': 'Creation',
  'sync-generation': 'Generation',
  'job-status': 'Status',
  'read-account': 'Read',
  'write-account': 'Change',
  'read-shared': 'Read',
  'streaming-session': 'Streaming',
}

function kindOf({ kind, pool }: Route): string {
  return ['merge', 'sum', 'split'].includes(pool) && kind !== 'creates-job' ? 'List' : KINDS[kind]
}

export const TITLES: Record<string, string> = { heygen: 'HeyGen', kling: 'Kling' }

export function titleOf({ name }: Provider): string {
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

/** Path → method → operation. */
export function dropInPaths(): Record<string, Record<string, JsonObject>> {
  const paths: Record<string, Record<string, JsonObject>> = {}
  for (const provider of PROVIDERS) {
    for (const row of provider.routes.table) {
      if (row.notOffered !== undefined) continue
      const path = spelled(paths, `/${provider.name}${row.path}`)
      const methods = (paths[path] ??= {})
      methods[row.method.toLowerCase()] = operationOf(provider, row, path)
    }
  }
  return paths
}

/** Two rows may name the same parameter differently. The document has one name for it. */
function spelled(paths: Record<string, unknown>, path: string): string {
  const formOf = (one: string) => one.replaceAll(/\{\w+\}/g, '{}')
  return Object.keys(paths).find((one) => formOf(one) === formOf(path)) ?? path
}

function operationOf(provider: Provider, row: Route, path: string): JsonObject {
  const full = IN_FULL[`${row.method} ${path}`]
  const isStart = row.kind === 'creates-job' || row.kind === 'sync-generation'
  const parameters = [
    ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => refTo('parameters', name)),
    ...(isStart && full ? CREATION_HEADERS : []),
  ]
  const isKept = row.pool === 'gateway' && row.method !== 'GET'
  return {
    ...(full ? { operationId: full.id } : {}),
    summary: summaryOf(row),
    ...(full?.description === undefined ? {} : { description: full.description }),
    tags: [`${titleOf(provider)} drop-in`],
    ...(isKept ? { security: [{ token: ['full'] }] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...bodyOf(row.method, full),
    responses: answersOf(row, full),
  }
}

function bodyOf(method: Route['method'], full: InFull | undefined): JsonObject {
  if (method === 'GET' || method === 'DELETE') return {}
  if (full?.body === undefined) return { requestBody: refTo('requestBodies', 'Any') }
  return {
    requestBody: {
      required: true,
      content: { 'application/json': contentOf(full.body, EXAMPLES[full.id]?.request) },
    },
  }
}

function contentOf(schema: string, example: Json | undefined): JsonObject {
  return { schema: refTo('schemas', schema), ...(example === undefined ? {} : { example }) }
}

function answersOf(row: Route, full: InFull | undefined): JsonObject {
  const isJob = row.kind === 'creates-job'
  if (full?.answer === undefined) {
    return { default: refTo('responses', kindOf(row)) }
  }
  const content = contentOf(full.answer, answerExample(full.id, full.answer))
  const answer = {
    description: 'The provider’s own answer.',
    ...(isJob ? { headers: STARTED_HEADERS } : {}),
    content: { 'application/json': content },
  }
  return { 200: answer, '4XX': refTo('responses', kindOf(row)) }
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
