/**
 * Chooses the calls that show whether an account has an id. No read shows one result of a task. So the newest five hundred tasks of
 * the account are listed, or those of each kind if the account has no API key.
 */
import type { IdRef, IdSearch, RouteMatch } from '#providers/contract/provider.ts'
import { searchFor as searchByTable, searchWith } from '#providers/shared/id-searches.ts'
import { EXTERNAL, matchRoute, ROUTES } from './table.ts'

const RESULT: IdSearch = {
  path: '/tasks',
  body: '{"limit":500}',
  rows: '/data/result/*/outputs/*/id',
}

/** The v1 lists that show such results. */
function listsWith(rows: string): IdSearch[] {
  const lists = ROUTES.filter((route) => route.lists.includes(rows))
  return lists.map(({ path }) => ({ path: `${path}?pageSize=500`, rows }))
}

const SEARCHES: Record<string, IdSearch> = {
  video: { ...RESULT, otherwise: listsWith('/data/*/task_result/videos/*/id') },
  audio: { ...RESULT, otherwise: listsWith('/data/*/task_result/audios/*/id') },
  task: { path: '/tasks?task_ids={id}', rows: '/data/*/id' },
  voice: {
    path: '/v1/general/custom-voices?pageSize=1000',
    rows: '/data/*/task_result/voices/*/voice_id',
  },
  element: {
    path: '/v1/general/advanced-custom-elements?pageSize=500',
    rows: '/data/*/task_result/elements/*/element_id',
  },
}

/** Long numbers, UUIDs and ids of older tasks (reference/kling.md section 5). Clients' own names may be any short text. */
const FORM = /^[\w=.:+/-]{1,128}$/
const NAME_CHARS_MAX = 256

function isSearchable({ resource }: IdRef, id: string): boolean {
  return resource === EXTERNAL ? id.length <= NAME_CHARS_MAX : FORM.test(id)
}

/** The search for external ids in a query. In a creation such ids are new, or their owner is known. */
const NAMED_TASKS: IdSearch = {
  path: '/tasks?external_task_ids={id}',
  rows: '/data/*/external_id',
}

export function searchFor(match: RouteMatch, ref: IdRef, id: string): IdSearch | undefined {
  if (!isSearchable(ref, id)) return undefined
  if (ref.resource !== EXTERNAL) return searchByTable(matchRoute, SEARCHES, match, ref, id)
  return ref.in === 'query' ? searchWith(NAMED_TASKS, id) : undefined
}
