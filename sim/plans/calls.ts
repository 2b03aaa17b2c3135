/** Calls that plans make beside those about jobs: of a tenant and of the operator, on every room of the gateway. */
import { kindNamed } from '../../test/support/witness/witness-kinds.ts'

export interface PlannedCall {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  path: string
  body?: unknown
  isOperator?: boolean
}

const get = (...paths: string[]): PlannedCall[] => paths.map((path) => ({ method: 'GET', path }))
const post = (path: string, body: unknown = {}): PlannedCall => ({ method: 'POST', path, body })

const agent = (method: string, params: unknown = {}) =>
  post('/mcp', { jsonrpc: '2.0', id: 1, method, params })

const scene = {
  character: { type: 'avatar', avatar_id: 'shared-id' },
  voice: { type: 'text', input_text: 'Hello there', voice_id: 'shared-id' },
}

const OF_TENANTS: PlannedCall[] = [
  ...get('/v2/account', '/v1/pool', '/v1/heygen/throughput', '/v1/audit', '/v1/alerts'),
  ...get('/v1/heygen/jobs?state=ended', '/v1/heygen/jobs?state=ended&outcome=failed&limit=3'),
  ...get('/v1/heygen/accounts/ada@example.com', '/v1/deliveries?state=dead', '/healthz'),
  ...get('/v1/heygen/tts/voices', '/v1/heygen/tts/languages'),
  ...get('/heygen/v3/users/me', '/heygen/v3/assets', '/heygen/v3/avatars', '/heygen/v3/voices'),
  ...get(
    '/heygen/v3/webhooks/endpoints',
    '/heygen/v3/webhooks/event-types',
    '/heygen/v3/templates'
  ),
  ...get('/heygen/v1/video.list', '/heygen/v2/avatars', '/heygen/v2/voices', '/heygen/v1/user/me'),
  ...get('/heygen/v2/user/remaining_quota', '/heygen/v1/webhook/endpoint.list'),
  ...get('/heygen/v1/avatar.list'),
  // Only to be checked, and not good.
  post('/heygen/v3/video-translations', { validate_only: true, video: null }),
  ...get('/heygen/v3/never-heard-of'),
  post('/v1/heygen/accounts/ada@example.com/test'),
  post('/v1/heygen/accounts', { email: 'zed@example.com', apiKey: 'sk_sim_wrong_key', maxJobs: 2 }),
  post('/v1/heygen/accounts', { email: 'zed@example.com', password: 'not a key', maxJobs: 2 }),
  post('/v1/heygen/accounts/sign-in', { maxJobs: 1 }),
  post('/v1/alerts', { url: 'https://app.example.com/alerts', form: 'generic' }),
  // Without a prompt it starts nothing. So many unknown ids are looked for in lists.
  post('/heygen/v3/video-agents', {
    files: Array.from({ length: 7 }, (_, n) => ({ type: 'asset_id', asset_id: `unknown-${n}` })),
  }),
  post('/heygen/v3/assets', { url: 'https://files.example.com/face.png' }),
  post('/heygen/v3/voices/speech', { text: 'Hello', voice_id: 'shared-id' }),
  post('/v1/heygen/tts/create', { text: 'Hello', voiceId: 'shared-id' }),
  post('/heygen/v3/shiny-renders', { prompt: 'A path of which nobody knows' }),
  post('/heygen/v3/videos', { type: 'avatar', nonsense: true }),
  post('/heygen/v3/lipsyncs', { ...kindNamed('lipsync').body('no-mark'), audio: 'nonsense' }),
  post('/heygen/v2/video/generate', { video_inputs: [scene] }),
  post('/heygen/v1/streaming.new', { quality: 'low' }),
  post('/heygen/v1/streaming.create_token'),
  agent('initialize', {
    ...{ protocolVersion: '2025-06-18', capabilities: {} },
    clientInfo: { name: 'sim', version: '1' },
  }),
  agent('tools/list'),
  agent('tools/call', { name: 'list_accounts', arguments: {} }),
  agent('tools/call', { name: 'list_jobs', arguments: {} }),
  agent('nonsense'),
]

const OF_OPERATOR: PlannedCall[] = [
  ...get('/admin/tokens', '/admin/tenants', '/admin/accounts', '/admin/jobs', '/admin/deliveries'),
  ...get('/admin/audit', '/admin/alerts', '/admin/reseal', '/admin/export', '/admin/pool'),
  ...get('/admin/throughput', '/admin/routes', '/metrics'),
  post('/admin/reseal'),
  post('/admin/alerts', { url: 'https://app.example.com/operator', form: 'slack' }),
  post('/admin/routes', {
    ...{ provider: 'heygen', method: 'GET', path: '/v3/added', kind: 'read-account' },
  }),
].map((call) => ({ ...call, isOperator: true }))

export const CALLS: readonly PlannedCall[] = [...OF_TENANTS, ...OF_OPERATOR]
