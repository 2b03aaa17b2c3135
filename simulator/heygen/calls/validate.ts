/** What a body must look like. A wrong one is refused before anything is started. */
import { rowName } from '../../catalogue/rows.ts'
import type { Doc } from '../../text/json.ts'
import { envelopeOf, invalid } from '../answers/errors.ts'
import { CATALOGUE, type Row } from '../catalogue/catalogue.ts'

type Kind = 'string' | 'boolean' | 'array' | 'object'

/** Documented types of members that the create calls share. null counts as left out. */
const KINDS: Record<string, Kind> = {
  title: 'string',
  callback_id: 'string',
  callback_url: 'string',
  script: 'string',
  prompt: 'string',
  avatar_id: 'string',
  voice_id: 'string',
  image_key: 'string',
  group_id: 'string',
  folder_id: 'string',
  text: 'string',
  output_language: 'string',
  dimension: 'object',
  video_inputs: 'array',
  output_languages: 'array',
  videos: 'array',
  lipsyncs: 'array',
  video_translations: 'array',
  scenes: 'array',
  variables: 'object',
  files: 'array',
  clips: 'array',
  test: 'boolean',
}

/** Of each inner list one member must be there. */
const REQUIRED: Record<string, string[][]> = {
  'POST /v2/video/generate': [['video_inputs']],
  'POST /v1/video.webm': [['input_text', 'input_audio']],
  'POST /v1/video.generate': [['clips']],
  'POST /v2/video/av4/generate': [['image_key'], ['script', 'audio_url', 'audio_asset_id']],
  'POST /v2/photo_avatar/photo/generate': [['name'], ['appearance']],
  'POST /v2/photo_avatar/look/generate': [['group_id'], ['prompt']],
  'POST /v2/photo_avatar/train': [['group_id']],
  'POST /v2/video_avatar': [['training_footage_url'], ['video_consent_url']],
  'POST /v2/video_translate': [['video_url'], ['output_language', 'output_languages']],
  'POST /v2/video_translate/proofread': [['video_url'], ['output_language', 'output_languages']],
  'POST /v2/template/{template_id}/generate': [['variables']],
  'POST /v1/video_agent/generate': [['prompt']],
  'POST /v2/videos': [['script', 'audio_url', 'audio_asset_id']],
  'POST /v3/videos': [['script', 'audio_url', 'audio_asset_id', 'scenes', 'prompt', 'audio']],
  'POST /v3/videos/batches': [['videos']],
  'POST /v3/lipsyncs': [['video'], ['audio']],
  'POST /v3/lipsyncs/batches': [['lipsyncs']],
  'POST /v3/video-translations': [['video'], ['output_languages']],
  'POST /v3/video-translations/batches': [['video_translations']],
  'POST /v3/video-translations/proofreads': [['video'], ['output_languages']],
  'POST /v3/models/videos': [['model'], ['prompt', 'image']],
  'POST /v3/models/images': [['model'], ['identity_images', 'reference_images', 'prompt']],
  'POST /v3/avatars/looks': [['type']],
  'POST /v3/video-agents': [['prompt']],
  'POST /v3/video-agents/{session_id}': [['message', 'prompt']],
  'POST /v3/ai-clipping': [['video']],
  'POST /v3/background-removals': [['video']],
  'POST /v3/avatars': [['type']],
  'POST /v3/voices/clone': [['audio']],
  'POST /v3/filler-word-removals': [['video']],
  'POST /v3/models/audio/voices': [['mode']],
  'POST /v3/clips': [['video']],
  'POST /v1/audio/text_to_speech': [['text']],
  'POST /v3/voices/speech': [['text']],
  'POST /v3/models/audio/tts': [['text']],
  'POST /v3/voices': [['prompt']],
}

/** Members that v3 creations take besides those of their example. More than documented, on purpose. */
const KNOWN = new Set(
  `type name title script prompt message mode avatar_id avatar_group_id voice_id audio_url audio_asset_id audio image
  image_url image_asset_id video video_url background engine watermark references scenes resolution aspect_ratio
  orientation output_format output_settings fps dimension caption captions caption_settings callback_id callback_url
  folder_id brand_kit_id brand_glossary_id brand_voice_id brand_voice variables files style_id style motion_prompt
  expressiveness fit remove_background voice_settings locale language input_language output_language output_languages
  speaker_num translate_audio_only enable_caption enable_dynamic_duration disable_music_track keep_the_same_format srt
  srt_role start_time end_time duration duration_sec duration_seconds max_clips auto_proceed incognito_mode
  reference_images file gender age ethnicity voice_name description remove_background_noise text seed test
  videos lipsyncs video_translations comparisons reference candidate project inputs workflow_id version_number
  entry_file composition format quality hosts topic enable_speech_enhancement enable_watermark include_gif
  custom_motion_prompt enhance_custom_motion_prompt use_avatar_iv_model speed pitch emotion volume appearance pose
  model num_images identity_images reference_videos reference_audio prompt_enhancement similarity template_id
  scene_ids enable_sharing reorder_music keep_text_vertically_centered subtitles stock_voice_config fps_mode input_type
  reference_look_id visibility members batch_id metadata tags webhook_id thread_id enhance_audio enable_video_stretching`
    .split(/\s+/)
    .filter(Boolean)
)

const exampleMembers = new Map(
  CATALOGUE.map((row) => [rowName(row), Object.keys((row.requestExample ?? {}) as object)])
)

export function validateBody(row: Row, body: Doc): void {
  const envelope = envelopeOf(row)
  const isCreation = row.kind === 'creates-job' || row.kind === 'sync-generation'
  for (const [name, kind] of Object.entries(KINDS)) {
    const value = body[name]
    const isList = name === 'avatar_id' && body.type === 'cinematic_avatar'
    if (value !== undefined && value !== null && !isKind(value, isList ? 'array' : kind)) {
      throw invalid(envelope, `${name} is invalid: Input should be a valid ${kind}`, name)
    }
  }
  if (!isCreation) return
  for (const names of REQUIRED[rowName(row)] ?? []) {
    if (names.every((name) => isMissing(body[name]))) {
      throw invalid(envelope, `${names[0]} is invalid: Field required`, names[0])
    }
  }
  if (row.family !== 'v3') return
  assertKnown(row, body)
  assertNoCallback(row, body)
}

function assertKnown(row: Row, body: Doc): void {
  const inExample = exampleMembers.get(rowName(row)) ?? []
  const unknown = Object.keys(body).find((name) => !KNOWN.has(name) && !inExample.includes(name))
  if (unknown) throw invalid('v3', `${unknown}: Extra inputs are not permitted`, unknown)
}

/** Two kinds of creation are documented without the members of a callback. */
function assertNoCallback(row: Row, body: Doc): void {
  const isCinematic = row.path === '/v3/videos' && body.type === 'cinematic_avatar'
  if (!isCinematic && row.path !== '/v3/models/images') return
  const given = ['callback_url', 'callback_id'].find((name) => body[name] !== undefined)
  if (given) throw invalid('v3', `${given}: Extra inputs are not permitted`, given)
}

function isMissing(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    value === '' ||
    (Array.isArray(value) && value.length === 0)
  )
}

function isKind(value: unknown, kind: Kind): boolean {
  if (kind === 'array') return Array.isArray(value)
  if (kind === 'object') return typeof value === 'object' && !Array.isArray(value)
  return typeof value === kind
}
