/** Messages to `/mcp` as a client of 2025-11-25 sends them, without a library, so that a test can send wrong ones, too. */
import type { Gateway } from '../../support/gateway.ts'

export interface ToolAnswer {
  isError?: boolean
  content: [{ type: string; text: string }]
  structuredContent: Record<string, unknown>
}

/** A message of the gateway. A test reads only the members that its case has. */
interface Message {
  id?: string | number | null
  params: { progressToken: string | number; progress: number; total: number; message: string }
  error: { code: number; message: string; data: { supported: string[] } }
  result: ToolAnswer & { tools: { name: string }[]; protocolVersion: string }
}

interface Event {
  id: string | undefined
  /** Undefined: the event only says how to go on. */
  message: Message | undefined
}

export interface Told {
  status: number
  headers: Headers
  /** The response. There is none to a notification. */
  message: Message
  /** Of a stream, in order. */
  events: Event[]
}

const ACCEPT = 'application/json, text/event-stream'
const HEADERS = {
  accept: ACCEPT,
  'content-type': 'application/json',
  'mcp-protocol-version': '2025-11-25',
}

export function toTold(answer: Response, text: string): Told {
  const { status, headers } = answer
  if (!headers.get('content-type')?.includes('text/event-stream')) {
    const message = (text === '' ? undefined : JSON.parse(text)) as Message
    return { status, headers, message, events: [] }
  }
  const events = text.split('\n\n').filter(Boolean).map(toEvent)
  const last = events.findLast((event) => event.message?.id !== undefined)
  const message = last?.message as Message
  return { status, headers, message, events }
}

function toEvent(block: string): Event {
  const lines = block.split('\n')
  const valueOf = (name: string) =>
    lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2)
  const data = valueOf('data') ?? ''
  return { id: valueOf('id'), message: data === '' ? undefined : (JSON.parse(data) as Message) }
}

export async function send(
  gateway: Gateway,
  message: unknown,
  headers: Record<string, string> = {}
): Promise<Told> {
  const body = typeof message === 'string' ? message : JSON.stringify(message)
  const init = { method: 'POST', body, headers: { ...HEADERS, ...headers } }
  const answer = await gateway.fetch('/mcp', init)
  return toTold(answer, await answer.text())
}

export function request(method: string, params: object = {}, id: string | number = 1): object {
  return { jsonrpc: '2.0', id, method, params }
}

/** The result of a tool. */
export async function call(
  gateway: Gateway,
  name: string,
  given: object = {},
  meta: object = {}
): Promise<ToolAnswer> {
  const told = await send(gateway, request('tools/call', { name, arguments: given, _meta: meta }))
  return told.message.result
}

/** What an agent reads of a tool that failed. */
export async function failure(gateway: Gateway, name: string, given: object = {}): Promise<string> {
  const { isError, content } = await call(gateway, name, given)
  if (isError !== true) throw new Error(`${name} did not fail: ${JSON.stringify(content)}`)
  return content[0].text
}
