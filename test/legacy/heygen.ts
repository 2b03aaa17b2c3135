/**
 * A HeyGen that serves v3 only, as a function of one request: its ids tell what they are (`look-photo-iii-1`), so nothing is kept.
 * The shapes are those of the catalogue's examples. A test may replace members of an answer, or make a call fail.
 */
import type { HeyGen, V3Answer } from './interpreter/interpret.ts'
import { at, isMembers, type Json, type Members } from './map/places.ts'
import type { V3Request } from './interpreter/requests.ts'

export interface Change {
  /** `GET /v3/videos/{video_id}`: the calls that the change is for. */
  call: string
  /** Laid over `data`; in a list over each row. */
  data?: Members
  fails?: { status: number; code: string; message: string; param?: string }
}

/** A new id in each call, as HeyGen’s are. Comparisons leave out its number. */
export const NEW = 'new-id'

const AT = 1_764_500_000

const look = (id: string): Members => {
  const [, kind = 'studio', engines = 'iii'] = id.split('-')
  const types: Record<string, string> = {
    photo: 'photo_avatar',
    twin: 'digital_twin',
    studio: 'studio_avatar',
  }
  return {
    avatar_type: types[kind] ?? 'studio_avatar',
    default_voice_id: 'voice-1',
    error: null,
    gender: 'female',
    group_id: `${id.startsWith('public') ? 'public-' : ''}group-${kind}`,
    id,
    image_height: null,
    image_width: null,
    name: `Look ${id}`,
    preferred_orientation: 'portrait',
    preview_image_url: `https://files.heygen.ai/${id}.webp`,
    preview_video_url: `https://files.heygen.ai/${id}.mp4`,
    status: id.startsWith('public') ? null : 'completed',
    supported_api_engines: engines === 'iv' ? ['avatar_iv'] : ['avatar_iii', 'avatar_iv'],
    tags: kind === 'twin' ? ['business'] : [],
  }
}

const group = (id: string): Members => ({
  consent_status: null,
  created_at: AT,
  default_voice_id: 'voice-1',
  error: null,
  gender: 'female',
  id,
  looks_count: 2,
  name: `Group ${id}`,
  preview_image_url: `https://files.heygen.ai/${id}.webp`,
  preview_video_url: null,
  status: id.startsWith('public') ? null : 'completed',
})

const voice = (id: string): Members => ({
  gender: 'female',
  language: id.endsWith('1') ? 'English' : 'German',
  name: `Voice ${id}`,
  preview_audio_url: id.endsWith('2') ? null : `https://files.heygen.ai/${id}.mp3`,
  support_locale: true,
  support_pause: false,
  type: id.startsWith('public') ? 'public' : 'private',
  voice_id: id,
})

const video = (id: string): Members => ({
  captioned_video_url: null,
  completed_at: AT + 60,
  created_at: AT,
  duration: 12.4,
  failure_code: null,
  failure_message: null,
  folder_id: null,
  gif_url: `https://files.heygen.ai/${id}.gif`,
  id,
  output_language: null,
  status: 'completed',
  subtitle_url: `https://files.heygen.ai/${id}.srt`,
  thumbnail_url: `https://files.heygen.ai/${id}.jpg`,
  title: 'Demo',
  video_page_url: `https://app.heygen.com/videos/${id}`,
  video_url: `https://files.heygen.ai/${id}.mp4`,
})

const translation = (id: string): Members => ({
  audio_url: `https://files.heygen.ai/${id}.mp3`,
  callback_id: 'job-0042',
  created_at: AT,
  duration: 12.4,
  failure_message: null,
  id,
  input_language: 'English',
  output_language: 'Spanish (Spain)',
  srt_caption_url: `https://files.heygen.ai/${id}.srt`,
  status: 'completed',
  title: 'Demo',
  translate_audio_only: false,
  video_url: `https://files.heygen.ai/${id}.mp4`,
  vtt_caption_url: `https://files.heygen.ai/${id}.vtt`,
})

const proofread = (id: string): Members => ({
  created_at: AT,
  failure_message: null,
  id,
  input_language: 'English',
  output_language: 'Spanish (Spain)',
  status: 'completed',
  submitted_for_review: null,
  title: 'Demo',
})

const asset = (id: string): Members => ({
  folder_id: null,
  id,
  name: `Asset ${id}`,
  owner: 'ana@example.com',
  space_id: 'space-1',
  type: id.endsWith('video') ? 'video' : 'image',
  uploaded_at: AT,
  url: `https://files.heygen.ai/${id}.${id.endsWith('video') ? 'mp4' : 'png'}`,
})

