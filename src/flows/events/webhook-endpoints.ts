/**
 * Answers a client's calls about webhook endpoints in the provider's place. The gateway keeps the endpoints, because one of them
 * receives the events of all accounts. Calls and answers have the provider's own form.
 */
import { readTarget } from '#domain/events/callback-target.ts'
import { secretIdentity, type Endpoint } from '#domain/events/endpoint.ts'
import { AppError } from '#domain/runtime/errors.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Desk } from '#domain/ports/desk.ts'
import { newSigningSecret } from '#domain/events/signatures.ts'
import { CannotOpen } from '#domain/access/sealed-text.ts'
import type {
  EndpointCommand,
  EndpointResult,
  ProviderEndpoints,
  RouteMatch,
  ShownEndpoint,
} from '#providers/contract/provider.ts'
import type { ProxyAnswer, ReadCall } from '#flows/upstream/proxy-call.ts'
import { logMissingKey } from '#flows/access/missing-master-key.ts'
import { targetPolicy } from './tickets.ts'

/** How long a new URL may take to answer, as at the provider. */
const ASK_TIMEOUT_MS = 1000
const PAGE_MAX = 100

interface EndpointCall {
  ports: Ports
  call: ReadCall
  match: RouteMatch
  endpoints: ProviderEndpoints
  desk: Desk
}

/** Undefined: the call is not about endpoints. */
export function endpointCommand(call: ReadCall): EndpointCommand | undefined {
  const { match, provider, search, json } = call
  return match && provider.events?.endpoints?.read(match, new URLSearchParams(search), json)
}

export async function answerEndpointCall(
  ports: Ports,
  call: ReadCall,
  command: EndpointCommand
): Promise<ProxyAnswer> {
  const { match, provider, tenant } = call
  const endpoints = provider.events?.endpoints
  if (!match || !endpoints) throw new Error('no endpoint call')
  const desk = ports.desk(tenant, provider.name)
  const result = await execute({ ports, call, match, endpoints, desk }, command)
  return { response: Response.json(endpoints.answer(match, tenant, result)) }
}

async function execute(request: EndpointCall, command: EndpointCommand): Promise<EndpointResult> {
  const { ports, desk } = request
  if (command.kind === 'bad') throw new AppError('bad_request', command.message)
  if (command.kind === 'types') return { kind: 'types' }
  if (command.kind === 'list') return list(request, command)
  if (command.kind === 'add') return add(request, command)
  if (command.kind === 'remove') {
    await checkSeen(request, command.id)
    if (!(await desk.removeEndpoint(command.id, request.call.by))) throw notFound(request)
    return { kind: 'removed' }
  }
  if (command.kind === 'rotate') {
    await checkSeen(request, command.id)
    const secret = newSigningSecret(ports.randomBytes)
    const change = { secret: await seal(request, command.id, secret) }
    const changed = await desk.changeEndpoint(command.id, change, request.call.by)
    if (!changed) throw notFound(request)
    return { kind: 'rotated', endpoint: { ...changed, secret } }
  }
  const { kind: _, id, ...change } = command
  if (!(await seen(request)).some((one) => one.id === id)) throw notFound(request)
  const url = change.url === undefined ? {} : { url: await checkUrl(request, change.url) }
  const changed = await desk.changeEndpoint(id, { ...change, ...url }, request.call.by)
  if (!changed) throw notFound(request)
  ports.log('endpoint_changed', { tenant: request.call.tenant, id })
  return { kind: 'one', endpoint: await shown(request, changed) }
}

async function add(
  request: EndpointCall,
  command: Extract<EndpointCommand, { kind: 'add' }>
): Promise<EndpointResult> {
  const { ports, desk, call } = request
  const { events, entityId } = command
  const url = await checkUrl(request, command.url)
  // The endpoint's id is the request's id, so that a repeated RPC call makes no second endpoint.
  const id = call.requestId.replaceAll('-', '')
  const secret = newSigningSecret(ports.randomBytes)
  const endpoint: Endpoint = {
    id,
    url,
    events,
    entityId,
    status: 'enabled',
    secret: await seal(request, id, secret),
    createdAt: ports.now(),
    ...(call.own ? { token: call.own.token } : {}),
  }
  if (!(await desk.addEndpoint(endpoint, call.by))) {
    throw new AppError('bad_request', 'There are 50 endpoints already; remove one first.')
  }
  return { kind: 'one', endpoint: { ...endpoint, secret } }
}

