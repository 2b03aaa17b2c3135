/** HeyGen's v1 paths, one row each (reference/heygen-endpoints.json). How to read a row: `providers/shared/row.ts`. */
import { del, get, patch, post } from '#providers/shared/row.ts'

export const V1_ROUTES = [
  // Video Generation
  get('/v1/video_status.get', 'job-status', {
    pool: 'owner',
    ids: ['video! query:video_id'],
    reports: { watch: 'video', id: 'query:video_id', done: ['completed'], failed: ['failed'] },
  }),
  post('/v1/video.webm', 'creates-job', {
    pool: 'owner',
    ids: ['avatar? body:/avatar_pose_id', 'avatar? body:/avatar_id', 'voice? body:/voice_id'],
    creates: ['/data/video_id'],
    job: {
      watch: 'video',
      id: '/data/video_id',
      ask: '/v1/video_status.get?video_id={id}',
      askElse: '/v3/videos/{id}',
      meter: 'video',
    },
  }),
  // Video Management
  get('/v1/video.list', 'read-account', {
    pool: 'merge',
    ids: ['folder query:folder_id'],
    lists: ['/data/videos/*/video_id'],
  }),
  post('/v1/video/share', 'write-account', { pool: 'owner', ids: ['video! body:/video_id'] }),
  del('/v1/video.delete', 'write-account', { pool: 'owner', ids: ['video! query:video_id'] }),
  // Voice Management
  get('/v1/brand_voice/list', 'read-account', { pool: 'merge', lists: ['/data/list/*/id'] }),
  post('/v1/brand_voice/{brand_voice_id}', 'write-account', {
    pool: 'owner',
    ids: ['brand-voice! path:brand_voice_id'],
  }),
  // Streaming API
  post('/v1/streaming.new', 'streaming-session', {
    pool: 'owner',
    ids: [
      'avatar? body:/avatar_id',
      'avatar? body:/avatar_name',
      'voice? body:/voice/voice_id',
      'knowledge-base body:/knowledge_base_id',
    ],
    creates: ['/data/session_id'],
    job: { watch: 'streaming-session', id: '/data/session_id', ask: '/v1/streaming.list' },
  }),
  post('/v1/streaming.start', 'streaming-session', {
    pool: 'owner',
    ids: ['streaming-session! body:/session_id'],
  }),
  get('/v1/streaming.list', 'read-account', {
    pool: 'merge',
    lists: ['/data/sessions/*/session_id'],
    reports: {
      watch: 'streaming-session',
      id: 'answer:/data/sessions/*/session_id',
      done: ['closed'],
      failed: [],
      listOfAll: '/data/sessions',
    },
  }),
  post('/v1/streaming.task', 'streaming-session', {
    pool: 'owner',
    ids: ['streaming-session! body:/session_id'],
  }),
  post('/v1/streaming.stop', 'streaming-session', {
    pool: 'owner',
    ids: ['streaming-session! body:/session_id'],
    ends: true,
  }),
  post('/v1/streaming.interrupt', 'streaming-session', {
    pool: 'owner',
    ids: ['streaming-session! body:/session_id'],
  }),
  post('/v1/streaming.create_token', 'streaming-session'),
  get('/v1/streaming/avatar.list', 'read-account', {
    pool: 'merge',
    lists: ['/data/*/avatar_id'],
    mixesShared: true,
  }),
  post('/v1/streaming.keep_alive', 'streaming-session', {
    pool: 'owner',
    ids: ['streaming-session! body:/session_id'],
  }),
  // Streaming API Knowledge Base
  get('/v1/streaming/knowledge_base/list', 'read-account', {
    pool: 'merge',
    lists: ['/data/list/*/id'],
  }),
  post('/v1/streaming/knowledge_base/create', 'write-account', {
    pool: 'home',
    creates: ['/data/id'],
  }),
  post('/v1/streaming/knowledge_base/{knowledge_base_id}', 'write-account', {
    pool: 'owner',
    ids: ['knowledge-base! path:knowledge_base_id'],
  }),
  post('/v1/streaming/knowledge_base/{knowledge_base_id}/delete', 'write-account', {
    pool: 'owner',
    ids: ['knowledge-base! path:knowledge_base_id'],
  }),
  // User
  get('/v1/user/me', 'read-account', { pool: 'sum' }),
  // Assets
  post('/v1/asset', 'write-account', {
    pool: 'roomy',
    host: 'upload',
    creates: ['/data/id', '/data/image_key'],
  }),
  get('/v1/asset/list', 'read-account', {
    pool: 'merge',
    ids: ['folder query:folder_id'],
    lists: ['/data/assets/*/id'],
  }),
  post('/v1/asset/{asset_id}/delete', 'write-account', {
    pool: 'owner',
    ids: ['asset! path:asset_id'],
  }),
  // Webhook
  get('/v1/webhook/endpoint.list', 'read-account', {
    pool: 'gateway',
    lists: ['/data/*/endpoint_id'],
  }),
  post('/v1/webhook/endpoint.add', 'write-account', {
    pool: 'gateway',
    ids: ['video-or-project body:/entity_id'],
    creates: ['/data/endpoint_id'],
  }),
  patch('/v1/webhook/endpoint.update', 'write-account', {
    pool: 'gateway',
    ids: ['webhook-endpoint! body:/endpoint_id'],
  }),
  del('/v1/webhook/endpoint.delete', 'write-account', {
    pool: 'gateway',
    ids: ['webhook-endpoint! query:endpoint_id'],
  }),
  get('/v1/webhook/webhook.list', 'read-shared', { pool: 'gateway' }),
  // Folders
  get('/v1/folders', 'read-account', {
    pool: 'merge',
    ids: ['folder query:parent_id'],
    lists: ['/data/folders/*/id'],
  }),
  post('/v1/folders/create', 'write-account', {
    pool: 'home',
    ids: ['folder body:/parent_id'],
    creates: ['/data/id'],
  }),
  post('/v1/folders/{folder_id}', 'write-account', {
    pool: 'owner',
    ids: ['folder! path:folder_id'],
  }),
  post('/v1/folders/{folder_id}/trash', 'write-account', {
    pool: 'owner',
    ids: ['folder! path:folder_id'],
  }),
  post('/v1/folders/{folder_id}/restore', 'write-account', {
    pool: 'owner',
    ids: ['folder! path:folder_id'],
  }),
  // Legacy extras (not in the index)
  post('/v1/video_agent/generate', 'creates-job', {
    pool: 'owner',
    ids: ['avatar? body:/config/avatar_id', 'asset body:/files/*/asset_id'],
    creates: ['/data/video_id'],
    job: {
      watch: 'video',
      id: '/data/video_id',
      ask: '/v1/video_status.get?video_id={id}',
      askElse: '/v3/videos/{id}',
      meter: 'video',
    },
  }),
  post('/v1/audio/text_to_speech', 'sync-generation', {
    pool: 'owner',
    ids: ['voice!? body:/voice_id'],
  }),
  get('/v1/audio/voices', 'read-account', {
    pool: 'merge',
    lists: ['/data/voices/*/voice_id'],
    mixesShared: true,
  }),
  get('/v1/workflows', 'read-account'),
  post('/v1/workflows/executions', 'creates-job', {
    creates: ['/data/execution_id'],
    job: { watch: 'execution', id: '/data/execution_id', ask: '/v1/workflows/executions/{id}' },
  }),
  post('/v1/workflows/graph-executions', 'creates-job', {
    creates: ['/data/execution_id'],
    job: { watch: 'execution', id: '/data/execution_id', ask: '/v1/workflows/executions/{id}' },
  }),
  get('/v1/workflows/executions/{execution_id}', 'job-status', {
    pool: 'owner',
    ids: ['workflow-run! path:execution_id'],
    reports: {
      watch: 'execution',
      id: 'path:execution_id',
      done: ['completed'],
      failed: ['failed', 'error'],
      running: ['not_found'],
    },
  }),
  get('/v1/talking_photo.list', 'read-account', { pool: 'merge', lists: ['/data/*/id'] }),
  post('/v1/talking_photo', 'write-account', {
    pool: 'roomy',
    host: 'upload',
    creates: ['/data/talking_photo_id'],
  }),
  post('/v1/personalized_video/add_contact', 'creates-job', {
    pool: 'owner',
    ids: ['personalized-project! body:/project_id'],
    job: null,
  }),
  get('/v1/personalized_video/audience/detail', 'job-status', {
    pool: 'owner',
    ids: ['personalized-audience! query:id'],
  }),
  get('/v1/personalized_video/project/detail', 'read-account', {
    pool: 'owner',
    ids: ['personalized-project! query:id'],
  }),
  get('/v1/avatar.list', 'read-account', { pool: 'merge', mixesShared: true }),
  get('/v1/voice.list', 'read-account', { pool: 'merge', mixesShared: true }),
  post('/v1/video.generate', 'creates-job', {
    pool: 'owner',
    ids: [
      'avatar? body:/clips/*/avatar_id',
      'photo-avatar? body:/clips/*/talking_photo_id',
      'voice? body:/clips/*/voice_id',
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
  get('/v1/video/caption.get', 'job-status', { pool: 'owner', ids: ['video! query:video_id'] }),
  post('/v1/streaming.ice', 'streaming-session', {
    pool: 'owner',
    ids: ['streaming-session! body:/session_id'],
  }),
  post('/v1/streaming.start_listening', 'streaming-session', {
    pool: 'owner',
    ids: ['streaming-session! body:/session_id'],
  }),
  post('/v1/streaming.stop_listening', 'streaming-session', {
    pool: 'owner',
    ids: ['streaming-session! body:/session_id'],
  }),
]