const template = (id: string): Members => ({
  aspect_ratio: '16:9',
  created_at: AT,
  id,
  name: `Template ${id}`,
  scene_ids: ['scene-1'],
  scenes: [
    {
      scene_id: 'scene-1',
      script: 'Hello {{first_name}}.',
      variables: [{ name: 'first_name', variable_type: 'text' }],
    },
  ],
  thumbnail_url: `https://files.heygen.ai/${id}.jpg`,
  updated_at: null,
  variables: {
    first_name: { type: 'text', content: 'John' },
    logo: { type: 'image', asset: { type: 'asset_id', asset_id: 'asset-1' }, fit: 'cover' },
    clip: {
      type: 'video',
      asset: { type: 'url', url: 'https://example.com/clip.mp4' },
      fit: 'contain',
      play_style: 'loop',
      volume: 0.5,
    },
    sound: { type: 'audio', asset: { type: 'url', url: 'https://example.com/sound.mp3' } },
    host: { type: 'character', character_id: 'look-twin-iii', character_type: 'avatar' },
    speaker: { type: 'voice', voice_id: 'voice-1', locale: 'en-US' },
  },
})

const endpoint = (id: string): Members => ({
  created_at: '2026-11-01T12:00:00Z',
  endpoint_id: id,
  events: ['avatar_video.success'],
  secret: null,
  status: 'enabled',
  url: 'https://example.com/hook',
})

const glossary = (id: string): Members => ({
  brand_glossary_id: id,
  created_at: '2026-10-01T10:00:00Z',
  name: `Glossary ${id}`,
  updated_at: '2026-10-02T10:00:00Z',
})

const TERMS: Members = {
  terms: [{ term: 'HeyGen', pronunciation: 'hey-jen' }],
  do_not_translate_terms: [{ term: 'Acme' }],
  forced_translations: [{ term: 'cart', translation: 'carrito' }],
}

const ME: Members = {
  username: `${NEW}-user-1`,
  email: 'ana@example.com',
  first_name: 'Ana',
  last_name: 'Example',
  billing_type: 'wallet',
  wallet: { currency: 'credits', remaining_balance: 12.51, auto_reload: null },
  subscription: null,
  usage_based: null,
}

const many = (count: number, idOf: (index: number) => string) =>
  Array.from({ length: count }, (_none, index) => idOf(index))

const LOOKS = [
  ...many(60, (index) => `public${index}-${index % 3 ? 'studio' : 'photo'}-iii`),
  'look-photo-iii',
  'look-twin-iii',
  'look-photo-iv',
]
const GROUPS = ['public-group-studio', 'public-group-photo', 'group-photo', 'group-twin']
const VOICES = [...many(104, (index) => `public-${index}`), 'voice-1', 'voice-2']

let made = 0
const fresh = (kind: string) => `${NEW}-${kind}-${++made}`

type Handler = (request: V3Request, id: string) => Json

const paged =
  (make: (id: string) => Members, ids: (request: V3Request) => string[], most = 100): Handler =>
  (request) => {
    const all = ids(request)
    const limit = Math.min(most, Number(request.query['limit'] ?? 10))
    const from = Number(request.query['token'] ?? 0)
    const hasMore = from + limit < all.length
    return {
      data: all.slice(from, from + limit).map(make),
      has_more: hasMore,
      next_token: hasMore ? String(from + limit) : null,
    }
  }

const isPublic = (id: string) => id.startsWith('public')
const owned = (ids: string[], ownership: string | undefined) =>
  ids.filter((id) => !ownership || isPublic(id) === (ownership === 'public'))

const data = (value: Members): Json => ({ data: value })

