/**
 * Chooses the call that shows whether an account has an id: the read on the same path, else the one in the table of the id's
 * resource.
 */
import type { IdRef, IdSearch, RouteMatch } from '#providers/contract/provider.ts'

type Match = (method: string, path: string) => RouteMatch | undefined

export function searchFor(
  match: Match,
  table: Record<string, IdSearch>,
  call: RouteMatch,
  ref: IdRef,
  id: string
): IdSearch | undefined {
  const search = samePath(match, call, ref) ?? table[ref.resource]
  return search && searchWith(search, id)
}

export function searchWith(search: IdSearch, id: string): IdSearch {
  return { ...search, path: search.path.replace('{id}', encodeURIComponent(id)) }
}

/** The GET on the path up to the id, for example `/v3/podcasts/{podcast_id}` for its DELETE. Only for a path with one id. */
function samePath(match: Match, { route, params }: RouteMatch, ref: IdRef): IdSearch | undefined {
  if (ref.in !== 'path' || Object.keys(params)[0] !== ref.at) return undefined
  const [before] = route.path.split(`{${ref.at}}`)
  const read = match('GET', `${before}some-id`)
  return read?.route.path.endsWith('}') ? { path: `${before}{id}` } : undefined
}
