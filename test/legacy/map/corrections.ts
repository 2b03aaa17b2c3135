/**
 * What is wrong or open in map.json, as a patch: each with one line why. `item` names an item by `from -> to`. The numbers are
 * the points of the correction list that came after the map (November 2026); "rule" is the contract's section on the bridge.
 */
import type { Item, Json } from './places.ts'

export interface Call {
  method: string
  path: string
  when?: string
}

export interface Correction {
  row: string
  why: string
  /** How `v3` is walked. The map says it in prose. */
  plan?: string
  v3?: Call[] | null
  verdict?: string
  /** Items put in the place of others. null: the item goes. */
  request?: [item: string, becomes: Partial<Item> | null][]
  response?: [item: string, becomes: Partial<Item> | null][]
  /** The row answers 410 and names this instead. */
  gone?: RegExp
  answer?: { status: number; body: Json }
}

const ENGINE =
  '2: without III the server takes IV, which costs four times as much (thirty in Enterprise): never left out'
const ORIENTATION =
  'the page beside the map, 11: in the prompt’s words alone; the July schema refuses the member, and a second try costs a call'
const GONE = '4: an empty list or a 501 hides the end; clients stop on a 410 that names what to use'
const LIVE_AVATAR = /docs\.liveavatar\.com\/docs\/faq\/migration-guide/i

const gone = (rows: string[], names: RegExp, why = GONE): Correction[] =>
  rows.map((row) => ({ row, why, v3: null, gone: names }))

const own = (row: string): Correction => ({
  row,
  why: '3.5: webhook endpoints are the gateway’s own and in the older shape already: no call',
  plan: 'own',
})

