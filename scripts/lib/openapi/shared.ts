/** What many operations refer to: error answers, headers, parameters and tokens. */
import { refTo, type JsonObject } from './json.ts'
import { EXAMPLES } from './examples.ts'

export const SECURITY_SCHEMES: JsonObject = {
  token: {
    type: 'http',
    scheme: 'bearer',
    description:
      'A token of a tenant, `hgw_…`, made with POST /admin/tokens. Its scope is `full`, or `use`: no change of accounts, endpoints and secrets. The scope that an operation needs stands beside it.',
  },
  operator: {
    type: 'http',
    scheme: 'bearer',
    description: 'The operator’s ADMIN_TOKEN, a secret of the deployment.',
  },
  metrics: {
    type: 'http',
    scheme: 'bearer',
    description: 'The optional secret METRICS_TOKEN, which opens nothing but /metrics.',
  },
}

const text = { type: 'string' }
const gatewayHeader = (description: string): JsonObject => ({ description, schema: text })

export const HEADERS: JsonObject = {
  'X-Request-Id': gatewayHeader('The gateway’s id of this call. The log has it, too.'),
  'X-Upstream-Request-Id': gatewayHeader('The provider’s own id of the call, if it gave one.'),
  'X-Gateway-Account': gatewayHeader('The account that was used.'),
  'X-Gateway-Job': gatewayHeader('The jobs that were started: their ids, with commas.'),
  'X-Gateway-Joined': gatewayHeader(
    'The call repeated a lost one and got its answer. The request id of that one.'
  ),
  'X-Gateway-Carried': gatewayHeader('The v3 calls that carried this older call.'),
  'X-Gateway-Lost': gatewayHeader('What the older call said and v3 cannot say.'),
  'X-Gateway-Partial': gatewayHeader('The accounts whose part is missing in this list or sum.'),
  'X-Gateway-Parked': gatewayHeader('This call parked its account: scope, reason and end.'),
  'X-Gateway-Error': {
    description: 'The answer is an error of the gateway, not of the provider: its code.',
    schema: {
      type: 'string',
      example: 'slots_full',
    },
  },
  'Retry-After': {
    description: 'How many seconds to wait before the next try.',
    schema: { type: 'integer', minimum: 1 },
  },
}

function headers(...names: string[]): JsonObject {
  return Object.fromEntries(names.map((name) => [name, refTo('headers', name)]))
}

export const STARTED_HEADERS = headers('X-Gateway-Account', 'X-Gateway-Job')

/** Status → the name of the shared answer, and when it is given. */
const REFUSALS: Record<string, [name: string, description: string]> = {
  400: ['BadRequest', 'A field is missing or wrong. The sentence names every one.'],
  401: ['Unauthorized', 'The token is missing or unknown.'],
  402: ['SubscriptionRequired', 'The token is known, but its subscription has lapsed.'],
  403: ['Forbidden', 'The token’s scope does not allow this, or the provider refuses the account.'],
  404: ['NotFound', 'There is no such thing in this tenant, or no account at all.'],
  409: ['Conflict', 'It contradicts what is already there.'],
  412: ['CannotUse', 'The provider has no credit or right for this (useapi.net’s number).'],
  413: ['TooLarge', 'The body is larger than this path takes.'],
  422: ['Unprocessable', 'The provider refused the content (useapi.net’s number).'],
  424: [
    'OutcomeUnknown',
    'The provider may have accepted the call, and nobody knows. Do not repeat it. Later the job stands in the list of jobs.',
  ],
  429: ['TooMany', 'Every slot is taken, or too many failed log-ins. Repeat after Retry-After.'],
  500: ['Internal', 'An error of the gateway. The log has the request id.'],
  501: ['NotOffered', 'This deployment or the provider does not offer it.'],
  502: ['Upstream', 'The provider could not be reached, or its answer could not be read.'],
  503: ['Unavailable', 'Nothing can serve this now. Repeat after Retry-After.'],
  596: ['LogInFailed', 'The provider refused the log-in (useapi.net’s number).'],
}

const LATER = ['429', '503']

/** What nearly every operation may answer is said once, under `4XX`. */
export const COMMON = ['400', '401', '402', '403', '404', '413', '429', '500', '502', '503']
/** The same for calls in useapi.net's form, which have numbers of their own. */
export const COMMON_OF_USEAPI = [...COMMON, '412', '422', '596']

export function refusal(status: string): JsonObject | undefined {
  const [name] = REFUSALS[status] ?? []
  return name === undefined ? undefined : refTo('responses', name)
}

function refusals(): JsonObject {
  const schema = refTo('schemas', 'Error')
  return Object.fromEntries(
    Object.entries(REFUSALS).map(([status, [name, description]]) => {
      const example = EXAMPLES[`error ${status}`]?.answer
      const content = { schema, ...(example === undefined ? {} : { example }) }
      const more = LATER.includes(status) ? ['Retry-After'] : []
      return [
        name,
        {
          description,
          headers: headers('X-Request-Id', 'X-Gateway-Error', ...more),
          content: { 'application/json': content },
        },
      ]
    })
  )
}

const anyJson: JsonObject = { 'application/json': { schema: {} } }

/** Where an older call may be carried by a newer one, and where the call may park its account. */
const OLDER = ['X-Gateway-Carried', 'X-Gateway-Lost', 'X-Gateway-Parked', 'X-Upstream-Request-Id']

const PROVIDERS_ERROR =
  'The provider’s own error, or one of the gateway in the same form, with X-Gateway-Error: 429 `slots_full`, 424 `outcome_unknown` (do not repeat it), 404 `no_accounts`, 503 `account_unavailable` and others of docs/errors.md.'

