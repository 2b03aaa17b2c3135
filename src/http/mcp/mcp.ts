/**
 * `/mcp`: the Model Context Protocol over streamable HTTP, without sessions: any Worker can answer any request (decision 0047).
 * POST carries one message. GET goes on with a wait whose connection broke, and is 405 otherwise.
 */
import type { Context } from 'hono'
import {
  agreedVersion,
  INVALID_PARAMS,
  isObject,
  LEGACY_VERSIONS,
  METHOD_NOT_FOUND,
  MODERN_VERSIONS,
  readMessage,
  SERVER_INFO,
  type RpcError,
  type RpcId,
  type RpcRequest,
} from '#domain/mcp/message.ts'
import { isOwnOrigin } from '#domain/mcp/origin.ts'
import { callOfEventId, type RunningCall } from '#domain/mcp/resume.ts'
import { faultsOf, toListed, type Arguments } from '#domain/mcp/tool.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { lineOf } from '#domain/runtime/log-line.ts'
import { VERSION } from '#domain/runtime/version.ts'
import { parseJson } from '#domain/text/json-text.ts'
import { readBytes } from '#flows/upstream/read-answer.ts'
import type { AppEnv } from '#http/request/app-env.ts'
import { aboutOf } from '#http/request/log-requests.ts'
import { eventStream } from './event-stream.ts'
import {
  askOf,
  errorResult,
  ToolError,
  type Own,
  type Tool,
  type ToolContext,
  type ToolResult,
} from './tool-call.ts'

/** Room for the longest script, escaped. */
const BODY_BYTES_MAX = 256 * 1024
/** How long a client may keep the list of tools. It changes with a new version of the gateway only. */
const LIST_TTL_MS = 600_000

const ABOUT = {
  name: 'heygen-gateway',
  title: 'Videos from a pool of accounts',
  version: VERSION,
}

/** The newest legacy revision that clients of which understand an event without a message. */
const PRIMED = '2025-11-25'

export interface Served {
  tools: readonly Tool[]
  /** What agents read before they use the tools. */
  instructions: string
  own: Own
}

export function mcp(served: Served) {
  return async function mcp(c: Context<AppEnv>): Promise<Response> {
    checkOrigin(c)
    // HEAD comes here as GET does.
    return c.req.method === 'POST' ? post(c, served) : resume(c, served)
  }
}

/** A page of another site must not use a gateway that its visitor reaches (DNS rebinding). Clients other than browsers send none. */
function checkOrigin(c: Context<AppEnv>): void {
  const origin = c.req.header('origin')
  if (origin === undefined || isOwnOrigin(origin, c.req.url)) return
  throw new AppError('forbidden', 'Pages of other origins may not use this path.')
}

async function post(c: Context<AppEnv>, served: Served): Promise<Response> {
  const bytes = await readBytes(c.req.raw.body, BODY_BYTES_MAX).catch(() => new Uint8Array())
  if (!bytes) throw new AppError('too_large', 'A message may have up to 256 KiB.')
  const message = readMessage(parseJson(bytes), {
    version: c.req.header('mcp-protocol-version') ?? null,
    method: c.req.header('mcp-method') ?? null,
    name: c.req.header('mcp-name') ?? null,
  })
  if (message.kind === 'notice') return c.body(null, 202)
  if (message.kind === 'refused') return fail(message.id, message.error, message.status)
  return answer(c, served, message)
}

function answer(
  c: Context<AppEnv>,
  served: Served,
  request: RpcRequest
): Response | Promise<Response> {
  const { id, method, isModern } = request
  const give = (result: object) => Response.json(toMessage(request, result))
  if (method === 'tools/call') return call(c, served, request)
  if (method === 'tools/list') return give({ tools: listed(c, served), ...cached(isModern) })
  if (isModern && method === 'server/discover') return give(discovery(served))
  if (!isModern && method === 'initialize') return give(greeting(served, request))
  if (!isModern && method === 'ping') return give({})
  const error = { code: METHOD_NOT_FOUND, message: `There is no method ${method.slice(0, 60)}.` }
  return fail(id, error, isModern ? 404 : 200)
}

function greeting({ instructions }: Served, { params }: RpcRequest): object {
  const protocolVersion = agreedVersion(params)
  return { protocolVersion, capabilities: { tools: {} }, serverInfo: ABOUT, instructions }
}

function discovery({ instructions }: Served): object {
  const capabilities = { tools: {} }
  return { supportedVersions: MODERN_VERSIONS, capabilities, instructions, ...cached(true) }
}

/** `private`: which tools there are depends on the token's scope. */
function cached(isModern: boolean): object {
  return isModern ? { ttlMs: LIST_TTL_MS, cacheScope: 'private' } : {}
}

