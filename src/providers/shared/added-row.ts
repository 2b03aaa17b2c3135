/**
 * Reads rows that an operator adds without a deploy, in the notation of row.ts (contract 14.8). A row is refused if a built-in row
 * already answers one of its calls.
 */
import * as z from 'zod/mini'
import { isBelow, overlap } from '#domain/routing/added-route.ts'
import type { Provider, Route } from '#providers/contract/provider.ts'
import { ID_FORM, parseId, type RowOptions } from './row.ts'

const SEGMENT = String.raw`(?:[A-Za-z0-9_.-]+|\{[A-Za-z_][A-Za-z0-9_]*\})`
const PATH = new RegExp(`^(?:/${SEGMENT})+$`)
const ASK = /^(?:\/(?:[A-Za-z0-9_.-]+|\{id\}))+(?:\?[A-Za-z0-9_]+=\{id\})?$/
const NOT_DOTS = (path: string) => !path.split('/').some((part) => part === '.' || part === '..')

const path = z
  .string()
  .check(
    z.maxLength(300),
    z.regex(PATH, 'must be a path of segments of A-Z a-z 0-9 _ . - or {name}, without a host'),
    z.refine(NOT_DOTS, 'must not have . or .. for a segment')
  )
const ask = z.string().check(
  z.maxLength(300),
  z.regex(ASK, 'must be a path with {id}, as /v3/things/{id}'),
  z.refine((text) => NOT_DOTS(text) && text.split('{id}').length === 2, 'must have {id} once')
)
const pointer = z
  .string()
  .check(
    z.maxLength(200),
    z.regex(/^(\/[A-Za-z0-9_.*-]+)+$/, 'must be a JSON pointer, as /data/thing_id')
  )
const place = z
  .string()
  .check(
    z.maxLength(200),
    z.regex(
      /^(body:)?(\/[A-Za-z0-9_.*-]+)+$/,
      'must be a pointer into the answer, or body: and one'
    )
  )
const word = z.string().check(z.minLength(1), z.maxLength(64))
const words = z.array(word).check(z.maxLength(40))
const watch = z.string().check(
  z.regex(/^[a-z][a-z0-9-]{0,40}$/, 'must be a-z 0-9 -'),
  z.refine((text) => text !== 'unknown', 'is taken')
)
const idRef = z
  .string()
  .check(z.maxLength(200), z.regex(ID_FORM, 'must be as `thing!? path:thing_id`'))

export const addedRowForm = z.strictObject({
  provider: z.string(),
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
  path,
  kind: z.enum([
    'creates-job',
    'sync-generation',
    'job-status',
    'read-account',
    'write-account',
    'read-shared',
  ]),
  pool: z._default(z.enum(['any', 'owner', 'roomy', 'merge']), 'any'),
  ids: z._default(z.array(idRef).check(z.maxLength(20)), []),
  creates: z._default(z.array(pointer).check(z.maxLength(20)), []),
  lists: z._default(z.array(pointer).check(z.maxLength(20)), []),
  mixesShared: z.optional(z.boolean()),
  takesKey: z.optional(z.boolean()),
  job: z.optional(
    z.nullable(
      z.strictObject({
        watch,
        id: z.union([place, z.array(place).check(z.minLength(1), z.maxLength(5))]),
        ask,
        askElse: z.optional(ask),
        slots: z.optional(pointer),
        meter: z.optional(z.string().check(z.regex(/^[a-z_]{1,40}$/))),
      })
    )
  ),
  reports: z.optional(
    z.strictObject({
      watch,
      id: z
        .string()
        .check(z.regex(/^(path|query):[A-Za-z0-9_]+$/, 'must be path:name or query:name')),
      status: z.optional(pointer),
      done: words.check(z.minLength(1)),
      failed: z._default(words, []),
      failedWhen: z.optional(pointer),
      waiting: z.optional(words),
      running: z.optional(words),
    })
  ),
})

export type AddedRowForm = z.infer<typeof addedRowForm>

/** Finds problems that the schema cannot check. Each sentence starts with its field. */
export function problemsOf(form: AddedRowForm): string[] {
  const { method, kind, pool, ids, job, reports } = form
  const names = paramsOf(form.path)
  const places = [...ids.map((text) => text.split(' ')[1] ?? ''), reports?.id ?? '']
  const missing = places.filter((at) => at.startsWith('path:') && !names.includes(at.slice(5)))
  const hasBody = ids.some((text) => text.includes(' body:'))
  const isSlotted = kind === 'creates-job' || kind === 'sync-generation'
  return [
    new Set(names).size < names.length ? 'path: a name stands there twice' : '',
    isSlotted && method !== 'POST' ? `kind: ${kind} is for POST` : '',
    kind === 'creates-job' && job === undefined
      ? 'job: a creates-job row says how its job is asked about, or null'
      : '',
    kind !== 'creates-job' && job !== undefined ? 'job: only a creates-job row has one' : '',
    reports && method !== 'GET' ? 'reports: only a GET row reads a status' : '',
    pool === 'merge' && method !== 'GET' ? 'pool: only a GET is merged' : '',
    hasBody && method === 'GET' ? 'ids: a GET has no body' : '',
    ...missing.map((at) => `${at}: the path has no {${at.slice(5)}}`),
  ].filter((text) => text !== '')
}

function paramsOf(template: string): string[] {
  return [...template.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '')
}

/** Makes the row. If the form does not say whether the path takes an Idempotency-Key, the rule for paths without a row holds. */
export function routeOf(provider: Provider, form: AddedRowForm): Route {
  const { method, kind, pool, ids, creates, lists, mixesShared = false } = form
  const isKeyed =
    form.takesKey ??
    (method === 'POST' && provider.routes.takesIdempotencyKey(form.path, undefined))
  const more = JSON.parse(JSON.stringify({ job: form.job, reports: form.reports })) as Pick<
    RowOptions,
    'job' | 'reports'
  >
  return {
    method,
    path: form.path,
    kind,
    host: 'api',
    pool,
    ids: ids.map(parseId),
    creates,
    lists,
    mixesShared,
    ...more,
    ...(isKeyed ? { takesKey: true } : {}),
  }
}

/** Why such a row is refused. Undefined: neither a built-in row nor the gateway itself answers a path that it matches. */
export function refusalOf(
  provider: Provider,
  route: Route,
  ownPrefixes: readonly string[]
): string | undefined {
  const { method, path: template } = route
  const sockets = provider.streaming ? [provider.streaming.socket.route] : []
  const known = [...provider.routes.table, ...sockets].find((one) => overlap(one, route))
  if (known) return `path: the built-in row ${known.method} ${known.path} answers it`
  const own = ownPrefixes.find((prefix) => isBelow(template, prefix))
  if (own) return `path: ${own} is the gateway's own`
  const endpoints = provider.events?.endpoints
  const spelled = [template, template.replaceAll(/\{\w+\}/g, 'webhooks')]
  if (endpoints && spelled.some((one) => endpoints.owns(one)))
    return 'path: the gateway keeps webhook endpoints itself'
  if (route.pool === 'merge' && !provider.lists.shapeOf(route))
    return `pool: how a list at ${method} ${template} is shaped is not known, so it cannot be merged`
  return undefined
}