function ofProvider(what: string, ...more: string[]): JsonObject {
  return {
    description: `${what} The answer is the provider’s own.`,
    headers: headers('X-Request-Id', 'X-Gateway-Account', ...more),
    content: anyJson,
  }
}

function commonRefusal(common: readonly string[]): JsonObject {
  const sentences = Object.entries(REFUSALS)
    .filter(([status]) => common.includes(status))
    .map(([status, [, description]]) => `${status}: ${description}`)
  const example = EXAMPLES['error 400']?.answer
  const content = {
    schema: refTo('schemas', 'Error'),
    ...(example === undefined ? {} : { example }),
  }
  return {
    description: ['Refused; the body says why.', ...sentences].join(' '),
    headers: headers('X-Request-Id', 'X-Gateway-Error', 'Retry-After'),
    content: { 'application/json': content },
  }
}

export const RESPONSES: JsonObject = {
  ...refusals(),
  Refused: commonRefusal(COMMON),
  RefusedTask: commonRefusal(COMMON_OF_USEAPI),
  ProviderError: {
    description: PROVIDERS_ERROR,
    headers: headers('X-Request-Id', 'X-Gateway-Error', 'Retry-After', 'X-Gateway-Parked'),
    content: anyJson,
  },
}

/** Answers of the drop-in rows, by kind. */
export const RESPONSES_OF_ROWS: JsonObject = {
  Creation: ofProvider(
    'A creation takes a slot until its job has ended. X-Gateway-Job has the ids.',
    'X-Gateway-Job',
    'X-Gateway-Joined',
    ...OLDER
  ),
  Generation: ofProvider('A generation takes a slot until it is answered.', ...OLDER),
  Status: ofProvider('A status comes from the account that has the job.', ...OLDER),
  Read: ofProvider(
    'A read comes from the owner of its ids, or an account that can be used.',
    ...OLDER
  ),
  List: ofProvider(
    'A list or sum is made of all accounts. X-Gateway-Partial names those that did not answer.',
    'X-Gateway-Partial',
    ...OLDER
  ),
  Change: ofProvider('A change goes to the owner of its ids.', ...OLDER),
  Streaming: ofProvider('A streaming session takes a slot until it ends.'),
  Error: {
    description: PROVIDERS_ERROR,
    headers: headers('X-Request-Id', 'X-Gateway-Error', 'Retry-After', 'X-Gateway-Parked'),
    content: anyJson,
  },
}

const pathText = (name: string, description: string): JsonObject => ({
  name,
  in: 'path',
  required: true,
  description,
  schema: text,
})
const header = (name: string, description: string, schema: JsonObject = text): JsonObject => ({
  name,
  in: 'header',
  description,
  schema,
})

/** Parameters of our own paths: of a path's last `{name}` where the beginning of the path says more. */
const PATH_PARAMETERS: [start: RegExp, name: string, key: string, description: string][] = [
  [/\/accounts\/sign-in/, 'id', 'signInId', 'The id of the sign-in.'],
  [
    /^\/v1\/\w+\/(jobs|scheduler|queue)/,
    'id',
    'jobId',
    'The job’s id, or the X-Request-Id of its call.',
  ],
  [/^\/v1\/deliveries/, 'id', 'deliveryId', 'The id of the delivery, as in X-Gateway-Delivery.'],
  [/^\/admin\/tokens/, 'id', 'tokenId', 'The id of the token, `tok_…`.'],
  [/^\/admin\/routes/, 'id', 'routeId', 'The id of the added row.'],
  [/\/alerts/, 'id', 'alertId', 'The id of the alert.'],
  [/./, 'email', 'email', 'The account’s name in the gateway.'],
  [/./, 'tenant', 'tenant', 'The tenant’s name.'],
  [/./, 'task_id', 'taskId', 'The id of the task, as the creation answered it.'],
  [/./, 'provider', 'provider', 'The name of the provider.'],
  [/./, 'name', 'fileName', 'The name of the file.'],
  [/./, 'address', 'address', 'Sealed: which account or creation the address belongs to.'],
]

export const CREATION_HEADERS = [
  refTo('parameters', 'Prefer'),
  refTo('parameters', 'Idempotency-Key'),
]

export const PARAMETERS: JsonObject = {
  ...Object.fromEntries(
    PATH_PARAMETERS.map(([, name, key, description]) => [key, pathText(name, description)])
  ),
  Prefer: header(
    'Prefer',
    '`wait=30`: wait up to 30 seconds, at most 60, for a free slot. `respond-async`: queue it.'
  ),
  'Idempotency-Key': header(
    'Idempotency-Key',
    'Makes the call safe to repeat: for 24 hours the same request under the same key starts nothing again.',
    { type: 'string', maxLength: 255 }
  ),
  'X-Gateway-Account': header('X-Gateway-Account', 'The account that must serve the call.'),
  'X-Gateway-Join': header(
    'X-Gateway-Join',
    '`no`: start a new job although a lost call was the same.',
    { type: 'string', enum: ['no'] }
  ),
  'X-Gateway-Reply-Url': header('X-Gateway-Reply-Url', 'Where the end of this job is reported.'),
  'X-Gateway-Reply-Ref': header('X-Gateway-Reply-Ref', 'A text of yours that the report carries.'),
}

/** A parameter of a path. One that is not in the table is described where it stands. */
export function pathParameter(path: string, name: string): JsonObject {
  const [, , key] = PATH_PARAMETERS.find(([start, of]) => of === name && start.test(path)) ?? []
  return key === undefined ? pathText(name, `The ${name} of the path.`) : refTo('parameters', key)
}