export const CORRECTIONS: Correction[] = [
  {
    row: 'POST /v2/video/generate',
    why: ENGINE,
    request: [
      [
        'body:/video_inputs/0/character/use_avatar_iv_model -> body:/engine',
        { transform: 'iv flag, else iii, else LEGACY_ENGINE' },
      ],
    ],
  },
  {
    row: 'POST /v2/video/generate',
    why: '6: no 4k price is shown any more: clamped to 1080p unless LEGACY_4K=allow',
    request: [
      [
        'body:/dimension -> body:/resolution',
        { transform: 'short edge: <=720 720p, <=1080 1080p, else LEGACY_4K' },
      ],
    ],
  },
  {
    row: 'POST /v2/video/generate',
    why: '3: studio scenes take image and video backgrounds since v0.10.0, so a video behind one avatar is a studio of one scene',
    request: [
      [
        'body:/video_inputs/0/background -> body:/background',
        { transform: 'color, image; video makes a studio' },
      ],
    ],
  },
  {
    row: 'POST /v2/video/generate',
    why: 'rule: a test render was free, so it makes no paid video',
    request: [['body:/test -> -', { transform: 'refuse true' }]],
  },
  {
    row: 'POST /v2/video/generate',
    why: 'the page beside the map, 6.9: what would change the picture grossly is refused, small things are lost by name',
    request: [
      ['body:/video_inputs/0/character/avatar_style -> -', { transform: 'refuse circle' }],
      ['body:/video_inputs/0/character/talking_photo_style -> -', { transform: 'refuse circle' }],
      ['body:/video_inputs/0/text -> -', { transform: 'refuse any' }],
      ['body:/video_inputs/0/character/circle_background_color -> -', { op: 'switch' }],
    ],
  },
  {
    row: 'GET /v1/video_status.get',
    why: '10: a look into the job’s record on the hottest path is not worth it',
    response: [
      ['- -> body:/data/callback_id', { op: 'const', transform: 'const(null)', value: null }],
    ],
  },
  {
    row: 'POST /v1/video.webm',
    why: ENGINE,
    request: [['- -> body:/engine', { transform: 'iv flag, else iii, else LEGACY_ENGINE' }]],
  },
  {
    row: 'POST /v1/video.webm',
    why: '6: no 4k unless LEGACY_4K=allow',
    request: [
      [
        'body:/dimension -> body:/resolution',
        { transform: 'short edge: <=720 720p, <=1080 1080p, else LEGACY_4K' },
      ],
    ],
  },
  {
    row: 'POST /v1/video.generate',
    why: ENGINE,
    request: [
      ['body:/clips -> body:/engine', { op: 'engine', transform: 'iii, else LEGACY_ENGINE' }],
      ['body:/test -> -', { transform: 'refuse true' }],
      ['body:/version -> -', { op: 'drop', transform: 'drop' }],
    ],
  },
  {
    row: 'POST /v2/video/av4/generate',
    why: '11: the key of our own making carries the asset id, so no table is read',
    request: [
      ['body:/image_key -> body:/image', { transform: 'key of ours: asset id; else its address' }],
    ],
  },
  {
    row: 'POST /v2/photo_avatar/avatar_group/create',
    why: '11: no table of keys: a look that was generated stands in its key, and is shown, not made again',
    plan: 'group',
    request: [
      ['body:/image_key -> body:/file', { transform: 'key of ours: asset id; else its address' }],
    ],
  },
  {
    row: 'POST /v2/photo_avatar/avatar_group/add',
    why: '11: no table of keys; 4: four creations on the account of the group',
    plan: 'each /image_keys',
    request: [
      [
        'body:/image_keys/* -> body:/file',
        { transform: 'key of ours: asset id; else its address' },
      ],
    ],
  },
  {
    row: 'GET /v2/photo_avatar/generation/{generation_id}',
    why: '3.4: the generation id is the look id, so nothing is recalled',
    request: [['path:generation_id -> path:look_id', { op: 'copy', transform: 'copy' }]],
    response: [['body:/data/id -> body:/data/id', { op: 'copy', transform: 'copy' }]],
  },
  {
    row: 'POST /v2/photo_avatar/train',
    why: '4: v3 trains by itself: success without a call',
    answer: { status: 200, body: { error: null, data: null } },
  },
  {
    row: 'POST /v2/photo_avatar/photo/generate',
    why: ORIENTATION,
    request: [['body:/orientation -> body:/aspect_ratio', { op: 'switch' }]],
  },
  {
    row: 'POST /v2/photo_avatar/look/generate',
    why: ORIENTATION,
    plan: 'sequence',
    request: [['body:/orientation -> 2.body:/aspect_ratio', { op: 'switch' }]],
  },
  {
    row: 'POST /v2/video_avatar',
    why: 'plan: a failed consent keeps the avatar',
    plan: 'sequence',
  },
  {
    row: 'POST /v2/video_translate',
    why: 'the lookup of the video comes first, so it is call 1; 7: names of languages are copied; a dry run must not start a paid job',
    plan: 'sequence',
    v3: [
      { method: 'GET', path: '/v3/videos/{video_id}', when: 'only with a video id' },
      { method: 'POST', path: '/v3/video-translations' },
    ],
    request: [
      ['body:/validate_only -> -', { op: 'refuse-or-drop', transform: 'refuse true' }],
      ['1.body:/data/video_url -> body:/video', { op: 'build', transform: 'asset-url' }],
    ],
  },
  {
    row: 'GET /v2/video_translate/{video_translate_id}',
    why: '7: v3 answers names of languages too, so nothing is recalled',
    response: [['body:/data/output_language -> body:/data/output_language', { transform: 'copy' }]],
  },
  {
    row: 'POST /v2/template/{template_id}/generate',
    why: '8: frames per second other than 25, 30 and 60 are refused by v3: dropped and named; a missing text is the template’s own; a test render makes no paid video',
    request: [
      [
        'body:/fps -> body:/fps',
        { op: 'enum', transform: 'enum', map: { 25: 25, 30: 30, 60: 60 } },
      ],
      ['body:/test -> -', { transform: 'refuse true' }],
    ],
  },
  { row: 'GET /v2/templates', why: 'plan', plan: 'collect' },
  { row: 'GET /v1/video.list', why: 'plan', plan: 'page' },
  { row: 'GET /v2/videos', why: 'plan', plan: 'page' },
  { row: 'GET /v1/audio/voices', why: 'plan', plan: 'page' },
  { row: 'GET /v2/avatar_group.list', why: 'plan', plan: 'groups' },
  { row: 'GET /v2/avatar_group/{group_id}/avatars', why: 'plan', plan: 'collect' },
  { row: 'GET /v2/avatars', why: 'plan', plan: 'collect' },
  {
    row: 'GET /v2/voices',
    why: 'two booleans of the older list stay booleans',
    plan: 'voices',
    response: ['support_pause', 'support_locale'].map((name) => [
      `body:/data/*/${name} -> body:/data/voices/*/${name}`,
      { transform: 'copy, null -> false' },
    ]),
  },
  {
    row: 'GET /v1/voice.list',
    why: 'a boolean of the older list stays one',
    plan: 'voices',
    response: [
      [
        'body:/data/*/support_pause -> body:/data/list/*/support_pause',
        { transform: 'copy, null -> false' },
      ],
    ],
  },
  {
    row: 'GET /v2/photo_avatar/{id}',
    why: 'a look has no time in v3: its group’s, or null, since a made-up one would be false',
    response: [['- -> body:/data/created_at', { transform: 'copy or bridge time' }]],
  },
  {
    row: 'GET /v2/photo_avatar/train/status/{group_id}',
    why: 'its note: a group that waits for consent answers 404, though it has looks: pending',
    plan: 'training',
  },
  {
    row: 'DELETE /v2/talking_photo/{talking_photo_id}',
    why: '1: a talking photo may be an upload without a look',
    plan: 'photo',
  },
  { row: 'GET /v1/avatar.list', why: 'plan', plan: 'states' },
  { row: 'GET /v1/talking_photo.list', why: 'plan', plan: 'collect' },
  { row: 'GET /v1/brand_voice/list', why: 'plan', plan: 'details' },
  { row: 'GET /v1/asset/list', why: 'plan', plan: 'assets' },
  { row: 'POST /v1/asset/{asset_id}/delete', why: 'plan', plan: 'sequence' },
  ...['endpoint.list', 'webhook.list'].map((name) => own(`GET /v1/webhook/${name}`)),
  own('POST /v1/webhook/endpoint.add'),
  own('PATCH /v1/webhook/endpoint.update'),
  own('DELETE /v1/webhook/endpoint.delete'),
  {
    row: 'POST /v1/video_agent/generate',
    why: '3.4: the session id stands for a video that has no id yet',
    response: [
      ['body:/data/video_id -> body:/data/video_id', { transform: 'copy, else the session id' }],
    ],
  },
  {
    row: 'POST /v1/talking_photo',
    why: '1: a look costs one dollar and the old upload was free: only the upload, its asset id is the photo’s id',
    v3: [{ method: 'POST', path: '/v3/assets' }],
    verdict: 'lossy',
    request: [
      ['- -> 2.body:/type', null],
      ['- -> 2.body:/name', null],
      ['1.body:/data/asset_id -> 2.body:/file', null],
    ],
    response: [
      ['2.body:/data/avatar_item/id -> body:/data/talking_photo_id', null],
      [
        '2.body:/data/avatar_item/preview_image_url | 1.body:/data/url -> body:/data/talking_photo_url',
        null,
      ],
      ['body:/data/asset_id -> body:/data/talking_photo_id', { op: 'copy', transform: 'copy' }],
      ['body:/data/url -> body:/data/talking_photo_url', { op: 'copy', transform: 'copy' }],
    ],
  },
  {
    row: 'POST /v1/folders/create',
    why: '5: v3 makes folders since v0.9.0; a word that it does not know becomes mixed',
    verdict: 'exact',
    v3: [{ method: 'POST', path: '/v3/folders' }],
    request: [
      ['body:/name -> body:/name', { op: 'copy', transform: 'copy' }],
      ['body:/parent_id -> body:/parent_id', { op: 'copy', transform: 'copy' }],
      [
        'body:/project_type -> body:/type',
        {
          op: 'enum',
          transform: 'enum',
          map: { mixed: 'mixed', video: 'video', video_translate: 'video_translate', '*': 'mixed' },
        },
      ],
    ],
    response: [
      ['body:/data/folder_id -> body:/data/id', { op: 'copy', transform: 'copy' }],
      ['body:/data/name -> body:/data/name', { op: 'copy', transform: 'copy' }],
      ['body:/data/parent_id -> body:/data/parent_id', { op: 'copy', transform: 'copy' }],
      ['body:/data/type -> body:/data/project_type', { op: 'copy', transform: 'copy' }],
      ['- -> body:/code', { op: 'const', transform: 'const(100)', value: 100 }],
      ['- -> body:/msg', { op: 'const', transform: 'const(null)', value: null }],
      ['- -> body:/message', { op: 'const', transform: 'const(null)', value: null }],
    ],
  },
  {
    row: 'GET /v2/voices/locales',
    why: '4: made of the languages of v3’s voices and a list that is shipped',
    plan: 'locales',
    v3: [{ method: 'GET', path: '/v3/voices' }],
  },
  ...gone(
    [
      'POST /v1/streaming.new',
      'POST /v1/streaming.start',
      'GET /v1/streaming.list',
      'GET /v2/streaming.list',
      'POST /v1/streaming.task',
      'POST /v1/streaming.stop',
      'POST /v1/streaming.interrupt',
      'POST /v1/streaming.create_token',
      'GET /v1/streaming/avatar.list',
      'POST /v1/streaming.keep_alive',
      'GET /v1/streaming/knowledge_base/list',
      'POST /v1/streaming/knowledge_base/create',
      'POST /v1/streaming/knowledge_base/{knowledge_base_id}',
      'POST /v1/streaming/knowledge_base/{knowledge_base_id}/delete',
      'POST /v1/streaming.ice',
      'POST /v1/streaming.start_listening',
      'POST /v1/streaming.stop_listening',
      'WSS /v1/ws/streaming.chat',
      'WSS {realtime_endpoint}',
    ],
    LIVE_AVATAR
  ),
  ...gone(['POST /v2/photo_avatar/add_motion'], /motion_prompt/),
  ...gone(['POST /v2/photo_avatar/add_sound_effect', 'POST /v2/photo_avatar/upscale'], /v3/i),
  ...gone(['POST /v1/video/share'], /enable_sharing/),
  ...gone(
    [
      'GET /v1/folders',
      'POST /v1/folders/{folder_id}',
      'POST /v1/folders/{folder_id}/trash',
      'POST /v1/folders/{folder_id}/restore',
    ],
    /HeyGen app|v3\/folders/i,
    '5: v3 makes and reads one folder, nothing else: done in the HeyGen app'
  ),
  ...gone(
    [
      'POST /v1/personalized_video/add_contact',
      'GET /v1/personalized_video/audience/detail',
      'GET /v1/personalized_video/project/detail',
    ],
    /template/i
  ),
  ...gone(
    [
      'GET /v1/workflows',
      'POST /v1/workflows/executions',
      'POST /v1/workflows/graph-executions',
      'GET /v1/workflows/executions/{execution_id}',
    ],
    /\/v3\/workflow/
  ),
]
