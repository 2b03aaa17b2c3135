/** One line for each row of the providers' route tables: by the form of its path, or from the list below where the form says too little. */
import type { Route } from '../../../../src/providers/contract/provider.ts'

const OWN_WORDS: Record<string, string> = {
  'GET /v1/video_status.get': 'The state of a video',
  'POST /v1/video.webm': 'Start a video with a transparent background',
  'GET /v1/video.list': 'List videos',
  'POST /v1/video/share': 'Make an address to share a video',
  'DELETE /v1/video.delete': 'Delete a video',
  'GET /v1/brand_voice/list': 'List brand voices',
  'POST /v1/streaming.new': 'Open a streaming session',
  'POST /v1/streaming.start': 'Start a streaming session',
  'GET /v1/streaming.list': 'List open streaming sessions',
  'GET /v2/streaming.list': 'List past streaming sessions',
  'POST /v1/streaming.task': 'Let the avatar of a session speak',
  'POST /v1/streaming.stop': 'Close a streaming session',
  'POST /v1/streaming.interrupt': 'Interrupt the avatar of a session',
  'POST /v1/streaming.create_token': 'Make a token for a browser; it is the gateway’s own',
  'POST /v1/streaming.keep_alive': 'Keep a streaming session open',
  'POST /v1/streaming.ice': 'Send an ICE candidate of a session',
  'POST /v1/streaming.start_listening': 'Let the avatar of a session listen',
  'POST /v1/streaming.stop_listening': 'Let the avatar of a session stop listening',
  'GET /v1/streaming/avatar.list': 'List avatars for streaming',
  'GET /v1/streaming/knowledge_base/list': 'List knowledge bases',
  'POST /v1/streaming/knowledge_base/create': 'Make a knowledge base',
  'POST /v1/streaming/knowledge_base/{knowledge_base_id}': 'Change a knowledge base',
  'GET /v1/user/me': 'The user, with the credit of all accounts',
  'GET /v3/users/me': 'The user, with the credit of all accounts',
  'GET /v2/user/remaining_quota': 'The credit of all accounts',
  'POST /v1/asset': 'Upload a file',
  'GET /v1/asset/list': 'List uploaded files',
  'GET /v1/webhook/endpoint.list': 'List webhook endpoints; they are the gateway’s own',
  'POST /v1/webhook/endpoint.add': 'Add a webhook endpoint',
  'PATCH /v1/webhook/endpoint.update': 'Change a webhook endpoint',
  'DELETE /v1/webhook/endpoint.delete': 'Remove a webhook endpoint',
  'GET /v1/webhook/webhook.list': 'List the kinds of events',
  'POST /v1/folders/create': 'Make a folder',
  'POST /v1/folders/{folder_id}/trash': 'Put a folder into the trash',
  'POST /v1/video_agent/generate': 'Let an agent make a video',
  'POST /v1/audio/text_to_speech': 'Speak a text',
  'GET /v1/audio/voices': 'List voices for speech',
  'POST /v1/workflows/graph-executions': 'Start a workflow from its graph',
  'GET /v1/talking_photo.list': 'List talking photos',
  'POST /v1/talking_photo': 'Upload a talking photo',
  'POST /v1/personalized_video/add_contact': 'Start personal videos for contacts',
  'GET /v1/personalized_video/audience/detail': 'The state of a personal video',
  'GET /v1/personalized_video/project/detail': 'Show a project of personal videos',
  'GET /v1/avatar.list': 'List avatars',
  'GET /v1/voice.list': 'List voices',
  'POST /v1/video.generate': 'Start a video',
  'GET /v1/video/caption.get': 'The captions of a video',
  'POST /v2/video/generate': 'Start a video of one or more scenes',
  'POST /v2/video/av4/generate': 'Start a video from a picture',
  'POST /v2/photo_avatar/photo/generate': 'Start pictures of a new person',
  'POST /v2/photo_avatar/avatar_group/create': 'Make a photo avatar group',
  'POST /v2/photo_avatar/avatar_group/add': 'Add looks to a photo avatar group',
  'POST /v2/photo_avatar/train': 'Train a photo avatar group',
  'GET /v2/photo_avatar/train/status/{group_id}': 'The state of a training',
  'POST /v2/photo_avatar/look/generate': 'Start new looks of a photo avatar',
  'POST /v2/photo_avatar/add_motion': 'Add motion to a photo avatar',
  'POST /v2/photo_avatar/add_sound_effect': 'Add a sound to a photo avatar',
  'POST /v2/photo_avatar/upscale': 'Make a photo avatar larger',
  'GET /v2/video_translate/target_languages': 'List languages to translate into',
  'POST /v2/video_translate': 'Start a video translation',
  'GET /v2/video_translate/{video_translate_id}': 'The state of a video translation',
  'GET /v2/video_translate/caption': 'The captions of a video translation',
  'POST /v2/video_translate/proofread': 'Start a proofread of a translation',
  'GET /v2/video_translate/proofread/status/{proofread_id}': 'The state of a proofread',
  'GET /v2/video_translate/proofread/{proofread_id}/download-srt': 'The subtitles of a proofread',
  'POST /v2/video_translate/proofread/{proofread_id}/upload-srt':
    'Replace the subtitles of a proofread',
  'POST /v2/video_translate/proofread/{proofread_id}/generate': 'Start the video of a proofread',
  'POST /v2/template/{template_id}/generate': 'Start a video from a template',
  'POST /v3/templates/{template_id}': 'Start a video from a template',
  'GET /v2/avatar_group.list': 'List avatar groups',
  'GET /v2/avatar/{avatar_id}/details': 'Show an avatar',
  'POST /v2/voices/{voice_id}/preview': 'Hear a voice',
  'GET /v3/ai-clipping': 'List AI clippings',
  'POST /v3/ai-clipping': 'Start an AI clipping',
  'GET /v3/ai-clipping/{job_id}': 'The state of an AI clipping',
  'DELETE /v3/ai-clipping/{job_id}': 'Delete an AI clipping',
  'POST /v3/assets/complete/batches': 'Complete a batch of uploads',
  'POST /v3/assets/{asset_id}/complete': 'Complete an upload in parts',
  'POST /v3/assets/{asset_id}/parts': 'Make addresses for parts of an upload',
  'GET /v3/assets/{asset_id}/parts': 'List the parts of an upload',
  'DELETE /v3/assets/{asset_id}/parts': 'Give up an upload in parts',
  'POST /v3/assets': 'Upload a file',
  'POST /v3/assets/direct-uploads/batches': 'Make addresses for several uploads',
  'POST /v3/assets/direct-uploads': 'Make an address for an upload',
  'GET /v3/assets/search': 'Search for assets',
  'GET /v3/assets/statuses': 'The states of several assets',
  'GET /v3/audio/sounds': 'List sounds',
  'POST /v3/avatars/{group_id}/consent': 'Ask for the consent of a person',
  'GET /v3/lipsyncs/statuses': 'The states of several lipsyncs',
  'PUT /v3/templates/{template_id}/variables': 'Replace the variables of a template',
  'POST /v3/video-agents/{session_id}': 'Go on with a video agent',
  'GET /v3/video-agents/{session_id}/resources/{resource_id}': 'Show a resource of a video agent',
  'POST /v3/video-translations/proofreads': 'Start a proofread',
  'GET /v3/video-translations/proofreads/{proofread_id}': 'The state of a proofread',
  'POST /v3/video-translations/proofreads/{proofread_id}/generate':
    'Start the video of a proofread',
  'GET /v3/video-translations/proofreads': 'List proofreads',
  'DELETE /v3/video-translations/proofreads/{proofread_id}': 'Delete a proofread',
  'GET /v3/video-translations/proofreads/{proofread_id}/srt': 'The subtitles of a proofread',
  'PUT /v3/video-translations/proofreads/{proofread_id}/srt':
    'Replace the subtitles of a proofread',
  'GET /v3/video-translations/statuses': 'The states of several video translations',
  'GET /v3/video-translations/languages': 'List languages to translate into',
  'GET /v3/video-translations/{video_translation_id}/caption':
    'The captions of a video translation',
  'GET /v3/videos/statuses': 'The states of several videos',
  'GET /v3/videos/voice-capabilities': 'What each voice can do',
  'POST /v3/voices/clone': 'Start a clone of a voice',
  'POST /v3/voices': 'Find voices by a description',
  'POST /v3/voices/speech': 'Speak a text',
  'POST /v3/webhooks/endpoints': 'Add a webhook endpoint; endpoints are the gateway’s own',
  'GET /v3/webhooks/endpoints': 'List webhook endpoints',
  'PATCH /v3/webhooks/endpoints/{endpoint_id}': 'Change a webhook endpoint',
  'DELETE /v3/webhooks/endpoints/{endpoint_id}': 'Remove a webhook endpoint',
  'POST /v3/webhooks/endpoints/{endpoint_id}/rotate-secret':
    'Replace the secret of a webhook endpoint',
  'GET /v3/webhooks/event-types': 'List the kinds of events',
  'GET /v3/webhooks/events': 'List events of the last time',
  'GET /v3/api_keys/self': 'Show the key that serves the call',
  'GET /v3/workflows/{workflow_id}/versions/{version_number}': 'Show a version of a workflow',
  'POST /v3/video-quality/comparisons/batches': 'Start a batch of video quality comparisons',
  'GET /v3/video-quality/comparisons/batches/{batch_id}':
    'The state of a batch of video quality comparisons',
  'POST /v3/models/audio/tts': 'Speak a text with a model',
  'POST /v3/models/audio/tts/stream': 'Speak a text with a model, as a stream',
  'POST /v3/avatar-realtime': 'Open a realtime avatar',
  'GET /v3/avatar-realtime/{stream_id}': 'The state of a realtime avatar',
  'GET /v3/avatar-realtime/{stream_id}/words': 'The words of a realtime avatar, as they are spoken',
  'POST /v3/avatar-realtime/{stream_id}/text': 'Let a realtime avatar speak',
  'POST /v3/avatar-realtime/{stream_id}/cancel': 'Close a realtime avatar',
  'POST /v3/videos': 'Start a video',
  'POST /text-to-video/{model}': 'Start a video from a text',
  'POST /image-to-video/{model}': 'Start a video from a picture',
  'POST /omni-video/{model}': 'Start a video from text, pictures and videos',
  'POST /motion-control/{model}': 'Start a video with the motion of another',
  'GET /tasks': 'The states of several tasks',
  'POST /tasks': 'List tasks',
  'GET /account/costs': 'The packs of all accounts',
  'POST /account/billing/balance': 'The balance of all accounts',
  'POST /account/billing/package': 'The packs of all accounts',
  'POST /v1/videos/identify-face': 'Find the faces in a video',
  'POST /v1/videos/image-recognize': 'Find the parts of a picture',
  'POST /v1/videos/multi-elements/init-selection': 'Begin to choose things in a video',
  'POST /v1/videos/multi-elements/add-selection': 'Choose a thing in a video',
  'POST /v1/videos/multi-elements/delete-selection': 'Give up a chosen thing',
  'POST /v1/videos/multi-elements/clear-selection': 'Give up all chosen things',
  'POST /v1/videos/multi-elements/preview-selection': 'Preview the chosen things',
  'POST /v1/audio/tts': 'Speak a text',
  'POST /v1/general/delete-advanced-elements': 'Delete an advanced element',
  'POST /v1/general/delete-elements': 'Delete an element',
  'POST /v1/general/custom-elements': 'Make an element',
  'GET /v1/general/custom-elements': 'List elements of the account',
  'GET /v1/general/presets-elements': 'List elements for everybody',
  'GET /v1/general/advanced-presets-elements': 'List advanced elements for everybody',
  'GET /v1/general/presets-voices': 'List voices for everybody',
  'POST /v1/general/delete-voices': 'Delete a voice',
}

