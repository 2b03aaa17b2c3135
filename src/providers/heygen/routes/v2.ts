/** HeyGen's v2 paths, one row each (reference/heygen-endpoints.json). How to read a row: `providers/shared/row.ts`. */
import { del, get, post } from '#providers/shared/row.ts'

export const V2_ROUTES = [
  // Video Generation
  post('/v2/video/generate', 'creates-job', {
    pool: 'owner',
    ids: [
      'avatar? body:/video_inputs/*/character/avatar_id',
      'photo-avatar? body:/video_inputs/*/character/talking_photo_id',
      'voice? body:/video_inputs/*/voice/voice_id',
      'asset body:/video_inputs/*/voice/audio_asset_id',
      'asset body:/video_inputs/*/background/image_asset_id',
      'asset body:/video_inputs/*/background/video_asset_id',
      'folder body:/folder_id',
    ],
    creates: ['/data/video_id'],
    job: {
      watch: 'video',
      id: '/data/video_id',
      ask: '/v1/video_status.get?video_id={id}',
      askElse: '/v3/videos/{id}',
      meter: 'video',
    },
  }),
  post('/v2/video/av4/generate', 'creates-job', {
    pool: 'owner',
    ids: ['asset! body:/image_key', 'voice? body:/voice_id', 'asset body:/audio_asset_id'],
    creates: ['/data/video_id'],
    job: {
      watch: 'video',
      id: '/data/video_id',
      ask: '/v1/video_status.get?video_id={id}',
      askElse: '/v3/videos/{id}',
      meter: 'video',
    },
  }),
  // Photo Avatar Generation
  post('/v2/photo_avatar/photo/generate', 'creates-job', {
    creates: ['/data/generation_id'],
    job: {
      watch: 'photo-generation',
      id: '/data/generation_id',
      ask: '/v2/photo_avatar/generation/{id}',
    },
  }),
  get('/v2/photo_avatar/generation/{generation_id}', 'job-status', {
    pool: 'owner',
    ids: ['photo-generation! path:generation_id'],
    creates: ['/data/image_key_list/*'],
    reports: {
      watch: 'photo-generation',
      id: 'path:generation_id',
      done: ['success'],
      failed: ['failed'],
    },
  }),
  post('/v2/photo_avatar/avatar_group/create', 'write-account', {
    pool: 'owner',
    ids: ['asset! body:/image_key', 'photo-generation body:/generation_id'],
    creates: ['/data/id', '/data/group_id'],
  }),
  post('/v2/photo_avatar/avatar_group/add', 'write-account', {
    pool: 'owner',
    ids: [
      'avatar-group! body:/group_id',
      'asset! body:/image_keys/*',
      'photo-generation body:/generation_id',
    ],
    creates: ['/data/photo_avatar_list/*/id'],
  }),
  post('/v2/photo_avatar/train', 'creates-job', {
    pool: 'owner',
    ids: ['avatar-group! body:/group_id'],
    job: {
      watch: 'avatar-training',
      id: 'body:/group_id',
      ask: '/v2/photo_avatar/train/status/{id}',
    },
  }),
  get('/v2/photo_avatar/train/status/{group_id}', 'job-status', {
    pool: 'owner',
    ids: ['avatar-group! path:group_id'],
    reports: {
      watch: 'avatar-training',
      id: 'path:group_id',
      done: ['ready'],
      failed: ['error', 'failed'],
      failedWhen: '/data/error_msg',
    },
  }),
  post('/v2/photo_avatar/look/generate', 'creates-job', {
    pool: 'owner',
    ids: ['avatar-group! body:/group_id'],
    creates: ['/data/generation_id'],
    job: {
      watch: 'photo-generation',
      id: '/data/generation_id',
      ask: '/v2/photo_avatar/generation/{id}',
    },
  }),
  post('/v2/photo_avatar/add_motion', 'creates-job', {
    pool: 'owner',
    ids: ['photo-avatar! body:/id'],
    creates: ['/data/id'],
    job: { watch: 'photo-avatar', id: '/data/id', ask: '/v2/photo_avatar/{id}' },
  }),
  post('/v2/photo_avatar/add_sound_effect', 'creates-job', {
    pool: 'owner',
    ids: ['photo-avatar! body:/id'],
    creates: ['/data/sound_effect_id'],
    job: null,
  }),
  get('/v2/photo_avatar/{id}', 'job-status', {
    pool: 'owner',
    ids: ['photo-avatar! path:id'],
    reports: { watch: 'photo-avatar', id: 'path:id', done: ['completed'], failed: ['failed'] },
  }),
  post('/v2/photo_avatar/upscale', 'creates-job', {
    pool: 'owner',
    ids: ['photo-avatar! body:/id'],
    creates: ['/data/id'],
    job: { watch: 'photo-avatar', id: '/data/id', ask: '/v2/photo_avatar/{id}' },
  }),
  del('/v2/photo_avatar/{avatar_id}', 'write-account', {
    pool: 'owner',
    ids: ['photo-avatar! path:avatar_id'],
  }),
  del('/v2/photo_avatar_group/{group_id}', 'write-account', {
    pool: 'owner',
    ids: ['avatar-group! path:group_id'],
  }),
  // Video Avatar Generation
  post('/v2/video_avatar', 'creates-job', {
    pool: 'owner',
    ids: ['avatar-group body:/avatar_group_id'],
    creates: ['/data/avatar_id', '/data/avatar_group_id'],
    job: { watch: 'video-avatar', id: '/data/avatar_id', ask: '/v2/video_avatar/{id}' },
  }),
  get('/v2/video_avatar/{avatar_id}', 'job-status', {
    pool: 'owner',
    ids: ['avatar! path:avatar_id'],
    reports: {
      watch: 'video-avatar',
      id: 'path:avatar_id',
      done: ['completed'],
      failed: ['failed'],
    },
  }),
  del('/v2/video_avatar/{avatar_id}', 'write-account', {
    pool: 'owner',
    ids: ['avatar! path:avatar_id'],
  }),
  // Video Translation
  get('/v2/video_translate/target_languages', 'read-shared'),
  post('/v2/video_translate', 'creates-job', {
    pool: 'owner',
    ids: ['brand-voice body:/brand_voice_id', 'folder body:/folder_id'],
    creates: ['/data/video_translate_id', '/data/video_translate_ids/*'],
    job: {
      watch: 'translation',
      id: ['/data/video_translate_ids/*', '/data/video_translate_id'],
      ask: '/v2/video_translate/{id}',
      askElse: '/v3/video-translations/{id}',
      slots: '/output_languages',
    },
    checks: '/validate_only',
  }),
  get('/v2/video_translate/{video_translate_id}', 'job-status', {
    pool: 'owner',
    ids: ['translation! path:video_translate_id'],
    reports: {
      watch: 'translation',
      id: 'path:video_translate_id',
      done: ['success'],
      failed: ['failed'],
    },
  }),
  get('/v2/video_translate/caption', 'read-account', {
    pool: 'owner',
    ids: ['translation! query:video_translate_id'],
  }),
  post('/v2/video_translate/proofread', 'creates-job', {
    pool: 'owner',
    ids: ['brand-voice body:/brand_voice_id', 'folder body:/folder_id'],
    creates: ['/data/proofread_id', '/data/proofread_ids/*'],
    job: {
      watch: 'proofread',
      id: ['/data/proofread_ids/*', '/data/proofread_id'],
      ask: '/v2/video_translate/proofread/status/{id}',
      askElse: '/v3/video-translations/proofreads/{id}',
      slots: '/output_languages',
    },
  }),
  get('/v2/video_translate/proofread/status/{proofread_id}', 'job-status', {
    pool: 'owner',
    ids: ['proofread! path:proofread_id'],
    reports: {
      watch: 'proofread',
      id: 'path:proofread_id',
      done: ['completed'],
      failed: ['failed'],
    },
  }),
  get('/v2/video_translate/proofread/{proofread_id}/download-srt', 'read-account', {
    pool: 'owner',
    ids: ['proofread! path:proofread_id'],
  }),
  post('/v2/video_translate/proofread/{proofread_id}/upload-srt', 'write-account', {
    pool: 'owner',
    ids: ['proofread! path:proofread_id'],
  }),
  post('/v2/video_translate/proofread/{proofread_id}/generate', 'creates-job', {
    pool: 'owner',
    ids: ['proofread! path:proofread_id'],
    creates: ['/data/video_translate_id'],
    job: {
      watch: 'translation',
      id: '/data/video_translate_id',
      ask: '/v2/video_translate/{id}',
      askElse: '/v3/video-translations/{id}',
    },
  }),
  // Templates
  get('/v2/templates', 'read-account', { pool: 'merge', lists: ['/data/templates/*/template_id'] }),
  get('/v2/template/{template_id}', 'read-account', {
    pool: 'owner',
    ids: ['template! path:template_id'],
  }),
  post('/v2/template/{template_id}/generate', 'creates-job', {
    pool: 'owner',
    ids: [
      'template! path:template_id',
      'folder body:/folder_id',
      'brand-voice body:/brand_voice_id',
      'avatar? body:/variables/*/properties/character_id',
      'voice? body:/variables/*/properties/voice_id',
      'asset body:/variables/*/properties/asset_id',
    ],
    creates: ['/data/video_id'],
    job: {
      watch: 'video',
      id: '/data/video_id',
      ask: '/v1/video_status.get?video_id={id}',
      askElse: '/v3/videos/{id}',
      meter: 'video',
    },
  }),
  // Avatar Management
  get('/v2/avatar_group.list', 'read-account', {
    pool: 'merge',
    lists: ['/data/avatar_group_list/*/id'],
    mixesShared: true,
  }),
  get('/v2/avatar_group/{group_id}/avatars', 'read-account', {
    pool: 'owner',
    ids: ['avatar-group!? path:group_id'],
    lists: ['/data/avatar_list/*/id'],
  }),
  get('/v2/avatars', 'read-account', {
    pool: 'merge',
    lists: ['/data/avatars/*/avatar_id', '/data/talking_photos/*/talking_photo_id'],
    mixesShared: true,
  }),
  get('/v2/avatar/{avatar_id}/details', 'read-account', {
    pool: 'owner',
    ids: ['avatar!? path:avatar_id'],
  }),
  // Voice Management
  get('/v2/voices', 'read-account', {
    pool: 'merge',
    lists: ['/data/voices/*/voice_id'],
    mixesShared: true,
  }),
  get('/v2/voices/locales', 'read-shared'),
  // Streaming API
  get('/v2/streaming.list', 'read-account', { pool: 'merge', lists: ['/data/data/*/session_id'] }),
  // User
  get('/v2/user/remaining_quota', 'read-account', { pool: 'sum' }),
  // Voice Audio Preview
  post('/v2/voices/{voice_id}/preview', 'sync-generation', {
    pool: 'owner',
    ids: ['voice!? path:voice_id', 'voice!? body:/voice_id'],
  }),
  // Legacy extras (not in the index)
  get('/v2/videos', 'read-account', { pool: 'merge', lists: ['/data/videos/*/video_id'] }),
  post('/v2/videos', 'creates-job', {
    pool: 'owner',
    ids: [
      'avatar? body:/avatar_id',
      'voice? body:/voice_id',
      'asset body:/image_asset_id',
      'asset body:/audio_asset_id',
    ],
    creates: ['/data/video_id'],
    job: {
      watch: 'video',
      id: '/data/video_id',
      ask: '/v2/videos/{id}',
      askElse: '/v3/videos/{id}',
      meter: 'video',
    },
  }),
  get('/v2/videos/{video_id}', 'job-status', {
    pool: 'owner',
    ids: ['video! path:video_id'],
    reports: { watch: 'video', id: 'path:video_id', done: ['completed'], failed: ['failed'] },
  }),
  del('/v2/videos/{video_id}', 'write-account', { pool: 'owner', ids: ['video! path:video_id'] }),
  del('/v2/talking_photo/{talking_photo_id}', 'write-account', {
    pool: 'owner',
    ids: ['photo-avatar! path:talking_photo_id'],
  }),
  del('/v2/avatar_group/{group_id}', 'write-account', {
    pool: 'owner',
    ids: ['avatar-group! path:group_id'],
  }),
]
