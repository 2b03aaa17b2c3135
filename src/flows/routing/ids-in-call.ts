/**
 * Reads the ids that a call names, at the places that its row gives. The ids decide which account gets the call. Only the first
 * 1,000 are read, which is more than any documented call has.
 */
import { idsNamed } from '#domain/jobs/guessed-job.ts'
import { firstTextsAt } from '#domain/text/json-pointer.ts'
import type { IdRef } from '#providers/contract/provider.ts'
import type { ProxyCall } from '#flows/upstream/proxy-call.ts'

/** A batch may have a hundred items, each with an avatar, a voice and some files. */
export const IDS_MAX = 1000
/** How many values are read to find the ids, repeated ids included. */
const VALUES_MAX = 5000

export interface NamedId {
  ref: IdRef
  id: string
}

/** Every id once, without a limit. For calls whose ids are all in the URL. */
export function allIdsOf(call: ProxyCall): NamedId[] {
  return idsUpTo(call, undefined, { ids: Infinity, values: Infinity })
}

/** Every id once, up to `IDS_MAX`. */
export function idsOf(call: ProxyCall, json: unknown): NamedId[] {
  return idsUpTo(call, json, { ids: IDS_MAX, values: VALUES_MAX })
}

/** For a path that no row matches: anything that looks like an id is looked up among known owners, and nothing is searched. */
const UNKNOWN: IdRef = {
  resource: 'unknown',
  in: 'path',
  at: '',
  required: false,
  mayBeShared: false,
  isList: false,
}

const NO_QUERY = new URLSearchParams()

function idsUpTo(call: ProxyCall, json: unknown, most: { ids: number; values: number }): NamedId[] {
  if (!call.match) return idsNamed(call.path, call.search, json).map((id) => ({ ref: UNKNOWN, id }))
  const query = call.search === '' ? NO_QUERY : new URLSearchParams(call.search)
  const found = new Map<string, NamedId>()
  let left = most.values
  for (const ref of call.match?.route.ids ?? []) {
    const ids = idsAt(ref, call, query, json, left)
    left -= ids.length
    for (const id of ids) {
      if (found.size >= most.ids) return [...found.values()]
      if (!found.has(id)) found.set(id, { ref, id })
    }
  }
  return [...found.values()]
}

function idsAt(
  ref: IdRef,
  call: ProxyCall,
  query: URLSearchParams,
  json: unknown,
  most: number
): string[] {
  if (ref.in === 'body') return firstTextsAt(json, ref.at, most)
  if (ref.in === 'query') return ref.isList ? listIn(query, ref.at) : textOf(query.get(ref.at))
  const text = call.match?.params[ref.at] ?? null
  return ref.isList ? split(text ?? '') : textOf(text)
}

function textOf(text: string | null): string[] {
  return text ? [text] : []
}

/** Reads a list in any of four notations: `a,b`, `a, b`, `ids=a&ids=b` and `ids[]=a&ids[]=b`. */
function listIn(query: URLSearchParams, name: string): string[] {
  return [...query.getAll(name), ...query.getAll(`${name}[]`)].flatMap(split)
}

function split(text: string): string[] {
  return text
    .split(',')
    .map((id) => id.trim())
    .filter((id) => id !== '')
}

/** Writes the lists of a query in the form that providers document (`ids=a,b`), so that the provider reads all ids. */
export function withPlainLists(call: ProxyCall): ProxyCall {
  const lists = (call.match?.route.ids ?? []).filter((ref) => ref.isList && ref.in === 'query')
  if (lists.length === 0 || call.search === '') return call
  const query = new URLSearchParams(call.search)
  const odd = lists.filter(({ at }) => isOdd(query, at))
  for (const { at } of odd) {
    const ids = listIn(query, at)
    query.delete(`${at}[]`)
    query.set(at, ids.join(','))
  }
  return odd.length === 0 ? call : { ...call, search: `?${query}` }
}

function isOdd(query: URLSearchParams, name: string): boolean {
  const values = query.getAll(name)
  return query.has(`${name}[]`) || values.length > 1 || /,\s|\s,|^\s|\s$/.test(values[0] ?? '')
}
