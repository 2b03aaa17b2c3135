/**
 * The cheapest read that shows whether an account has an id, by resource (reference/heygen-endpoints.json). A list is
 * asked where HeyGen has no read of one. Ids are the same in v1, v2 and v3 (reference/heygen-legacy-bridge.md section 3).
 */
import type { IdSearch } from '#providers/provider.ts'

const one = (path: string): IdSearch => ({ path })
const inList = (path: string, rows: string): IdSearch => ({ path, rows })

export const SEARCHES: Record<string, IdSearch> = {
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
  template: one('/v2/template/{id}'),
  'photo-generation': one('/v2/photo_avatar/generation/{id}'),
  'brand-voice': one('/v3/brand-glossaries/{id}'),
  'brand-glossary': one('/v3/brand-glossaries/{id}'),
  'brand-kit': one('/v3/brand-kits/{id}'),
  'agent-session': one('/v3/video-agents/{id}'),
  workflow: one('/v3/workflows/{id}'),
  'personalized-project': one('/v1/personalized_video/project/detail?id={id}'),
  'personalized-audience': one('/v1/personalized_video/audience/detail?id={id}'),
  folder: inList('/v1/folders?limit=100', '/data/folders/*/id'),
  'knowledge-base': inList('/v1/streaming/knowledge_base/list', '/data/list/*/id'),
  'streaming-session': inList('/v1/streaming.list', '/data/sessions/*/session_id'),
}

/** An image key is the asset's id in a path: `image/<id>/original.jpg`. */
export function searchedId(resource: string, id: string): string {
  const [, inKey] = resource === 'asset' ? (/^[a-z]+\/([^/]+)\//.exec(id) ?? []) : []
  return inKey ?? id
}
