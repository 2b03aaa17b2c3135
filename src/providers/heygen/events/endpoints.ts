/** Reads HeyGen's calls for webhook endpoints, v1 and v3, and writes their answers (reference/heygen.md 7.1). */
import { textAt } from '#domain/text/json-pointer.ts'
import { tenantNameOf } from '#domain/access/tenant.ts'
import type {
  EndpointCommand,
  EndpointResult,
  ProviderEndpoints,
  ShownEndpoint,
} from '#providers/contract/provider.ts'

const BOTH = {
  avatar_video: 'Avatar video',
  avatar_video_gif: 'GIF of an avatar video',
  avatar_video_caption: 'Captions of an avatar video',
  video_translate: 'Video translation',
  instant_avatar: 'Instant avatar',
  photo_avatar_generation: 'Photo avatar generation',
  photo_avatar_train: 'Photo avatar training',
  photo_avatar_add_motion: 'Motion of a photo avatar',
  proofread_creation: 'Proofread',
  live_avatar: 'Live avatar',
  video_agent: 'Video agent session',
  hyperframes_video: 'HyperFrames render',
  ai_clipping: 'AI clipping',
}

/** The thirty event types that HeyGen's own command line has (reference/heygen.md 7.5). */
const TYPES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    Object.entries(BOTH).flatMap(([name, what]) => [
      [`${name}.success`, `${what} succeeded.`],
      [`${name}.fail`, `${what} failed.`],
    ])
  ),
  'video_translate.preflight.validation_failed': 'The video to translate was refused.',
  'video_translate.preflight.download_failed': 'The video to translate could not be downloaded.',
  personalized_video: 'A personalized video is ready.',
  'batch.finished': 'All of a batch has ended.',
}

const V1_SUCCESS = 100

export const endpoints: ProviderEndpoints = {
  read({ route, params }, query, body) {
    const what = COMMANDS[`${route.method} ${route.path}`]
    if (what === undefined) return undefined
    const id = params['endpoint_id'] ?? query.get('endpoint_id') ?? textAt(body, '/endpoint_id')
    if (what === 'types') return { kind: 'types' }
    if (what === 'list') return readList(query)
    if (what === 'add') return readAdd(body, route.path.startsWith('/v1/'))
    if (id === undefined) return { kind: 'bad', message: 'endpoint_id is required' }
    return what === 'update' ? readUpdate(id, body) : { kind: what, id }
  },

  answer({ route }, tenant, result) {
    return route.path.startsWith('/v1/')
      ? { code: V1_SUCCESS, data: v1Data(tenant, result), msg: null, ...v1Tail(result) }
      : v3Answer(result)
  },

  owns: (path) => /^\/v\d+\/webhooks?([/.]|$)/i.test(path),

  showsSecrets: ({ route }) => route.path.startsWith('/v1/'),

  codes: ({ route }) =>
    route.path.startsWith('/v1/')
      ? { badUrl: 400542, notFound: 400131 }
      : { badUrl: 'invalid_parameter', notFound: 'webhook_not_found' },
}

const COMMANDS: Readonly<
  Record<string, 'types' | 'list' | 'add' | 'update' | 'remove' | 'rotate'>
> = {
  'GET /v1/webhook/webhook.list': 'types',
  'GET /v1/webhook/endpoint.list': 'list',
  'POST /v1/webhook/endpoint.add': 'add',
  'PATCH /v1/webhook/endpoint.update': 'update',
  'DELETE /v1/webhook/endpoint.delete': 'remove',
  'GET /v3/webhooks/event-types': 'types',
  'GET /v3/webhooks/endpoints': 'list',
  'POST /v3/webhooks/endpoints': 'add',
  'PATCH /v3/webhooks/endpoints/{endpoint_id}': 'update',
  'DELETE /v3/webhooks/endpoints/{endpoint_id}': 'remove',
  'POST /v3/webhooks/endpoints/{endpoint_id}/rotate-secret': 'rotate',
}

function bad(message: string): EndpointCommand {
  return { kind: 'bad', message }
}

