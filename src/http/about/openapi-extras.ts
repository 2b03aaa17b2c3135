/** Adds to the OpenAPI text what client generators need: operation names, tags, headers and servers. */

interface Operation {
  operationId?: string
  tags?: string[]
  security?: unknown[]
  parameters?: unknown[]
  requestBody?: { content: Record<string, { schema: unknown }> }
  responses?: Record<string, Answer>
}

interface Answer {
  headers?: Record<string, unknown>
  content?: Record<string, { schema?: { $ref?: string } }>
  $ref?: string
}

interface Document {
  paths?: Record<string, Record<string, Operation>>
  components?: Record<string, object>
}

const HEADERS = {
  'X-Request-Id': {
    description: 'The id of this request. The log of the gateway has it, too',
    schema: { type: 'string' },
  },
  'X-Gateway-Error': {
    description: 'The code of the gateway’s error: docs/errors.md',
    schema: { type: 'string' },
  },
  'Retry-After': {
    description: 'Seconds, 5 to 59',
    schema: { type: 'integer', minimum: 1, maximum: 60 },
  },
}

const REFUSED = ['X-Request-Id', 'X-Gateway-Error']

function headersOf(names: readonly string[]): Record<string, object> {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]))
}

const ERROR = { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } }

const RESPONSES = {
  Refused: { description: 'Refused', headers: headersOf(REFUSED), content: ERROR },
  RefusedForNow: {
    description: 'Refused for now. Repeat it after Retry-After',
    headers: headersOf([...REFUSED, 'Retry-After']),
    content: ERROR,
  },
}

const PARAMETERS = {
  Prefer: {
    name: 'Prefer',
    in: 'header',
    description: '`wait=30`: wait up to 30 seconds (at most 60) for a free slot',
    schema: { type: 'string' },
  },
  'Idempotency-Key': {
    name: 'Idempotency-Key',
    in: 'header',
    description: 'For 24 hours, the same request under the same key starts nothing again',
    schema: { type: 'string', maxLength: 255 },
  },
}

const TAGS: Record<string, string> = {
  accounts: 'Accounts at the provider: add, show, remove',
  jobs: 'Running jobs, ended jobs, and free slots',
  tts: 'Text-to-speech in the shape of useapi.net',
  tasks: 'Creations and tasks in the shape of useapi.net',
  deliveries: 'Calls to your own URLs, and the secret that signs them',
  alerts: 'Addresses that are told of faults',
  account: 'The tenant of this token',
  admin: 'For the operator: tokens and tenants',
  service: 'Open to everybody',
}

/** Changes the document in place. */
export function enrich<T extends object>(made: T): T & { servers: object[]; tags: object[] } {
  const document = made as Document
  const used = new Set<string>()
  const schemas: Record<string, unknown> = { ...document.components?.['schemas'] }
  for (const [path, methods] of Object.entries(document.paths ?? {})) {
    for (const [method, operation] of Object.entries(methods)) {
      const tag = tagOf(path)
      used.add(tag)
      operation.operationId = nameOf(method, path)
      operation.tags = [tag]
      shareAnswers(operation)
      Object.assign(schemas, shareBody(operation, operation.operationId))
      if (operation.responses?.['424']) addParameters(operation)
    }
  }
  document.components = {
    ...document.components,
    schemas,
    responses: RESPONSES,
    headers: HEADERS,
    parameters: PARAMETERS,
  }
  const tags = [...used].toSorted().map((name) => ({ name, description: TAGS[name] ?? name }))
  return Object.assign(made, { servers: [{ url: '/', description: 'This gateway' }], tags })
}

/** Moves error answers into shared components, because they are the same for every route. */
function shareAnswers({ responses = {} }: Operation): void {
  for (const [status, response] of Object.entries(responses)) {
    const ref = response.content?.['application/json']?.schema?.$ref
    if (ref === '#/components/schemas/Error') {
      const isLater = status === '429' || status === '503'
      responses[status] = {
        $ref: `#/components/responses/${isLater ? 'RefusedForNow' : 'Refused'}`,
      }
    } else {
      const isOurs = Number(status) >= 400
      response.headers = { ...response.headers, ...headersOf(isOurs ? REFUSED : ['X-Request-Id']) }
    }
  }
}

/** Moves the schema of a body with several content types into a shared component. */
function shareBody({ requestBody }: Operation, name: string): Record<string, unknown> {
  const content = requestBody?.content ?? {}
  const schema = content['application/json']?.schema
  if (schema === undefined || Object.keys(content).length === 1) return {}
  const shared = `${name}Body`
  for (const one of Object.values(content)) one.schema = { $ref: `#/components/schemas/${shared}` }
  return { [shared]: schema }
}

/** Adds the headers Prefer and Idempotency-Key. Call it for routes that can answer 424: they start a creation. */
function addParameters(operation: Operation): void {
  const refs = Object.keys(PARAMETERS).map((name) => ({ $ref: `#/components/parameters/${name}` }))
  operation.parameters = [...(operation.parameters ?? []), ...refs]
}

function tagOf(path: string): string {
  const [version = '', first = '', second = ''] = path.split('/').slice(1)
  if (version === 'admin') return 'admin'
  if (version === 'v2' || first === 'audit') return 'account'
  if (first === 'deliveries' || first === 'callback-secret') return 'deliveries'
  if (version !== 'v1') return 'service'
  if (second === 'accounts' || second === 'tts') return second
  return second === 'jobs' || second === 'scheduler' ? 'jobs' : 'tasks'
}

/** `GET /v1/x/accounts/{email}` is `getXAccountsByEmail`. */
function nameOf(method: string, path: string): string {
  const words = path.split('/').flatMap((segment) => {
    const [, param] = /^\{(\w+)\}$/.exec(segment) ?? []
    if (/^v\d$/.test(segment)) return []
    return (param === undefined ? segment : `by-${param}`).split(/[^A-Za-z0-9]+/)
  })
  const rest = words.filter((word) => word !== '')
  if (rest.length === 0) return `${method}Root`
  return method + rest.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}
