/**
 * Older calls that nothing in v3 replaces. Each answers 410 with what to use instead (reference/news-2026-11.md section 4): an empty
 * success would hide that the call has ended.
 */
import type { Row } from '#providers/heygen/legacy/shared/words.ts'

const GUIDE = 'docs.liveavatar.com/docs/faq/migration-guide'
const AVATARS = `HeyGen has ended interactive avatars here. They are LiveAvatar now, with keys of its own: ${GUIDE}.`
const KNOWLEDGE = `HeyGen has ended knowledge bases here. LiveAvatar has contexts instead, with keys of its own: ${GUIDE}.`
const FOLDERS = 'v3 can only make folders and show one, by its id: GET /v3/folders/{folder_id}.'
const WORKFLOWS =
  'HeyGen has ended the workflows of v1. Publish the workflow in HeyGen and use /v3/workflows.'
const PERSONALIZED =
  'HeyGen has ended personalized videos of v1. Make one video for each contact: POST /v3/templates/{template_id}.'

const STREAMING = [
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
  'POST /v1/streaming.ice',
  'POST /v1/streaming.start_listening',
  'POST /v1/streaming.stop_listening',
  // A socket: its upgrade is refused.
  'GET /v1/ws/streaming.chat',
]
const KNOWLEDGE_BASES = [
  'GET /v1/streaming/knowledge_base/list',
  'POST /v1/streaming/knowledge_base/create',
  'POST /v1/streaming/knowledge_base/{knowledge_base_id}',
  'POST /v1/streaming/knowledge_base/{knowledge_base_id}/delete',
]

export const GONE: Readonly<Record<string, Row>> = {
  ...all(STREAMING, AVATARS),
  ...all(KNOWLEDGE_BASES, KNOWLEDGE),
  'POST /v2/photo_avatar/add_motion': {
    gone: 'HeyGen has ended add_motion. Describe the motion in motion_prompt when you make the video: POST /v3/videos.',
  },
  'POST /v2/photo_avatar/add_sound_effect': {
    gone: 'HeyGen has ended sound effects of photo avatars. GET /v3/audio/sounds finds sounds that you can mix into the video.',
  },
  'POST /v2/photo_avatar/upscale': {
    gone: 'HeyGen has ended upscaling of photo avatars. Choose the resolution when you make the video: POST /v3/videos.',
  },
  'POST /v1/video/share': {
    gone: 'v3 does not make a video public later. GET /v3/videos/{video_id} shows video_page_url, and POST /v3/templates/{template_id} takes enable_sharing.',
  },
  'GET /v1/folders': { gone: `v3 has no list of folders. Look in the HeyGen app. ${FOLDERS}` },
  'POST /v1/folders/{folder_id}': { gone: `Rename folders in the HeyGen app. ${FOLDERS}` },
  'POST /v1/folders/{folder_id}/trash': {
    gone: `Move folders to the trash in the HeyGen app. ${FOLDERS}`,
  },
  'POST /v1/folders/{folder_id}/restore': {
    gone: `Restore folders in the HeyGen app. ${FOLDERS}`,
  },
  'GET /v1/workflows': { gone: WORKFLOWS },
  'POST /v1/workflows/executions': { gone: WORKFLOWS },
  'POST /v1/workflows/graph-executions': { gone: WORKFLOWS },
  'GET /v1/workflows/executions/{execution_id}': { gone: WORKFLOWS },
  'POST /v1/personalized_video/add_contact': { gone: PERSONALIZED },
  'GET /v1/personalized_video/audience/detail': { gone: PERSONALIZED },
  'GET /v1/personalized_video/project/detail': { gone: PERSONALIZED },
}

function all(names: readonly string[], gone: string): Record<string, Row> {
  return Object.fromEntries(names.map((name) => [name, { gone }]))
}
