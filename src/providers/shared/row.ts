/**
 * Makes the rows of a route table, in the notation that all providers share.
 *
 * `ids`: `'<resource><!><?> <place>:<where>'`. `!`: the call makes no sense without the id. `?`: the id may name something public.
 * Places: `path:name`, `query:name` (`,...` after it: ids with commas between them), `body:/json/pointer` with `*` for every
 * member. `creates`, `lists`: JSON pointers into the answer.
 */
import type {
  IdRef,
  JobLink,
  Method,
  Pool,
  Route,
  RouteKind,
  StatusLink,
} from '#providers/contract/provider.ts'

export interface RowOptions {
  pool?: Pool
  host?: 'upload'
  ids?: string[]
  creates?: string[]
  lists?: string[]
  mixesShared?: boolean
  job?: JobLink | null
  reports?: StatusLink
  meter?: string
  ends?: boolean
  notOffered?: string
  checks?: string
  takesKey?: true
  keyProbe?: Readonly<Record<string, unknown>>
}

export const ID_FORM = /^([a-z-]+)(!?)(\??) (path|query|body):(.+?)(,\.\.\.)?$/

export function parseId(text: string): IdRef {
  const [, resource, required, shared, place, at, list] = ID_FORM.exec(text) ?? []
  if (!resource || !place || !at) throw new Error(`route table: cannot read id "${text}"`)
  return {
    resource,
    in: place as IdRef['in'],
    at,
    required: required === '!',
    mayBeShared: shared === '?',
    isList: list !== undefined,
  }
}

function rowOf(method: Method) {
  return (path: string, kind: RouteKind, options: RowOptions = {}): Route => ({
    method,
    path,
    kind,
    host: options.host ?? 'api',
    pool: options.pool ?? 'any',
    ids: (options.ids ?? []).map(parseId),
    creates: options.creates ?? [],
    lists: options.lists ?? [],
    mixesShared: options.mixesShared ?? false,
    ...(options.job === undefined ? {} : { job: options.job }),
    ...(options.reports === undefined ? {} : { reports: options.reports }),
    ...(options.meter === undefined ? {} : { meter: options.meter }),
    ...(options.ends === undefined ? {} : { ends: options.ends }),
    ...(options.notOffered === undefined ? {} : { notOffered: options.notOffered }),
    ...(options.checks === undefined ? {} : { checks: options.checks }),
    ...(options.takesKey === undefined ? {} : { takesKey: options.takesKey }),
    ...(options.keyProbe === undefined ? {} : { keyProbe: options.keyProbe }),
  })
}

export const get = rowOf('GET')
export const post = rowOf('POST')
export const put = rowOf('PUT')
export const patch = rowOf('PATCH')
export const del = rowOf('DELETE')
