/** What a tool gets and returns. A tool calls the gateway's own API, in this Worker, with the headers of the agent's request. */
import type { Context } from 'hono'
import { isObject } from '#domain/mcp/message.ts'
import type { Arguments, ToolForm } from '#domain/mcp/tool.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Scope } from '#domain/access/token.ts'
import { textAt } from '#domain/text/json-pointer.ts'
import { parseJson } from '#domain/text/json-text.ts'
import { readBytes } from '#flows/upstream/read-answer.ts'
import type { AppEnv } from '#http/request/app-env.ts'
import { asCounted } from '#http/request/authenticate.ts'

export interface Tool extends ToolForm {
  /** Tokens without this scope do not see the tool. */
  needs: Scope
  /** It takes long, so it answers as a stream of events, and it can be repeated from the beginning. */
  isLong?: true
  run(given: Arguments, context: ToolContext): Promise<ToolResult>
}

export interface ToolContext {
  ports: Pick<Ports, 'now' | 'after' | 'durations' | 'settings'>
  ask: Ask
  /** Aborts when the agent has gone. */
  signal: AbortSignal
  /** When the call began, at an earlier Worker perhaps. Epoch ms. */
  startedAt: number
  /** News of progress. `done` grows from call to call. */
  tell(done: number, total: number, message: string): void
}

export interface ToolResult {
  content: object[]
  structuredContent?: Record<string, unknown>
  isError?: true
}

export interface GatewayAnswer {
  status: number
  ok: boolean
  headers: Headers
  /** Undefined: the body is not JSON. */
  json: unknown
  text: string
}

export type Ask = (
  method: string,
  path: string,
  more?: { body?: unknown; headers?: Record<string, string> }
) => Promise<GatewayAnswer>

/** The gateway's app. */
export interface Own {
  fetch(request: Request, env: Env, context: ExecutionContext): Response | Promise<Response>
}

/** Who calls, and from where. The operator's token may name a tenant. */
const PASSED_ON = ['authorization', 'cf-connecting-ip', 'x-gateway-tenant']
const ANSWER_BYTES_MAX = 4 * 1024 * 1024

/** One way for all: tokens, slots, joins, limits and the log are the same as for a client of the API. */
export function askOf(c: Context<AppEnv>, own: Own): Ask {
  const { origin } = new URL(c.req.url)
  return async function ask(method, path, { body, headers = {} } = {}) {
    const sent = new Headers({ accept: 'application/json', ...headers })
    for (const name of PASSED_ON) {
      const value = c.req.header(name)
      if (value !== undefined) sent.set(name, value)
    }
    if (body !== undefined) sent.set('content-type', 'application/json')
    const init = {
      method,
      headers: sent,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }
    const answer = await own.fetch(
      // The agent's own request was counted.
      asCounted(new Request(origin + path, init)),
      c.env,
      c.executionCtx as ExecutionContext
    )
    const bytes = await readBytes(answer.body, ANSWER_BYTES_MAX)
    if (!bytes) throw new ToolError('The answer is too large. Ask for fewer rows.')
    const text = new TextDecoder().decode(bytes)
    const { status, ok } = answer
    return { status, ok, headers: answer.headers, text, json: text === '' ? null : parseJson(text) }
  }
}

/** The agent reads the text, and can mend its call. */
export class ToolError extends Error {
  override name = 'ToolError' as const
}

/** The parsed answer, if the gateway accepted the call. */
export function accepted(answer: GatewayAnswer, advice: Record<string, string> = {}): unknown {
  if (answer.ok) return answer.json
  throw refused(answer, advice)
}

/** `advice`: what to do, by the gateway's error code. */
function refused(answer: GatewayAnswer, advice: Record<string, string> = {}): ToolError {
  const { json, headers, status, text } = answer
  const code = headers.get('x-gateway-error') ?? textAt(json, '/error/code') ?? `http_${status}`
  const said = textAt(json, '/error/message') ?? textAt(json, '/error') ?? text.slice(0, 300)
  const seconds = headers.get('retry-after')
  const wait = seconds === null ? [] : [`Try again after ${seconds} seconds.`]
  const more = advice[code] === undefined ? [] : [advice[code]]
  return new ToolError([`${code}: ${said}`, ...wait, ...more].join(' '))
}

/** The answer as data, and as text for agents that read only text. */
export function toResult(data: Record<string, unknown>): ToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(data) }], structuredContent: data }
}

export function errorResult(text: string): ToolResult {
  return { content: [{ type: 'text', text }], isError: true }
}

export function rowsOf(json: unknown): Record<string, unknown>[] {
  return Array.isArray(json) ? json.filter(isObject) : []
}
