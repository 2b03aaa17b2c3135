/** HeyGen's v3 paths, one row each (reference/heygen-endpoints.json). How to read a row: `providers/shared/row.ts`. */
import { del, get, patch, post, put } from '#providers/shared/row.ts'

export const V3_ROUTES = [
  // Templates
  get('/v3/template/{template_id}', 'read-account', {
    pool: 'owner',
    ids: ['template! path:template_id'],
  }),
  // v3 Folders
  post('/v3/folders', 'write-account', {
    pool: 'home',
    ids: ['folder body:/parent_id'],
    creates: ['/data/folder_id'],
    takesKey: true,
  }),
  get('/v3/folders/{folder_id}', 'read-account', {
    pool: 'owner',
    ids: ['folder! path:folder_id'],
  }),
  // v3 AI Clipping
  post('/v3/ai-clipping', 'creates-job', {
    pool: 'owner',
    ids: ['asset body:/video/asset_id'],
    creates: ['/data/ai_clipping_id'],
    job: { watch: 'ai-clipping', id: '/data/ai_clipping_id', ask: '/v3/ai-clipping/{id}' },
    takesKey: true,
    keyProbe: { video: null },
  }),
  del('/v3/ai-clipping/{job_id}', 'write-account', { pool: 'owner', ids: ['job! path:job_id'] }),
  get('/v3/ai-clipping/{job_id}', 'job-status', {
    pool: 'owner',
    ids: ['job! path:job_id'],
    creates: ['/data/clips/*/id'],
    reports: {
      watch: 'ai-clipping',
      id: 'path:job_id',
      done: ['completed'],
      failed: ['failed', 'cancelled'],
    },
  }),
  get('/v3/ai-clipping', 'read-account', { pool: 'merge', lists: ['/data/*/id'] }),
  // v3 Assets
  get('/v3/assets/batches/{batch_id}', 'job-status', {
    pool: 'owner',
    ids: ['batch! path:batch_id'],
    reports: { watch: 'asset-batch', id: 'path:batch_id', done: ['completed'], failed: ['failed'] },
  }),
  post('/v3/assets/complete/batches', 'creates-job', {
    pool: 'owner',
    ids: ['batch! body:/batch_id'],
    job: { watch: 'asset-batch', id: 'body:/batch_id', ask: '/v3/assets/batches/{id}' },
    takesKey: true,
  }),
  post('/v3/assets/{asset_id}/complete', 'write-account', {
    pool: 'owner',
    ids: ['asset! path:asset_id'],
  }),
  post('/v3/assets/{asset_id}/parts', 'write-account', {
    pool: 'owner',
    ids: ['asset! path:asset_id'],
  }),
  get('/v3/assets/{asset_id}/parts', 'read-account', {
    pool: 'owner',
    ids: ['asset! path:asset_id'],
  }),
  del('/v3/assets/{asset_id}/parts', 'write-account', {
    pool: 'owner',
    ids: ['asset! path:asset_id'],
  }),
  post('/v3/assets', 'write-account', { pool: 'roomy', creates: ['/data/asset_id'] }),
  del('/v3/assets/{asset_id}', 'write-account', { pool: 'owner', ids: ['asset! path:asset_id'] }),
  post('/v3/assets/direct-uploads/batches', 'write-account', {
    pool: 'roomy',
    creates: ['/data/batch_id', '/data/items/*/asset_id'],
    takesKey: true,
  }),
  post('/v3/assets/direct-uploads', 'write-account', {
    pool: 'roomy',
    creates: ['/data/asset_id'],
  }),
  get('/v3/assets/{asset_id}', 'read-account', { pool: 'owner', ids: ['asset! path:asset_id'] }),
  get('/v3/assets', 'read-account', {
    pool: 'merge',
    ids: ['folder query:folder_id'],
    lists: ['/data/*/id'],
  }),
  get('/v3/assets/search', 'read-account', {
    pool: 'merge',
    lists: ['/data/*/id'],
    mixesShared: true,
  }),
  get('/v3/assets/statuses', 'job-status', {
    pool: 'split',
    ids: ['asset query:asset_ids,...', 'batch query:batch_ids,...'],
  }),
  // v3 Audio
  get('/v3/audio/sounds', 'read-shared'),
  // v3 Avatars
  post('/v3/avatars/{group_id}/consent', 'write-account', {
    pool: 'owner',
    ids: ['avatar-group! path:group_id', 'asset body:/consent_video/asset_id'],
    takesKey: true,
  }),
  post('/v3/avatars', 'creates-job', {
    pool: 'owner',
    ids: [
      'avatar-group body:/avatar_group_id',
      'avatar-look? body:/avatar_id',
      'asset body:/reference_images/*/asset_id',
      'asset body:/file/asset_id',
    ],
    creates: ['/data/avatar_group/id', '/data/avatar_item/id'],
    job: {
      watch: 'avatar-look',
      id: '/data/avatar_item/id',
      ask: '/v3/avatars/looks/{id}',
      alias: { watch: 'avatar-group', id: '/data/avatar_group/id' },
    },
    takesKey: true,
    keyProbe: { type: null },
  }),
  del('/v3/avatars/{group_id}', 'write-account', {
    pool: 'owner',
    ids: ['avatar-group! path:group_id'],
  }),
  get('/v3/avatars/{group_id}', 'job-status', {
    pool: 'owner',
    ids: ['avatar-group!? path:group_id'],
    reports: {
      watch: 'avatar-group',
      id: 'path:group_id',
      done: ['completed'],
      failed: ['failed'],
      waiting: ['pending_consent'],
    },
  }),
  // The request does not say how many looks a pack has. The looks beyond the first count once the answer names them.
  post('/v3/avatars/looks', 'creates-job', {
    pool: 'owner',
    ids: ['avatar-look! body:/reference_look_id', 'look-template!? body:/template_id'],
    creates: ['/data/looks/*/id'],
    job: {
      watch: 'avatar-look',
      id: '/data/looks/*/id',
      ask: '/v3/avatars/looks/{id}',
      slotsBy: { at: '/type', counts: { template: 2 } },
    },
    takesKey: true,
  }),
  // Nearly all looks are public, and no row says which. A merged list would show each public look once for every account.
  get('/v3/avatars/look-templates', 'read-account', {
    lists: ['/data/*/id'],
    mixesShared: true,
  }),
  get('/v3/avatars', 'read-account', { pool: 'merge', lists: ['/data/*/id'], mixesShared: true }),
  del('/v3/avatars/looks/{look_id}', 'write-account', {
    pool: 'owner',
    ids: ['avatar-look! path:look_id'],
  }),
  get('/v3/avatars/looks/{look_id}', 'job-status', {
    pool: 'owner',
    ids: ['avatar-look!? path:look_id'],
    reports: {
      watch: 'avatar-look',
      id: 'path:look_id',
      done: ['completed'],
      failed: ['failed'],
      waiting: ['pending_consent'],
    },
  }),
  get('/v3/avatars/looks', 'read-account', {
    pool: 'merge',
    ids: ['avatar-group query:group_id'],
    lists: ['/data/*/id'],
    mixesShared: true,
  }),
  patch('/v3/avatars/looks/{look_id}', 'write-account', {
    pool: 'owner',
    ids: ['avatar-look! path:look_id'],
  }),
  // v3 Background Removal
  post('/v3/background-removals', 'creates-job', {
    pool: 'owner',
    ids: ['asset body:/video/asset_id'],
    creates: ['/data/id'],
    job: { watch: 'background-removal', id: '/data/id', ask: '/v3/background-removals/{id}' },
  }),
  del('/v3/background-removals/{job_id}', 'write-account', {
    pool: 'owner',
    ids: ['job! path:job_id'],
  }),
  get('/v3/background-removals/{job_id}', 'job-status', {
    pool: 'owner',
    ids: ['job! path:job_id'],
    reports: {
      watch: 'background-removal',
      id: 'path:job_id',
      done: ['completed'],
      failed: ['failed', 'deleted'],
    },
  }),
  get('/v3/background-removals', 'read-account', { pool: 'merge', lists: ['/data/*/id'] }),
  // v3 Brand
  get('/v3/brand-glossaries', 'read-account', {
    pool: 'merge',
    lists: ['/data/*/brand_glossary_id'],
  }),
  get('/v3/brand-kits', 'read-account', { pool: 'merge', lists: ['/data/*/brand_kit_id'] }),
  // v3 Lipsync
  post('/v3/lipsyncs/batches', 'creates-job', {
    pool: 'owner',
    ids: [
      'asset body:/lipsyncs/*/audio/asset_id',
      'folder body:/lipsyncs/*/folder_id',
      'asset body:/lipsyncs/*/video/asset_id',
    ],
    creates: ['/data/batch_id'],
    job: { watch: 'lipsync-batch', id: '/data/batch_id', ask: '/v3/lipsyncs/batches/{id}' },
    takesKey: true,
    keyProbe: { lipsyncs: null },
  }),
  get('/v3/lipsyncs/batches/{batch_id}', 'job-status', {
    pool: 'owner',
    ids: ['batch! path:batch_id'],
    creates: ['/data/items/*/video_id'],
    reports: {
      watch: 'lipsync-batch',
      id: 'path:batch_id',
      done: ['completed'],
      failed: ['failed'],
    },
  }),
  post('/v3/lipsyncs', 'creates-job', {
    pool: 'owner',
    ids: ['asset body:/audio/asset_id', 'folder body:/folder_id', 'asset body:/video/asset_id'],
    creates: ['/data/lipsync_id'],
    job: { watch: 'lipsync', id: '/data/lipsync_id', ask: '/v3/lipsyncs/{id}' },
    takesKey: true,
    keyProbe: { video: null },
  }),
  del('/v3/lipsyncs/{lipsync_id}', 'write-account', {
    pool: 'owner',
    ids: ['lipsync! path:lipsync_id'],
  }),
  get('/v3/lipsyncs/{lipsync_id}', 'job-status', {
    pool: 'owner',
    ids: ['lipsync! path:lipsync_id'],
    reports: { watch: 'lipsync', id: 'path:lipsync_id', done: ['completed'], failed: ['failed'] },
  }),
  get('/v3/lipsyncs', 'read-account', { pool: 'merge', lists: ['/data/*/id'] }),
  get('/v3/lipsyncs/statuses', 'job-status', {
    pool: 'split',
    ids: ['lipsync query:lipsync_ids,...', 'batch query:batch_ids,...'],
    reports: {
      watch: 'lipsync',
      id: 'answer:/data/*/video_id',
      status: '/data/*/status',
      done: ['completed'],
      failed: ['failed'],
    },
  }),
  patch('/v3/lipsyncs/{lipsync_id}', 'write-account', {
    pool: 'owner',
    ids: ['lipsync! path:lipsync_id'],
  }),
  // v3 Templates
  post('/v3/templates/{template_id}', 'creates-job', {
    pool: 'owner',
    ids: [
      'template! path:template_id',
      'brand-glossary body:/brand_glossary_id',
      'brand-glossary body:/brand_voice_id',
      'folder body:/folder_id',
      'any? body:/variables/*',
    ],
    creates: ['/data/id'],
    job: { watch: 'video', id: '/data/id', ask: '/v3/videos/{id}', meter: 'video' },
    takesKey: true,
    keyProbe: { variables: 0 },
  }),
  get('/v3/templates/{template_id}', 'read-account', {
    pool: 'owner',
    ids: ['template! path:template_id'],
  }),
  get('/v3/templates', 'read-account', { pool: 'merge', lists: ['/data/*/id'] }),
  post('/v3/templates', 'write-account', {
    pool: 'owner',
    ids: ['video! body:/video_id'],
    creates: ['/data/id'],
    takesKey: true,
  }),
  patch('/v3/templates/{template_id}', 'write-account', {
    pool: 'owner',
    ids: ['template! path:template_id'],
  }),
  del('/v3/templates/{template_id}', 'write-account', {
    pool: 'owner',
    ids: ['template! path:template_id'],
  }),
  put('/v3/templates/{template_id}/variables', 'write-account', {
    pool: 'owner',
    ids: ['template! path:template_id'],
  }),
  // v3 User
  get('/v3/users/me', 'read-account', { pool: 'sum' }),
  // v3 Video Agent
  post('/v3/video-agents', 'creates-job', {
    pool: 'owner',
    ids: [
      'avatar-look? body:/avatar_id',
      'brand-kit body:/brand_kit_id',
      'asset body:/files/*/asset_id',
      'voice? body:/voice_id',
      'brand-glossary body:/brand_glossary_id',
    ],
    creates: ['/data/session_id', '/data/video_id'],
    job: {
      watch: 'agent-session',
      id: '/data/session_id',
      ask: '/v3/video-agents/{id}',
      alias: { watch: 'video', id: '/data/video_id' },
    },
  }),
  get('/v3/video-agents/{session_id}', 'job-status', {
    pool: 'owner',
    ids: ['agent-session! path:session_id'],
    creates: ['/data/video_id', '/data/messages/*/resource_ids/*'],
    reports: {
      watch: 'agent-session',
      id: 'path:session_id',
      done: ['completed'],
      failed: ['failed'],
      waiting: ['waiting_for_input'],
      alias: { watch: 'video', id: '/data/video_id' },
    },
  }),
  get('/v3/video-agents', 'read-account', { pool: 'merge', lists: ['/data/*/session_id'] }),
  get('/v3/video-agents/{session_id}/resources/{resource_id}', 'read-account', {
    pool: 'owner',
    ids: ['agent-session! path:session_id', 'agent-resource! path:resource_id'],
  }),
  post('/v3/video-agents/{session_id}', 'creates-job', {
    pool: 'owner',
    ids: [
      'agent-session! path:session_id',
      'avatar-look? body:/avatar_id',
      'brand-kit body:/brand_kit_id',
      'asset body:/files/*/asset_id',
      'voice? body:/voice_id',
    ],
    creates: ['/data/run_id'],
    job: {
      watch: 'agent-session',
      id: '/data/run_id',
      ask: '/v3/video-agents/{id}',
      watchId: 'path:session_id',
    },
  }),
  post('/v3/video-agents/{session_id}/stop', 'write-account', {
    pool: 'owner',
    ids: ['agent-session! path:session_id'],
  }),
  get('/v3/video-agents/styles', 'read-shared'),
  get('/v3/video-agents/{session_id}/videos', 'read-account', {
    pool: 'owner',
    ids: ['agent-session! path:session_id'],
    lists: ['/data/*/id'],
  }),
  // v3 Video Translation
  post('/v3/video-translations/batches', 'creates-job', {
    pool: 'owner',
    ids: [
      'asset body:/video_translations/*/audio/asset_id',
      'brand-glossary body:/video_translations/*/brand_glossary_id',
      'brand-glossary body:/video_translations/*/brand_voice_id',
      'folder body:/video_translations/*/folder_id',
      'asset body:/video_translations/*/srt/asset_id',
      'asset body:/video_translations/*/video/asset_id',
    ],
    creates: ['/data/batch_id'],
    job: {
      watch: 'translation-batch',
      id: '/data/batch_id',
      ask: '/v3/video-translations/batches/{id}',
    },
    takesKey: true,
    keyProbe: { video_translations: null },
  }),
  get('/v3/video-translations/batches/{batch_id}', 'job-status', {
    pool: 'owner',
    ids: ['batch! path:batch_id'],
    creates: ['/data/items/*/video_id'],
    reports: {
      watch: 'translation-batch',
      id: 'path:batch_id',
      done: ['completed'],
      failed: ['failed'],
    },
  }),
  post('/v3/video-translations', 'creates-job', {
    pool: 'owner',
    ids: [
      'asset body:/audio/asset_id',
      'brand-glossary body:/brand_glossary_id',
      'brand-glossary body:/brand_voice_id',
      'folder body:/folder_id',
      'asset body:/srt/asset_id',
      'asset body:/video/asset_id',
    ],
    creates: ['/data/video_translation_ids/*'],
    job: {
      watch: 'translation',
      id: '/data/video_translation_ids/*',
      ask: '/v3/video-translations/{id}',
      slots: '/output_languages',
    },
    checks: '/validate_only',
    takesKey: true,
    keyProbe: { video: null },
  }),
  del('/v3/video-translations/{video_translation_id}', 'write-account', {
    pool: 'owner',
    ids: ['translation! path:video_translation_id'],
  }),
  get('/v3/video-translations/{video_translation_id}', 'job-status', {
    pool: 'owner',
    ids: ['translation! path:video_translation_id'],
    reports: {
      watch: 'translation',
      id: 'path:video_translation_id',
      done: ['completed'],
      failed: ['failed'],
    },
  }),
  get('/v3/video-translations/languages', 'read-shared'),
  get('/v3/video-translations', 'read-account', { pool: 'merge', lists: ['/data/*/id'] }),
  post('/v3/video-translations/proofreads', 'creates-job', {
    pool: 'owner',
    ids: [
      'brand-glossary body:/brand_glossary_id',
      'brand-glossary body:/brand_voice_id',
      'folder body:/folder_id',
      'asset body:/srt/asset_id',
      'asset body:/video/asset_id',
    ],
    creates: ['/data/proofread_ids/*'],
    job: {
      watch: 'proofread',
      id: '/data/proofread_ids/*',
      ask: '/v3/video-translations/proofreads/{id}',
      slots: '/output_languages',
    },
    takesKey: true,
    keyProbe: { title: null },
  }),
  post('/v3/video-translations/proofreads/{proofread_id}/generate', 'creates-job', {
    pool: 'owner',
    ids: ['proofread! path:proofread_id'],
    creates: ['/data/video_translation_id'],
    job: {
      watch: 'translation',
      id: '/data/video_translation_id',
      ask: '/v3/video-translations/{id}',
    },
    takesKey: true,
  }),
  get('/v3/video-translations/proofreads/{proofread_id}', 'job-status', {
    pool: 'owner',
    ids: ['proofread! path:proofread_id'],
    reports: {
      watch: 'proofread',
      id: 'path:proofread_id',
      done: ['completed'],
      failed: ['failed'],
    },
  }),
  get('/v3/video-translations/proofreads', 'read-account', {
    pool: 'merge',
    lists: ['/data/*/id'],
  }),
  del('/v3/video-translations/proofreads/{proofread_id}', 'write-account', {
    pool: 'owner',
    ids: ['proofread! path:proofread_id'],
  }),
  get('/v3/video-translations/proofreads/{proofread_id}/srt', 'read-account', {
    pool: 'owner',
    ids: ['proofread! path:proofread_id'],
  }),
  put('/v3/video-translations/proofreads/{proofread_id}/srt', 'write-account', {
    pool: 'owner',
    ids: ['proofread! path:proofread_id', 'asset body:/srt/asset_id'],
  }),
  get('/v3/video-translations/statuses', 'job-status', {
    pool: 'split',
    ids: ['translation query:video_translation_ids,...', 'batch query:batch_ids,...'],
    reports: {
      watch: 'translation',
      id: 'answer:/data/*/video_id',
      status: '/data/*/status',
      done: ['completed'],
      failed: ['failed'],
    },
  }),
  patch('/v3/video-translations/{video_translation_id}', 'write-account', {
    pool: 'owner',
    ids: ['translation! path:video_translation_id'],
  }),
  // v3 Videos
  post('/v3/videos/batches', 'creates-job', {
    pool: 'owner',
    ids: [
      'asset body:/videos/*/audio_asset_id',
      'avatar-look? body:/videos/*/avatar_id',
      'asset body:/videos/*/background/asset_id',
      'avatar-look body:/videos/*/engine/reference_look_id',
      'voice? body:/videos/*/voice_id',
      'asset body:/videos/*/watermark/image/asset_id',
      'asset body:/videos/*/image/asset_id',
      'asset body:/videos/*/references/*/asset_id',
      'asset body:/videos/*/scenes/*/input/audio_asset_id',
      'avatar-look? body:/videos/*/scenes/*/input/avatar_id',
      'avatar-look body:/videos/*/scenes/*/input/engine/reference_look_id',
      'voice? body:/videos/*/scenes/*/input/voice_id',
      'asset body:/videos/*/scenes/*/input/image/asset_id',
      'asset body:/videos/*/scenes/*/audio_asset_id',
      'asset body:/videos/*/scenes/*/source/asset_id',
      'voice? body:/videos/*/scenes/*/voice_id',
      'avatar-look? body:/videos/*/avatar_id/*',
      'folder body:/folder_id',
      'brand-glossary body:/videos/*/brand_glossary_id',
      'asset body:/videos/*/scenes/*/input/background/asset_id',
    ],
    creates: ['/data/batch_id'],
    job: { watch: 'video-batch', id: '/data/batch_id', ask: '/v3/videos/batches/{id}' },
    takesKey: true,
    keyProbe: { videos: null },
  }),
  get('/v3/videos/batches/{batch_id}', 'job-status', {
    pool: 'owner',
    ids: ['batch! path:batch_id'],
    creates: ['/data/items/*/video_id'],
    reports: { watch: 'video-batch', id: 'path:batch_id', done: ['completed'], failed: ['failed'] },
  }),
  post('/v3/videos', 'creates-job', {
    pool: 'owner',
    ids: [
      'asset body:/audio_asset_id',
      'avatar-look? body:/avatar_id',
      'asset body:/background/asset_id',
      'avatar-look body:/engine/reference_look_id',
      'voice? body:/voice_id',
      'asset body:/watermark/image/asset_id',
      'asset body:/image/asset_id',
      'asset body:/references/*/asset_id',
      'asset body:/scenes/*/input/audio_asset_id',
      'avatar-look? body:/scenes/*/input/avatar_id',
      'avatar-look body:/scenes/*/input/engine/reference_look_id',
      'voice? body:/scenes/*/input/voice_id',
      'asset body:/scenes/*/input/image/asset_id',
      'asset body:/scenes/*/audio_asset_id',
      'asset body:/scenes/*/source/asset_id',
      'voice? body:/scenes/*/voice_id',
      // A cinematic video names one to three looks in a list.
      'avatar-look? body:/avatar_id/*',
      'brand-glossary body:/brand_glossary_id',
      'folder body:/folder_id',
      'asset body:/scenes/*/input/background/asset_id',
    ],
    creates: ['/data/video_id'],
    job: { watch: 'video', id: '/data/video_id', ask: '/v3/videos/{id}', meter: 'video' },
    takesKey: true,
    keyProbe: { type: null },
  }),
  del('/v3/videos/{video_id}', 'write-account', { pool: 'owner', ids: ['video! path:video_id'] }),
  get('/v3/videos/{video_id}', 'job-status', {
    pool: 'owner',
    ids: ['video! path:video_id'],
    reports: { watch: 'video', id: 'path:video_id', done: ['completed'], failed: ['failed'] },
  }),
  get('/v3/videos', 'read-account', {
    pool: 'merge',
    ids: ['folder query:folder_id'],
    lists: ['/data/*/id'],
  }),
  get('/v3/videos/voice-capabilities', 'read-shared'),
  get('/v3/videos/statuses', 'job-status', {
    pool: 'split',
    ids: ['video query:video_ids,...', 'batch query:batch_ids,...'],
    reports: {
      watch: 'video',
      id: 'answer:/data/*/video_id',
      status: '/data/*/status',
      done: ['completed'],
      failed: ['failed'],
    },
  }),
  // v3 Voices
  post('/v3/voices/clone', 'creates-job', {
    pool: 'owner',
    ids: ['asset body:/audio/asset_id'],
    creates: ['/data/voice_clone_id'],
    job: { watch: 'voice', id: '/data/voice_clone_id', ask: '/v3/voices/{id}' },
  }),
  post('/v3/voices', 'sync-generation'),
  del('/v3/voices/{voice_id}', 'write-account', { pool: 'owner', ids: ['voice! path:voice_id'] }),
  get('/v3/voices/{voice_id}', 'job-status', {
    pool: 'owner',
    ids: ['voice!? path:voice_id'],
    reports: { watch: 'voice', id: 'path:voice_id', done: ['complete'], failed: ['failed'] },
  }),
  get('/v3/voices', 'read-account', {
    pool: 'merge',
    lists: ['/data/*/voice_id'],
    mixesShared: true,
  }),
  post('/v3/voices/speech', 'sync-generation', {
    pool: 'owner',
    ids: ['voice!? body:/voice_id'],
  }),
  // v3 Webhooks
  post('/v3/webhooks/endpoints', 'write-account', {
    pool: 'gateway',
    ids: ['video-or-project body:/entity_id'],
    creates: ['/data/endpoint_id'],
    takesKey: true,
  }),
  del('/v3/webhooks/endpoints/{endpoint_id}', 'write-account', {
    pool: 'gateway',
    ids: ['webhook-endpoint! path:endpoint_id'],
  }),
  get('/v3/webhooks/endpoints', 'read-account', {
    pool: 'gateway',
    lists: ['/data/*/endpoint_id'],
  }),
  post('/v3/webhooks/endpoints/{endpoint_id}/rotate-secret', 'write-account', {
    pool: 'gateway',
    ids: ['webhook-endpoint! path:endpoint_id'],
    takesKey: true,
  }),
  patch('/v3/webhooks/endpoints/{endpoint_id}', 'write-account', {
    pool: 'gateway',
    ids: ['webhook-endpoint! path:endpoint_id'],
  }),
  get('/v3/webhooks/event-types', 'read-shared', { pool: 'gateway' }),
  get('/v3/webhooks/events', 'read-account', {
    pool: 'merge',
    ids: ['video-or-project query:entity_id'],
    lists: ['/data/*/event_id'],
  }),
  // v3 API Keys
  get('/v3/api_keys/self', 'read-account'),
  // v3 Brand
  post('/v3/brand-glossaries', 'write-account', {
    pool: 'home',
    creates: ['/data/brand_glossary_id'],
  }),
  get('/v3/brand-glossaries/{brand_glossary_id}', 'read-account', {
    pool: 'owner',
    ids: ['brand-glossary! path:brand_glossary_id'],
  }),
  patch('/v3/brand-glossaries/{brand_glossary_id}', 'write-account', {
    pool: 'owner',
    ids: ['brand-glossary! path:brand_glossary_id'],
  }),
  del('/v3/brand-glossaries/{brand_glossary_id}', 'write-account', {
    pool: 'owner',
    ids: ['brand-glossary! path:brand_glossary_id'],
  }),
  post('/v3/brand-kits', 'write-account', { pool: 'home', creates: ['/data/brand_kit_id'] }),
  get('/v3/brand-kits/{brand_kit_id}', 'read-account', {
    pool: 'owner',
    ids: ['brand-kit! path:brand_kit_id'],
  }),
  patch('/v3/brand-kits/{brand_kit_id}', 'write-account', {
    pool: 'owner',
    ids: ['brand-kit! path:brand_kit_id'],
  }),
  del('/v3/brand-kits/{brand_kit_id}', 'write-account', {
    pool: 'owner',
    ids: ['brand-kit! path:brand_kit_id'],
  }),
  // v3 Avatars
  patch('/v3/avatars/{group_id}', 'write-account', {
    pool: 'owner',
    ids: ['group! path:group_id'],
  }),
  // v3 Videos
  get('/v3/videos/{video_id}/scenes', 'read-account', {
    pool: 'owner',
    ids: ['video! path:video_id'],
  }),
  // v3 Video Translation
  get('/v3/video-translations/{video_translation_id}/caption', 'read-account', {
    pool: 'owner',
    ids: ['video-translation! path:video_translation_id'],
  }),
  // v3 HyperFrames
  post('/v3/hyperframes/renders', 'creates-job', {
    pool: 'owner',
    ids: ['asset body:/project/asset_id'],
    creates: ['/data/render_id'],
    job: { watch: 'render', id: '/data/render_id', ask: '/v3/hyperframes/renders/{id}' },
    takesKey: true,
  }),
  get('/v3/hyperframes/renders', 'read-account', { pool: 'merge', lists: ['/data/*/render_id'] }),
  get('/v3/hyperframes/renders/{render_id}', 'job-status', {
    pool: 'owner',
    ids: ['render! path:render_id'],
    reports: { watch: 'render', id: 'path:render_id', done: ['completed'], failed: ['failed'] },
  }),
  del('/v3/hyperframes/renders/{render_id}', 'write-account', {
    pool: 'owner',
    ids: ['render! path:render_id'],
  }),
  // v3 Filler Word Removal
  post('/v3/filler-word-removals', 'creates-job', {
    pool: 'owner',
    ids: ['asset body:/video/asset_id'],
    creates: ['/data/filler_word_removal_id'],
    job: {
      watch: 'filler-word-removal',
      id: '/data/filler_word_removal_id',
      ask: '/v3/filler-word-removals/{id}',
    },
    takesKey: true,
    keyProbe: { video: null },
  }),
  get('/v3/filler-word-removals/{filler_word_removal_id}', 'job-status', {
    pool: 'owner',
    ids: ['filler-word-removal! path:filler_word_removal_id'],
    reports: {
      watch: 'filler-word-removal',
      id: 'path:filler_word_removal_id',
      done: ['completed'],
      failed: ['failed'],
    },
  }),
  // v3 Podcasts
  post('/v3/podcasts', 'creates-job', {
    creates: ['/data/podcast_id'],
    job: { watch: 'podcast', id: '/data/podcast_id', ask: '/v3/podcasts/{id}' },
  }),
  get('/v3/podcasts', 'read-account', { pool: 'merge', lists: ['/data/*/id'] }),
  get('/v3/podcasts/{podcast_id}', 'job-status', {
    pool: 'owner',
    ids: ['podcast! path:podcast_id'],
    reports: { watch: 'podcast', id: 'path:podcast_id', done: ['completed'], failed: ['failed'] },
  }),
  del('/v3/podcasts/{podcast_id}', 'write-account', {
    pool: 'owner',
    ids: ['podcast! path:podcast_id'],
  }),
  // v3 Workflows
  post('/v3/workflows', 'write-account', { pool: 'home', creates: ['/data/id'] }),
  get('/v3/workflows', 'read-account', { pool: 'merge', lists: ['/data/*/id'] }),
  get('/v3/workflows/{workflow_id}', 'read-account', {
    pool: 'owner',
    ids: ['workflow! path:workflow_id'],
  }),
  patch('/v3/workflows/{workflow_id}', 'write-account', {
    pool: 'owner',
    ids: ['workflow! path:workflow_id'],
  }),
  post('/v3/workflows/{workflow_id}/versions', 'write-account', {
    pool: 'owner',
    ids: ['workflow! path:workflow_id'],
  }),
  get('/v3/workflows/{workflow_id}/versions', 'read-account', {
    pool: 'owner',
    ids: ['workflow! path:workflow_id'],
  }),
  get('/v3/workflows/{workflow_id}/versions/{version_number}', 'read-account', {
    pool: 'owner',
    ids: ['workflow! path:workflow_id'],
  }),
  get('/v3/workflows/node-types', 'read-shared'),
  post('/v3/workflow-runs', 'creates-job', {
    pool: 'owner',
    ids: ['workflow body:/workflow_id'],
    creates: ['/data/id'],
    job: { watch: 'workflow-run', id: '/data/id', ask: '/v3/workflow-runs/{id}' },
  }),
  get('/v3/workflow-runs', 'read-account', { pool: 'merge', lists: ['/data/*/id'] }),
  get('/v3/workflow-runs/{run_id}', 'job-status', {
    pool: 'owner',
    ids: ['run! path:run_id'],
    reports: {
      watch: 'workflow-run',
      id: 'path:run_id',
      done: ['succeeded', 'partial', 'completed'],
      failed: ['failed', 'canceled', 'cancelled'],
    },
  }),
  post('/v3/workflow-runs/{run_id}/cancel', 'write-account', {
    pool: 'owner',
    ids: ['run! path:run_id'],
  }),
  get('/v3/workflow-runs/{run_id}/nodes', 'read-account', {
    pool: 'owner',
    ids: ['run! path:run_id'],
  }),
  // v3 Video Quality
  post('/v3/video-quality/comparisons', 'creates-job', {
    creates: ['/data/comparison_id'],
    job: {
      watch: 'comparison',
      id: '/data/comparison_id',
      ask: '/v3/video-quality/comparisons/{id}',
    },
  }),
  get('/v3/video-quality/comparisons/{comparison_id}', 'job-status', {
    pool: 'owner',
    ids: ['comparison! path:comparison_id'],
    reports: {
      watch: 'comparison',
      id: 'path:comparison_id',
      done: ['completed'],
      failed: ['failed'],
    },
  }),
  post('/v3/video-quality/comparisons/batches', 'creates-job', {
    creates: ['/data/batch_id'],
    job: {
      watch: 'comparison-batch',
      id: '/data/batch_id',
      ask: '/v3/video-quality/comparisons/batches/{id}',
    },
  }),
  get('/v3/video-quality/comparisons/batches/{batch_id}', 'job-status', {
    pool: 'owner',
    ids: ['batch! path:batch_id'],
    reports: {
      watch: 'comparison-batch',
      id: 'path:batch_id',
      done: ['completed'],
      failed: ['failed'],
    },
  }),
  // v3 Models Audio
  post('/v3/models/audio/voices', 'creates-job', {
    pool: 'owner',
    ids: ['asset body:/audio/*/asset_id', 'model-voice body:/voice_id'],
    creates: ['/data/voice_id'],
    job: { watch: 'model-voice', id: '/data/voice_id', ask: '/v3/models/audio/voices/{id}' },
    takesKey: true,
    keyProbe: { mode: null },
  }),
  get('/v3/models/audio/voices', 'read-account', {
    pool: 'merge',
    lists: ['/data/*/voice_id'],
  }),
  get('/v3/models/audio/voices/{voice_id}', 'job-status', {
    pool: 'owner',
    ids: ['model-voice! path:voice_id'],
    reports: { watch: 'model-voice', id: 'path:voice_id', done: ['ACTIVE'], failed: ['FAILED'] },
  }),
  del('/v3/models/audio/voices/{voice_id}', 'write-account', {
    pool: 'owner',
    ids: ['model-voice! path:voice_id'],
  }),
  post('/v3/models/audio/tts', 'sync-generation', {
    pool: 'owner',
    ids: ['model-voice! body:/voice_id'],
  }),
  post('/v3/models/audio/tts/stream', 'sync-generation', {
    pool: 'owner',
    ids: ['model-voice! body:/voice_id'],
  }),
  // v3 Models Video, Image
  post('/v3/models/videos', 'creates-job', {
    pool: 'owner',
    ids: [
      'asset body:/image/asset_id',
      'asset body:/reference_images/*/asset_id',
      'asset body:/reference_videos/*/asset_id',
      'asset body:/reference_audio/*/asset_id',
    ],
    creates: ['/data/video_id'],
    job: { watch: 'model-video', id: '/data/video_id', ask: '/v3/models/videos/{id}' },
    takesKey: true,
  }),
  get('/v3/models/videos/{video_id}', 'job-status', {
    pool: 'owner',
    ids: ['model-video! path:video_id'],
    reports: {
      watch: 'model-video',
      id: 'path:video_id',
      done: ['completed'],
      failed: ['failed', 'cancelled'],
    },
  }),
  post('/v3/models/images', 'creates-job', {
    pool: 'owner',
    ids: ['asset body:/identity_images/*/asset_id', 'asset body:/reference_images/*/asset_id'],
    creates: ['/data/generation_id'],
    job: {
      watch: 'image-generation',
      id: '/data/generation_id',
      ask: '/v3/models/images/{id}',
      meter: 'image',
    },
    takesKey: true,
  }),
  get('/v3/models/images/{generation_id}', 'job-status', {
    pool: 'owner',
    ids: ['image-generation! path:generation_id'],
    reports: {
      watch: 'image-generation',
      id: 'path:generation_id',
      done: ['completed'],
      failed: ['failed', 'cancelled'],
    },
  }),
  // v3 Avatar Realtime
  post('/v3/avatar-realtime', 'streaming-session', {
    pool: 'owner',
    ids: ['avatar-look!? body:/avatar_id'],
    creates: ['/data/stream_id'],
    job: { watch: 'stream', id: '/data/stream_id', ask: '/v3/avatar-realtime/{id}' },
  }),
  get('/v3/avatar-realtime/{stream_id}', 'job-status', {
    pool: 'owner',
    ids: ['stream! path:stream_id'],
    reports: { watch: 'stream', id: 'path:stream_id', done: ['completed'], failed: ['error'] },
  }),
  get('/v3/avatar-realtime/{stream_id}/words', 'streaming-session', {
    pool: 'owner',
    ids: ['stream! path:stream_id'],
  }),
  post('/v3/avatar-realtime/{stream_id}/text', 'streaming-session', {
    pool: 'owner',
    ids: ['stream! path:stream_id'],
  }),
  post('/v3/avatar-realtime/{stream_id}/cancel', 'streaming-session', {
    pool: 'owner',
    ids: ['stream! path:stream_id'],
    ends: true,
  }),
  // v3 AI Clipping
  post('/v3/clips', 'creates-job', {
    pool: 'owner',
    ids: ['asset body:/video/asset_id', 'folder body:/folder_id'],
    creates: ['/data/clip_job_id'],
    job: { watch: 'clips', id: '/data/clip_job_id', ask: '/v3/clips/{id}' },
  }),
  get('/v3/clips/{clip_job_id}', 'job-status', {
    pool: 'owner',
    ids: ['clip-job! path:clip_job_id'],
    reports: { watch: 'clips', id: 'path:clip_job_id', done: ['completed'], failed: ['failed'] },
  }),
]
