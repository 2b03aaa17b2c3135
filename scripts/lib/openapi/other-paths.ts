/** Paths that are not mounted with `route()`: pages, probes, and where providers and browsers call. Only those that are there are described. */
import { EXAMPLES } from './examples.ts'
import { refTo, type JsonObject } from './json.ts'
import { pathParameter, refusal } from './shared.ts'

interface Other {
  id: string
  tag: string
  summary: string
  description?: string
  security?: JsonObject[]
  parameters?: JsonObject[]
  body?: JsonObject
  /** Status → its answer. A number stands for the shared refusal. */
  answers: Record<string, JsonObject>
  refusals?: string[]
}

const service = 'service'
const calls = 'providers’ calls'

function json(schema: string, description = 'Done.'): JsonObject {
  return {
    description,
    content: { 'application/json': { schema: refTo('schemas', schema) } },
  }
}

function file(type: string, description: string): JsonObject {
  return { description, content: { [type]: { schema: { type: 'string' } } } }
}

const nothing = (description: string): JsonObject => ({ description })

const query = (name: string, description: string): JsonObject => ({
  name,
  in: 'query',
  required: true,
  description,
  schema: { type: 'string' },
})

const event: JsonObject = {
  required: true,
  content: { 'application/json': { schema: { type: 'object', additionalProperties: true } } },
}

const rpc: JsonObject = {
  required: true,
  content: { 'application/json': { schema: refTo('schemas', 'McpMessage') } },
}

/** Method and path as Hono has them → the operation. A path of `assets/` has no route: `asset`. */
const OTHERS: Record<string, Other & { asset?: true }> = {
  'get /': {
    id: 'getRoot',
    tag: service,
    summary: 'The name and version of the gateway, and where its pages are',
    answers: { 200: json('About') },
  },
  'get /healthz': {
    id: 'getHealthz',
    tag: service,
    summary: 'Whether the gateway can serve',
    description: 'Calls nobody. A 503 names the setting that is wrong.',
    answers: { 200: json('Health'), 503: json('Health', 'A setting is wrong.') },
  },
  'get /openapi.json': {
    id: 'getOpenapiJson',
    tag: service,
    asset: true,
    summary: 'This document',
    answers: { 200: file('application/json', 'OpenAPI 3.1.') },
  },
  'get /docs': {
    id: 'getDocs',
    tag: service,
    asset: true,
    summary: 'A page that shows this document and tries its calls',
    answers: { 200: file('text/html', 'The page.') },
  },
  'get /dashboard': {
    id: 'getDashboard',
    tag: service,
    asset: true,
    summary: 'A page that shows the pool, its jobs and deliveries',
    answers: { 200: file('text/html', 'The page.') },
  },
  'get /metrics': {
    id: 'getMetrics',
    tag: service,
    summary: 'Gauges for Prometheus',
    description: 'At most 30 seconds old. A scrape keeps the gateway looking for five minutes.',
    security: [{ operator: [] }, { metrics: [] }],
    answers: { 200: file('text/plain', 'Prometheus’ text format.') },
    refusals: ['401', '429'],
  },
  'get /v1/live': {
    id: 'getLive',
    tag: 'live',
    summary: 'The state of the pool as it changes, by WebSocket',
    description:
      'Messages are JSON: `pool` (everything), `account` (one that changed) and `removed`. Send `refresh` to hear everything again; `ping` is answered with `pong`. The ticket can be used once.',
    security: [],
    parameters: [query('ticket', 'The ticket of POST /v1/live.')],
    answers: { 101: nothing('The socket is open.') },
    refusals: ['400', '401', '429'],
  },
  'get /files/{name}': {
    id: 'getFilesByName',
    tag: 'tasks',
    summary: 'A file that was kept for 24 hours',
    description: 'Nobody can guess a name, so no token is needed.',
    security: [],
    answers: { 200: file('application/octet-stream', 'The file.') },
    refusals: ['404'],
  },
  'get /mcp': {
    id: 'getMcp',
    tag: service,
    summary: 'The rest of an answer that was cut off, by the Model Context Protocol',
    parameters: [
      {
        name: 'Last-Event-ID',
        in: 'header',
        description: 'The last event that was received.',
        schema: { type: 'string' },
      },
    ],
    security: [{ token: ['use'] }],
    answers: { 200: file('text/event-stream', 'Events.') },
    refusals: ['400', '401'],
  },
  'post /mcp': {
    id: 'postMcp',
    tag: service,
    summary: 'The gateway as tools, by the Model Context Protocol',
    description: 'Streamable HTTP without sessions.',
    body: rpc,
    answers: {
      200: {
        description: 'The answer, as JSON or as a stream of events.',
        content: {
          'application/json': { schema: refTo('schemas', 'McpMessage') },
          'text/event-stream': { schema: { type: 'string' } },
        },
      },
      202: nothing('A notification was taken.'),
    },
    refusals: ['400', '401'],
  },
}

