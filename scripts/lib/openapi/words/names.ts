/** Names of schemas, and what a zod schema cannot say. `{provider}` in a path stands for each provider. */
import type { JsonObject } from '../json.ts'

/** Path → `body`, a status, or `answer` for every status → the name of the schema. Without one the name comes from the path. */
export const NAMES: Record<string, Record<string, string>> = {
  '/v1/{provider}/accounts': { 200: 'Account', answer: 'Account' },
  '/v1/{provider}/accounts/sign-in': { body: 'NewSignIn', answer: 'SignInBegun' },
  '/v1/{provider}/queue/pause': { body: 'QueuePause', answer: 'QueuePauses' },
  '/v1/{provider}/queue/resume': { body: 'QueuePause', answer: 'QueuePauses' },
  '/v1/{provider}/accounts/{email}/drain': { answer: 'Account' },
  '/v1/{provider}/accounts/{email}/undrain': { answer: 'Account' },
  '/v1/{provider}/scheduler': { answer: 'RunningJobs' },
  '/v1/{provider}/scheduler/available': { answer: 'FreeSlots' },
  '/v1/{provider}/jobs': { answer: 'Jobs' },
  '/v1/heygen/tts/create': { body: 'Speech', answer: 'SpokenText' },
  '/v1/{provider}/tts/voices': { answer: 'Voices' },
  '/v1/{provider}/tts/languages': { answer: 'Languages' },
  '/v1/{provider}/assets': { answer: 'KeptFile' },
  '/v1/{provider}/tasks': { answer: 'TaskHistory' },
  '/v1/kling/tts/create': { answer: 'SpokenByKling' },
  '/v1/{provider}/videos/text2video': { answer: 'Task' },
  '/v1/audit': { answer: 'AuditPage' },
  '/v1/deliveries': { answer: 'Deliveries' },
  '/v1/callback-secret': { answer: 'CallbackSecret' },
  '/v1/pool': { answer: 'Pool' },
  '/v1/live': { answer: 'LiveTicket' },
  '/v1/{provider}/throughput': { answer: 'Throughput' },
  '/v1/{provider}/settings': { body: 'AccountSettingsChange', answer: 'AccountSettings' },
  '/v1/{provider}/accounts/{email}': { body: 'AccountChange' },
  '/v2/account': { body: 'TenantForm', answer: 'TenantOfToken' },
  '/admin/tokens': { body: 'NewToken', 201: 'TokenWithSecret', 200: 'Tokens' },
  '/admin/tokens/{id}': { body: 'TokenChange' },
  '/admin/tenants': { answer: 'Tenants' },
  '/admin/routes': { body: 'NewRoute', 201: 'AddedRoute', 200: 'AddedRoutes' },
  '/admin/reseal': { answer: 'Resealing' },
  '/v1/alerts': { body: 'AlertForm', 200: 'Alerts' },
  '/admin/alerts': { body: 'AlertForm', 200: 'Alerts' },
  '/admin/import': { answer: 'ImportReport' },
  '/admin/live': { answer: 'LiveTicket' },
  '/admin/throughput': { answer: 'Throughput' },
  '/v1/usage': { answer: 'Usage' },
  '/admin/usage': { answer: 'Usage' },
  '/admin/pool': { answer: 'Pool' },
  '/admin/audit': { answer: 'AuditPage' },
}

function oneOf(...names: string[]): JsonObject {
  return { anyOf: names.map((name) => ({ required: [name] })) }
}

/** Members that are added to a schema. */
export const PATCHES: Record<string, JsonObject> = {
  Error: {
    description: 'The header X-Gateway-Error says which error it is. Refused log-ins have no code.',
  },
  HeygenAccountsForm: {
    description: 'An email alone changes only maxJobs. Otherwise give one of apiKey and password.',
    ...oneOf('email', 'apiKey', 'password'),
  },
  KlingAccountsForm: {
    description:
      'An email alone changes only maxJobs. Otherwise give apiKey, or accessKey with secretKey, or password.',
    ...oneOf('email', 'apiKey', 'accessKey', 'password'),
    dependentRequired: { accessKey: ['secretKey'], secretKey: ['accessKey'], password: ['email'] },
  },
}

const file = { type: 'string', contentMediaType: 'application/octet-stream' }

/** Members that are added to an operation: method and path → members. */
export const OPERATIONS: Record<string, JsonObject> = {
  'post /admin/import': {
    requestBody: {
      required: true,
      description: 'The text of GET /admin/export of a gateway with the same keys.',
      content: { 'text/plain': { schema: { type: 'string' } } },
    },
  },
  'post /v1/{provider}/assets': {
    requestBody: {
      required: true,
      content: {
        'image/*': { schema: file },
        'video/*': { schema: file },
        'audio/*': { schema: file },
        'multipart/form-data': {
          schema: { type: 'object', properties: { file: { ...file, description: 'The file.' } } },
        },
      },
    },
  },
}
