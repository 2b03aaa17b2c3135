/**
 * The streaming paths, which browsers call directly: with a stream token instead of a gateway token, and from any origin.
 * The answer does not show the account. Only these paths accept stream tokens, and only they allow CORS.
 */
import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import type { TokenRecord } from '#domain/access/token.ts'
import { ownScopeOf } from '#domain/visibility/own-scope.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { replaceParam, type StreamToken } from '#domain/streaming/stream-token.ts'
import { checkKind } from '#flows/access/call-kinds.ts'
import { dispatchRequest } from '#flows/dispatch-request.ts'
import type { ProxyAnswer, ProxyCall } from '#flows/upstream/proxy-call.ts'
import { openSocket } from '#flows/streaming/stream-socket.ts'
import { openStreamToken } from '#flows/streaming/stream-token.ts'
import type { ProviderStreaming } from '#providers/contract/provider.ts'
import { addressOf } from '#http/request/address.ts'
import type { AppEnv } from '#http/request/app-env.ts'
import { checkMaker, identify, presented, refusal } from '#http/request/authenticate.ts'
import { callLimitsOf } from '#http/calls/caller-limits.ts'
import { dropIn, toCall, toResponse, type DropIn } from '#http/calls/drop-in.ts'

const CORS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers': 'Retry-After, X-Gateway-Error, X-Gateway-Job, X-Request-Id',
}

const PREFLIGHT = {
  'Access-Control-Allow-Methods': 'POST, OPTIONS',
  'Access-Control-Allow-Headers': 'Authorization, Content-Type, X-Api-Key',
  'Access-Control-Max-Age': '86400',
}

type Place = DropIn & { streaming: ProviderStreaming; isSocket: boolean }

/** Finds the streaming path of a request. The path is not decoded: only the exact spelling counts. */
function placeOf(c: Context<AppEnv>): Place | undefined {
  const surface = addressOf(c).surface
  if (surface.kind !== 'drop-in' || !surface.provider.streaming) return undefined
  const { streaming } = surface.provider
  const isSocket = surface.path === streaming.socket.route.path
  if (!isSocket && !streaming.paths.includes(surface.path)) return undefined
  return { ...surface, streaming, isSocket }
}

/** Answers CORS preflights, which have no token, and adds CORS headers to every other answer. */
export const openCors = createMiddleware<AppEnv>(async function openCors(c, next) {
  if (!placeOf(c)) return next()
  if (c.req.method === 'OPTIONS') {
    return new Response(null, { status: 204, headers: { ...CORS, ...PREFLIGHT } })
  }
  await next()
  for (const [name, value] of Object.entries(CORS)) c.res.headers.set(name, value)
})

export const streaming = createMiddleware<AppEnv>(async function streaming(c, next) {
  const place = placeOf(c)
  if (!place || c.req.method !== (place.isSocket ? 'GET' : 'POST')) return next()
  const token = tokenOf(c, place)
  if (token === undefined) {
    c.set('caller', await identify(c))
    return place.isSocket ? socketOfTenant(c, place) : dropIn(c)
  }
  const stream = await openStreamToken(c.get('ports'), place.provider, token)
  if (!stream) throw await refusal(c)
  const { tokenHash, tenant } = stream
  // Stream tokens of older versions have no hash. They stay valid until they expire.
  const maker = tokenHash === undefined ? undefined : await checkMaker(c, { tokenHash, tenant })
  return forBrowser(c, place, stream, maker)
})

/** Browsers cannot set headers on a WebSocket, so its token is in the query. */
function tokenOf(c: Context<AppEnv>, { isSocket, streaming }: Place): string | undefined {
  const query = new URLSearchParams(addressOf(c).search)
  const inQuery = isSocket ? query.getAll(streaming.socket.tokenParam) : []
  return [...inQuery, presented(c)].find((text) => text?.startsWith('hgs_'))
}

async function forBrowser(
  c: Context<AppEnv>,
  place: Place,
  stream: StreamToken,
  maker: TokenRecord | undefined
): Promise<Response> {
  const { email, token: bearer, tenant } = stream
  c.set('onBehalfOf', { tenant, account: email })
  const call = {
    ...toCall(c, place, tenant),
    email,
    bearer,
    // For usage: the session counts for the token that made the stream token, as its limits do.
    ...(maker ? { tokenId: maker.id } : {}),
    ...callLimitsOf(maker),
  }
  // The key is removed, so that a browser never gets the answer to another browser's call.
  call.headers.delete('idempotency-key')
  // A browser may not set the target of a tenant's deliveries.
  delete call.reply
  try {
    return nameless(await serve(c, place, call))
  } catch (error) {
    throw namelessError(error)
  }
}

function serve(c: Context<AppEnv>, place: Place, call: ProxyCall): Promise<ProxyAnswer> {
  if (!place.isSocket) return dispatchRequest(c.get('ports'), call)
  const { tokenParam } = place.streaming.socket
  const search = replaceParam(call.search, tokenParam, call.bearer ?? '')
  return openSocket(c.get('ports'), socketCall(c, place, { ...call, search }))
}

const NO_SOCKET =
  'The chat socket is one of a whole account, so a token that sees only its own may not open it.'

async function socketOfTenant(c: Context<AppEnv>, place: Place): Promise<Response> {
  if (ownScopeOf(c.get('caller'))) throw new AppError('forbidden', NO_SOCKET)
  const call = socketCall(c, place, toCall(c, place, c.get('caller').tenant))
  return toResponse(await openSocket(c.get('ports'), call))
}

function socketCall(c: Context<AppEnv>, { streaming }: Place, call: ProxyCall): ProxyCall {
  if (c.req.header('upgrade')?.toLowerCase() !== 'websocket') {
    throw new AppError('bad_request', 'This path takes a WebSocket: Upgrade: websocket.')
  }
  checkKind('sessions', call.kinds)
  const headers = new Headers(call.headers)
  const protocol = c.req.header('sec-websocket-protocol')
  if (protocol !== undefined) headers.set('sec-websocket-protocol', protocol)
  return { ...call, headers, match: { route: streaming.socket.route, params: {} } }
}

function nameless(answer: ProxyAnswer): Response {
  const response = toResponse(answer)
  response.headers.delete('X-Gateway-Account')
  response.headers.delete('X-Gateway-Parked')
  // The answer is not cached, so no Vary is needed.
  for (const name of ['Cache-Control', 'Vary']) response.headers.delete(name)
  return response
}

/** An error without the account's name. If the account was removed, its stream token is refused. */
function namelessError(error: unknown): unknown {
  if (!(error instanceof AppError)) return error
  if (error.code === 'account_not_found' || error.code === 'no_accounts') {
    return new AppError('unauthorized', 'Unauthorized')
  }
  const details = { ...error.details }
  delete details.accountEmail
  const message = error.message.replaceAll(/\S+@\S+/g, 'of this token')
  return new AppError(error.code, message, details)
}
