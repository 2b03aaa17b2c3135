/**
 * The cheapest read that shows whether an account has an id, by resource (reference/heygen-endpoints.json). If HeyGen cannot read
 * one such thing, it is a list. Ids are the same in v1, v2 and v3 (reference/heygen-legacy-bridge.md section 3).
 */
import { searchFor as searchByTable, searchWith } from '#providers/shared/id-searches.ts'
import type { IdRef, IdSearch, OwnList, RouteMatch } from '#providers/contract/provider.ts'
import { assetId } from '#providers/heygen/uploads/asset-id.ts'
import { matchRoute } from './table.ts'

const one = (path: string): IdSearch => ({ path })
const inList = (path: string, rows: string): IdSearch => ({ path, rows })

const SEARCHES: Record<string, IdSearch> = {
  video: one('/v3/videos/{id}'),
  avatar: one('/v3/avatars/looks/{id}'),
  'avatar-look': one('/v3/avatars/looks/{id}'),
  'photo-avatar': one('/v3/avatars/looks/{id}'),
  'avatar-group': one('/v3/avatars/{id}'),
  group: one('/v3/avatars/{id}'),
  voice: one('/v3/voices/{id}'),
  asset: one('/v3/assets/{id}'),
  translation: one('/v3/video-translations/{id}'),
  'video-translation': one('/v3/video-translations/{id}'),
  proofread: one('/v3/video-translations/proofreads/{id}'),
  lipsync: one('/v3/lipsyncs/{id}'),
  template: one('/v3/templates/{id}'),
  'photo-generation': one('/v2/photo_avatar/generation/{id}'),
  'brand-voice': one('/v3/brand-glossaries/{id}'),
  'brand-glossary': one('/v3/brand-glossaries/{id}'),
  'brand-kit': one('/v3/brand-kits/{id}'),
  'agent-session': one('/v3/video-agents/{id}'),
  workflow: one('/v3/workflows/{id}'),
  'personalized-project': one('/v1/personalized_video/project/detail?id={id}'),
  'personalized-audience': one('/v1/personalized_video/audience/detail?id={id}'),
  folder: one('/v3/folders/{id}'),
  'model-video': one('/v3/models/videos/{id}'),
  'model-voice': one('/v3/models/audio/voices/{id}'),
  'image-generation': one('/v3/models/images/{id}'),
  'knowledge-base': inList('/v1/streaming/knowledge_base/list', '/data/list/*/id'),
  'streaming-session': inList('/v1/streaming.list', '/data/sessions/*/session_id'),
}

const ownList = (path: string, rows: string, showsAll = true): OwnList => ({
  path,
  rows,
  showsAll,
  token: 'token',
  next: '/next_token',
  more: '/has_more',
})

const LOOKS = ownList('/v3/avatars/looks?ownership=private&limit=50', '/data/*/id')
const GROUPS = ownList('/v3/avatars?ownership=private&limit=50', '/data/*/id')

/** Lists for the resources of which one creation may name many. */
const OWN_LISTS: Record<string, OwnList> = {
  avatar: LOOKS,
  'avatar-look': LOOKS,
  'photo-avatar': LOOKS,
  'avatar-group': GROUPS,
  group: GROUPS,
  voice: ownList('/v3/voices?type=private&limit=100', '/data/*/voice_id'),
  asset: ownList('/v3/assets?limit=100', '/data/*/id', false),
  video: ownList('/v3/videos?limit=100', '/data/*/id', false),
}

export function ownListOf(resource: string): OwnList | undefined {
  return OWN_LISTS[resource]
}

/** All ids that were seen have this form, even names of public avatars. HeyGen documents no form. */
const FORM = /^[\w.:-]{1,128}$/

/**
 * v1 and v2 may be retired. So the search uses v3 if it can. On v1 and v2, a 404 does not prove that the account lacks the id.
 */
export function searchFor(call: RouteMatch, ref: IdRef, id: string): IdSearch | undefined {
  const asked = searchedId(ref.resource, id)
  if (!FORM.test(asked)) return undefined
  const search = searchByTable(matchRoute, SEARCHES, call, ref, asked)
  if (!search || isV3(search)) return search
  const inV3 = SEARCHES[ref.resource]
  if (!inV3 || !isV3(inV3)) return { ...search, mayBeRetired: true }
  return searchWith(inV3, asked)
}

function isV3({ path }: IdSearch): boolean {
  return path.startsWith('/v3/')
}

function searchedId(resource: string, id: string): string {
  return resource === 'asset' ? assetId(id) : id
}