function readList(query: URLSearchParams): EndpointCommand {
  const limit = query.get('limit')
  const token = query.get('token')
  if (limit !== null && !/^([1-9]\d?|100)$/.test(limit)) return bad('limit must be from 1 to 100')
  return {
    kind: 'list',
    ...(limit === null ? {} : { limit: Number(limit) }),
    ...(token === null ? {} : { token }),
  }
}

/** `isOlder`: clients of v1 ask for every event with an empty list, too. */
function readAdd(body: unknown, isOlder: boolean): EndpointCommand {
  if (!isObject(body)) return bad('The body must be a JSON object')
  const { url, events, entity_id: entityId } = body
  if (typeof url !== 'string') return bad('url is required')
  const isEvery = isOlder && Array.isArray(events) && events.length === 0
  const wanted = readEvents(isEvery ? null : events)
  if (typeof wanted === 'string') return bad(wanted)
  if (entityId !== undefined && entityId !== null && typeof entityId !== 'string')
    return bad('entity_id must be a string')
  return { kind: 'add', url, events: wanted ?? null, entityId: entityId || null }
}

function readUpdate(id: string, body: unknown): EndpointCommand {
  if (!isObject(body)) return bad('The body must be a JSON object')
  const { url, events, status } = body
  if (url !== undefined && typeof url !== 'string') return bad('url must be a string')
  if (status !== undefined && status !== 'enabled' && status !== 'disabled')
    return bad('status must be enabled or disabled')
  const wanted = readEvents(events)
  if (typeof wanted === 'string') return bad(wanted)
  return {
    kind: 'update',
    id,
    ...(url === undefined ? {} : { url }),
    ...(wanted === undefined ? {} : { events: wanted }),
    ...(status === undefined ? {} : { status }),
  }
}

/** The event types that a call names. A text: what is wrong with them. null: every event. Undefined: the call names none. */
function readEvents(events: unknown): string[] | null | string | undefined {
  if (events === undefined || events === null) return events
  if (!Array.isArray(events) || events.length === 0) return 'events must be a list of event types'
  const odd: unknown = events.find((one) => typeof one !== 'string' || !Object.hasOwn(TYPES, one))
  if (odd !== undefined) return `events: there is no event type ${String(odd).slice(0, 60)}`
  return [...new Set(events as string[])]
}

function isObject(body: unknown): body is Record<string, unknown> {
  return typeof body === 'object' && body !== null && !Array.isArray(body)
}

function v1Data(tenant: string, result: EndpointResult): unknown {
  if (result.kind === 'types') return Object.keys(TYPES)
  if (result.kind === 'removed') return null
  const view = (endpoint: ShownEndpoint) => {
    const { endpoint_id, ...rest } = viewOf(endpoint)
    return { endpoint_id, username: tenantNameOf(tenant), ...rest }
  }
  return result.kind === 'list' ? result.endpoints.map(view) : view(result.endpoint)
}

function v1Tail(result: EndpointResult): object {
  return result.kind === 'types' ? { message: null } : {}
}

function v3Answer(result: EndpointResult): unknown {
  if (result.kind === 'removed') return { data: {}, error: null }
  if (result.kind === 'types') {
    const data = Object.entries(TYPES).map(([event_type, description]) => ({
      event_type,
      description,
    }))
    return { data, has_more: false, next_token: null }
  }
  if (result.kind === 'list') {
    const { next } = result
    const data = result.endpoints.map(viewOf)
    return { data, has_more: next !== undefined, next_token: next ?? null }
  }
  const { endpoint } = result
  if (result.kind === 'one') return { data: viewOf(endpoint) }
  return { data: { endpoint_id: endpoint.id, secret: endpoint.secret } }
}

function viewOf({ id, url, events, status, secret, createdAt }: ShownEndpoint) {
  const created_at = new Date(createdAt).toISOString().replace(/\.\d+Z$/, 'Z')
  return { endpoint_id: id, url, events, status, created_at, secret }
}
