/** Makes the operations of the routes that `route()` mounted. */
import type * as z from 'zod'
import { PROVIDERS } from '../../../src/providers/index.ts'
import { answerExample, EXAMPLES } from './examples.ts'
import { refTo, type Json, type JsonObject } from './json.ts'
import type { Described, DescribedRoute } from './routes-of-app.ts'
import type { Schemas } from './schemas.ts'
import {
  COMMON,
  COMMON_OF_USEAPI,
  CREATION_HEADERS,
  pathParameter,
  refusal,
  STARTED_HEADERS,
} from './shared.ts'
import { NAMES } from './words/names.ts'
import { PURPOSES } from './words/purposes.ts'

/** `GET /v1/x/accounts/{email}` is `getXAccountsByEmail`. */
export function nameOf(method: string, path: string, keepsVersion = false): string {
  const words = path.split('/').flatMap((segment) => {
    const [, param] = /^\{(\w+)\}$/.exec(segment) ?? []
    if (/^v\d$/.test(segment) && !keepsVersion) return []
    return (param === undefined ? segment : `by-${param}`).split(/[^A-Za-z0-9]+/)
  })
  const rest = words.filter((word) => word !== '')
  if (rest.length === 0) return `${method}Root`
  return method + rest.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}

/** `/v1/x/accounts` of a provider x is `/v1/{provider}/accounts` in `words/`. */
export function forAnyProvider(path: string): string {
  const [, version, first = ''] = path.split('/')
  const isProvider = version === 'v1' && PROVIDERS.some(({ name }) => name === first)
  return isProvider ? path.replace(`/${first}`, '/{provider}') : path
}

export function operationOf(route: DescribedRoute, schemas: Schemas): JsonObject {
  const { method, path, described } = route
  const { isAdmin, needs = 'use', body, query } = described
  const operationId = nameOf(method, path)
  const base = operationId.replace(/^[a-z]+/, '')
  const named = NAMES[path] ?? NAMES[forAnyProvider(path)] ?? {}
  const text = PURPOSES[`${method} ${path}`] ?? PURPOSES[`${method} ${forAnyProvider(path)}`]
  const parameters = [
    ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => pathParameter(path, name)),
    ...(query ? queryOf(query, schemas, `${operationId}Query`) : []),
    ...(424 in described.answers ? CREATION_HEADERS : []),
  ]
  return {
    operationId,
    summary: text?.summary ?? described.summary,
    ...(text?.description === undefined ? {} : { description: text.description }),
    tags: [tagOf(path)],
    ...(isAdmin || needs === 'full'
      ? { security: [isAdmin ? { operator: [] } : { token: [needs] }] }
      : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body
      ? { requestBody: requestOf(described, operationId, schemas, named['body'] ?? `${base}Form`) }
      : {}),
    responses: answersOf(
      described,
      operationId,
      schemas,
      (status) => named[status] ?? named['answer'] ?? `${base}Answer`
    ),
  }
}

function queryOf(query: z.core.$ZodObject, schemas: Schemas, name: string): JsonObject[] {
  const { properties = {}, required = [] } = schemas.inline(query, 'input', name)
  return Object.entries(properties as JsonObject).map(([field, schema]) => {
    const { description, ...rest } = schema as JsonObject
    return {
      name: field,
      in: 'query',
      ...((required as string[]).includes(field) ? { required: true } : {}),
      ...(description === undefined ? {} : { description }),
      schema: rest,
    }
  })
}

function requestOf(
  { body, form }: Described,
  operationId: string,
  schemas: Schemas,
  name: string
): JsonObject {
  if (!body) return {}
  const schema = schemas.of(body, 'input', name)
  const example = EXAMPLES[operationId]?.request
  const content = { schema, ...(example === undefined ? {} : { example }) }
  const forms = form
    ? { 'multipart/form-data': { schema }, 'application/x-www-form-urlencoded': { schema } }
    : {}
  return { required: true, content: { 'application/json': content, ...forms } }
}

/** What nearly every route may answer stands under `4XX`; other refusals have their own line. */
function answersOf(
  described: Described,
  operationId: string,
  schemas: Schemas,
  nameFor: (status: string) => string
): JsonObject {
  const statuses = Object.keys(described.answers)
  const isStart = statuses.includes('424')
  const isPlainText = (status: string) => typeof described.answers[Number(status)] === 'string'
  const isUseapi = statuses.includes('596')
  const entries = statuses
    .filter(
      (status) => !(isUseapi ? COMMON_OF_USEAPI : COMMON).includes(status) || isPlainText(status)
    )
    .map((status): [string, Json] => {
      const answer = described.answers[Number(status)] ?? ''
      const shared = Number(status) >= 400 ? refusal(status) : undefined
      if (shared && typeof answer !== 'string') return [status, shared]
      const made = answerOf(status, answer, operationId, schemas, nameFor(status))
      const isDone = Number(status) < 300
      return [status, isStart && isDone ? { ...made, headers: STARTED_HEADERS } : made]
    })
  const refused = refTo('responses', isUseapi ? 'RefusedTask' : 'Refused')
  return { ...Object.fromEntries(entries), '4XX': refused }
}

const DONE: Record<string, string> = {
  200: 'Done.',
  201: 'Made.',
  202: 'Accepted.',
  204: 'Done. There is no body.',
}

function answerOf(
  status: string,
  answer: z.core.$ZodType | string,
  operationId: string,
  schemas: Schemas,
  name: string
): JsonObject {
  const head = { description: DONE[status] ?? 'Refused.' }
  if (answer === '') return head
  if (typeof answer === 'string') {
    return { ...head, content: { 'text/plain': { schema: { type: 'string' }, example: answer } } }
  }
  const schema = schemas.of(answer, 'output', name)
  const example = answerExample(operationId, JSON.stringify(schema), status)
  const content = { schema, ...(example === undefined ? {} : { example }) }
  return { ...head, content: { 'application/json': content } }
}

const TAG_OF_CHAPTER: Record<string, string> = {
  accounts: 'accounts',
  jobs: 'jobs',
  scheduler: 'jobs',
  queue: 'jobs',
  throughput: 'jobs',
  settings: 'accounts',
  tts: 'text-to-speech',
}
const TAG_OF_ROOT: Record<string, string> = {
  deliveries: 'deliveries',
  'callback-secret': 'deliveries',
  audit: 'tenant',
  live: 'live',
  pool: 'live',
  usage: 'jobs',
  alerts: 'alerts',
}

function tagOf(path: string): string {
  const [version = '', first = '', second = ''] = path.split('/').slice(1)
  if (version === 'admin') return 'operator'
  if (version === 'v2') return 'tenant'
  if (version !== 'v1') return 'service'
  const root = TAG_OF_ROOT[first]
  if (root !== undefined) return root
  return TAG_OF_CHAPTER[second] ?? 'tasks'
}
