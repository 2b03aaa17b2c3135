/** The shapes of HeyGen's lists, by path. All lists of v3 have one shape (reference/heygen.md section 2). */
import type { ListShape, ProviderLists, PublicRows, Route } from '#providers/contract/provider.ts'

export const lists: ProviderLists = {
  shapeOf,
  sumsOf: ({ method, path }) => (method === 'GET' ? SUMS[path] : undefined),
  publicRowsOf: (resource) => PUBLIC[resource] ?? [],
  emptyList: () => '{"data":[],"has_more":false,"next_token":null}',
}

const PUBLIC_LOOKS = {
  path: '/v3/avatars/looks',
  query: { ownership: 'public' },
  limit: 50,
  ids: ['/id'],
}
const PUBLIC_VOICES = {
  path: '/v3/voices',
  query: { type: 'public' },
  limit: 100,
  ids: ['/voice_id'],
}
const PUBLIC_GROUPS = { ...PUBLIC_LOOKS, path: '/v3/avatars' }

/** Older calls name looks as avatars. A variable of a template may be a look or a voice. */
const PUBLIC: Record<string, readonly PublicRows[]> = {
  avatar: [PUBLIC_LOOKS],
  'avatar-look': [PUBLIC_LOOKS],
  'photo-avatar': [PUBLIC_LOOKS],
  'avatar-group': [PUBLIC_GROUPS],
  voice: [PUBLIC_VOICES],
  any: [PUBLIC_LOOKS, PUBLIC_VOICES],
}

const V3: ListShape = {
  rows: ['/data'],
  limit: 'limit',
  usual: 20,
  token: 'token',
  next: '/next_token',
  more: '/has_more',
  totals: [],
  times: ['/created_at', '/uploaded_at'],
}

const V3_OF_TEN: ListShape = { ...V3, usual: 10 }

/** The shape of a list of v1 or v2. Lists with pages have a token next to their rows. */
function older(rows: string[], options: Partial<ListShape> = {}): ListShape {
  return { rows, totals: [], times: ['/created_at', '/created_ts'], ...options }
}

/** How long pages of v1 are is not documented, but for one of these lists. The gateway's own answers have as many rows. */
const PAGED = { limit: 'limit', usual: 100, token: 'token', next: '/data/token' }

const SHAPES: Record<string, ListShape> = {
  '/v1/video.list': older(['/data/videos'], PAGED),
  '/v1/asset/list': older(['/data/assets'], { ...PAGED, usual: 20, totals: ['/data/total'] }),
  '/v1/folders': older(['/data/folders'], { ...PAGED, totals: ['/data/total'] }),
  '/v1/brand_voice/list': older(['/data/list'], { ...PAGED, totals: ['/data/total'] }),
  '/v2/videos': older(['/data/videos'], { ...PAGED, usual: 10 }),
  '/v1/audio/voices': older(['/data/voices'], { ...PAGED, shared: { query: 'type' } }),
  '/v2/templates': older(['/data/templates']),
  '/v2/avatar_group.list': older(['/data/avatar_group_list'], { totals: ['/data/total_count'] }),
  '/v2/avatars': older(['/data/avatars', '/data/talking_photos']),
  '/v2/voices': older(['/data/voices']),
  '/v1/streaming.list': older(['/data/sessions']),
  '/v2/streaming.list': older(['/data/data'], {
    limit: 'page_size',
    usual: 20,
    page: 'page',
    token: 'token',
    next: '/data/next_pagination_token',
    totals: ['/data/total'],
  }),
  '/v1/streaming/avatar.list': older(['/data']),
  '/v1/streaming/knowledge_base/list': older(['/data/list']),
  '/v1/talking_photo.list': older(['/data']),
  '/v1/avatar.list': older(['/data/avatars']),
  '/v1/voice.list': older(['/data/list']),
  '/v3/videos': V3_OF_TEN,
  '/v3/video-translations': V3_OF_TEN,
  '/v3/video-translations/proofreads': V3_OF_TEN,
  '/v3/templates': V3_OF_TEN,
  '/v3/brand-glossaries': V3_OF_TEN,
  '/v3/models/audio/voices': V3_OF_TEN,
  '/v3/avatars': { ...V3, shared: { query: 'ownership' } },
  '/v3/avatars/looks': { ...V3, shared: { query: 'ownership' } },
  '/v3/voices': { ...V3, shared: { query: 'type' } },
}

/**
 * v1 lists of mostly public rows. One account's list has the public rows, and the other accounts' private rows are merged into
 * it.
 */
const MERGED_TOO = new Set(['/v1/audio/voices', '/v1/voice.list'])

function shapeOf(route: Route): ListShape | undefined {
  if (route.method !== 'GET') return undefined
  if (route.pool !== 'merge' && !MERGED_TOO.has(route.path)) return undefined
  return SHAPES[route.path] ?? (route.path.startsWith('/v3/') ? V3 : undefined)
}

/** Numbers that are added up over all accounts. */
const SUMS: Record<string, readonly string[]> = {
  '/v2/user/remaining_quota': [
    '/data/remaining_quota',
    '/data/details/api',
    '/data/details/plan_credit',
    '/data/details/streaming_avatar',
    '/data/details/streaming_avatar_instance_quota',
    '/data/details/seat',
  ],
  '/v3/users/me': ['/data/wallet/remaining_balance'],
}
