/**
 * The ids that a call names, where its row says that they stand. Of a call with more ids than any documented one, the
 * first ones are looked at: they decide which account it is for.
 */
import { idsNamed } from '#domain/jobs/guessed-job.ts'
import { firstTextsAt } from '#domain/text/json-pointer.ts'
import type { IdRef } from '#providers/contract/provider.ts'
import type { ProxyCall } from '#flows/upstream/proxy-call.ts'

/** A batch may have a hundred items, each with an avatar, a voice and some files. */
export const IDS_MAX = 1000
/** Values that are read for them, repeats included. */
const VALUES_MAX = 5000

export interface NamedId {
  ref: IdRef
  id: string
}

/** Each once, however many there are: of a call whose ids all stand in its address. */
export function allIdsOf(call: ProxyCall): NamedId[] {
  return idsUpTo(call, undefined, { ids: Infinity, values: Infinity })
}

/** Each once, and no more than any honest call names: nothing is done for the rest. */
export function idsOf(call: ProxyCall, json: unknown): NamedId[] {
  return idsUpTo(call, json, { ids: IDS_MAX, values: VALUES_MAX })
}

/** On a path that no row knows, whatever is remembered counts; nothing is searched. */
const UNKNOWN: IdRef = {
  resource: 'unknown',
  in: 'path',
  at: '',
  required: false,
  mayBeShared: false,
  isList: false,
}

function idsUpTo(call: ProxyCall, json: unknown, most: { ids: number; values: number }): NamedId[] {
  if (!call.match) return idsNamed(call.path, call.search, json).map((id) => ({ ref: UNKNOWN, id }))
  const query = new URLSearchParams(call.search)
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

/** `a,b`, `a, b`, `ids=a&ids=b` and `ids[]=a&ids[]=b`: clients write lists in each of these ways. */
function listIn(query: URLSearchParams, name: string): string[] {
  return [...query.getAll(name), ...query.getAll(`${name}[]`)].flatMap(split)
}

function split(text: string): string[] {
  return text
    .split(',')
    .map((id) => id.trim())
    .filter((id) => id !== '')
}

/** The call with its lists in the one way in which the providers document them, so that all of them are read. */
export function withPlainLists(call: ProxyCall): ProxyCall {
  const lists = (call.match?.route.ids ?? []).filter((ref) => ref.isList && ref.in === 'query')
  if (lists.length === 0) return call
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
