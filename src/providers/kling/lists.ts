/** The shapes of Kling's lists: pages that are only counted, or a cursor in the body (reference/kling.md section 7). */
import type { ListShape, ProviderLists, PublicRows, Route } from '#providers/contract/provider.ts'

export const lists: ProviderLists = {
  shapeOf,
  publicRowsOf: (resource) => PUBLIC[resource] ?? [],
  emptyList: (_, requestId) =>
    `{"code":0,"message":"SUCCEED","request_id":${JSON.stringify(requestId)},"data":[]}`,
}

/** One page has all presets. */
const PRESETS = { query: { pageNum: '1', pageSize: '500' }, limit: 500 }
const ELEMENTS = { ...PRESETS, ids: ['/element_id', '/task_result/elements/*/element_id'] }
const PUBLIC_VOICES = [
  { ...PRESETS, path: '/v1/general/presets-voices', ids: ['/task_result/voices/*/voice_id'] },
]
const PUBLIC_ELEMENTS = [
  { ...ELEMENTS, path: '/v1/general/presets-elements' },
  { ...ELEMENTS, path: '/v1/general/advanced-presets-elements' },
]
const PUBLIC: Record<string, readonly PublicRows[]> = {
  voice: PUBLIC_VOICES,
  element: PUBLIC_ELEMENTS,
  any: [...PUBLIC_VOICES, ...PUBLIC_ELEMENTS],
}

/** The pages of this list may be larger than those of the other lists. */
const VOICES = '/v1/general/custom-voices'
const TIMES = ['/created_at', '/create_time']

/** The shape of a bare array without a total or an end. After a full page there may be another one. */
function counted(id: string, owned: string[], most = 500): ListShape {
  return {
    rows: ['/data'],
    id,
    owned,
    counted: { page: 'pageNum', size: 'pageSize', usual: 30, most },
    totals: [],
    times: TIMES,
  }
}

const BY_CURSOR: ListShape = {
  rows: ['/data/result'],
  id: '/id',
  owned: ['/outputs/*/id'],
  isAskedInBody: true,
  limit: 'limit',
  usual: 100,
  token: 'cursor',
  next: '/data/next_cursor',
  more: '/data/has_more',
  count: '/data/count',
  totals: [],
  times: TIMES,
}

/** A task may be charged more than once, so these rows have no id. */
const DEDUCTIONS: ListShape = {
  ...BY_CURSOR,
  rows: ['/data/result/detail'],
  id: '/no-id',
  owned: [],
  count: '/data/result/count',
  times: ['/deduction_time'],
}

const SHAPES: Record<string, ListShape> = {
  'POST /tasks': BY_CURSOR,
  'POST /account/billing/balance': DEDUCTIONS,
  'POST /account/billing/package': DEDUCTIONS,
  'GET /account/costs': {
    rows: ['/data/resource_pack_subscribe_infos'],
    id: '/resource_pack_id',
    totals: [],
    times: ['/purchase_time'],
  },
  'GET /v1/general/custom-elements': counted('/element_id', []),
}

function shapeOf(route: Route): ListShape | undefined {
  if (route.pool !== 'merge') return undefined
  const own = SHAPES[`${route.method} ${route.path}`]
  if (own) return own
  const owned = route.lists.slice(1).map((at) => at.slice('/data/*'.length))
  return counted('/task_id', owned, route.path === VOICES ? 1000 : 500)
}