/** For each of the two receivers: how a provider tests the address, and how it reports an event. */
function receiver(path: string, id: string, what: string, proof: string): Record<string, Other> {
  const open = { tag: calls, security: [] as JsonObject[] }
  return {
    [`get ${path}`]: {
      ...open,
      id: `get${id}`,
      summary: `Shows a provider that ${what} is there`,
      answers: { 204: nothing('It is there.') },
      refusals: ['404'],
    },
    [`options ${path}`]: {
      ...open,
      id: `options${id}`,
      summary: `Shows a provider that ${what} takes POST`,
      answers: { 204: nothing('It takes POST.') },
      refusals: ['404'],
    },
    [`post ${path}`]: {
      ...open,
      id: `post${id}`,
      summary: `Takes an event at ${what}`,
      description: proof,
      body: event,
      answers: { 204: nothing('Taken.') },
      refusals: ['401', '429'],
    },
  }
}

const ALL: Record<string, Other & { asset?: true }> = {
  ...OTHERS,
  ...receiver(
    '/webhooks/{provider}/{address}',
    'Webhook',
    'an account’s webhook',
    'The address is sealed, and the event is signed by the provider.'
  ),
  ...receiver(
    '/callbacks/{provider}/{address}',
    'Callback',
    'a creation’s callback',
    'The address is sealed and good for one creation.'
  ),
}

/** `mounted`: method and path of every route of the app, such as `get /healthz`. */
export function otherPaths(
  mounted: ReadonlySet<string>
): Record<string, Record<string, JsonObject>> {
  const paths: Record<string, Record<string, JsonObject>> = {}
  for (const [key, other] of Object.entries(ALL)) {
    if (!other.asset && !mounted.has(key)) continue
    const [method = '', path = ''] = key.split(' ')
    ;(paths[path] ??= {})[method] = operationOf(path, other)
  }
  return paths
}

function operationOf(path: string, other: Other): JsonObject {
  const { id, tag, summary, description, security, body, answers, refusals = [] } = other
  const parameters = [
    ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => pathParameter(path, name)),
    ...(other.parameters ?? []),
  ]
  const isOpen = tag === service && id !== 'postMcp'
  return {
    operationId: id,
    summary,
    ...(description === undefined ? {} : { description }),
    tags: [tag],
    ...(security || isOpen ? { security: security ?? [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body ? { requestBody: body } : {}),
    responses: {
      ...withExample(id, answers),
      ...Object.fromEntries(refusals.map((status) => [status, refusal(status) ?? {}])),
    },
  }
}

function withExample(id: string, answers: Record<string, JsonObject>): JsonObject {
  const seen = EXAMPLES[id]
  const answer = seen && answers[String(seen.status)]
  if (!answer || seen.answer === undefined) return answers
  const content = answer['content'] as JsonObject | undefined
  const media = content?.['application/json'] as JsonObject | undefined
  if (!media) return answers
  return {
    ...answers,
    [String(seen.status)]: {
      ...answer,
      content: { 'application/json': { ...media, example: seen.answer } },
    },
  }
}

const text = (description: string): JsonObject => ({ type: 'string', description })

export const OTHER_SCHEMAS: JsonObject = {
  About: {
    type: 'object',
    properties: {
      name: text('heygen-gateway.'),
      version: text('Its version.'),
      about: text('What it is.'),
      openapi: text('Where this document is.'),
      health: text('Where its health is.'),
      readOn: text('Where to read on.'),
      dropIn: { type: 'array', items: { type: 'string' }, description: 'The providers’ paths.' },
      accounts: { type: 'array', items: { type: 'string' }, description: 'Where accounts are.' },
    },
    additionalProperties: true,
    required: ['name', 'version'],
  },
  Health: {
    type: 'object',
    properties: {
      ok: { type: 'boolean', description: 'Whether it can serve.' },
      error: text('Which setting is wrong.'),
    },
    required: ['ok'],
  },
  McpMessage: {
    type: 'object',
    properties: {
      jsonrpc: { type: 'string', const: '2.0', description: 'The version of JSON-RPC.' },
      id: { type: ['string', 'integer'], description: 'Absent in a notification.' },
      method: text('Such as `tools/list`.'),
    },
    required: ['jsonrpc'],
    additionalProperties: true,
  },
}