export function summaryOf({ method, path, kind }: Route): string {
  return OWN_WORDS[`${method} ${path}`] ?? byForm(method, path, kind)
}

/** Last words of a path that say what is done to the thing before them. */
const ACTIONS: Record<string, string> = {
  stop: 'Stop',
  cancel: 'Cancel',
  complete: 'Complete',
  generate: 'Generate from',
  restore: 'Restore',
  trash: 'Put into the trash:',
  delete: 'Delete',
  preview: 'Preview',
}

function byForm(method: string, path: string, kind: Route['kind']): string {
  const task = /^\/v1\/(?:videos|audio|images|general)\/([^{]+?)(\/\{id\})?$/.exec(path)
  if (task) return ofTask(method, task)
  const segments = path.split('/').filter((one) => one !== '' && !/^v\d$/.test(one))
  const literal = segments.filter((one) => !one.startsWith('{'))
  const last = literal.at(-1) ?? ''
  const before = literal.at(-2) ?? ''
  const endsWithId = segments.at(-1)?.startsWith('{') ?? false
  const hasIdBefore = segments.at(-2)?.startsWith('{') ?? false
  const action = ACTIONS[last]
  if (action !== undefined && hasIdBefore) return `${action} ${withArticle(one(before))}`
  const parent = hasIdBefore && !endsWithId ? ` of ${withArticle(one(before))}` : ''
  const group = !hasIdBefore && before !== '' && !endsWithId ? `${one(before)} ` : ''
  const inner = endsWithId && before !== '' && !hasIdTwoBefore(segments) ? `${one(before)} ` : ''
  if (method === 'GET' && endsWithId) {
    const what = kind === 'job-status' ? 'The state of' : 'Show'
    return `${what} ${withArticle(inner + one(last))}`
  }
  if (method === 'GET') return `List ${group}${words(last)}${parent}`
  if (method === 'DELETE')
    return `Delete ${withArticle((endsWithId ? inner : group) + one(last))}${parent}`
  if (method === 'PATCH' || method === 'PUT')
    return `Change ${withArticle((endsWithId ? inner : group) + one(last))}${parent}`
  if (endsWithId) return `Change ${withArticle(inner + one(last))}`
  const verb = kind === 'creates-job' ? 'Start' : 'Make'
  return `${verb} ${withArticle(group + one(last))}${parent}`
}

/** Paths that come in threes: create, read one task, list. */
function ofTask(method: string, [, name = '', id]: RegExpExecArray): string {
  const shown = name.replace('/', ' ').replaceAll(/[-_]/g, ' ').replace(/s$/, '')
  if (method === 'POST') return `Start ${withArticle(shown)} task`
  return id === undefined ? `List ${shown} tasks` : `The state of ${withArticle(shown)} task`
}

function hasIdTwoBefore(segments: string[]): boolean {
  return segments.at(-3)?.startsWith('{') ?? false
}

function words(segment: string): string {
  return segment.replaceAll(/[-_.]/g, ' ')
}

function one(segment: string): string {
  return words(segment)
    .replace(/ies$/, 'y')
    .replace(/(batch|patch)es$/, '$1')
    .replace(/([^su])s$/, '$1')
}

function withArticle(noun: string): string {
  return /^[aeio]/.test(noun) ? `an ${noun}` : `a ${noun}`
}