async function list(
  request: EndpointCall,
  { limit = PAGE_MAX, token }: Extract<EndpointCommand, { kind: 'list' }>
): Promise<EndpointResult> {
  const place = token === undefined ? undefined : readPlace(token)
  const all = await seen(request)
  const left = place ? all.filter((one) => isBehind(one, place)) : all
  const page = left.slice(0, limit)
  const last = limit < left.length ? page.at(-1) : undefined
  const endpoints = await Promise.all(page.map((one) => shown(request, one)))
  return {
    kind: 'list',
    endpoints,
    ...(last === undefined ? {} : { next: `${last.createdAt}.${last.id}` }),
  }
}

/** The endpoints that the caller may know of: for an own token its own. */
async function seen({ call, desk }: EndpointCall): Promise<Endpoint[]> {
  const all = await desk.endpoints()
  return call.own ? all.filter(({ token }) => token === call.own?.token) : all
}

/** A token that sees all needs no look. */
async function checkSeen(request: EndpointCall, id: string): Promise<void> {
  if (!request.call.own) return
  if (!(await seen(request)).some((one) => one.id === id)) throw notFound(request)
}

type Place = Pick<Endpoint, 'createdAt' | 'id'>

/** Reads the position in a page token: a time and an id. An id alone would not be found after its endpoint was removed. */
function readPlace(token: string): Place {
  const [, at, id] = /^(\d{1,15})\.(\w+)$/.exec(token) ?? []
  if (at === undefined || id === undefined) throw new AppError('bad_request', 'token is not known')
  return { createdAt: Number(at), id }
}

/** Whether the endpoint comes after the position, in the desk's order: by time, then by id. */
function isBehind({ createdAt, id }: Endpoint, place: Place): boolean {
  return createdAt > place.createdAt || (createdAt === place.createdAt && id > place.id)
}

/** The endpoint as clients see it. Its secret is shown as in the provider's lists, but only to tokens that may change endpoints. */
async function shown(request: EndpointCall, endpoint: Endpoint): Promise<ShownEndpoint> {
  const { ports, call, match, endpoints } = request
  if (!endpoints.showsSecrets(match) || call.mayChange !== true)
    return { ...endpoint, secret: null }
  const identity = secretIdentity(call.provider.name, call.tenant, endpoint.id)
  const secret = await ports.vault.open(identity, endpoint.secret).catch((error: unknown) => {
    logMissingKey(ports, 'signing secret', error)
    if (!(error instanceof CannotOpen)) throw error
    // An endpoint whose secret cannot be opened is left out, and the others are shown. A rotation gives it a new secret.
    return null
  })
  return { ...endpoint, secret }
}

function seal({ ports, call }: EndpointCall, id: string, secret: string): Promise<string> {
  return ports.vault.seal(secretIdentity(call.provider.name, call.tenant, id), secret)
}

/** Throws unless we may deliver to the URL and it answers OPTIONS within a second. */
async function checkUrl(
  { ports, call, endpoints, match }: EndpointCall,
  url: string
): Promise<string> {
  const providerCode = endpoints.codes(match).badUrl
  const where = readTarget(url, targetPolicy(ports, call.origin))
  if (!where.ok) {
    throw new AppError('bad_request', `url: ${where.message}`, { providerCode, field: 'url' })
  }
  const answer = await ports
    .fetch(where.url, { method: 'OPTIONS', signal: ports.timeoutSignal(ASK_TIMEOUT_MS) })
    .catch(() => undefined)
  await answer?.body?.cancel().catch(() => {})
  if (answer && answer.status < 400) return where.url
  const why = answer ? `it answered OPTIONS with ${answer.status}` : 'it did not answer OPTIONS'
  const message = `Url of this webhook endpoint is invalid: ${why} within a second`
  throw new AppError('bad_request', message, { providerCode, field: 'url' })
}

function notFound({ endpoints, match }: EndpointCall): AppError {
  const providerCode = endpoints.codes(match).notFound
  return new AppError('not_found', 'Webhook endpoint not found', { providerCode })
}