const HANDLERS: [call: string, handler: Handler][] = [
  ['GET /v3/users/me', () => data(ME)],
  [
    'POST /v3/videos',
    () => data({ video_id: fresh('video'), status: 'waiting', output_format: 'mp4' }),
  ],
  ['GET /v3/videos', paged(video, () => ['video-1', 'video-2', 'video-3'])],
  ['GET /v3/videos/{video_id}', (_request, id) => data(video(id))],
  ['DELETE /v3/videos/{video_id}', (_request, id) => data({ id })],
  [
    'GET /v3/avatars/looks',
    paged(
      look,
      ({ query }) => {
        const ids = owned(LOOKS, query['ownership'])
        return ids.filter(
          (id) =>
            (!query['group_id'] || look(id)['group_id'] === query['group_id']) &&
            (!query['avatar_type'] || look(id)['avatar_type'] === query['avatar_type'])
        )
      },
      50
    ),
  ],
  ['GET /v3/avatars/looks/{look_id}', (_request, id) => data(look(id))],
  ['DELETE /v3/avatars/looks/{look_id}', (_request, id) => data({ id })],
  ['GET /v3/avatars', paged(group, ({ query }) => owned(GROUPS, query['ownership']), 50)],
  [
    'POST /v3/avatars',
    ({ body }) => {
      const kind = body?.['type'] === 'digital_twin' ? 'twin' : 'photo'
      const id = fresh('group')
      const item = {
        ...look(`look-${kind}-iii`),
        id: fresh('look'),
        group_id: id,
        status: 'processing',
      }
      return data({ avatar_group: { ...group(id), status: 'processing' }, avatar_item: item })
    },
  ],
  ['GET /v3/avatars/{group_id}', (_request, id) => data(group(id))],
  ['DELETE /v3/avatars/{group_id}', (_request, id) => data({ id })],
  [
    'POST /v3/avatars/{group_id}/consent',
    (_request, id) => data({ avatar_group: group(id), url: null }),
  ],
  ['GET /v3/voices', paged(voice, ({ query }) => owned(VOICES, query['type'] ?? 'public'))],
  [
    'POST /v3/voices/speech',
    () =>
      data({
        audio_url: 'https://files.heygen.ai/speech.mp3',
        duration: 1.5,
        request_id: 'request-1',
        word_timestamps: [{ word: 'Hello', start: 0, end: 0.41 }],
      }),
  ],
  [
    'GET /v3/video-translations/languages',
    () => data({ languages: ['English', 'Spanish (Spain)'] }),
  ],
  [
    'POST /v3/video-translations',
    ({ body }) => {
      const languages = body?.['output_languages']
      const count = Array.isArray(languages) ? languages.length : 1
      return data({ video_translation_ids: many(count, () => fresh('translation')) })
    },
  ],
  ['GET /v3/video-translations/{video_translation_id}', (_request, id) => data(translation(id))],
  [
    'POST /v3/video-translations/proofreads',
    ({ body }) => {
      const languages = body?.['output_languages']
      const count = Array.isArray(languages) ? languages.length : 1
      return data({ proofread_ids: many(count, () => fresh('proofread')), status: 'processing' })
    },
  ],
  ['GET /v3/video-translations/proofreads/{proofread_id}', (_request, id) => data(proofread(id))],
  [
    'GET /v3/video-translations/proofreads/{proofread_id}/srt',
    (_request, id) =>
      data({ original_srt_url: null, srt_url: `https://files.heygen.ai/${id}.srt` }),
  ],
  [
    'PUT /v3/video-translations/proofreads/{proofread_id}/srt',
    (_request, id) => data(proofread(id)),
  ],
  [
    'POST /v3/video-translations/proofreads/{proofread_id}/generate',
    () => data({ status: 'processing', video_translation_id: fresh('translation') }),
  ],
  ['GET /v3/templates', paged(template, () => ['template-1', 'template-2'])],
  ['GET /v3/templates/{template_id}', (_request, id) => data(template(id))],
  [
    'POST /v3/templates/{template_id}',
    () => data({ ...video(fresh('video')), status: 'pending', video_url: null }),
  ],
  [
    'POST /v3/video-agents',
    () =>
      data({
        session_id: fresh('session'),
        status: 'generating',
        video_id: fresh('video'),
        created_at: AT,
      }),
  ],
  ['GET /v3/brand-glossaries', paged(glossary, () => ['glossary-1', 'glossary-2'])],
  [
    'GET /v3/brand-glossaries/{brand_glossary_id}',
    (_request, id) => data({ ...glossary(id), ...TERMS }),
  ],
  [
    'PATCH /v3/brand-glossaries/{brand_glossary_id}',
    (_request, id) => data({ ...glossary(id), ...TERMS }),
  ],
  [
    'POST /v3/assets',
    ({ file }) => {
      const id = fresh('asset')
      const type = file?.type ?? 'image/png'
      const url = `https://files.heygen.ai/${id}.${type.split('/')[1]}`
      return data({ asset_id: id, url, mime_type: type, size_bytes: file?.bytes.length ?? 0 })
    },
  ],
  ['GET /v3/assets', paged(asset, () => ['asset-1', 'asset-video', 'asset-2'])],
  ['GET /v3/assets/{asset_id}', (_request, id) => data(asset(id))],
  ['DELETE /v3/assets/{asset_id}', (_request, id) => data({ id })],
  ['GET /v3/webhooks/endpoints', paged(endpoint, () => ['endpoint-1', 'endpoint-2'])],
  [
    'POST /v3/webhooks/endpoints',
    ({ body }) => data({ ...endpoint(fresh('endpoint')), ...body, secret: 'whsec-of-heygen' }),
  ],
  [
    'PATCH /v3/webhooks/endpoints/{endpoint_id}',
    ({ body }, id) => data({ ...endpoint(id), ...body }),
  ],
  ['DELETE /v3/webhooks/endpoints/{endpoint_id}', () => data({ status: 'ok' })],
  [
    'GET /v3/webhooks/event-types',
    () => ({
      data: ['avatar_video.success', 'avatar_video.fail'].map((name) => ({
        event_type: name,
        description: name,
      })),
      has_more: false,
      next_token: null,
    }),
  ],
  [
    'POST /v3/folders',
    ({ body }) =>
      data({
        folder_id: fresh('folder'),
        name: body?.['name'] ?? null,
        type: body?.['type'] ?? 'mixed',
        parent_id: body?.['parent_id'] ?? null,
        is_trash: false,
        creator_username: 'user-1',
        created_at: AT,
        updated_at: AT,
      }),
  ],
]

