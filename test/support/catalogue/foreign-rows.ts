/** Calls of the catalogues with other ids in the places of their ids, and the places that a row has. */
import { heygen } from '#providers/heygen/index.ts'
import { kling } from '#providers/kling/index.ts'
import { bodyOf, HTTP_ROWS, isOwn, kindOf, pathOf, type CatalogueRow } from './catalogue.ts'
import { KLING_ROWS } from './kling-catalogue.ts'

export interface ProviderRow {
  provider: 'heygen' | 'kling'
  row: CatalogueRow
}

export interface Sent {
  method: string
  path: string
  body?: BodyInit
  headers: Record<string, string>
}

export const ALL_ROWS: ProviderRow[] = [
  ...HTTP_ROWS.map((row) => ({ provider: 'heygen' as const, row })),
  ...KLING_ROWS.map((row) => ({ provider: 'kling' as const, row })),
].filter(({ row }) => row.method !== 'WSS' && !isOwn(row))

const PROVIDERS = { heygen, kling }

function matchOf({ provider, row }: ProviderRow) {
  return PROVIDERS[provider].routes.match(row.method, pathOf(row).split('?')[0] ?? '')
}

/** The places that have an id in the example. A name that a client gives its job is no id. */
export function placesOf(one: ProviderRow) {
  const match = matchOf(one)
  const { names } = PROVIDERS[one.provider]
  const isMade = match?.route.kind === 'creates-job'
  return (match?.route.ids ?? []).filter((ref) => {
    if ((isMade && ref.resource === names?.resource) || ref.resource === 'any') return false
    if (ref.in === 'body') return hasAt(one.row.requestExample, ref.at.split('/').slice(1))
    const query = new URLSearchParams(one.row.queryExample)
    return ref.in === 'path' || query.has(ref.at)
  })
}

/** Rows of one kind that name their ids at the same places. */
export function kindOfRow(one: ProviderRow): string {
  const match = matchOf(one)
  const shape = match && PROVIDERS[one.provider].lists.shapeOf(match.route)
  const places = placesOf(one).map((ref) => `${ref.in}${ref.mayBeShared ? '?' : ''}`)
  const { pool } = match?.route ?? {}
  return [one.provider, kindOf(one.row), pool, shape !== undefined, ...new Set(places)].join(' ')
}

export function titleOf({ provider, row }: ProviderRow): string {
  return `${provider} ${row.method} ${row.path}`
}

/** The row's own example with this id in all places. Undefined: as it stands. */
export async function callWith(one: ProviderRow, id?: string): Promise<Sent> {
  const { row, provider } = one
  const body = await bodyOf(row)
  const headers: Record<string, string> = body ? { 'content-type': body.contentType } : {}
  const asItIs = {
    method: row.method,
    path: `/${provider}${pathOf(row)}`,
    headers,
    ...(body ? { body: body.bytes } : {}),
  }
  if (id === undefined) return asItIs
  const places = placesOf(one)
  const path = { ...row.pathExample }
  const query = { ...row.queryExample }
  const json = structuredClone(row.requestExample)
  for (const ref of places) {
    if (ref.in === 'path') path[ref.at] = id
    else if (ref.in === 'query') query[ref.at] = id
    else setAt(json, ref.at.split('/').slice(1), id)
  }
  const changed = { ...row, pathExample: path, queryExample: query }
  const inBody = places.some((ref) => ref.in === 'body')
  const sent = { ...asItIs, path: `/${provider}${pathOf(changed)}` }
  return inBody ? { ...sent, body: JSON.stringify(json) } : sent
}

function hasAt(value: unknown, keys: readonly string[]): boolean {
  const [key, ...rest] = keys
  if (key === undefined) return typeof value === 'string' || typeof value === 'number'
  if (typeof value !== 'object' || value === null) return false
  if (key === '*') return Object.values(value).some((one) => hasAt(one, rest))
  return hasAt((value as Record<string, unknown>)[key], rest)
}

function setAt(value: unknown, keys: readonly string[], id: string): void {
  const [key = '', ...rest] = keys
  if (typeof value !== 'object' || value === null) return
  const members = value as Record<string, unknown>
  const names = key === '*' ? Object.keys(members) : [key]
  for (const name of names) {
    if (rest.length > 0) setAt(members[name], rest, id)
    else if (hasAt(members[name], [])) members[name] = id
  }
}