function listed(c: Context<AppEnv>, { tools }: Served): object[] {
  const { scope } = c.get('caller')
  return tools.filter(({ needs }) => needs === 'use' || scope === 'full').map(toTold)
}

function toTold({ needs: _needs, isLong: _isLong, run: _run, ...form }: Tool): object {
  return toListed(form)
}

/** A call that is listed for other tokens only is sent on: the gateway's API refuses it, and says why. */
function call(
  c: Context<AppEnv>,
  served: Served,
  request: RpcRequest
): Response | Promise<Response> {
  const { id, params, progressToken, version, isModern } = request
  const tool = served.tools.find(({ name }) => name === params['name'])
  if (!tool) return fail(id, { code: INVALID_PARAMS, message: 'There is no such tool.' })
  const given = params['arguments'] ?? {}
  if (!isObject(given)) {
    return fail(id, { code: INVALID_PARAMS, message: '`arguments` must be an object.' })
  }
  const running: RunningCall = {
    id,
    tool: tool.name,
    arguments: given,
    startedAt: c.get('ports').now(),
    ...(progressToken === undefined ? {} : { progressToken }),
  }
  const takesEvents = c.req.header('accept')?.includes('text/event-stream') ?? false
  if (tool.isLong && takesEvents) {
    const prime = !isModern && version === PRIMED
    return stream(c, served, tool, running, { count: 0, isModern, prime })
  }
  return run(c, served, tool, running, new AbortController().signal).then((result) =>
    Response.json(toMessage(request, result))
  )
}

interface Streaming {
  count: number
  isModern: boolean
  prime: boolean
}

function stream(
  c: Context<AppEnv>,
  served: Served,
  tool: Tool,
  running: RunningCall,
  { count, isModern, prime }: Streaming
): Response {
  const gone = new AbortController()
  c.req.raw.signal.addEventListener('abort', () => gone.abort())
  const { id, progressToken } = running
  // The modern revision has no ids of events: its clients call again.
  const place = isModern ? undefined : running
  return eventStream(
    async ({ send, prime: sendPrime }) => {
      if (prime) sendPrime(running)
      const tell: ToolContext['tell'] = (progress, total, message) => {
        if (progressToken === undefined) return
        const params = { progressToken, progress, total, message }
        send({ jsonrpc: '2.0', method: 'notifications/progress', params }, place)
      }
      const result = await run(c, served, tool, running, gone.signal, tell)
      if (!gone.signal.aborted) send(toMessage({ id, isModern }, result))
    },
    { count, onGone: () => gone.abort() }
  )
}

/** Goes on with a call from the id of its last event. The call begins again; it reads only, and knows when it first began. */
function resume(c: Context<AppEnv>, served: Served): Response {
  const last = c.req.header('last-event-id')
  const version = c.req.header('mcp-protocol-version') ?? PRIMED
  if (last === undefined || !LEGACY_VERSIONS.includes(version)) {
    const message = 'This path has no stream of its own. Send messages with POST.'
    throw new AppError('method_not_allowed', message, { allow: 'POST' })
  }
  const found = callOfEventId(last, c.get('ports').now())
  const tool = served.tools.find(({ name, isLong }) => isLong && name === found?.call.tool)
  if (!found || !tool) throw new AppError('bad_request', 'Last-Event-ID is not an id of ours.')
  const { call: running, count } = found
  return stream(c, served, tool, running, { count, isModern: false, prime: true })
}

/** Never throws. */
async function run(
  c: Context<AppEnv>,
  { own }: Served,
  tool: Tool,
  { arguments: given, startedAt }: RunningCall,
  signal: AbortSignal,
  tell: ToolContext['tell'] = () => undefined
): Promise<ToolResult> {
  const faults = faultsOf(tool, given)
  if (faults.length > 0) return errorResult(faults.join(' '))
  const context = { ports: c.get('ports'), ask: askOf(c, own), signal, startedAt, tell }
  try {
    return await tool.run(given as Arguments, context)
  } catch (error) {
    if (error instanceof ToolError) return errorResult(error.message)
    return unexpected(c, error)
  }
}

function unexpected(c: Context<AppEnv>, error: unknown): ToolResult {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error))
  console.error(lineOf('unexpected', aboutOf(c), { name, message, stack }).text)
  return errorResult(
    `internal: Something went wrong on our side. Request id: ${c.get('requestId')}`
  )
}

function toMessage({ id, isModern }: Pick<RpcRequest, 'id' | 'isModern'>, result: object): object {
  const more = isModern ? { resultType: 'complete', _meta: { [SERVER_INFO]: ABOUT } } : {}
  return { jsonrpc: '2.0', id, result: { ...more, ...result } }
}

function fail(id: RpcId | null, error: RpcError, status = 200): Response {
  return Response.json({ jsonrpc: '2.0', id, error }, { status })
}
