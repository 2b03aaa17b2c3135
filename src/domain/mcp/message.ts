/**
 * Reads one message of the Model Context Protocol (MCP), and decides by which revision it is answered. Revisions up to 2025-11-25
 * begin with `initialize` and are called legacy. 2026-07-28 puts its revision into each request and is called modern. Both are
 * served without sessions.
 */
export const LEGACY_VERSIONS = ['2025-11-25', '2025-06-18', '2025-03-26']
export const MODERN_VERSIONS = ['2026-07-28']
/** What a legacy client without the header speaks. */
const WITHOUT_HEADER = '2025-03-26'

const META = 'io.modelcontextprotocol'
export const SERVER_INFO = `${META}/serverInfo`

export type RpcId = string | number

export interface RpcError {
  code: number
  message: string
  data?: unknown
}

export interface RpcRequest {
  kind: 'request'
  id: RpcId
  method: string
  params: Record<string, unknown>
  isModern: boolean
  version: string
  /** Absent: the client wants no news of progress. */
  progressToken?: RpcId
}

interface RpcRefusal {
  kind: 'refused'
  status: number
  /** null: the message has none that could be read. */
  id: RpcId | null
  error: RpcError
}

/** `notice`: a notification or a response. It has no answer. */
export type RpcMessage = RpcRequest | RpcRefusal | { kind: 'notice' }

/** Headers of the request. null: absent. */
export interface McpHeaders {
  version: string | null
  method: string | null
  name: string | null
}

export const METHOD_NOT_FOUND = -32601
export const INVALID_PARAMS = -32602
const PARSE_ERROR = -32700
const INVALID_REQUEST = -32600
const HEADER_MISMATCH = -32020
const UNSUPPORTED_VERSION = -32022

/** `json`: undefined if the body is not JSON. */
export function readMessage(json: unknown, headers: McpHeaders): RpcMessage {
  if (json === undefined) return refuse(null, PARSE_ERROR, 'The body is not JSON.')
  if (Array.isArray(json)) {
    return refuse(null, INVALID_REQUEST, 'Send one message in each request, not a list.')
  }
  if (!isObject(json) || json['jsonrpc'] !== '2.0') {
    return refuse(null, INVALID_REQUEST, 'The body is not a message of JSON-RPC 2.0.')
  }
  const { id, method, params = {} } = json
  if (typeof method !== 'string') {
    const isResponse = 'result' in json || 'error' in json
    if (isResponse) return { kind: 'notice' }
    return refuse(null, INVALID_REQUEST, '`method` is missing.')
  }
  if (!('id' in json)) return { kind: 'notice' }
  if (!isId(id)) return refuse(null, INVALID_REQUEST, '`id` must be text or a number.')
  if (!isObject(params)) return refuse(id, INVALID_PARAMS, '`params` must be an object.')
  return toRequest(id, method, params, headers)
}

function toRequest(
  id: RpcId,
  method: string,
  params: Record<string, unknown>,
  headers: McpHeaders
): RpcMessage {
  const meta = isObject(params['_meta']) ? params['_meta'] : {}
  const named = meta[`${META}/protocolVersion`]
  const isModern =
    named !== undefined ||
    (MODERN_VERSIONS.includes(headers.version ?? '') && method !== 'initialize')
  const fault = isModern ? modernFault(method, params, meta, headers) : legacyFault(method, headers)
  if (fault) return refuse(id, fault.code, fault.message, fault.data)
  const { progressToken } = meta
  return {
    kind: 'request',
    id,
    method,
    params,
    isModern,
    version: headers.version ?? WITHOUT_HEADER,
    ...(isId(progressToken) ? { progressToken } : {}),
  }
}

function legacyFault(method: string, { version }: McpHeaders): RpcError | undefined {
  if (version === null || method === 'initialize' || LEGACY_VERSIONS.includes(version)) return
  return unsupported(version, [...MODERN_VERSIONS, ...LEGACY_VERSIONS])
}

/** https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http, "Server Validation". */
function modernFault(
  method: string,
  params: Record<string, unknown>,
  meta: Record<string, unknown>,
  headers: McpHeaders
): RpcError | undefined {
  const version = meta[`${META}/protocolVersion`]
  if (typeof version !== 'string') return missing('protocolVersion')
  if (headers.version !== version) return mismatch('MCP-Protocol-Version')
  if (!MODERN_VERSIONS.includes(version)) return unsupported(version, MODERN_VERSIONS)
  if (!isObject(meta[`${META}/clientCapabilities`])) return missing('clientCapabilities')
  if (headers.method !== method) return mismatch('Mcp-Method')
  if (method === 'tools/call' && decoded(headers.name) !== params['name'])
    return mismatch('Mcp-Name')
  return undefined
}

function missing(name: string): RpcError {
  return { code: INVALID_PARAMS, message: `params._meta has no ${META}/${name}.` }
}

function mismatch(header: string): RpcError {
  const message = `Header mismatch: ${header} is missing, or is not what the body says.`
  return { code: HEADER_MISMATCH, message }
}

function unsupported(requested: string, supported: readonly string[]): RpcError {
  const data = { supported, requested: requested.slice(0, 40) }
  return { code: UNSUPPORTED_VERSION, message: 'Unsupported protocol version', data }
}

/** A name that is not plain ASCII comes as `=?base64?…?=`. */
function decoded(header: string | null): string | null {
  const [, base64] = /^=\?base64\?([A-Za-z0-9+/=]*)\?=$/.exec(header ?? '') ?? []
  if (base64 === undefined) return header
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)))
  } catch {
    return null
  }
}

function refuse(id: RpcId | null, code: number, message: string, data?: unknown): RpcRefusal {
  const error = { code, message, ...(data === undefined ? {} : { data }) }
  return { kind: 'refused', status: 400, id, error }
}

/** The revision that `initialize` is answered with: the client's, or our newest of its kind. */
export function agreedVersion(params: Record<string, unknown>): string {
  const asked = params['protocolVersion']
  return LEGACY_VERSIONS.find((version) => version === asked) ?? LEGACY_VERSIONS[0] ?? ''
}

function isId(value: unknown): value is RpcId {
  return typeof value === 'string' || typeof value === 'number'
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
