import type { Members } from '../map/places.ts'
import type { Sample } from './sample.ts'

const URL = 'https://example.com'
const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 1, 2, 3])

const variable = (type: string, properties: Members): Members => ({ name: 'x', type, properties })

export const OTHER_SAMPLES: Sample[] = [
  { row: 'GET /v2/templates' },
  { row: 'GET /v2/template/{template_id}', params: { template_id: 'template-1' } },
  { row: 'GET /v3/template/{template_id}', params: { template_id: 'template-1' } },
  {
    row: 'POST /v2/template/{template_id}/generate',
    params: { template_id: 'template-1' },
    body: {
      title: 'Hello John',
      caption: true,
      subtitles: { preset_name: 'bold', alignment: 2 },
      callback_id: 'job-0042',
      callback_url: `${URL}/hook`,
      folder_id: 'folder-1',
      brand_voice_id: 'glossary-1',
      dimension: { width: 1280, height: 720 },
      fps: 30,
      scene_ids: ['scene-1'],
      reorder_music: true,
      keep_text_vertically_centered: true,
      include_gif: true,
      enable_sharing: true,
      test: false,
      variables: {
        first_name: variable('text', { content: 'John' }),
        logo: variable('image', { url: `${URL}/logo.png`, fit: 'contain' }),
        clip: variable('video', {
          asset_id: 'asset-video',
          fit: 'cover',
          play_style: 'loop',
          volume: 0.5,
        }),
        sound: variable('audio', { asset_id: 'asset-audio' }),
        host: variable('character', { character_id: 'look-twin-iii', type: 'avatar' }),
        speaker: variable('voice', { voice_id: 'voice-1', locale: 'en-US' }),
      },
    },
    needs: ['/variables/first_name'],
    values: {
      '/fps': [25, 60, 24],
      '/test': [true],
      '/caption': ['true', false],
      '/variables': [
        { first_name: 'John' },
        { host: variable('character', { character_id: 'look-twin-iii', type: 'avatar' }) },
        {
          first_name: variable('text', { content: 'John' }),
          logo: variable('image', { asset_id: 'asset-1' }),
        },
        {
          first_name: variable('text', { content: 'John' }),
          clip: variable('video', { url: `${URL}/c.mp4` }),
        },
        {
          first_name: variable('text', { content: 'John' }),
          sound: variable('audio', { url: `${URL}/s.mp3` }),
        },
      ],
    },
  },
  { row: 'GET /v2/voices' },
  { row: 'GET /v2/voices/locales' },
  {
    row: 'GET /v1/brand_voice/list',
    query: { limit: '10', token: '1', name_only: 'true' },
    values: { name_only: ['false'], limit: ['500'] },
  },
  {
    row: 'POST /v1/brand_voice/{brand_voice_id}',
    params: { brand_voice_id: 'glossary-1' },
    body: {
      name: 'Acme',
      vocabulary: [['HeyGen', 'hey-jen']],
      blacklist: ['Acme'],
      whitelist: [['cart', 'carrito']],
      tone: 'warm',
      tones: ['warm'],
    },
    needs: ['/name'],
  },
  {
    row: 'POST /v2/voices/{voice_id}/preview',
    params: { voice_id: 'voice-1' },
    body: {
      text: 'Hello there.',
      text_type: 'plain',
      settings: { speed: '1.1', locale: 'en-US', pitch: 3, volume: 1, engine_settings: { a: 1 } },
      with_timestamps: true,
      generation_type: 'sync',
    },
    needs: ['/text'],
    values: { '/text_type': ['ssml'], '/settings/speed': [5, 0.1] },
  },
  {
    row: 'POST /v1/audio/text_to_speech',
    body: {
      text: 'Hello there.',
      voice_id: 'voice-1',
      speed: '1.1',
      input_type: 'text',
      language: 'en',
      locale: 'en-US',
      pitch: 3,
    },
    needs: ['/text', '/voice_id'],
  },
  {
    row: 'GET /v1/audio/voices',
    query: { type: 'private', language: 'English', gender: 'female', limit: '2' },
    values: { token: ['1'] },
  },
  { row: 'GET /v1/voice.list' },
  { row: 'GET /v2/user/remaining_quota' },
  { row: 'GET /v1/user/me' },
  { row: 'POST /v1/asset', raw: { bytes: PNG, type: 'image/png' } },
  { row: 'POST /v1/asset', name: 'audio', raw: { bytes: PNG, type: 'audio/mpeg' } },
  {
    row: 'GET /v1/asset/list',
    query: { limit: '10', folder_id: 'folder-1', file_type: 'image' },
    values: { file_type: ['video'], limit: ['500'], token: ['1'] },
  },
  { row: 'POST /v1/asset/{asset_id}/delete', params: { asset_id: 'asset-1' } },
  { row: 'GET /v1/webhook/endpoint.list' },
  {
    row: 'POST /v1/webhook/endpoint.add',
    body: { url: `${URL}/hook`, events: ['avatar_video.success'], entity_id: 'entity-1' },
    needs: ['/url'],
    values: { '/events': [[]] },
  },
  {
    row: 'PATCH /v1/webhook/endpoint.update',
    body: { endpoint_id: 'endpoint-1', url: `${URL}/hook2`, events: ['avatar_video.fail'] },
    needs: ['/endpoint_id'],
  },
  {
    row: 'DELETE /v1/webhook/endpoint.delete',
    query: { endpoint_id: 'endpoint-1' },
    needs: ['endpoint_id'],
  },
  { row: 'GET /v1/webhook/webhook.list' },
  {
    row: 'POST /v1/folders/create',
    body: { name: 'Campaign', parent_id: 'folder-1', project_type: 'video' },
    needs: ['/name'],
    values: { '/project_type': ['mixed', 'video_translate', 'instant_avatar'] },
  },
]