const ROUTES = HANDLERS.map(([call, handler]) => {
  const [method = '', path = ''] = call.split(' ')
  const pattern = new RegExp(`^${path.replace(/\{\w+\}/g, '([^/]+)')}$`)
  return { call, method, pattern, isFixed: !path.includes('{'), handler }
}).sort((one, other) => Number(other.isFixed) - Number(one.isFixed))

/** The name of a v3 call, with its ids as names. */
export function callOf(request: { method: string; path: string }): string | undefined {
  return routeOf(request)?.call
}

function routeOf({ method, path }: { method: string; path: string }) {
  return ROUTES.find((route) => route.method === method && route.pattern.test(path))
}

export function heygenWith(changes: Change[] = []): HeyGen {
  return (request) => {
    const route = routeOf(request)
    const id = decodeURIComponent(route?.pattern.exec(request.path)?.[1] ?? '')
    if (!route || isMissing(route.call, id)) return failed(404, notFound(request.path), 'Not found')
    const own = changes.filter(({ call }) => call === route.call)
    const fails = own.find((change) => change.fails)?.fails
    if (fails) return failed(fails.status, fails.code, fails.message, fails.param)
    return { status: 200, body: own.reduce(laid, route.handler(request, id)) }
  }
}

/** An id that says what it is exists only at its own path. */
function isMissing(call: string, id: string): boolean {
  if (id.startsWith('asset')) return !call.includes('/v3/assets/')
  if (id.startsWith('group')) return !call.includes('/v3/avatars/{group_id}')
  return id.startsWith('unknown')
}

function laid(body: Json, { data: over }: Change): Json {
  if (!over || !isMembers(body)) return body
  const old = body['data']
  const now = Array.isArray(old)
    ? old.map((row) => (isOfEveryone(row) ? row : { ...(isMembers(row) ? row : {}), ...over }))
    : { ...(isMembers(old) ? old : {}), ...over }
  return { ...body, data: now }
}

/** Public rows are not changed, because the gateway keeps a copy of them. */
function isOfEveryone(row: Json): boolean {
  const id = at(row, '/id') ?? at(row, '/voice_id')
  return typeof id === 'string' && isPublic(id)
}

function notFound(path: string): string {
  if (path.startsWith('/v3/videos/')) return 'video_not_found'
  if (path.startsWith('/v3/avatars/looks/')) return 'avatar_not_found'
  if (path.startsWith('/v3/avatars/')) return 'avatar_group_not_found'
  if (path.startsWith('/v3/assets/')) return 'asset_not_found'
  if (path.startsWith('/v3/webhooks/')) return 'webhook_not_found'
  return 'not_found'
}

function failed(status: number, code: string, message: string, param?: string): V3Answer {
  return { status, body: { error: { code, message, param: param ?? null, doc_url: null } } }
}
