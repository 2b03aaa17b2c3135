/**
 * The calls that `npm run verify-live` makes: a closed list of GETs that cost nothing. `{id}` in a path or query is an id that one of
 * the account's own lists shows. Without one, the call is left out.
 */
export interface LiveRead {
  /** As the row of the catalogue has it. */
  path: string
  query?: string
  /** Which list of `ID_LISTS` shows the id. */
  id?: string
}

export interface IdList {
  path: string
  /** Where the first row has its id. */
  at: string
}

const PAGE = 'limit=2'

export const HEYGEN_IDS: Readonly<Record<string, IdList>> = {
  video: { path: '/v3/videos?limit=1', at: 'id' },
  look: { path: '/v3/avatars/looks?limit=1&ownership=public', at: 'id' },
  group: { path: '/v3/avatars?limit=1&ownership=public', at: 'id' },
  voice: { path: '/v3/voices?limit=1&type=public', at: 'voice_id' },
  template: { path: '/v3/templates?limit=1', at: 'id' },
  translation: { path: '/v3/video-translations?limit=1', at: 'id' },
  proofread: { path: '/v3/video-translations/proofreads?limit=1', at: 'id' },
  glossary: { path: '/v3/brand-glossaries?limit=1', at: 'brand_glossary_id' },
}

/** The older calls, which the gateway has newer ones carry. Interactive avatars and their knowledge bases have no counterpart. */
const OLDER: readonly LiveRead[] = [
  { path: '/v1/user/me' },
  { path: '/v2/user/remaining_quota' },
  { path: '/v1/video.list', query: PAGE },
  { path: '/v1/video_status.get', query: 'video_id={id}', id: 'video' },
  { path: '/v2/videos', query: PAGE },
  { path: '/v2/videos/{video_id}', id: 'video' },
  { path: '/v2/avatars' },
  { path: '/v2/avatar/{avatar_id}/details', id: 'look' },
  { path: '/v2/avatar_group.list', query: 'include_public=false' },
  { path: '/v2/avatar_group/{group_id}/avatars', id: 'group' },
  { path: '/v1/avatar.list' },
  { path: '/v1/talking_photo.list' },
  { path: '/v2/voices' },
  { path: '/v2/voices/locales' },
  { path: '/v1/audio/voices', query: PAGE },
  { path: '/v1/voice.list' },
  { path: '/v2/templates' },
  { path: '/v2/template/{template_id}', id: 'template' },
  { path: '/v3/template/{template_id}', id: 'template' },
  { path: '/v2/video_translate/target_languages' },
  { path: '/v2/video_translate/{video_translate_id}', id: 'translation' },
  {
    path: '/v2/video_translate/caption',
    query: 'video_translate_id={id}&caption_type=srt',
    id: 'translation',
  },
  { path: '/v2/video_translate/proofread/status/{proofread_id}', id: 'proofread' },
  { path: '/v2/video_translate/proofread/{proofread_id}/download-srt', id: 'proofread' },
  { path: '/v1/asset/list', query: PAGE },
  { path: '/v1/brand_voice/list', query: PAGE },
  { path: '/v1/folders', query: PAGE },
  { path: '/v1/webhook/endpoint.list' },
  { path: '/v1/webhook/webhook.list' },
]

const NEWER: readonly LiveRead[] = [
  { path: '/v3/users/me' },
  { path: '/v3/api_keys/self' },
  { path: '/v3/videos', query: PAGE },
  { path: '/v3/videos/{video_id}', id: 'video' },
  { path: '/v3/videos/statuses', query: 'video_ids={id}', id: 'video' },
  { path: '/v3/avatars', query: `${PAGE}&ownership=public` },
  { path: '/v3/avatars/{group_id}', id: 'group' },
  { path: '/v3/avatars/looks', query: `${PAGE}&ownership=public` },
  { path: '/v3/avatars/looks/{look_id}', id: 'look' },
  { path: '/v3/voices', query: `${PAGE}&type=public` },
  { path: '/v3/voices/{voice_id}', id: 'voice' },
  { path: '/v3/models/audio/voices', query: PAGE },
  { path: '/v3/templates', query: PAGE },
  { path: '/v3/templates/{template_id}', id: 'template' },
  { path: '/v3/video-translations', query: PAGE },
  { path: '/v3/video-translations/languages' },
  { path: '/v3/video-translations/{video_translation_id}', id: 'translation' },
  { path: '/v3/video-translations/proofreads', query: PAGE },
  { path: '/v3/video-translations/proofreads/{proofread_id}', id: 'proofread' },
  { path: '/v3/brand-glossaries', query: PAGE },
  { path: '/v3/brand-glossaries/{brand_glossary_id}', id: 'glossary' },
  { path: '/v3/webhooks/endpoints', query: PAGE },
  { path: '/v3/webhooks/event-types' },
  { path: '/v3/video-agents', query: PAGE },
  { path: '/v3/video-agents/styles', query: PAGE },
]

export const HEYGEN_READS: readonly LiveRead[] = [...OLDER, ...NEWER]

export const KLING_IDS: Readonly<Record<string, IdList>> = {
  video: { path: '/v1/videos/text2video?pageNum=1&pageSize=1', at: 'task_id' },
}

const KLING_PAGE = 'pageNum=1&pageSize=2'
const KLING_LISTS = [
  '/v1/videos/text2video',
  '/v1/videos/image2video',
  '/v1/videos/multi-image2video',
  '/v1/videos/omni-video',
  '/v1/videos/motion-control',
  '/v1/videos/video-extend',
  '/v1/videos/lip-sync',
  '/v1/videos/effects',
  '/v1/images/generations',
  '/v1/images/omni-image',
  '/v1/images/kolors-virtual-try-on',
  '/v1/audio/text-to-audio',
  '/v1/general/presets-elements',
  '/v1/general/presets-voices',
  '/v1/general/custom-elements',
]

/** `now`: the costs of the last day are asked for. */
export function klingReads(now: number): LiveRead[] {
  const day = 24 * 60 * 60 * 1000
  return [
    { path: '/account/costs', query: `start_time=${now - day}&end_time=${now}` },
    ...KLING_LISTS.map((path) => ({ path, query: KLING_PAGE })),
    { path: '/v1/videos/text2video/{id}', id: 'video' },
  ]
}
