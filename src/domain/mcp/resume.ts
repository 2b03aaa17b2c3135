/**
 * The id of an event of a wait that can go on at any Worker: it contains the call. A client that lost its connection sends the
 * last id as `Last-Event-ID`. Nothing in it is trusted: the caller's token is checked again, and the arguments are too.
 */
import { isObject, type RpcId } from './message.ts'

export interface RunningCall {
  id: RpcId
  tool: string
  arguments: Record<string, unknown>
  progressToken?: RpcId
  /** Epoch ms. */
  startedAt: number
}

/** Longer ids would be refused in a header. */
const CHARS_MAX = 4000

/** `count` makes the ids of one stream different. Undefined: it would not fit into a header. */
export function eventId(call: RunningCall, count: number): string | undefined {
  const bytes = new TextEncoder().encode(JSON.stringify(call))
  const text = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
  const encoded = text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
  return encoded.length > CHARS_MAX ? undefined : `${encoded}.${count}`
}

/** Undefined: not an id of ours. `now`: a wait cannot have begun later. */
export function callOfEventId(
  text: string,
  now: number
): { call: RunningCall; count: number } | undefined {
  const [, encoded = '', digits = ''] = /^([\w-]+)\.(\d{1,9})$/.exec(text) ?? []
  if (encoded === '' || encoded.length > CHARS_MAX) return undefined
  const call = parsed(encoded)
  if (!isCall(call)) return undefined
  return { call: { ...call, startedAt: Math.min(call.startedAt, now) }, count: Number(digits) }
}

function parsed(encoded: string): unknown {
  try {
    const text = atob(encoded.replaceAll('-', '+').replaceAll('_', '/'))
    const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0))
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return undefined
  }
}

function isCall(value: unknown): value is RunningCall {
  if (!isObject(value)) return false
  const { id, tool, arguments: given, progressToken, startedAt } = value
  const isName = (name: unknown) => typeof name === 'string' || typeof name === 'number'
  return (
    isName(id) &&
    typeof tool === 'string' &&
    isObject(given) &&
    (progressToken === undefined || isName(progressToken)) &&
    typeof startedAt === 'number'
  )
}
